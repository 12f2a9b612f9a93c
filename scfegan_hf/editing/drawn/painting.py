"""Lines and colours by someone who means a shape: lips, a row of teeth, iris and pupil; or whatever has one colour.

Arrays are numpy and square; images uint8 RGB, masks uint8 0/1; points are 98 landmarks (98, 2) in pixels of the frame.
Everything is a function of the arrays and ``rng``. Painting returns colour (HxWx3) and where it was painted (HxW), which is
within the mask.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from scfegan_hf.faces.landmarks import INNER_LIPS, LEFT_BROW, LEFT_EYE, NOSE, OUTER_LIPS, PUPILS, RIGHT_BROW, RIGHT_EYE
from scfegan_hf.faces.regions import REGIONS

WHITE = (225.0, 255.0)  # grey levels of what people call white
SMALLEST = 4  # pixels of the photograph whose colour a stroke takes


@dataclass(frozen=True)
class Stroke:
    """A round brush of ``width`` along ``points`` (N, 2), in pixels of the frame."""

    points: np.ndarray
    width: float
    white: bool = False  # whether it means what everybody calls white: teeth, the white of an eye

    def drawn(self, side: int) -> np.ndarray:
        """uint8 0/1 of side x side."""
        layer, width = np.zeros((side, side), np.uint8), max(round(self.width), 1)
        corners = np.round(self.points * 8).astype(np.int32)
        cv2.polylines(layer, [corners], False, 1, width, cv2.LINE_8, 3)
        for x, y in corners if width > 2 else ():
            cv2.circle(layer, (int(x), int(y)), width * 4, 1, -1, cv2.LINE_8, 3)
        return layer


class Paint:
    """Strokes over each other. ``off``: standard deviation, of 255, of every stroke's lightness; half of it of its hue."""

    def __init__(self, image: np.ndarray, mask: np.ndarray, rng: np.random.Generator, off: float):
        self.image, self.mask, self.rng, self.off = image, mask, rng, off
        self.color, self.painted = np.zeros_like(image), np.zeros_like(mask)

    def add(self, where: np.ndarray, meant: np.ndarray, plain: float | None = None) -> None:
        """Paint ``where`` with the photograph's median of ``meant``, if both are in the hole, or with grey ``plain``."""
        where, meant = (where & self.mask).astype(bool), (meant & self.mask).astype(bool)
        if meant.sum() >= SMALLEST and where.any():
            wrong = self.rng.normal(0, self.off) + self.rng.normal(0, self.off / 2, 3)
            color = np.median(self.image[meant], axis=0) if plain is None else plain
            self.color[where] = np.clip(color + wrong, 0, 255)
            self.painted[where] = 1


def draw_features(image: np.ndarray, points: np.ndarray, rng: np.random.Generator, often: float | None = None) -> np.ndarray:
    """Lines by which people draw eyes, brows, noses and mouths, one pixel wide: uint8 0/1 of the image's size.

    ``often``: the share that is drawn; 0.6 to 1 if it is not given.
    """
    side, grey = image.shape[0], cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    outer, inner = points[OUTER_LIPS], points[INNER_LIPS]
    corners = outer[[0, 6]]
    curves = [  # between the lips, the lower lip's edge, the upper one's; the nose's bridge and base
        _between(corners, (inner[1:4] + inner[7:4:-1]) / 2) if _gap(inner[1:4], inner[7:4:-1]) < 0.04 * _length(corners)
        else np.concatenate([inner, inner[:1]]),
        outer[[6, 7, 8, 9, 10, 11, 0]], outer[:7], points[NOSE][:4], points[NOSE][4:],
    ]  # fmt: skip
    for group in (LEFT_BROW, RIGHT_BROW):
        upper, lower = _edges_of_brow(points, group)
        curves += [upper, lower] if rng.random() < 0.7 else [(upper + lower) / 2]
    for group, pupil in ((LEFT_EYE, PUPILS[0]), (RIGHT_EYE, PUPILS[1])):
        ring = points[group]
        if not (ring.min() >= 0 and ring.max() < side):
            continue
        radius, angles = 0.2 * _length(ring[[0, 4]]), np.linspace(0, 2 * np.pi, 13)
        circle = np.stack([np.cos(angles), np.sin(angles)], 1)
        centre = _darkest(grey, points[pupil], radius)
        lid = ring[:5] + (ring[:5] - ring[[0, 7, 6, 5, 4]]) * rng.uniform(0.25, 0.5)  # the fold above the upper lid
        curves += [ring[:5], ring[[4, 5, 6, 7, 0]], centre + radius * circle]
        curves += [centre + 0.4 * radius * circle] if rng.random() < 0.4 else []
        curves += [lid] if rng.random() < 0.4 else []
    often = rng.uniform(0.6, 1.0) if often is None else often
    lines = np.zeros((side, side), np.uint8)
    for curve in curves:
        if rng.random() < often:
            cv2.polylines(lines, [np.round(_smooth(curve) * 8).astype(np.int32)], False, 1, 1, cv2.LINE_8, 3)
    return lines


