"""Examples: portraits drawn by benchmarks/portraits.py with a drawing on each, for the page to load and run by one click."""

import base64
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from scfegan_hf.formats import open_picture

PORTRAITS = Path(__file__).parent / "portraits"
SIDE = 512  # of the portraits; points and brush widths below are in their pixels
MASK_PAINT, SKETCH_PAINT = "#ffc0d9", "#15171c"  # as in page/state.js
Points = list[tuple[float, float]]


@dataclass(frozen=True)
class Sample:
    """A drawing on a portrait: what is masked as (width, points), lines, and colours as (colour, width, points)."""

    title: str
    portrait: str
    shown: tuple[int, int, int]  # the square that the thumbnail shows: left, top, side
    masked: list[tuple[float, Points]]
    lines: list[Points]
    colors: list[tuple[str, float, Points]]


def mirrored(points: Points) -> Points:
    """The same on the face's other half."""
    return [(SIDE - x, y) for x, y in points]


def ring(x: float, y: float, radius: float, high: float | None = None) -> Points:
    """An ellipse as a closed line."""
    return [(x + radius * np.cos(a), y + (high or radius) * np.sin(a)) for a in np.linspace(0, 2 * np.pi, 25)]


def arc(start: tuple[float, float], middle: tuple[float, float], end: tuple[float, float]) -> Points:
    """A curve that passes through three points."""
    t = np.linspace(0, 1, 13)[:, None]
    a, b, c = (np.array(point, float) for point in (start, middle, end))
    return [tuple(point) for point in a * (1 - t) * (1 - 2 * t) + b * 4 * t * (1 - t) + c * t * (2 * t - 1)]


UPPER_LID, LOWER_LID = arc((184, 237), (206, 222), (232, 236)), arc((184, 237), (208, 243), (232, 236))
BROW = [(174, 204), (188, 195), (206, 192), (238, 199)]
BROW_TOP, BROW_BASE = ([(173, 203), (188, 190), (206, 187), (239, 195)], [(173, 205), (188, 199), (206, 197), (239, 204)])
LIP_TOP = [(206, 340), (228, 346), (246, 343), (256, 346), (266, 343), (284, 346), (306, 340)]
JAW = [(162, 326), (170, 356), (184, 382), (204, 400), (228, 410), (256, 413)]
LENS = ring(205, 237, 42, 31)

SAMPLES = (
    Sample(
        "Smile", "woman", (146, 230, 220),
        masked=[(44, arc((214, 348), (256, 358), (298, 348))), (40, arc((226, 362), (256, 378), (286, 362)))],
        lines=[
            arc((206, 340), (256, 360), (306, 340)), arc((210, 344), (256, 378), (302, 344)),
            arc((206, 340), (256, 389), (306, 340)), LIP_TOP,
        ],
        colors=[
            ("#ece4dc", 7, arc((226, 356), (256, 368), (286, 356))), ("#b0605c", 4, arc((230, 370), (256, 384), (282, 370))),
            ("#a4524e", 5, arc((226, 350), (256, 354), (286, 350))),
        ],
    ),
    Sample(
        "Blue eyes", "woman", (136, 140, 240),
        masked=[(26, arc((190, 234), (207, 232), (226, 235))), (26, mirrored(arc((190, 234), (207, 232), (226, 235))))],
        lines=[p for eye in (UPPER_LID, LOWER_LID, ring(207, 232, 11), ring(207, 232, 4)) for p in (eye, mirrored(eye))],
        colors=[
            c for x in (207, 305) for c in (
                ("#e9e4e0", 8, [(x - 15, 234), (x - 14, 234)]), ("#e9e4e0", 8, [(x + 15, 234), (x + 16, 234)]),
                ("#4f86c6", 18, [(x, 232), (x + 0.5, 232)]), ("#101014", 8, [(x, 232), (x + 0.5, 232)]),
            )
        ],
    ),
    Sample(
        "Strong brows", "woman", (136, 120, 240),
        masked=[(30, [(178, 200), (204, 193), (236, 199)]), (30, mirrored([(178, 200), (204, 193), (236, 199)]))],
        lines=[p for line in (BROW_TOP, BROW_BASE) for p in (line, mirrored(line))],
        colors=[("#3a241a", 7, p) for p in (BROW, mirrored(BROW))],
    ),
    Sample(
        "Fringe", "woman", (116, 40, 280),
        masked=[(70, arc((180, 130), (256, 112), (332, 130))), (64, arc((178, 168), (256, 160), (334, 168)))],
        lines=[arc((256 + d * 0.35, 92), (256 + d * 0.8, 140), (256 + d, 190 - abs(d) * 0.05)) for d in range(-84, 85, 12)],
        colors=[
            (("#3d2719", "#5a3a26", "#6d4830")[i % 3], 9, arc((256 + d * 0.35, 96), (256 + d * 0.8, 140), (256 + d, 184)))
            for i, d in enumerate(range(-80, 81, 10))
        ],
    ),
    Sample(
        "Beard", "man", (126, 210, 260),
        masked=[(40, JAW), (40, mirrored(JAW)), (30, arc((206, 340), (256, 330), (306, 340))), (34, [(206, 386), (306, 386)])],
        lines=[
            arc((156, 312), (184, 352), (216, 374)), mirrored(arc((156, 312), (184, 352), (216, 374))),
            arc((206, 340), (256, 324), (306, 340)), arc((216, 347), (256, 341), (296, 347)),
            arc((216, 372), (256, 380), (296, 372)),
        ],
        colors=[("#241914", 20, path) for path in (JAW, mirrored(JAW))]
        + [("#2b1e18", 8, arc((210, 340), (256, 333), (302, 340))), ("#2b1e18", 16, arc((206, 388), (256, 394), (306, 388)))],
    ),
    Sample(
        "Glasses off", "man", (126, 130, 260),
        masked=[
            (22, LENS), (22, mirrored(LENS)), (24, [(240, 231), (272, 231)]),
            (22, [(130, 232), (166, 232)]), (22, [(346, 232), (382, 232)]),
        ],
        lines=[], colors=[],
    ),
    Sample(
        "Earring", "man", (320, 200, 130),
        masked=[(26, [(378, 288), (379, 312)])],
        lines=[ring(379, 303, 8), ring(379, 303, 5), arc((386, 276), (384, 286), (376, 294)), [(366, 284), (366, 320)]],
        colors=[("#e0b850", 3, ring(379, 303, 6.5)), ("#b98a68", 8, [(376, 284), (376, 288)])],
    ),
)  # fmt: skip


