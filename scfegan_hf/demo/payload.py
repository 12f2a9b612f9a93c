"""What browsers and API clients send, checked: files that were uploaded, drawings that are PNG, sane and of one size.

Every complaint is a ValueError in words that may be shown to whoever sent it; none holds a path of this machine.
"""

import base64
import binascii
import io
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, UnidentifiedImageError

# Longer side of a drawing in pixels; a smaller photo is drawn on at its own size. The editor is told the same number.
CANVAS_SIDE = 1024
MAX_UPLOAD_BYTES = 20 * 2**20
# A drawing of strokes takes some 50 kB; four bytes per pixel is what noise would take.
MAX_LAYER_BYTES = 4 * CANVAS_SIDE**2 + 2**16
PNG_URL = "data:image/png;base64,"
LAYERS = ("mask", "sketch", "color")
NOT_WHOLE = "The drawing did not arrive whole. Reload the page and draw again."


@dataclass(frozen=True)
class Drawing:
    """A photo's path (None before one is chosen) and the layers on it: RGBA, 0 or 255 opaque, None if empty."""

    photo: str | None = None
    mask: Image.Image | None = None
    sketch: Image.Image | None = None
    color: Image.Image | None = None


def read_drawing(payload: Any, uploads: str | Path) -> Drawing:
    """The editor's value. ``uploads`` is the folder that uploaded files lie in; a photo elsewhere is refused."""
    if payload is None:
        return Drawing()
    if not isinstance(payload, dict):
        raise ValueError(NOT_WHOLE)
    photo = payload.get("photo")
    layers = {name: read_layer(payload.get(name)) for name in LAYERS}
    if len({layer.size for layer in layers.values() if layer}) > 1:
        raise ValueError(NOT_WHOLE)
    return Drawing(None if photo is None else uploaded_file(photo, uploads, "photo"), **layers)


def read_layer(data: Any) -> Image.Image | None:
    """One layer from a PNG data URL: RGBA, alpha below a half made 0 and the rest 255. None and an empty layer: None."""
    if data is None:
        return None
    if not isinstance(data, str) or not data.startswith(PNG_URL) or len(data) > 4 * (MAX_LAYER_BYTES // 3 + 1) + len(PNG_URL):
        raise ValueError(NOT_WHOLE)
    try:
        image = _open(io.BytesIO(base64.b64decode(data[len(PNG_URL) :], validate=True)), formats=["PNG"])
        if max(image.size) > CANVAS_SIDE:
            raise ValueError(NOT_WHOLE)
        image = image.convert("RGBA")
    except (binascii.Error, Image.DecompressionBombError, OSError, SyntaxError, ValueError) as error:
        raise ValueError(NOT_WHOLE) from error
    alpha = image.getchannel("A").point(lambda value: 255 if value >= 128 else 0)
    image.putalpha(alpha)
    return image if alpha.getbbox() else None


def layer_url(image: Image.Image) -> str:
    """The reverse of `read_layer`."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return PNG_URL + base64.b64encode(buffer.getvalue()).decode()


def uploaded_file(data: Any, uploads: str | Path, name: str) -> str:
    """Path of an uploaded file from its description, a dict with "path"."""
    if not isinstance(data, dict) or not isinstance(data.get("path"), str) or "\0" in data["path"]:
        raise ValueError(f"Give the {name} as an uploaded file.")
    path, uploads = Path(data["path"]).resolve(), Path(uploads).resolve()
    if not path.is_relative_to(uploads) or not path.is_file():
        raise ValueError(f"The {name} is no longer on the server. Choose it again.")
    return str(path)


def photo_size(path: str) -> tuple[int, int]:
    """(width, height) of a picture file as it is seen, that is with its orientation tag applied; nothing is decoded."""
    try:
        with _open(path) as image:
            width, height = image.size
            turned = image.getexif().get(0x0112, 1) >= 5
    except Image.DecompressionBombError as error:
        raise ValueError("The photo has more than 48 megapixels. Make it smaller first.") from error
    except UnidentifiedImageError as error:
        raise ValueError("The photo is not a picture that can be read. Choose a PNG or JPEG file.") from error
    except (OSError, SyntaxError, TypeError) as error:
        raise ValueError("The photo is damaged. Save it again as PNG or JPEG.") from error
    return (height, width) if turned else (width, height)


def _open(source: Any, **options: Any) -> Image.Image:
    """Image.open, but what Pillow only warns of as a decompression bomb is refused too."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            return Image.open(source, **options)
        except Image.DecompressionBombWarning as warning:
            raise Image.DecompressionBombError(str(warning)) from warning


def canvas_size(photo: tuple[int, int]) -> tuple[int, int]:
    """The size that the editor draws at on a photo of this (width, height)."""
    scale = min(1.0, CANVAS_SIDE / max(photo))
    return max(round(photo[0] * scale), 1), max(round(photo[1] * scale), 1)


def fit_to_photo(layer: Image.Image | None, photo: tuple[int, int]) -> Image.Image | None:
    """The layer at the photo's size, pixels repeated. The browser may round the other way, so one pixel is forgiven."""
    if layer is None or layer.size == photo:
        return layer
    if any(abs(given - expected) > 1 for given, expected in zip(layer.size, canvas_size(photo), strict=True)):
        raise ValueError("The drawing belongs to a photo of another shape. Choose the photo again.")
    return layer.resize(photo, Image.Resampling.NEAREST)


def read_seed(seed: Any) -> int:
    """A whole number from 0 to 2**31 - 1; nothing given means 0."""
    if seed is None:
        return 0
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**31:
        raise ValueError("The seed must be a whole number from 0 to 2147483647.")
    return seed
