"""Samples of drawn faces: a photograph of a whole head, and the lines and dabs of colour that somebody might draw of it."""

from dataclasses import replace

import cv2
import numpy as np
import torch

from scfegan_hf.data.pictures import apply_tone, resize_lines, to_tensors, tone_curve
from scfegan_hf.editing.drawn import drawing, painting, tints
from scfegan_hf.editing.drawn.drawing import HAND
from scfegan_hf.faces import strokes
from scfegan_hf.faces.regions import REGIONS

ARTIST = replace(HAND, no_sketch=0.0, no_color=0.5, missing=0.3)
LEARNED = replace(ARTIST, wobbly=0.0, missing=0.0, drawn=0.0, thick=0.0, levels=(75, 75))
PERSON = replace(LEARNED, wobbly=1.0, drawn=1.0)
HANDS = {"mixed": ARTIST, "learned": LEARNED, "canny": LEARNED, "hand": PERSON}  # by the source of lines
SMALLEST = 0.84  # side of a training square in parts of the photograph's
TINTED = 0.25
BACKDROP = 215  # grey behind a head whose background is removed


def lines_sample(
    row: dict,
    n: int,
    other=None,
    *,
    resolution: int,
    seed: int,
    source: str = "mixed",
    background: bool = True,
    colors: float = 0.5,
    noise: bool = True,
) -> dict[str, torch.Tensor]:
    """The n-th sample of a decoded face: image (3, R, R) and color in [-1, 1], sketch and color_mask (1, R, R) in {0, 1}, noise
    (1, R, R) normal.

    Without ``other``, for validation: the whole square, learned lines of a middling level and no colours. ``source``: lines
    of the annotator's edges and by hand ("mixed"), of the edges alone ("learned"), Canny's ("canny"), or along features and
    outlines as people draw ("hand"); validation has the last two too. Without ``background`` there is grey behind the head,
    and no line. ``colors``: share of training samples with dabs of colour. Without ``noise`` there are zeros.
    """
    rng = np.random.default_rng((seed, 9, n))
    train = other is not None
    crop = _square(row, resolution, rng if train else None)
    if source == "canny":
        crop["sketch"] = strokes.line_strength(crop["image"])
    if not background:
        behind = crop["regions"] == REGIONS.index("background")
        crop["image"][behind], crop["sketch"][behind] = BACKDROP, 0
    points, lines = crop["landmarks"], None
    hand = HANDS["learned" if source == "mixed" and not train else source]
    if train:
        image, medians = tints.tint(crop["image"], crop["color"], crop["regions"], rng, TINTED)
        table = tone_curve(rng)
        crop["image"], crop["color"] = apply_tone(table, image), apply_tone(table, medians)
    if hand.drawn and len(points):
        lines = painting.draw_features(crop["image"], points, rng) | painting.draw_outline(crop["regions"])
    whole = np.ones(crop["image"].shape[:2], np.uint8)
    sketch = drawing.simulate_sketch(crop["sketch"], rng, lines, hand)
    color, painted = np.zeros_like(crop["image"]), np.zeros_like(whole)
    if train:
        known = points if len(points) else None
        dabbing = replace(hand, no_color=1 - colors)
        color, painted = drawing.simulate_color(crop["image"], crop["regions"], crop["color"], whole, rng, known, dabbing)
    arrays = {"image": crop["image"], "mask": whole, "sketch": sketch, "color": color, "color_mask": painted}
    if train and rng.random() < 0.5:
        arrays = {name: np.ascontiguousarray(array[:, ::-1]) for name, array in arrays.items()}
    sample = to_tensors(**arrays)
    sample.pop("mask")
    sample["noise"] = torch.from_numpy(rng.standard_normal((1, resolution, resolution), dtype=np.float32)) * noise
    return sample


def _square(row: dict, resolution: int, rng: np.random.Generator | None) -> dict[str, np.ndarray]:
    """All of the photograph, or with ``rng`` most of it, at ``resolution``."""
    side = row["image"].shape[0]
    edge = side if rng is None else int(side * rng.uniform(SMALLEST, 1))
    x, y = (0, 0) if rng is None else rng.integers(0, side - edge + 1, 2)
    target = (resolution, resolution)

    def cut(name: str) -> np.ndarray:
        return np.ascontiguousarray(row[name][y : y + edge, x : x + edge])

    crop = {name: cv2.resize(cut(name), target, interpolation=cv2.INTER_NEAREST) for name in ("regions", "color")}
    crop["image"] = cv2.resize(cut("image"), target, interpolation=cv2.INTER_AREA)
    crop["sketch"] = resize_lines(cut("sketch"), target)
    points = row["landmarks"]
    return {**crop, "landmarks": (points - (x, y)) * resolution / edge if len(points) else points}
