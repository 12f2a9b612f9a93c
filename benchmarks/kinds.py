"""Twenty-seven kinds of edits that people ask for, on photographs, drawn by a hasty hand: sheets to look at and to score.

    python benchmarks/kinds.py PORTRAITS OUT [--only smile lipstick] [--model FOLDER]

PORTRAITS holds the CC0 portraits of faker-js/assets-person-portrait (male-0.jpg and so on, 768x768), which the editing
network has not seen. Where a face lies is the annotator's word; everything is drawn from there with a brush and a wobble, as a
person would in half a minute. OUT gets one picture a kind (photograph, drawing, result, close by) and sheets of nine, numbered,
without a word of what made them. An error of an edit is printed and its picture left out.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from sheet import Sheet, curve

from scfegan_hf import FaceEditPipeline
from scfegan_hf.faces.annotate import bundled
from scfegan_hf.faces.landmarks import INNER_LIPS, LEFT_BROW, LEFT_EYE, NOSE, OUTER_LIPS, PUPILS, RIGHT_BROW, RIGHT_EYE

TILE = 360
BOTH_EYES = ((LEFT_EYE, PUPILS[0]), (RIGHT_EYE, PUPILS[1]))


def smile(s: Sheet) -> None:
    around = s.at((-0.55, 1.0), (0.55, 1.0), (-0.3, 1.55), (0.3, 1.55))
    s.erase_inside(np.concatenate([s.points[OUTER_LIPS], around]), 0.1)
    corners = s.at((-0.48, 1.0), (0.48, 1.0))
    upper, lower = curve(corners, 0.14 * s.unit), curve(corners, 0.42 * s.unit)
    for line in (upper, lower, curve(corners, 0.02 * s.unit), curve(corners, 0.6 * s.unit)):
        s.line(line)
    s.dab((upper + lower)[1:-1] / 2, (238, 232, 224), 0.1)
    s.dab(curve(corners, 0.52 * s.unit)[1:-1], (176, 92, 90), 0.07)


def close_mouth(s: Sheet) -> None:
    s.erase_inside(s.points[OUTER_LIPS], 0.12)
    middle = s.points[OUTER_LIPS].mean(0)
    ends = np.array([middle - 0.4 * s.unit * s.across, middle + 0.4 * s.unit * s.across])
    for bend in (-0.12, 0.03, 0.16):
        s.line(curve(ends, bend * s.unit))
    s.dab(curve(ends, 0.09 * s.unit)[1:-1], (178, 100, 98), 0.07)


def fuller_lips(s: Sheet) -> None:
    s.erase_inside(s.points[OUTER_LIPS], 0.12)
    lips = s.points[OUTER_LIPS]
    s.line(lips.mean(0) + (lips - lips.mean(0)) * (1.02, 1.4), closed=True)
    s.line(s.points[INNER_LIPS][:5])
    s.dab(s.points[OUTER_LIPS][7:11], (190, 96, 100), 0.08)


def lipstick(s: Sheet) -> None:
    s.mode = "recolor"
    s.dab(s.points[OUTER_LIPS][[8, 9]] * 0.75 + s.points[INNER_LIPS][[5, 5]] * 0.25, (176, 24, 48), 0.06)


def iris_by_dab(s: Sheet) -> None:
    s.mode = "recolor"
    for _, pupil in BOTH_EYES:
        s.dab(s.points[[pupil, pupil]] + (0, 0.03 * s.unit), (70, 120, 190), 0.06)


def iris_by_wand(s: Sheet) -> None:
    iris_by_dab(s)
    for lids, _ in BOTH_EYES:
        _, part = bundled().part(s.photo, *np.round(s.points[lids].mean(0)).astype(int).tolist())
        s.mask |= part * 255


def eyes_by_lines(s: Sheet, iris: tuple[int, int, int] | None = None) -> None:
    for lids, pupil in BOTH_EYES:
        s.erase_inside(s.points[lids], 0.1)
        s.line(s.points[lids], closed=True)
        t = np.linspace(0, 2 * np.pi, 13)
        s.line(s.points[pupil] + 0.1 * s.unit * np.column_stack([np.cos(t), np.sin(t)]))
        if iris:
            s.dab(s.points[[pupil, pupil]], iris, 0.17)
            s.dab(s.points[[pupil, pupil]], (16, 14, 14), 0.07)


def brows(s: Sheet, thick: float) -> None:
    x, y = np.round(s.points[LEFT_BROW].mean(0)).astype(int)
    hair = tuple(int(v) for v in s.photo[y, x])
    for group in (LEFT_BROW, RIGHT_BROW):
        upper = s.points[group][:5]
        s.erase(upper + 0.03 * s.unit * s.down, 0.26)
        middle = upper + 0.05 * s.unit * s.down
        for sign in (-1, 1):
            s.line(middle + sign * thick / 2 * s.unit * s.down)
        s.dab(middle, hair, max(thick * 0.7, 0.03))


def nose(s: Sheet) -> None:
    s.erase_inside(s.points[NOSE], 0.14)
    x = s.points[NOSE].mean(0)
    base = s.points[NOSE][4:]
    s.line(x + (base - x) * (0.75, 1))
    s.line(s.points[NOSE][:4] + 0.1 * s.unit * s.across)


def glasses_off(s: Sheet) -> None:
    for sign in (-1, 1):
        t = np.linspace(0, 2 * np.pi, 21)
        s.erase(s.at(*[(sign * 0.52 + 0.42 * np.cos(a), 0.1 + 0.3 * np.sin(a)) for a in t]), 0.13)
        s.erase(s.at((sign * 0.9, 0.0), (sign * 1.25, 0.0)), 0.13)
    s.erase(s.at((-0.12, 0.0), (0.12, 0.0)), 0.13)


def glasses_on(s: Sheet) -> None:
    for sign in (-1, 1):
        t = np.linspace(0, 2 * np.pi, 21)
        rim = s.at(*[(sign * 0.52 + 0.36 * np.cos(a), 0.08 + 0.27 * np.sin(a)) for a in t])
        s.erase(rim, 0.14)
        s.line(rim)
        s.dab(rim, (24, 22, 24), 0.04)
    bridge = s.at((-0.16, 0.02), (0, -0.03), (0.16, 0.02))
    s.erase(bridge, 0.14)
    s.line(bridge)
    s.dab(bridge, (24, 22, 24), 0.04)


def sunglasses_off(s: Sheet) -> None:
    """They are painted first: nobody in these portraits wears any."""
    for sign in (-1, 1):
        middle = np.round(s.at((sign * 0.52, 0.06))[0]).astype(int).tolist()
        cv2.ellipse(s.photo, middle, (round(0.4 * s.unit), round(0.3 * s.unit)), 0, 0, 360, (22, 20, 22), -1, cv2.LINE_AA)
    cv2.line(
        s.photo, *np.round(s.at((-0.2, 0), (0.2, 0))).astype(int).tolist(), (22, 20, 22), round(0.06 * s.unit), cv2.LINE_AA
    )
    s.erase_inside(s.at((-1.0, -0.3), (1.0, -0.3), (1.0, 0.42), (-1.0, 0.42)), 0.02)
    for sign in (-1, 1):
        ends = s.at((sign * 0.5 - 0.24, 0.02), (sign * 0.5 + 0.24, 0.02))
        s.line(curve(ends, -0.11 * s.unit))
        s.line(curve(ends, 0.08 * s.unit))
        s.line(s.at(*[(sign * 0.5 + 0.09 * np.cos(a), 0.09 * np.sin(a)) for a in np.linspace(0, 2 * np.pi, 13)]))
        s.dab(s.at((sign * 0.5, 0.0), (sign * 0.5, 0.01)), (60, 40, 30), 0.15)


def hair_on_bald(s: Sheet) -> None:
    arch = [(1.08 * np.cos(a), -0.35 - 1.25 * np.sin(a)) for a in np.linspace(0.1, np.pi - 0.1, 13)]
    s.erase(s.at(*arch), 0.62)
    s.erase(s.at(*[(0.75 * x, 0.8 * y - 0.15) for x, y in arch[2:-2]]), 0.4)
    s.line(s.at(*[(1.2 * x, 1.18 * y) for x, y in arch]))
    s.line(s.at(*[(0.78 * x, 0.62 * y - 0.3) for x, y in arch]))
    s.dab(s.at(*arch), (34, 26, 22), 0.3)
    s.dab(s.at(*[(0.8 * x, 0.85 * y) for x, y in arch[2:-2]]), (30, 23, 20), 0.2)


def fringe(s: Sheet) -> None:
    s.erase_inside(s.at((-0.85, -1.25), (0.85, -1.25), (0.8, -0.35), (-0.8, -0.35)), 0.03)
    for x in np.linspace(-0.75, 0.75, 9):
        s.line(s.at((0.8 * x, -1.25), (x, -0.42 + 0.1 * abs(x))))
    x, y = np.round(s.at((0.0, -1.65))[0]).astype(int).clip(8)
    tone = tuple(int(v) for v in np.median(s.photo[y - 6 : y + 7, x - 6 : x + 7].reshape(-1, 3), axis=0))
    for x in np.linspace(-0.6, 0.6, 5):
        s.dab(s.at((x, -1.15), (x, -0.55)), tone, 0.16)


def hair_color(s: Sheet) -> None:
    s.mode = "recolor"
    s.dab(s.at((-0.9, -1.0), (-0.7, -1.25)), (150, 44, 30), 0.14)


def beard_on(s: Sheet) -> None:
    jaw = [(-0.85, 0.9), (-0.7, 1.4), (-0.35, 1.75), (0, 1.82), (0.35, 1.75), (0.7, 1.4), (0.85, 0.9)]
    s.erase(s.at(*jaw), 0.34)
    s.erase(s.at((-0.4, 1.45), (0.4, 1.45)), 0.2)
    s.line(s.at(*[(0.82 * x, y - 0.2) for x, y in jaw]))
    s.dab(s.at(*jaw), (52, 38, 30), 0.2)
    s.dab(s.at((-0.35, 1.5), (0.35, 1.5)), (52, 38, 30), 0.12)


def beard_off(s: Sheet) -> None:
    hull = s.at((-0.95, 0.75), (0.95, 0.75), (0.85, 1.5), (0.4, 2.05), (-0.4, 2.05), (-0.85, 1.5))
    s.erase_inside(hull, 0.02)
    s.line(s.points[OUTER_LIPS], closed=True)
    s.line(s.points[INNER_LIPS][:5])
    s.line(s.points[4:29])
    s.dab(s.points[OUTER_LIPS][7:11], (170, 100, 92), 0.07)
    for x in (-0.6, 0.0, 0.6):
        s.dab(s.at((x, 1.2 + 0.3 * (x == 0)), (x * 0.8, 1.5)), s.skin(), 0.16)


def moles_off(s: Sheet) -> None:
    for x, y, r in ((-0.5, 0.62, 0.035), (-0.35, 0.75, 0.045), (0.55, 0.5, 0.03)):
        spot = np.round(s.at((x, y))[0]).astype(int).tolist()
        cv2.circle(s.photo, spot, round(r * s.unit), (58, 36, 30), -1, cv2.LINE_AA)
        cv2.circle(s.mask, spot, round(r * s.unit) + 2, 255, -1)


def wrinkles_off(s: Sheet) -> None:
    for y in (-0.55, -0.75):
        s.erase(s.at((-0.5, y), (0.0, y - 0.04), (0.5, y)), 0.1)
    for sign in (-1, 1):
        s.erase(s.at((sign * 0.85, 0.0), (sign * 1.0, 0.12)), 0.2)


def earring(s: Sheet, hoop: bool) -> None:
    x, y = s.points[2] - 0.12 * s.unit * s.across + 0.35 * s.unit * s.down
    t = np.linspace(0, 2 * np.pi, 17)
    radius = (0.16 if hoop else 0.05) * s.unit
    ring = np.array([x, y]) + radius * np.column_stack([np.cos(t), np.sin(t)])
    s.erase(ring, 0.12)
    if not hoop:
        s.erase_inside(ring, 0.05)
    s.line(ring)
    s.dab(ring, (212, 170, 80), 0.04 if hoop else 0.08)


def black_and_white(draw: Callable[[Sheet], None]) -> Callable[[Sheet], None]:
    def kind(s: Sheet) -> None:
        s.photo[:] = cv2.cvtColor(s.photo, cv2.COLOR_RGB2GRAY)[..., None]
        draw(s)
        s.color[..., :3] = cv2.cvtColor(np.ascontiguousarray(s.color[..., :3]), cv2.COLOR_RGB2GRAY)[..., None]

    return kind


def scratch_off(s: Sheet) -> None:
    for ends in (((-0.9, -1.2), (0.5, 1.6)), ((0.7, -0.9), (-0.6, 1.1))):
        line = np.round(s.at(*ends)).astype(int).tolist()
        cv2.line(s.photo, *line, (240, 238, 232), 2, cv2.LINE_AA)
        cv2.line(s.mask, *line, 255, 5)


def watermark_off(s: Sheet) -> None:
    place = np.round(s.at((-1.0, 0.75))[0]).astype(int).tolist()
    for target, tone, width in ((s.photo, (235, 235, 235), 2), (s.mask, 255, 7)):
        cv2.putText(target, "PREVIEW", place, cv2.FONT_HERSHEY_SIMPLEX, s.unit / 45, tone, width, cv2.LINE_AA)
    s.mask = (s.mask > 0).astype(np.uint8) * 255


# Photograph and drawing of each kind.
KINDS: dict[str, tuple[str, Callable[[Sheet], None]]] = {
    "smile": ("male-12", smile),
    "close mouth": ("female-37", close_mouth),
    "fuller lips": ("female-62", fuller_lips),
    "lipstick": ("female-98", lipstick),
    "iris by a dab": ("female-37", iris_by_dab),
    "iris by the wand": ("male-14", iris_by_wand),
    "iris by lines": ("male-60", lambda s: eyes_by_lines(s, (90, 130, 90))),
    "eyes by lines alone": ("female-33", eyes_by_lines),
    "thin brows": ("male-30", lambda s: brows(s, 0.05)),
    "thick brows": ("female-87", lambda s: brows(s, 0.13)),
    "a narrower nose": ("male-57", nose),
    "glasses off": ("male-95", glasses_off),
    "glasses on": ("male-64", glasses_on),
    "sunglasses off": ("female-34", sunglasses_off),
    "hair on a bald head": ("male-0", hair_on_bald),
    "a fringe": ("female-62", fringe),
    "hair colour": ("female-36", hair_color),
    "a beard": ("male-37", beard_on),
    "beard off": ("male-26", beard_off),
    "moles off": ("female-38", moles_off),
    "wrinkles off": ("male-50", wrinkles_off),
    "an earring": ("female-88", lambda s: earring(s, False)),
    "a hoop": ("female-92", lambda s: earring(s, True)),
    "black and white: nose": ("male-12", black_and_white(nose)),
    "black and white: mouth": ("female-98", black_and_white(smile)),
    "scratch off": ("male-61", scratch_off),
    "watermark off": ("female-22", watermark_off),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("portraits", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--only", nargs="+", choices=KINDS, metavar="KIND")
    parser.add_argument("--model")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    pipe, rows = FaceEditPipeline.from_pretrained(options.model), []
    for number, name in enumerate(options.only or KINDS):
        portrait, draw = KINDS[name]
        photo = np.asarray(Image.open(options.portraits / f"{portrait}.jpg").convert("RGB")).copy()
        sheet = Sheet(photo, bundled()(photo).landmarks, np.random.default_rng(number))
        draw(sheet)
        layers = {"mask": sheet.mask, "sketch": sheet.sketch, "color": sheet.color}
        given = {key: layer for key, layer in layers.items() if layer.any()}
        began = time.perf_counter()
        try:
            result = np.asarray(pipe(sheet.photo, mode=sheet.mode, seed=number, **given).image.convert("RGB"))
        except ValueError as error:
            print(f"{number + 1:2} {name}: refused: {error}")
            continue
        print(f"{number + 1:2} {name} ({portrait}, {sheet.mode}): {time.perf_counter() - began:.2f} s")
        rows.append(row(sheet, result, number + 1))
        Image.fromarray(rows[-1]).save(options.out / f"{number + 1:02}.jpg", quality=90)
    for first in range(0, len(rows), 9):
        Image.fromarray(np.vstack(rows[first : first + 9])).save(options.out / f"sheet-{first // 9 + 1}.jpg", quality=85)


def row(sheet: Sheet, result: np.ndarray, number: int) -> np.ndarray:
    """Photograph, drawing and result of the face and its surroundings."""
    drawn = sheet.photo.copy()
    drawn[sheet.mask > 0] = 0.5 * drawn[sheet.mask > 0] + (0, 90, 0)
    painted = sheet.color[..., 3] > 0
    drawn[painted] = sheet.color[painted][:, :3]
    drawn[sheet.sketch > 0] = (255, 255, 255)
    x, y = sheet.at((0, 0.3))[0]
    half = 1.9 * sheet.unit
    box = [round(v) for v in (max(x - half, 0), max(y - half, 0))]
    side = min(round(2 * half), sheet.photo.shape[1] - box[0], sheet.photo.shape[0] - box[1])
    parts = [p[box[1] : box[1] + side, box[0] : box[0] + side] for p in (sheet.photo, drawn, result)]
    joined = np.hstack([cv2.resize(np.ascontiguousarray(p), (TILE, TILE), interpolation=cv2.INTER_AREA) for p in parts])
    cv2.putText(joined, str(number), (8, 30), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (255, 255, 0), 2, cv2.LINE_AA)
    return joined


if __name__ == "__main__":
    main()
