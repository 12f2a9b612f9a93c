"""The picture at the top of README.md: edits drawn by hand on portraits that were not trained on.

    python benchmarks/pictures.py PORTRAITS [--model FOLDER] [--out docs/pictures/edits.jpg]

PORTRAITS holds the CC0 portraits of faker-js/assets-person-portrait (female-70.jpg and so on, 768x768). Each drawing is
a list of strokes in pixels of its photograph.
"""

import argparse
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from scfegan_hf import cli
from scfegan_hf.editing.benchmark.report import show_drawing
from scfegan_hf.editing.benchmark.tasks import Drawing as Drawn
from scfegan_hf.files import replacing

Points = list[tuple[int, int]]
TILE = 320


@dataclass(frozen=True)
class Drawing:
    """Strokes of one edit: what is erased, lines, and colours as (colour, width, points)."""

    photo: str
    title: str
    shown: tuple[int, int, int, int]  # the part of the photograph to print
    erased: list[tuple[int, Points]]  # brush width, points
    lines: list[Points]
    colors: list[tuple[tuple[int, int, int], int, Points]]


def ring(x: int, y: int, radius: int) -> Points:
    """A circle as a closed line."""
    return [(round(x + radius * np.cos(a)), round(y + radius * np.sin(a))) for a in np.linspace(0, 2 * np.pi, 17)]


DRAWINGS = [
    Drawing(
        "female-70", "blue eyes", (180, 120, 580, 520),
        erased=[(34, [(296, 304), (340, 304)]), (34, [(415, 310), (464, 310)])],
        lines=[
            [(291, 306), (300, 297), (314, 293), (330, 296), (344, 306), (333, 311), (318, 313), (303, 311), (291, 306)],
            [(411, 312), (424, 303), (438, 300), (455, 302), (469, 311), (456, 317), (440, 319), (425, 318), (411, 312)],
            ring(317, 302, 9), ring(440, 309, 9),
        ],
        colors=[
            ((112, 140, 172), 12, [(316, 302), (318, 303)]), ((112, 140, 172), 12, [(439, 309), (441, 310)]),
            ((20, 18, 20), 6, [(317, 302), (318, 302)]), ((20, 18, 20), 6, [(440, 309), (441, 309)]),
            ((196, 180, 176), 5, [(300, 304), (304, 303)]), ((196, 180, 176), 5, [(331, 303), (335, 305)]),
            ((190, 172, 170), 5, [(424, 311), (427, 310)]), ((190, 172, 170), 5, [(454, 310), (459, 311)]),
            ((58, 38, 36), 3, [(292, 305), (301, 296), (314, 292), (330, 295), (343, 305)]),
            ((58, 38, 36), 3, [(412, 311), (424, 302), (438, 299), (455, 301), (468, 310)]),
        ],
    ),
    Drawing(
        "female-10", "a broad smile", (180, 110, 580, 510),
        erased=[(70, [(330, 385), (446, 382)]), (60, [(350, 405), (425, 405)])],
        lines=[
            [(322, 370), (345, 382), (370, 388), (388, 390), (410, 387), (432, 380), (455, 366)],
            [(326, 373), (350, 402), (388, 411), (425, 401), (451, 369)],
            [(335, 380), (355, 412), (388, 424), (422, 411), (444, 376)],
            [(322, 370), (350, 372), (376, 366), (388, 369), (400, 366), (428, 371), (455, 366)],
        ],
        colors=[
            ((236, 228, 220), 8, [(348, 391), (370, 398), (390, 400), (412, 397), (430, 388)]),
            ((150, 80, 78), 6, [(345, 401), (365, 414), (388, 418), (414, 413), (434, 396)]),
            ((140, 72, 70), 5, [(338, 373), (360, 379), (388, 381), (415, 378), (440, 371)]),
        ],
    ),
    Drawing(
        "male-0", "hair", (200, 10, 600, 410),
        erased=[
            (70, [(290, 150), (310, 105), (350, 75), (405, 62), (465, 75), (510, 105), (530, 145)]),
            (60, [(330, 120), (400, 100), (480, 115)]),
        ],
        lines=[
            [(300, 165), (318, 135), (350, 122), (400, 118), (455, 122), (500, 138), (520, 165)],
            [(276, 162), (288, 115), (318, 78), (360, 52), (405, 44), (455, 52), (500, 76), (530, 112), (543, 160)],
        ],
        colors=[
            ((28, 24, 22), 22, [(285, 150), (305, 105), (345, 72), (405, 55), (470, 70), (515, 105), (535, 145)]),
            ((30, 26, 24), 20, [(315, 122), (350, 100), (405, 90), (460, 100), (500, 122)]),
        ],
    ),
    Drawing(
        "male-40", "a raised brow", (270, 40, 670, 440),
        erased=[(46, [(345, 200), (395, 190), (440, 200)])],
        lines=[
            [(348, 196), (370, 180), (400, 174), (432, 184)],
            [(352, 203), (375, 190), (405, 187), (436, 194)],
        ],
        colors=[((48, 32, 26), 9, [(354, 197), (374, 185), (402, 181), (432, 189)])],
    ),
]  # fmt: skip


