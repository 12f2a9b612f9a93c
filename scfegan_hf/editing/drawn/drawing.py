"""A user's drawing, simulated from a photograph: some of its lines, some dabs of its colours, not too exact.

Arrays are numpy; images uint8 RGB, masks and sketches uint8 0/1. Everything is a function of the arrays and ``rng``.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from scfegan_hf.editing.drawn import painting
from scfegan_hf.faces import strokes
from scfegan_hf.faces.landmarks import PUPILS


@dataclass(frozen=True)
class Hand:
    """How people are taken to draw. Shares are of all samples; what each is worth is measured in docs/history."""

    no_sketch: float = 0.12
    wobbly: float = 0.4
    wobble: tuple[float, float] = (0.2, 1.0)  # range of the largest moves, in hundredths of the side
    doubled: float = 0.0
    levels: tuple[float, float] = (40, 150)  # thresholds on line strength, log-uniform
    missing: float = 0.35
    drawn: float = 0.3  # of samples with a sketch: lines along features, not those of an edge detector
    thick: float = 0.3
    no_color: float = 0.3
    color_map: float = 0.1
    off: tuple[float, ...] = (0.0, 4.0, 9.0)  # deviations of strokes from the right colour, one of these a sample
    saturated: float = 0.0
    spill: float = 0.3  # of strokes, not of samples: painted over the outlines of what they colour
    features: float = 0.35  # of samples with strokes: those by which people paint an eye, a brow or a mouth
    whitened: float = 0.3  # of these: teeth and the whites of eyes painted white
    patches: float = 0.25  # of samples with strokes: shapes of one colour, whatever they are


HAND = Hand()


def simulate_sketch(
    strength: np.ndarray, rng: np.random.Generator, features: np.ndarray | None = None, hand: Hand = HAND
) -> np.ndarray:
    """A binary sketch at a random level of detail, with wobble, gaps and thickness; now and then none at all.

    ``features``: lines by hand (editing/drawn/painting.py) that some sketches consist of.
    """
    if rng.random() < hand.no_sketch:
        return np.zeros_like(strength)
    if features is not None and features.any() and rng.random() < hand.drawn:
        strength = np.where(features > 0, 255, 0).astype(np.uint8)
    if rng.random() < hand.wobbly:
        strength = _wobble(strength, rng, hand)
    threshold = int(np.exp(rng.uniform(*np.log(hand.levels))))
    sketch = strokes.sketch_at_level(strength, threshold, min_pixels=max(strength.shape[0] // 20, 4))
    if rng.random() < hand.missing:  # some lines are simply not drawn
        count, labels = cv2.connectedComponents(sketch, connectivity=8)
        drawn = rng.random(count) > rng.uniform(0, 0.7)
        drawn[0] = False
        sketch = drawn[labels].astype(np.uint8)
    if hand.doubled and rng.random() < hand.doubled:  # gone over twice, not quite in the same place
        sketch |= _wobble(sketch, rng, hand)
    if rng.random() < hand.thick:
        thickness = int(rng.integers(2, 4))
        sketch = cv2.dilate(sketch, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (thickness, thickness)))
    return sketch


def _wobble(lines: np.ndarray, rng: np.random.Generator, hand: Hand = HAND) -> np.ndarray:
    """Lines moved by a smooth random field of at most about 1% of the side: a hand is no edge detector."""
    height, width = lines.shape
    reach = rng.uniform(*hand.wobble) * max(height / 100, 0.8)
    field = cv2.resize(rng.normal(0, 0.5 * reach, (5, 5, 2)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    cols, rows = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return cv2.remap(lines, cols + field[..., 0], rows + field[..., 1], cv2.INTER_NEAREST)


def simulate_color(
    image: np.ndarray,
    regions: np.ndarray,
    region_colors: np.ndarray,
    mask: np.ndarray,
    rng: np.random.Generator,
    points: np.ndarray | None = None,
    hand: Hand = HAND,
) -> tuple[np.ndarray, np.ndarray]:
    """Colours given in the hole: nothing, every region's median, or strokes. Returns colour (HxWx3) and where (HxW).

    With ``points``, 98 landmarks in pixels, some strokes are those of editing/drawn/painting.py.
    """
    choice = rng.random()
    nothing = np.zeros_like(mask)
    if choice < hand.no_color:
        return np.zeros_like(image), nothing
    if choice < hand.no_color + hand.color_map:
        return uneven(region_colors, rng), mask.copy()
    off, how = rng.choice(hand.off), 1.0 if points is None else rng.random()
    painted = nothing
    if how < hand.features:
        color, painted = painting.paint_features(image, points, mask, rng, off, whitened=hand.whitened)
    if not painted.any() and how < hand.features + hand.patches:  # no feature in this hole
        color, painted = painting.paint_patches(image, mask, rng, off, hand.spill)
    if not painted.any():
        color, painted = color_strokes(image, regions, mask, rng, off=off, spill=hand.spill)
    else:
        color = uneven(color, rng)
    if hand.saturated and rng.random() < hand.saturated:
        grey = color.mean(2, keepdims=True)
        color = np.clip(grey + rng.uniform(1.2, 2.0) * (color - grey), 0, 255).astype(np.uint8)
    return color, painted


def color_strokes(
    image: np.ndarray,
    regions: np.ndarray,
    mask: np.ndarray,
    rng: np.random.Generator,
    count: int | None = None,
    off: float = 0.0,
    spill: float = 0.0,
) -> tuple[np.ndarray, np.ndarray]:
    """Brush strokes in the hole, each for one region, inside it, and of the photograph's median colour below it.

    ``off``: standard deviation, of 255, by which every stroke's lightness is wrong; hue and saturation by half of it.
    ``spill``: share of strokes that go over the outlines of their region, as a brush does.
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
        here = (stroke & mask).astype(bool)
        meant = here & (regions == label)
        if meant.any():
            wrong = rng.normal(0, off) + rng.normal(0, off / 2, 3)
            here = here if spill and rng.random() < spill else meant
            color[here] = np.clip(np.median(image[meant], axis=0) + wrong, 0, 255)
            painted[here] = 1
    return uneven(color, rng), painted


def uneven(color: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """All colours off by the same small amount, since nobody hits a colour exactly."""
    return np.clip(color + rng.normal(0, 3, 3), 0, 255).astype(np.uint8)


def eye_points(points: np.ndarray) -> np.ndarray:
    """Both pupils (2, 2) of 98 landmarks; an empty (0, 2) without landmarks."""
    return points[list(PUPILS)] if len(points) else np.zeros((0, 2), np.float32)