def world(points: Points) -> list[list[float]]:
    """Points as the page keeps them: from the photo's middle, in shares of its side."""
    return [[round(x / SIDE - 0.5, 5), round(y / SIDE - 0.5, 5)] for x, y in points]


def page_steps(sample: Sample) -> list[dict[str, Any]]:
    """The drawing as the page's list of steps."""
    strokes = [("mask", MASK_PAINT, width, points) for width, points in sample.masked]
    strokes += [("sketch", SKETCH_PAINT, 2, points) for points in sample.lines]
    strokes += [("color", *color) for color in sample.colors]
    return [
        {"kind": "stroke", "layer": layer, "erase": False, "paint": paint, "size": width / SIDE, "points": world(points)}
        for layer, paint, width, points in strokes
    ]


def thumbnail_of(sample: Sample, portrait: bytes) -> bytes:
    """The drawing on its portrait, small, as JPEG."""
    with open_picture(portrait) as photo:
        shown = photo.convert("RGB")
    hole = Image.new("L", shown.size)
    for width, points in sample.masked:
        _stroke(ImageDraw.Draw(hole), points, width, 150)
    shown.paste(MASK_PAINT, mask=hole)
    draw = ImageDraw.Draw(shown)
    for color, width, points in sample.colors:
        _stroke(draw, points, width, color)
    for points in sample.lines:
        _stroke(draw, points, 3, SKETCH_PAINT)
    left, top, side = sample.shown
    shown = shown.crop((left, top, left + side, top + side)).resize((168, 168), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    shown.save(buffer, "JPEG", quality=80)
    return buffer.getvalue()


def _stroke(draw: ImageDraw.ImageDraw, points: Points, width: float, fill: str | int) -> None:
    draw.line([tuple(point) for point in points], fill=fill, width=round(width), joint="curve")
    for x, y in (points[0], points[-1]):
        draw.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=fill)


def page_samples() -> dict[str, Any]:
    """What the page is told: photos as data URLs by name, and samples with title, photo, steps and thumbnail."""
    portraits = {path.stem: path.read_bytes() for path in sorted(PORTRAITS.glob("*.jpg"))}
    drawings = []
    for sample in SAMPLES:
        thumbnail = thumbnail_of(sample, portraits[sample.portrait])
        shown = {"title": sample.title, "photo": sample.portrait, "steps": page_steps(sample)}
        drawings.append({**shown, "thumbnail": _url(thumbnail)})
    return {"sample_photos": {name: _url(data) for name, data in portraits.items()}, "samples": drawings}


def _url(data: bytes) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(data).decode()