def stroke(layer: Image.Image, points: Points, width: int, fill) -> None:
    """A round brush along the points."""
    draw = ImageDraw.Draw(layer)
    draw.line(points, fill=fill, width=width, joint="curve")
    if width > 2:
        for x, y in points:
            draw.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=fill)


def layers(drawing: Drawing, photo: Image.Image) -> tuple[Image.Image, Image.Image, Image.Image]:
    """Mask, sketch and colour pictures of a drawing."""
    mask, sketch = Image.new("L", photo.size), Image.new("L", photo.size)
    color = Image.new("RGBA", photo.size)
    for width, points in drawing.erased:
        stroke(mask, points, width, 255)
    for points in drawing.lines:
        stroke(sketch, points, 2, 255)
    for rgb, width, points in drawing.colors:
        stroke(color, points, width, (*rgb, 255))
    return mask, sketch, color


def show(photo: Image.Image, mask: Image.Image, sketch: Image.Image, color: Image.Image) -> Image.Image:
    """The drawing as a user sees it."""
    drawn = Drawn(np.asarray(sketch) > 0, np.asarray(color))
    return Image.fromarray(show_drawing(np.asarray(photo), np.asarray(mask) > 0, drawn))


def edit(photo: Path, mask: Image.Image, sketch: Image.Image, color: Image.Image, model: str | None) -> Image.Image:
    """What `scfegan edit` makes of the drawing's files."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["edit", str(photo), "-o", f"{folder}/result.png", *(["--model", model] if model else [])]
        for name, layer in (("mask", mask), ("sketch", sketch), ("color", color)):
            layer.save(f"{folder}/{name}.png")
            command += [f"--{name}", f"{folder}/{name}.png"]
        if cli.main(command):
            raise SystemExit("scfegan edit failed")
        return Image.open(f"{folder}/result.png").convert("RGB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("portraits", type=Path)
    parser.add_argument("--model")
    parser.add_argument("--out", type=Path, default=Path("docs/pictures/edits.jpg"))
    options = parser.parse_args()
    rows = []
    for drawing in DRAWINGS:
        photo = Image.open(options.portraits / f"{drawing.photo}.jpg").convert("RGB")
        mask, sketch, color = layers(drawing, photo)
        result = edit(options.portraits / f"{drawing.photo}.jpg", mask, sketch, color, options.model)
        pictures = (photo, show(photo, mask, sketch, color), result)
        rows.append(
            np.hstack([np.asarray(p.crop(drawing.shown).resize((TILE, TILE), Image.Resampling.LANCZOS)) for p in pictures])
        )
    columns = [np.vstack(rows[0::2]), np.vstack(rows[1::2])]
    gap = np.full((columns[0].shape[0], 16, 3), 255, np.uint8)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    with replacing(options.out) as partial:
        Image.fromarray(np.hstack([columns[0], gap, columns[1]])).save(partial, format="JPEG", quality=88)


if __name__ == "__main__":
    main()
