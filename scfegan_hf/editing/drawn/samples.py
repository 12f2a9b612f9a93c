"""Training samples from prepared photographs: a crop, a hole in it, and what a user might draw there.

A sample is a function of (seed, n) alone. Crops reach from the whole face to an eye, and lie around holes as the
pipeline lays them, so that training sees what editing will show.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np
import torch
from torch.utils.data import Dataset

from scfegan_hf.conditioning import context_square
from scfegan_hf.data.pictures import apply_tone, bounds, resize_lines, to_tensors, tone_curve
from scfegan_hf.data.rows import COLUMNS
from scfegan_hf.data.samples import Other, Samples, samples_of
from scfegan_hf.editing.drawn import donors, drawing, masks, painting, tints, worn
from scfegan_hf.editing.drawn.drawing import HAND, Hand
from scfegan_hf.faces.regions import REGIONS
from scfegan_hf.faces.rows import decode_face

Donor = Callable[[], dict | None] | None  # fetches another face
# Shares of the kinds of holes that are not over a feature. The paper has free-form strokes with eye positions and hair only.
REST = {"free_form": 0.56, "hair": 0.31, "face": 0.13}
WHOLE_FACE = 0.2  # share of the last that are not half a face
VALIDATION_HOLES = {"feature": 0.45, "free_form": 0.43, "hair": 0.12}  # as they were, so that curves stay comparable
DONORS = 4  # faces of which the one that is turned most alike gives it
HAIR_TOO = 0.1  # share of free-form holes to which all hair is added (Algorithm 2, line 22)
AROUND_HOLE = (1.3, 2.7)  # side of a crop in parts of the hole's longer one
TINTED = 0.2  # share of irises, lips and hair that are of another colour than the photograph's
LABELS = ("regions", "color", "mask", "dabs", "dabbed")  # columns whose pixels are not mixed when they are resized
LINES = ("sketch", "lines")  # lines, which stay as thin as they are
DABBED = 0.85  # share of drawings of what is worn that have its colour
LINES_TOO = 0.3  # share of drawings of what is worn that have other lines of the photograph too
FREE_FORM_CROP = (0.25, 1.0)  # side of a crop with free-form strokes, in parts of the photograph's


@dataclass(frozen=True)
class Holes:
    """Which holes training has. ``features``: share that lies over a feature of the face, among which REST is shared out else.

    ``transplants``: share of holes over eyes, brows, nose or mouth for which another face's feature becomes the truth.
    ``worn``: share of all samples of faces with landmarks to which glasses, an earring or a beard are painted as the truth.
    """

    features: float = 0.84
    transplants: float = 0.3
    worn: float = 0.0

    def shares(self) -> dict[str, float]:
        """By kind. Raises ValueError for what is no share."""
        for name, share in vars(self).items():
            if not 0 <= share <= 1:
                raise ValueError(f"The share of {name} is between 0 and 1, not {share}.")
        return {"feature": self.features} | {kind: (1 - self.features) * part for kind, part in REST.items()}


def edit_samples(
    folders: Sequence[str],
    split: str,
    resolution: int,
    seed: int,
    streaming: bool = False,
    weights: Sequence[float] = (),
    holes: Holes = Holes(),
    hand: Hand = HAND,
) -> Dataset:
    """The samples of a split, from ``folders`` one after another, or mixed by ``weights`` (one each).

    Raises what `samples_of` raises, and ValueError for holes that are none.
    """
    holes.shares()
    make = partial(make_edit, resolution=resolution, seed=seed, holes=holes, hand=hand)
    return samples_of(folders, split, make, seed, COLUMNS, streaming, weights, decode_face)


def edits_of(
    rows: Sequence, resolution: int, seed: int, train: bool = True, order=None, holes: Holes = Holes(), hand: Hand = HAND
) -> Samples:
    """The samples of encoded ``rows``; see `make_edit`."""
    make = partial(make_edit, resolution=resolution, seed=seed, holes=holes, hand=hand)
    return Samples(rows, make, seed, train, order, decode_face)


def make_edit(
    row: dict[str, np.ndarray],
    n: int,
    other: Other | None = None,
    *,
    resolution: int,
    seed: int,
    holes: Holes = Holes(),
    hand: Hand = HAND,
) -> dict[str, torch.Tensor]:
    """The n-th sample, from a decoded face; without ``other``, for validation, neither flipped nor of another light.

    A dict: image (3, R, R) and color in [-1, 1], mask, sketch, color_mask (1, R, R) in {0, 1}, noise (1, R, R) normal,
    mix () uniform in [0, 1] for penalties.
    """
    rng = np.random.default_rng((seed, 1, n))
    donor = donor_of(row, n, other, seed) if other else None
    sample = to_tensors(**make_sample(row, resolution, rng, other is not None, donor, holes, hand))
    sample["noise"] = torch.from_numpy(rng.standard_normal((1, resolution, resolution), dtype=np.float32))
    sample["mix"] = torch.tensor(rng.random(), dtype=torch.float32)
    return sample


def donor_of(row: dict[str, np.ndarray], n: int, other: Other, seed: int) -> Donor:
    """What fetches another face with landmarks for the n-th sample, turned more or less like this one; None if a few tries
    find none."""

    def donor() -> dict[str, np.ndarray] | None:
        def choose(rows: Sequence, number: int) -> list[int]:
            tries = np.random.default_rng((seed, 3, n)).integers(len(rows), size=2 * DONORS)
            return donors.most_alike(rows, number, row["landmarks"], tries, DONORS)

        return other(choose)

    return donor


def make_sample(
    row: dict[str, np.ndarray],
    resolution: int,
    rng: np.random.Generator,
    augment: bool = True,
    other: Donor = None,
    holes: Holes = Holes(),
    hand: Hand = HAND,
) -> dict:
    """Crop, hole and drawing as uint8 arrays of ``resolution``: image, mask, sketch, color, color_mask.

    With ``other``, which fetches another decoded row when it is asked, some of the features come from that face. ``holes``
    holds with ``augment`` only; validation has VALIDATION_HOLES.
    """
    return _made(row, resolution, rng, augment, other, holes, hand, _square_around, _random_square)


def whole_sample(
    row: dict[str, np.ndarray], rng: np.random.Generator, augment: bool, other: Donor, holes: Holes, hand: Hand
) -> dict:
    """`make_sample` of the whole picture, at its own size, instead of a crop."""
    side = row["image"].shape[0]

    def whole(_, rng: np.random.Generator) -> tuple[int, int, int, int]:
        return 0, 0, side, side

    return _made(row, side, rng, augment, other, holes, hand, whole, whole)


def _made(row, resolution, rng, augment, other, holes, hand, around: Callable, anywhere: Callable) -> dict:
    """A sample; ``around`` and ``anywhere`` say which square is cut out, for a hole and for none yet."""
    kind = _kind_of_hole(holes.shares() if augment else VALIDATION_HOLES, len(row["landmarks"]) > 0, rng)
    dressed = None
    if augment and len(row["landmarks"]) and holes.worn and rng.random() < holes.worn:
        dressed = worn.put_on(row, rng)
    if dressed:
        layers = {name: getattr(dressed, name) for name in ("image", "lines", "dabs", "dabbed")}
        crop = _cut({**row, **layers, "mask": dressed.hole}, around(dressed.hole, rng), resolution)
        crop["mask"] = masks.valid(crop["mask"], rng)
    elif kind == "free_form":
        crop = _cut(row, anywhere(row, rng), resolution)
        crop["mask"] = _free_form(crop, rng)
    else:
        row, hole = _erased(kind, row, rng, augment, other, holes.transplants)
        crop = _cut({**row, "mask": hole}, around(hole, rng), resolution)
        crop["mask"] = masks.valid(crop["mask"], rng)
    if augment:
        _change_light(crop, rng)
    sample = _draw(crop, rng, hand, by_hand=augment and len(row["landmarks"]) > 0)
    if augment and rng.random() < 0.5:
        sample = {name: np.ascontiguousarray(array[:, ::-1]) for name, array in sample.items()}
    return sample


def _kind_of_hole(shares: dict[str, float], landmarks: bool, rng: np.random.Generator) -> str:
    """One of ``shares``; features and halves of faces are known by their landmarks only."""
    kinds = [kind for kind in shares if landmarks or kind not in ("feature", "face")]
    weights = np.array([max(shares[kind], 1e-9) for kind in kinds])  # without landmarks only shares of 0 may be left
    return kinds[rng.choice(len(kinds), p=weights / weights.sum())]


def _erased(
    kind: str, row: dict, rng: np.random.Generator, augment: bool, other: Donor, transplants: float
) -> tuple[dict, np.ndarray]:
    """The row, now and then with another face's feature, and the hole in it: uint8 (H, W)."""
    size, points = row["image"].shape[0], row["landmarks"]
    name = masks.often_erased(rng) if augment else None
    if kind == "hair":
        return row, masks.hair(row["regions"], rng)
    if kind == "face":
        return row, masks.face(size, points, "whole" if rng.random() < WHOLE_FACE else str(rng.choice(("left", "right"))))
    hole = masks.feature(size, points, rng, name)
    if other and name in donors.PARTS and rng.random() < transplants:
        donor = other()
        changed = donors.transplant(donor, row, name, rng) if donor and len(donor["landmarks"]) else None
        return changed or (row, hole)
    return row, hole