def draw_outline(regions: np.ndarray) -> np.ndarray:
    """The line around the hair, one pixel wide, without its smaller curls: uint8 0/1. ``regions``: labels of REGIONS."""
    hair = (regions == REGIONS.index("hair")).astype(np.float32)
    smooth = (cv2.GaussianBlur(hair, (0, 0), regions.shape[0] / 60) > 0.5).astype(np.uint8)
    return smooth - cv2.erode(smooth, np.ones((3, 3), np.uint8))  # no line where the frame ends


def _smooth(points: np.ndarray, parts: int = 6) -> np.ndarray:
    """A curve through the points (Catmull and Rom 1974); closed if the last is the first."""
    closed = np.array_equal(points[0], points[-1])
    before, after = (points[-2], points[1]) if closed else (2 * points[0] - points[1], 2 * points[-1] - points[-2])
    padded = np.concatenate([before[None], points, after[None]])
    t = np.linspace(0, 1, parts, endpoint=False)[:, None]
    curve = [
        b + t / 2 * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
        for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False)
    ]
    return np.concatenate([*curve, points[-1:]])


def paint_features(
    image: np.ndarray,
    points: np.ndarray,
    mask: np.ndarray,
    rng: np.random.Generator,
    off: float = 0.0,
    often: float | None = None,
    whitened: float = 0.0,
) -> tuple[np.ndarray, np.ndarray]:
    """Strokes by which people paint eyes, brows and mouths, a little misplaced.

    ``often``: the share that is painted; 0.4 to 1 if it is not given. ``whitened``: share of drawings whose teeth and whites of
    eyes are as white as people think they are.
    """
    paint = Paint(image, mask, rng, off)
    side, grey = mask.shape[0], cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    unit = float(np.hypot(*(points[LEFT_EYE].mean(0) - points[RIGHT_EYE].mean(0))))
    often = rng.uniform(0.4, 1.0) if often is None else often
    white = rng.uniform(*WHITE) if whitened and rng.random() < whitened else None
    for stroke in [*_mouth(points), *_brows(points), *_eyes(points, grey, rng)]:
        wide, moved, wanted = rng.uniform(0.6, 1.25), rng.normal(0, 0.015 * unit, 2), rng.random() < often
        if wanted:
            plain = white if stroke.white else None
            paint.add(Stroke(stroke.points + moved, stroke.width * wide).drawn(side), stroke.drawn(side), plain)
    return paint.color, paint.painted


def _eyes(points: np.ndarray, grey: np.ndarray, rng: np.random.Generator) -> list[Stroke]:
    """The white on both sides, iris, pupil, upper lid; for each eye that lies within the frame."""
    strokes = []
    for group, pupil in ((LEFT_EYE, PUPILS[0]), (RIGHT_EYE, PUPILS[1])):
        ring = points[group]
        width = _length(ring[[0, 4]])
        if not (ring.min() >= 0 and ring.max() < grey.shape[0] and width >= 6):
            continue
        radius = width * rng.uniform(0.17, 0.22)
        centre = _darkest(grey, points[pupil], radius)
        strokes += [Stroke(np.array([0.5 * centre + 0.5 * corner, 0.25 * centre + 0.75 * corner]), 0.12 * width, True)
                    for corner in (ring[0], ring[4])]  # fmt: skip
        strokes += [Stroke(centre[None].repeat(2, 0), 2 * radius), Stroke(centre[None].repeat(2, 0), 0.8 * radius)]
        strokes.append(Stroke(ring[:5], 0.06 * width))
    return strokes


def _darkest(grey: np.ndarray, near: np.ndarray, radius: float) -> np.ndarray:
    """The middle of the darkest square of an iris' radius, at most that far from a landmark."""
    reach = max(round(radius), 1)
    smooth = cv2.blur(grey, (reach, reach)).astype(np.float32)
    distance = np.full(grey.shape, np.inf, np.float32)
    x, y = (int(v) for v in np.clip(np.round(near), 0, grey.shape[0] - 1))
    square = np.s_[max(y - reach, 0) : y + reach + 1, max(x - reach, 0) : x + reach + 1]
    distance[square] = smooth[square]
    row, col = np.unravel_index(distance.argmin(), grey.shape)
    return np.array([col, row], float)


