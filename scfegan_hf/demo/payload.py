"""What browsers and API clients send, checked: files that were uploaded, drawings that are PNG, sane and of one size.

Every complaint is a ValueError in words that may be shown to whoever sent it; none holds a path of this machine.
"""

import base64
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from scfegan_hf.editing.pipeline import MAX_CANDIDATES, MODES
from scfegan_hf.formats import load, open_picture, seen_size

# Longer side of a layer in pixels; a smaller frame is drawn at its own size. The page is told the same number.
CANVAS_SIDE = 1024
MAX_UPLOAD_BYTES = 20 * 2**20
MAX_PHOTO_PIXELS = 50_000_000  # of visitors, whose photos share one memory; phones write up to 8064 x 6048
# A drawing of strokes takes some 50 kB; four bytes per pixel is what noise would take.
MAX_LAYER_BYTES = 4 * CANVAS_SIDE**2 + 2**16
MOST_FEATHER = 200  # pixels
PNG_URL = "data:image/png;base64,"
LAYERS = ("mask", "sketch", "color")
NOT_WHOLE = "The drawing did not arrive whole. Reload the page and try again."


class FileGoneError(ValueError):
    """An uploaded file that is not there, or not any more: the page sends it once again by itself."""


@dataclass(frozen=True)
class Drawing:
    """A photo's path (None before one is chosen) and what was drawn on it.

    ``frame``: the part of the photo that the layers cover, as (x, y, width, height) in its pixels (None: all of it). The
    layers are RGBA, 0 or 255 opaque, of one size, None if empty.
    """

    photo: str | None = None
    frame: tuple[int, int, int, int] | None = None
    mask: Image.Image | None = None
    sketch: Image.Image | None = None
    color: Image.Image | None = None


def read_drawing(payload: Any, uploads: str | Path) -> Drawing:
    """What the page sent. ``uploads`` is the folder that uploaded files lie in; a photo elsewhere is refused."""
    if payload is None:
        return Drawing()
    if not isinstance(payload, dict):
        raise ValueError(NOT_WHOLE)
    photo = payload.get("photo")
    layers = {name: read_layer(payload.get(name)) for name in LAYERS}
    if len({layer.size for layer in layers.values() if layer}) > 1:
        raise ValueError(NOT_WHOLE)
    frame = read_frame(payload.get("frame"))
    return Drawing(None if photo is None else uploaded_file(photo, uploads, "photo"), frame, **layers)


def photo_path(payload: Any, uploads: str | Path) -> str | None:
    """The path of the photo in what the page sent, which is read no further."""
    photo = payload.get("photo") if isinstance(payload, dict) else None
    return None if photo is None else uploaded_file(photo, uploads, "photo")


def reference_path(sent: Any, uploads: str | Path) -> str | None:
    """The path of the reference photo that the page sent beside its drawing, if it did."""
    return None if sent is None else uploaded_file(sent, uploads, "reference")


def read_frame(data: Any) -> tuple[int, int, int, int] | None:
    """(x, y, width, height), whole numbers, none negative; None stays None."""
    if data is None:
        return None
    numbers = data if isinstance(data, list) else []
    if len(numbers) != 4 or any(type(number) is not int or not 0 <= number < 2**16 for number in numbers) or 0 in numbers[2:]:
        raise ValueError(NOT_WHOLE)
    return tuple(numbers)


def read_layer(data: Any) -> Image.Image | None:
    """One layer from a PNG data URL: RGBA, alpha below a half made 0 and the rest 255. None and an empty layer: None."""
    if data is None:
        return None
    if not isinstance(data, str) or not data.startswith(PNG_URL) or len(data) > 4 * (MAX_LAYER_BYTES // 3 + 1) + len(PNG_URL):
        raise ValueError(NOT_WHOLE)
    try:
        image = open_picture(base64.b64decode(data[len(PNG_URL) :], validate=True), only=("PNG",))
        if max(image.size) > CANVAS_SIDE:
            raise ValueError(NOT_WHOLE)
        image = load(image).convert("RGBA")
    except ValueError as error:
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
        raise FileGoneError(f"The {name} is no longer on the server. Choose it again.")
    return str(path)


def photo_size(path: str, name: str = "photo") -> tuple[int, int]:
    """(width, height) of a picture file as it is seen, that is with its orientation tag applied; nothing is decoded."""
    with open_picture(path, name, max_pixels=MAX_PHOTO_PIXELS) as image:
        return seen_size(image)


def canvas_size(frame: tuple[int, int]) -> tuple[int, int]:
    """The size that the page paints a frame of this (width, height) at."""
    scale = min(1.0, CANVAS_SIDE / max(frame))
    return max(round(frame[0] * scale), 1), max(round(frame[1] * scale), 1)


def place_on_photo(
    layer: Image.Image | None, frame: tuple[int, int, int, int] | None, photo: tuple[int, int]
) -> Image.Image | None:
    """The layer at the photo's size, pixels repeated, empty outside its frame. One pixel of rounding is forgiven."""
    if layer is None:
        return None
    x, y, width, height = frame or (0, 0, *photo)
    fits = x + width <= photo[0] and y + height <= photo[1]
    expected = canvas_size((width, height))
    if not fits or any(abs(length - side) > 1 for length, side in zip(layer.size, expected, strict=True)):
        raise ValueError("The drawing belongs to a photo of another shape. Choose the photo again.")
    if layer.size != (width, height):
        layer = layer.resize((width, height), Image.Resampling.NEAREST)
    if (width, height) == photo:
        return layer
    whole = Image.new(layer.mode, photo)
    whole.paste(layer, (x, y))
    return whole


def read_seed(seed: Any) -> int:
    """A whole number from 0 to 2**31 - 1; nothing given means 0."""
    if seed is None:
        return 0
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**31:
        raise ValueError("The seed must be a whole number from 0 to 2147483647.")
    return seed


def read_feather(pixels: Any) -> int:
    """Over how many pixels a mask's edge fades, 0 to MOST_FEATHER; nothing given means 0."""
    if pixels is None:
        return 0
    if isinstance(pixels, bool) or not isinstance(pixels, int) or not 0 <= pixels <= MOST_FEATHER:
        raise ValueError(f"The feather must be from 0 to {MOST_FEATHER} pixels.")
    return pixels


def read_candidates(count: Any) -> int:
    """How many results are wanted, 1 to MAX_CANDIDATES; nothing given means 1."""
    if count is None:
        return 1
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= MAX_CANDIDATES:
        raise ValueError(f"The number of candidates must be from 1 to {MAX_CANDIDATES}.")
    return count


def read_scale(scale: Any) -> int:
    """How many times as wide and high, 2 or 4; nothing given means 2."""
    if scale is None:
        return 2
    if isinstance(scale, bool) or scale not in (2, 4):
        raise ValueError("The scale must be 2 or 4.")
    return int(scale)


def read_mode(mode: Any) -> str:
    """One of MODES; nothing given means the first, redraw."""
    if mode is None:
        return MODES[0]
    if mode not in MODES:
        raise ValueError(f"The mode must be one of {', '.join(MODES)}.")
    return mode