def _cut(row: dict, square: tuple[int, int, int, int], resolution: int) -> dict[str, np.ndarray]:
    """The pictures of a row in a square, at ``resolution``, and its landmarks there."""
    x0, y0, x1, y1 = square
    target, scale = (resolution, resolution), resolution / (x1 - x0)

    def cut(name: str) -> np.ndarray:
        return np.ascontiguousarray(row[name][y0:y1, x0:x1])

    crop = {name: cv2.resize(cut(name), target, interpolation=cv2.INTER_NEAREST) for name in LABELS if name in row}
    crop["image"] = cv2.resize(cut("image"), target, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    crop |= {name: resize_lines(cut(name), target) for name in LINES if name in row}
    return {**crop, "landmarks": (row["landmarks"] - (x0, y0)) * scale if len(row["landmarks"]) else row["landmarks"]}


def _free_form(crop: dict[str, np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """Strokes over the crop, often from an eye on; in some all hair is erased too."""
    resolution = crop["image"].shape[0]
    eyes = drawing.eye_points(crop["landmarks"])
    mask = masks.free_form(resolution, rng, eyes[((eyes >= 0) & (eyes < resolution)).all(1)])
    if rng.random() < HAIR_TOO:
        mask = masks.valid(mask | (crop["regions"] == REGIONS.index("hair")).astype(np.uint8), rng)
    return mask


def _change_light(crop: dict[str, np.ndarray], rng: np.random.Generator) -> None:
    """Other irises, lips and hair now and then, and another light; in place."""
    image, colors = tints.tint(crop["image"], crop["color"], crop["regions"], rng, TINTED)
    table = tone_curve(rng)
    crop["image"], crop["color"] = apply_tone(table, image), apply_tone(table, colors)


def _draw(crop: dict[str, np.ndarray], rng: np.random.Generator, hand: Hand, by_hand: bool) -> dict[str, np.ndarray]:
    """What a user might draw in the crop's hole. Validation is never drawn ``by_hand``, so that curves stay comparable."""
    image, mask, points, lines = crop["image"], crop["mask"], None, None
    if by_hand:
        points = crop["landmarks"]
        lines = (painting.draw_features(image, points, rng) | painting.draw_outline(crop["regions"])) & mask
    sketch = drawing.simulate_sketch(crop["sketch"], rng, lines, hand)
    if "lines" in crop:  # what is worn is drawn as such
        own = drawing.simulate_sketch(255 * (crop["lines"] > 0).astype(np.uint8), rng, hand=hand)
        color_mask = crop["dabbed"] * np.uint8(rng.random() < DABBED or not own.any())  # never what nobody asked for
        sketch = own | (sketch if rng.random() < LINES_TOO else 0)
        color = drawing.uneven(crop["dabs"], rng)
        return {"image": image, "mask": mask, "sketch": sketch, "color": color, "color_mask": color_mask}
    color, color_mask = drawing.simulate_color(image, crop["regions"], crop["color"], mask, rng, points, hand)
    return {"image": image, "mask": mask, "sketch": sketch, "color": color, "color_mask": color_mask}


def _square_around(mask: np.ndarray, rng: np.random.Generator) -> tuple[int, int, int, int]:
    size = mask.shape[0]
    x0, y0, x1, y1 = bounds(mask)
    shift = rng.uniform(-0.15, 0.15, 2) * max(x1 - x0, y1 - y0)
    box = (int(x0 + shift[0]), int(y0 + shift[1]), int(x1 + shift[0]), int(y1 + shift[1]))
    return context_square(box, size, size, rng.uniform(*AROUND_HOLE), size // 5)


def _random_square(row: dict, rng: np.random.Generator) -> tuple[int, int, int, int]:
    """Anywhere, or (half the time) around a landmark, since faces are what is edited."""
    size, points = row["image"].shape[0], row["landmarks"]
    side = int(size * rng.uniform(*FREE_FORM_CROP))
    corner = rng.uniform(0, size - side, 2)
    if len(points) and rng.random() < 0.5:
        corner = np.clip(points[rng.integers(len(points))] - side / 2, 0, size - side)
    x0, y0 = (int(v) for v in corner)
    return x0, y0, x0 + side, y0 + side