def _brows(points: np.ndarray) -> list[Stroke]:
    """Between the upper and the lower edge."""
    strokes = []
    for group in (LEFT_BROW, RIGHT_BROW):
        upper, lower = _edges_of_brow(points, group)
        strokes.append(Stroke((upper + lower) / 2, 0.7 * _gap(upper, lower)))
    return strokes


def _edges_of_brow(points: np.ndarray, group: slice) -> tuple[np.ndarray, np.ndarray]:
    """(4, 2) above and below, without the end towards the temple."""
    brow = points[group]
    return (brow[1:5] if group == LEFT_BROW else brow[:4]), brow[8:4:-1]


def _mouth(points: np.ndarray) -> list[Stroke]:
    """Both lips, and what is between them if the mouth is open."""
    outer, inner = points[OUTER_LIPS], points[INNER_LIPS]
    corners = outer[[0, 6]]
    edges = [(outer[2:5], inner[1:4]), (outer[10:7:-1], inner[7:4:-1]), (inner[1:4], inner[7:4:-1])]
    strokes = []
    for number, (one, other) in enumerate(edges):
        thick = _gap(one, other)
        if thick > 0.04 * _length(corners):
            middle = (one + other) / 2
            strokes.append(Stroke(_between(0.75 * corners + 0.25 * middle[[0, 2]], middle), 0.7 * thick, number == 2))
    return strokes


def _between(ends: np.ndarray, points: np.ndarray) -> np.ndarray:
    return np.concatenate([ends[:1], points, ends[1:]])


def _length(ends: np.ndarray) -> float:
    return float(np.hypot(*(ends[1] - ends[0])))


def _gap(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.hypot(*(one - other).T).mean())


def paint_patches(
    image: np.ndarray, mask: np.ndarray, rng: np.random.Generator, off: float = 0.0, spill: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """Shapes of one colour in the hole, filled or dabbed on: connected pixels of like colour (k-means).

    Large ones come first and small ones over them, as painters do. ``spill``: share that goes over the shape's outline.
    """
    paint = Paint(image, mask, rng, off)
    side = mask.shape[0]
    rows, cols = np.nonzero(mask)
    kinds = int(rng.integers(4, 10))
    if len(rows) < kinds:
        return paint.color, paint.painted
    pixels = cv2.cvtColor(cv2.medianBlur(image, 5), cv2.COLOR_RGB2LAB)[rows, cols].astype(np.float32)
    rank = np.argsort(np.argsort(pixels[:, 0], kind="stable"), kind="stable")  # begins with levels of lightness
    labels = (rank * kinds // len(rows)).astype(np.int32)[:, None]
    cv2.kmeans(pixels, kinds, labels, (cv2.TERM_CRITERIA_MAX_ITER, 8, 0), 1, cv2.KMEANS_USE_INITIAL_LABELS)
    kind_of = np.full(mask.shape, -1, np.int32)
    kind_of[rows, cols] = labels[:, 0]
    shapes = []
    for _ in range(rng.integers(1, 13)):
        inside = np.flatnonzero(labels[:, 0] == rng.integers(kinds))  # small shapes as often as large ones
        if len(inside):
            col, row = (int(of[inside[rng.integers(len(inside))]]) for of in (cols, rows))
            _, parts = cv2.connectedComponents((kind_of == kind_of[row, col]).astype(np.uint8), connectivity=4)
            shapes.append(((parts == parts[row, col]).astype(np.uint8), np.array([col, row], float)))
    brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
    for shape, start in sorted(shapes, key=lambda piece: -int(piece[0].sum())):
        dabbed, over, steps = rng.random() < 0.5, rng.random() < spill, rng.normal(0, side * 0.06, (int(rng.integers(1, 4)), 2))
        if dabbed:
            brushed = Stroke(np.concatenate([start[None], start + steps.cumsum(0)]), side * rng.uniform(0.01, 0.06)).drawn(side)
            paint.add(brushed if over else brushed & shape, brushed & shape)
        else:  # round brushes leave out corners and thin ends
            filled = cv2.morphologyEx(shape, cv2.MORPH_OPEN, brush)
            paint.add(cv2.dilate(filled, brush, iterations=int(rng.integers(1, 3))) if over else filled, filled)
    return paint.color, paint.painted
