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
from scfegan_hf.editing.drawn import donors, drawing, masks, painting, tints
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
FREE_FORM_CROP = (0.25, 1.0)  # side of a crop with free-form strokes, in parts of the photograph's


@dataclass(frozen=True)
class Holes:
    """Which holes training has. ``features``: share that lies over a feature of the face, among which REST is shared out else.

    ``transplants``: share of holes over eyes, brows, nose or mouth for which another face's feature becomes the truth.
    """

    features: float = 0.84
    transplants: float = 0.3

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
) -> Dataset:
    """The samples of a split, from ``folders`` one after another, or mixed by ``weights`` (one each).

    Raises what `samples_of` raises, and ValueError for holes that are none.
    """
    holes.shares()
    make = partial(make_edit, resolution=resolution, seed=seed, holes=holes)
    return samples_of(folders, split, make, seed, COLUMNS, streaming, weights, decode_face)


def edits_of(rows: Sequence, resolution: int, seed: int, train: bool = True, order=None, holes: Holes = Holes()) -> Samples:
    """The samples of encoded ``rows``; see `make_edit`."""
    make = partial(make_edit, resolution=resolution, seed=seed, holes=holes)
    return Samples(rows, make, seed, train, order, decode_face)


def make_edit(
    row: dict[str, np.ndarray], n: int, other: Other | None = None, *, resolution: int, seed: int, holes: Holes = Holes()
) -> dict[str, torch.Tensor]:
    """The n-th sample, from a decoded face; without ``other``, for validation, neither flipped nor of another light.

    A dict: image (3, R, R) and color in [-1, 1], mask, sketch, color_mask (1, R, R) in {0, 1}, noise (1, R, R) normal,
    mix () uniform in [0, 1] for penalties.
    """
    rng = np.random.default_rng((seed, 1, n))

    def donor() -> dict[str, np.ndarray] | None:
        """Another face with landmarks, turned more or less like this one; None if a few tries find none."""

        def choose(rows: Sequence, number: int) -> list[int]:
            tries = np.random.default_rng((seed, 3, n)).integers(len(rows), size=2 * DONORS)
            return donors.most_alike(rows, number, row["landmarks"], tries, DONORS)

        return other(choose)

    sample = to_tensors(**make_sample(row, resolution, rng, other is not None, donor if other else None, holes))
    sample["noise"] = torch.from_numpy(rng.standard_normal((1, resolution, resolution), dtype=np.float32))
    sample["mix"] = torch.tensor(rng.random(), dtype=torch.float32)
    return sample


def make_sample(
    row: dict[str, np.ndarray],
    resolution: int,
    rng: np.random.Generator,
    augment: bool = True,
    other: Donor = None,
    holes: Holes = Holes(),
) -> dict:
    """Crop, hole and drawing as uint8 arrays of ``resolution``: image, mask, sketch, color, color_mask.

    With ``other``, which fetches another decoded row when it is asked, some of the features come from that face. ``holes``
    holds with ``augment`` only; validation has VALIDATION_HOLES.
    """
    size, points = row["image"].shape[0], row["landmarks"]
    shares = holes.shares() if augment else VALIDATION_HOLES
    kinds = [kind for kind in shares if len(points) or kind not in ("feature", "face")]
    weights = np.array([max(shares[kind], 1e-9) for kind in kinds])  # without landmarks only shares of 0 may be left
    kind = kinds[rng.choice(len(kinds), p=weights / weights.sum())]
    if kind == "free_form":
        side = int(size * rng.uniform(*FREE_FORM_CROP))
        square = _random_square(size, side, points, rng)
        mask = None
    else:
        name = masks.often_erased(rng) if augment else None
        if kind == "feature":
            whole = masks.feature(size, points, rng, name)
            if other and name in donors.PARTS and rng.random() < holes.transplants:
                donor = other()
                changed = donors.transplant(donor, row, name, rng) if donor and len(donor["landmarks"]) else None
                row, whole = changed or (row, whole)
        elif kind == "face":
            whole = masks.face(size, points, "whole" if rng.random() < WHOLE_FACE else str(rng.choice(("left", "right"))))
        else:
            whole = masks.hair(row["regions"], rng)
        square = _square_around(whole, rng)
        mask = whole
    x0, y0, x1, y1 = square

    def cut(name: str) -> np.ndarray:
        return np.ascontiguousarray(row[name][y0:y1, x0:x1])

    target = (resolution, resolution)
    image = cv2.resize(cut("image"), target, interpolation=cv2.INTER_AREA if x1 - x0 > resolution else cv2.INTER_CUBIC)
    regions = cv2.resize(cut("regions"), target, interpolation=cv2.INTER_NEAREST)
    region_colors = cv2.resize(cut("color"), target, interpolation=cv2.INTER_NEAREST)
    strength = resize_lines(cut("sketch"), target)
    if mask is None:
        eyes = (drawing.eye_points(points) - (x0, y0)) * (resolution / (x1 - x0))
        eyes = eyes[((eyes >= 0) & (eyes < resolution)).all(1)]
        mask = masks.free_form(resolution, rng, eyes)
        if rng.random() < HAIR_TOO:
            mask = masks.valid(mask | (regions == REGIONS.index("hair")).astype(np.uint8), rng)
    else:
        mask = cv2.resize(mask[y0:y1, x0:x1], target, interpolation=cv2.INTER_NEAREST)
        mask = masks.valid(mask, rng)
    if augment:
        image, region_colors = tints.tint(image, region_colors, regions, rng, TINTED)
        lookup = tone_curve(rng)
        image, region_colors = apply_tone(lookup, image), apply_tone(lookup, region_colors)
    here, lines = None, None  # validation is drawn as it always was, so that curves stay comparable
    if augment and len(row["landmarks"]):
        here = (row["landmarks"] - (x0, y0)) * (resolution / (x1 - x0))
        lines = (painting.draw_features(image, here, rng) | painting.draw_outline(regions)) & mask
    sketch = drawing.simulate_sketch(strength, rng, lines)
    color, color_mask = drawing.simulate_color(image, regions, region_colors, mask, rng, here)
    sample = {"image": image, "mask": mask, "sketch": sketch, "color": color, "color_mask": color_mask}
    if augment and rng.random() < 0.5:
        sample = {name: np.ascontiguousarray(array[:, ::-1]) for name, array in sample.items()}
    return sample


def _square_around(mask: np.ndarray, rng: np.random.Generator) -> tuple[int, int, int, int]:
    size = mask.shape[0]
    x0, y0, x1, y1 = bounds(mask)
    shift = rng.uniform(-0.15, 0.15, 2) * max(x1 - x0, y1 - y0)
    box = (int(x0 + shift[0]), int(y0 + shift[1]), int(x1 + shift[0]), int(y1 + shift[1]))
    return context_square(box, size, size, rng.uniform(*AROUND_HOLE), size // 5)


def _random_square(size: int, side: int, points: np.ndarray, rng: np.random.Generator) -> tuple[int, int, int, int]:
    """Anywhere, or (half the time) around a landmark, since faces are what is edited."""
    corner = rng.uniform(0, size - side, 2)
    if len(points) and rng.random() < 0.5:
        corner = np.clip(points[rng.integers(len(points))] - side / 2, 0, size - side)
    x0, y0 = (int(v) for v in corner)
    return x0, y0, x0 + side, y0 + side
