"""Damaged and odd pictures, made here of fixed seeds, for hostile.py."""

import io
import random
import re
from collections.abc import Iterator

import numpy as np
from PIL import Image

FORMATS = (
    "PNG",
    "JPEG",
    "WEBP",
    "AVIF",
    "TIFF",
    "BMP",
    "GIF",
    "JPEG2000",
    "QOI",
    "DDS",
    "PPM",
    "TGA",
    "PCX",
    "ICO",
    "SGI",
    "EPS",
)


def picture(side: int = 96) -> Image.Image:
    """Smooth colours with a little noise."""
    rng = np.random.default_rng(0)
    coarse = Image.fromarray(rng.integers(0, 256, (6, 6, 3), np.uint8)).resize((side, side), Image.Resampling.BICUBIC)
    return Image.fromarray((np.asarray(coarse) // 8 * 8 + rng.integers(0, 8, (side, side, 3))).astype(np.uint8))


def encoded(form: str, image: Image.Image | None = None, **options) -> bytes:
    data = io.BytesIO()
    image = image or picture()
    (image if form != "DDS" else image.convert("RGBA")).save(data, form, **options)
    return data.getvalue()


def with_scans(count: int) -> bytes:
    """A progressive JPEG of 36 megapixels whose first scan is given again and again."""
    data = encoded("JPEG", Image.new("RGB", (6000, 6000)), progressive=True)
    first, second = (match.start() for match in list(re.finditer(rb"\xff\xda", data))[:2])
    header = data[first : first + 2 + int.from_bytes(data[first + 2 : first + 4], "big")]
    return data[:second] + (header + b"\x00") * count + data[second:]


def bad_pictures(tries: int) -> Iterator[tuple[str, bytes]]:
    """Names and contents: the known ones, then whole files of each format with some bytes changed, cut or repeated."""
    yield "EPS that does not end", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n%%EndComments\n{ } loop\n"
    yield "nothing", b""
    yield "text", b"hello" * 100
    yield "PNG with four bytes of EXIF", encoded("PNG", exif=b"II*\0")
    yield "WebP with odd EXIF", encoded("WEBP", exif=b"Exif\0\0MM\0*")
    yield "65535x1", encoded("PNG", Image.new("L", (65535, 1)))
    yield "1x65535", encoded("PNG", Image.new("L", (1, 65535)))
    yield "a bomb", encoded("PNG", Image.new("1", (20_000, 20_000)))
    yield "a JPEG of 3000 scans", with_scans(3000)
    seeds, rng = {form: encoded(form) for form in FORMATS}, random.Random(0)
    for number in range(tries):
        form = FORMATS[number % len(FORMATS)]
        data = bytearray(seeds[form])
        for _ in range(rng.choice((1, 1, 2, 4, 16))):
            at = rng.randrange(min(len(data), rng.choice((64, 400, len(data)))))
            data[at] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))
        if rng.random() < 0.3:
            del data[rng.randrange(len(data)) :]
        if rng.random() < 0.1:
            at = rng.randrange(len(data) + 1)
            data[at:at] = data[:at][-rng.randrange(1, 200) :] * rng.randrange(1, 20)
        yield f"{form} {number}", bytes(data)
