"""A user's drawing, simulated from a photograph: some of its lines, some dabs of its colours, not too exact.

Arrays are numpy; images uint8 RGB, masks and sketches uint8 0/1. Everything is a function of the arrays and ``rng``.
"""

import cv2
import numpy as np

from scfegan_hf.data import faces, strokes


def resize_lines(lines: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Line strength or sketch to (width, height) so that no thin line vanishes."""
    shrink = max(lines.shape[1] / size[0], lines.shape[0] / size[1])
    if shrink > 1:
        reach = int(np.ceil(shrink))
        lines = cv2.dilate(lines, np.ones((reach, reach), np.uint8), anchor=(0, 0))
    return cv2.resize(lines, size, interpolation=cv2.INTER_NEAREST)


def simulate_sketch(strength: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A binary sketch at a random level of detail, with wobble, gaps and thickness; now and then none at all."""
    if rng.random() < 0.12:
        return np.zeros_like(strength)
    if rng.random() < 0.4:
        strength = _wobble(strength, rng)
    threshold = int(np.exp(rng.uniform(np.log(40), np.log(150))))
    sketch = strokes.sketch_at_level(strength, threshold, min_pixels=max(strength.shape[0] // 20, 4))
    if rng.random() < 0.35:  # some lines are simply not drawn
        count, labels = cv2.connectedComponents(sketch, connectivity=8)
        drawn = rng.random(count) > rng.uniform(0, 0.7)
        drawn[0] = False
        sketch = drawn[labels].astype(np.uint8)
    if rng.random() < 0.3:
        thickness = int(rng.integers(2, 4))
        sketch = cv2.dilate(sketch, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (thickness, thickness)))
    return sketch


def _wobble(lines: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Lines moved by a smooth random field of at most about 1% of the side: a hand is no edge detector."""
    height, width = lines.shape
    reach = rng.uniform(0.2, 1.0) * max(height / 100, 0.8)
    field = cv2.resize(rng.normal(0, 0.5 * reach, (5, 5, 2)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    cols, rows = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return cv2.remap(lines, cols + field[..., 0], rows + field[..., 1], cv2.INTER_NEAREST)


def simulate_color(
    image: np.ndarray, regions: np.ndarray, region_colors: np.ndarray, mask: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Colours given in the hole: nothing, every region's median, or strokes. Returns colour (HxWx3) and where (HxW)."""
    choice = rng.random()
    nothing = np.zeros_like(mask)
    if choice < 0.15:
        return np.zeros_like(image), nothing
    if choice < 0.35:
        return _uneven(region_colors, rng), mask.copy()
    return color_strokes(image, regions, mask, rng, off=rng.choice((0.0, 4.0, 9.0)))


def color_strokes(
    image: np.ndarray,
    regions: np.ndarray,
    mask: np.ndarray,
    rng: np.random.Generator,
    count: int | None = None,
    off: float = 0.0,
) -> tuple[np.ndarray, np.ndarray]:
    """Brush strokes in the hole, each inside one region and of the photograph's median colour below it.

    ``off``: standard deviation, of 255, by which every stroke's lightness is wrong; hue and saturation by half of it.
    """
    size = mask.shape[0]
    color, painted = np.zeros_like(image), np.zeros_like(mask)
    rows, cols = np.nonzero(mask)
    if not len(rows):
        return color, painted
    labels = regions[rows, cols]
    present = np.unique(labels)
    for _ in range(count or rng.integers(1, 11)):
        label = present[rng.integers(len(present))]  # small regions as often as large ones
        inside = np.flatnonzero(labels == label)
        start = inside[rng.integers(len(inside))]
        points = [np.array([cols[start], rows[start]], float)]
        for _ in range(rng.integers(1, 4)):
            angle, length = rng.uniform(0, 2 * np.pi), size * rng.uniform(0.03, 0.2)
            points.append(points[-1] + length * np.array([np.cos(angle), np.sin(angle)]))
        stroke = np.zeros_like(mask)
        cv2.polylines(stroke, [np.round(points).astype(np.int32)], False, 1, max(round(size * rng.uniform(0.012, 0.08)), 1))
        here = (stroke & mask).astype(bool) & (regions == label)
        if here.any():
            wrong = rng.normal(0, off) + rng.normal(0, off / 2, 3)
            color[here] = np.clip(np.median(image[here], axis=0) + wrong, 0, 255)
            painted[here] = 1
    return _uneven(color, rng), painted


def _uneven(color: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """All colours off by the same small amount, since nobody hits a colour exactly."""
    return np.clip(color + rng.normal(0, 3, 3), 0, 255).astype(np.uint8)


def eye_points(points: np.ndarray) -> np.ndarray:
    """Both pupils (2, 2) of 98 landmarks; an empty (0, 2) without landmarks."""
    return points[list(faces.PUPILS)] if len(points) else np.zeros((0, 2), np.float32)
