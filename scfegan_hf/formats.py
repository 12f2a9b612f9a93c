"""Picture files are opened here and nowhere else in the package: formats of a list, sizes and costs known before decoding.

Pillow would open some forty formats, among them EPS, which it has another program run. Whatever it raises over a damaged
file, of whatever class, becomes a ValueError in words of ours that names the picture.
"""

import io
import os
import re
import struct
import threading
import warnings
from functools import cache
from typing import BinaryIO

from PIL import Image, UnidentifiedImageError

FORMATS = ("PNG", "JPEG", "WEBP", "AVIF", "HEIF", "TIFF", "BMP", "GIF", "JPEG2000")  # JPEG stands for MPO too
# How names of photographs end, for whoever looks through a folder.
PHOTO_ENDINGS = (".avif", ".bmp", ".heic", ".heif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
MAX_PIXELS = 100_000_000  # 11548 x 8660
# Real files have up to some twenty. A scan costs a pass over the whole picture, however little is in it.
MAX_SCANS = 100
MAX_TILES = 2**16  # of a TIFF; each costs Pillow some microseconds, however small
# A marker with a meaning between two scans or within one; FF 00 is a value, FF D0 to D7 and 01 are marks without content.
_MARKER = re.compile(rb"\xff+[\x02-\xcf\xd8-\xfe]")
_START_OF_IMAGE, _END_OF_IMAGE, _START_OF_SCAN = 0xD8, 0xD9, 0xDA
_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# What Pillow's readers were seen to raise over damaged files; Warning: where warnings are errors.
DAMAGE = (
    OSError, EOFError, SyntaxError, ValueError, TypeError, ArithmeticError, LookupError, AttributeError, AssertionError,
    RuntimeError, struct.error, MemoryError, Warning,
)  # fmt: skip

_HEADER = threading.Lock()  # filters of warnings are all threads'


@cache
def formats() -> tuple[str, ...]:
    """Pillow's names of the formats that are read here: those of FORMATS that this machine has a reader for."""
    from pillow_heif import register_heif_opener

    Image.init()
    register_heif_opener()
    return tuple(name for name in FORMATS if name in Image.OPEN)


def open_picture(
    source: str | os.PathLike | bytes | BinaryIO,
    name: str = "photo",
    *,
    only: tuple[str, ...] | None = None,
    max_pixels: int = MAX_PIXELS,
) -> Image.Image:
    """A picture whose header is read and whose pixels are not; ``source``: a path, the file's bytes, or a stream of them.

    ``only``: take these formats alone. Raises ValueError that calls the picture ``name`` for what is none of `formats`, has
    more than ``max_pixels`` or is damaged; FileNotFoundError for a path without a file.
    """
    try:
        with _HEADER, warnings.catch_warnings():  # Pillow's word about large pictures; they are counted below
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(source) if isinstance(source, bytes) else source, formats=only or formats())
    except FileNotFoundError:
        raise
    except Image.DecompressionBombError as error:
        raise ValueError(_too_many_pixels(name, max_pixels)) from error
    except UnidentifiedImageError as error:
        raise ValueError(f"The {name} is not a picture that can be read. Give a PNG or JPEG file.") from error
    except DAMAGE as error:
        raise ValueError(damaged(name)) from error
    refusal = None
    if image.width * image.height > max_pixels:
        refusal = _too_many_pixels(name, max_pixels)
    elif len(image.tile) > MAX_TILES or (image.format in ("JPEG", "MPO") and _scans(image.fp) > MAX_SCANS):
        refusal = f"The {name} would take very long to read. Save it again as PNG or JPEG."
    if refusal:
        image.close()
        raise ValueError(refusal)
    return image


def load(image: Image.Image, name: str = "photo") -> Image.Image:
    """The same image with its pixels read. Raises ValueError that calls it ``name`` if it is damaged or cut short."""
    try:
        image.load()
    except DAMAGE as error:
        raise ValueError(damaged(name)) from error
    return image


def is_animation(image: Image.Image) -> bool:
    """Whether there are more pictures than the first. A phone's JPEG with a preview as its second is none."""
    return image.format != "MPO" and bool(getattr(image, "is_animated", False))


def orientation(image: Image.Image) -> int:
    """How a camera was held: 1 to 8 as in EXIF, 1 also where the tag is absent or cannot be read, as viewers have it."""
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except DAMAGE:
        return 1
    return value if value in range(1, 9) else 1


def upright(image: Image.Image) -> Image.Image:
    """The image as it is seen, its orientation applied; the same object where nothing is to be turned."""
    turn = _TURNS.get(orientation(image))
    return image if turn is None else image.transpose(turn)


def seen_size(image: Image.Image) -> tuple[int, int]:
    """(width, height) with the orientation applied; nothing is decoded."""
    width, height = image.size
    return (height, width) if orientation(image) >= 5 else (width, height)


def damaged(name: str) -> str:
    """The sentence about a damaged picture."""
    return f"The {name} is damaged or cut short. Save it again as PNG or JPEG."


def _too_many_pixels(name: str, max_pixels: int) -> str:
    return f"The {name} has more than {max_pixels // 1_000_000} megapixels. Make it smaller first."


def _scans(stream: BinaryIO) -> int:
    """How many scans a JPEG has; the stream is left where it was."""
    position = stream.tell()
    stream.seek(0)
    data = stream.read()
    stream.seek(position)
    scans, at = 0, 0
    while (marker := _MARKER.search(data, at)) and data[marker.end() - 1] != _END_OF_IMAGE:
        at = marker.end()
        scans += data[at - 1] == _START_OF_SCAN
        if data[at - 1] != _START_OF_IMAGE:
            at += max(int.from_bytes(data[at : at + 2], "big"), 2)  # the segment's length counts itself
    return scans
