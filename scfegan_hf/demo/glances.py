"""Photos of visitors looked at once, small, so that a slider is answered while it is dragged; and the answers, for the page."""

import base64
import io
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from PIL import Image

from scfegan_hf.demo.payload import PNG_URL, photo_size
from scfegan_hf.portrait.glance import Glance, glance
from scfegan_hf.portrait.result import PortraitResult

KEPT = 6  # photos
SECONDS = 600.0  # that a photo is kept at most
JPEG_URL = "data:image/jpeg;base64,"


class Glances:
    """Remembers glances at the last photos by their files' paths, no longer than SECONDS. May be asked from any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock, self._lock = clock, Lock()
        self._kept: OrderedDict[str, tuple[float, Glance]] = OrderedDict()

    def at(self, path: str, name: str = "photo") -> Glance:
        """The glance at a photo. Raises ValueError for one that is too large for visitors, and calls it ``name``."""
        self.forget()
        with self._lock:
            if path in self._kept:
                return self._kept[path][1]
        photo_size(path, name)
        seen = glance(path)
        with self._lock:
            self._kept[path] = (self._clock(), seen)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return seen

    def forget(self) -> None:
        """Those that are old, or whose files are gone."""
        with self._lock:
            for path, (since, _) in list(self._kept.items()):
                if self._clock() - since >= SECONDS or not Path(path).exists():
                    del self._kept[path]


def patch(seen: Glance, result: PortraitResult) -> dict[str, Any]:
    """What a result of a glance changed, as the page shows it: a data URL, and its frame, x, y, width and height in pixels of
    the photo. Nothing where nothing changed."""
    if not result.mask.any():
        return {}
    (x0, x1), (y0, y1) = (np.flatnonzero(result.mask.any(axis))[[0, -1]].tolist() for axis in (0, 1))
    box = (x0, y0, x1 + 1, y1 + 1)
    return {"patch": _url(result.image.crop(box), result.image.info.get("icc_profile")), "frame": list(seen.frame(box))}


def _url(image: Image.Image, profile: bytes | None) -> str:
    """The picture as a data URL: a JPEG that keeps colours as fine as light, or PNG where it is transparent."""
    buffer = io.BytesIO()
    if "A" in image.getbands():
        image.save(buffer, "PNG", compress_level=1, icc_profile=profile)
        return PNG_URL + base64.b64encode(buffer.getvalue()).decode()
    image.convert("RGB").save(buffer, "JPEG", quality=88, subsampling=0, icc_profile=profile)
    return JPEG_URL + base64.b64encode(buffer.getvalue()).decode()
