"""The edits of the benchmark: holes that a user would erase in a face, and what they would draw into them.

Every task is a function of a seed, the face's row number and the task's name alone, so that a subset of faces, tasks or
guidance gives the same tasks again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from scfegan_hf.conditioning import context_square
from scfegan_hf.data.pictures import bounds
from scfegan_hf.editing.drawn import donors, drawing, masks, painting
from scfegan_hf.faces import strokes
from scfegan_hf.faces.landmarks import CONTOUR, PUPILS
from scfegan_hf.faces.regions import REGIONS
from scfegan_hf.faces.rows import decode_face

# Features by the names of editing/drawn/masks.py; a face has two of some, of which its number decides.
FEATURE_HOLES = {
    "eye": ("left eye and brow", "right eye and brow", "left eye", "right eye"),
    "both-eyes": ("both eyes",),
    "brow": ("left brow", "right brow"),
    "nose": ("nose",),
    "mouth": ("mouth",),
    "ear": ("left ear", "right ear"),
}
# Shares of the frame, the bins of irregular holes that inpainting reports (Liu et al. 2018, section 4.2), the first four.
FREE_FORM_SHARES = {
    "free-form-10": (0.01, 0.1),
    "free-form-20": (0.1, 0.2),
    "free-form-30": (0.2, 0.3),
    "free-form-40": (0.3, 0.4),
}
TASKS = (*FEATURE_HOLES, "hair", *FREE_FORM_SHARES, "half-face", "whole-face")
# What of the drawing is given. "altered" is another face's drawing, lines and colours, so that no truth is known.
GUIDANCE = ("none", "sketch", "color", "both", "altered")

VISIBLE_EAR = 0.2  # share of skin in a blob beside the face's contour from which on an ear is taken to show
DONOR_CANDIDATES = 12


@dataclass(frozen=True)
class Drawing:
    """What a user drew: sketch (H, W) bool, color (H, W, 4) uint8 RGBA, painted where alpha is not 0."""

    sketch: np.ndarray
    color: np.ndarray

    @property
    def painted(self) -> np.ndarray:
        return self.color[..., 3] > 0


@dataclass(frozen=True)
class EditTask:
    """One hole in one photograph (uint8 RGB, mask bool), with the photograph's own drawing and another face's."""

    name: str
    face: int
    photo: np.ndarray
    mask: np.ndarray
    own: Drawing
    altered: Drawing | None = None

    def reference(self, guidance: str) -> Drawing:
        """The drawing that results are held against, whether or not it was given."""
        drawn = self.altered if guidance == "altered" else self.own
        if drawn is None:
            raise ValueError("There is no other face with landmarks to take a drawing from.")
        return drawn

    def drawing_for(self, guidance: str) -> Drawing:
        """What of it the edit is given."""
        drawn = self.reference(guidance)
        lines = drawn.sketch if guidance in ("sketch", "both", "altered") else np.zeros_like(drawn.sketch)
        color = drawn.color if guidance in ("color", "both", "altered") else np.zeros_like(drawn.color)
        return Drawing(lines, color)


class Donors(Sequence):
    """Decoded rows by their place in ``numbers``, each decoded when it is first asked for."""

    def __init__(self, rows: Sequence, numbers: Sequence[int]):
        self.rows, self.numbers = rows, numbers
        self.decoded: dict[int, dict] = {}

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, place: int) -> dict:
        if place not in self.decoded:
            self.decoded[place] = decode_face(self.rows[self.numbers[place]])
        return self.decoded[place]


def pick_faces(rows: Sequence, count: int) -> list[int]:
    """``count`` row numbers spread over the rows; all of them if there are fewer."""
    count = min(count, len(rows))
    return [number * len(rows) // count for number in range(count)]


def make_tasks(
    rows: Sequence, faces_: Sequence[int], names: Sequence[str] = TASKS, seed: int = 0, by_hand: bool = False
) -> Iterator[EditTask]:
    """The tasks ``names`` of the rows ``faces_``, face by face; those that a face cannot have are left out.

    Without landmarks there are only free-form strokes and hair, and no altered drawing. ``by_hand``: eyes, brows, noses and
    mouths, and the outline of the hair, are drawn as people do (editing/drawn/painting.py), not as an edge detector sees
    them; holes in which there is none of them, and faces without landmarks, have no task. ``rows``: encoded rows of
    prepared data. Raises ValueError for unknown names.
    """
    unknown = [name for name in names if name not in TASKS]
    if unknown:
        raise ValueError(f"There is no task {unknown[0]!r}. Choose from {', '.join(TASKS)}.")
    for face in faces_:
        row = decode_face(rows[face])
        lines = strokes.sketch_at_level(row["sketch"], strokes.SKETCH_LEVELS["medium"]) > 0
        others: Sequence[dict] = []
        if len(row["landmarks"]):
            order = np.random.default_rng((seed, face, len(TASKS))).permutation(len(rows))
            others = Donors(rows, donors.most_alike(rows, face, row["landmarks"], order, DONOR_CANDIDATES))
        for name in names:
            rng = np.random.default_rng((seed, face, TASKS.index(name)))
            task = _make_task(name, face, row, lines, others, rng, by_hand)
            if task is not None:
                yield task


def _make_task(
    name: str, face: int, row: dict, lines: np.ndarray, others: Sequence[dict], rng: np.random.Generator, by_hand: bool
) -> EditTask | None:
    part = _part(name, row, rng)
    if part is None:
        return None
    hole_seed = int(rng.integers(2**31))
    mask = _hole(name, part, row["regions"], row["landmarks"], hole_seed)
    other = next((other for other in others if name != "ear" or _ear_share(other, part) > VISIBLE_EAR), None)
    placed = None
    if other is not None:
        placed = donors.place(other, row, donors.PLANS[donors.plan_name(name, part)])
        # Whoever draws a wider mouth erases enough for it, and so does whoever draws fuller hair.
        if name in FEATURE_HOLES or name == "hair":
            mask |= _hole(name, part, placed.regions, placed.points, hole_seed)
    mask = masks.valid(mask, rng) > 0
    altered = None
    if by_hand:
        own = drawn_by_hand(row["image"], row["landmarks"], row["regions"], mask, mask, rng)
        if placed is not None:
            where = mask & placed.drawn, mask & placed.colored
            altered = drawn_by_hand(placed.image, placed.points, placed.regions, *where, rng)
        return EditTask(name, face, row["image"], mask, own, altered) if own is not None else None
    own = Drawing(lines & mask, dabs(row["image"], row["regions"], mask, rng))
    if placed is not None:
        region = mask & placed.colored
        color = dabs(placed.image, placed.regions, region, rng) if region.any() else np.zeros_like(own.color)
        altered = Drawing(placed.sketch & mask, color)
    return EditTask(name, face, row["image"], mask, own, altered)


def _part(name: str, row: dict, rng: np.random.Generator) -> str | None:
    """Which of the alternatives (the left or the right ear ...) this face gets; None if it can have none."""
    if name in FREE_FORM_SHARES:
        return name
    if name == "hair":
        return name if _hair(row["regions"], row["landmarks"]).mean() > 0.02 else None
    if not len(row["landmarks"]):
        return None
    if name in ("half-face", "whole-face"):
        return f"{'left' if rng.random() < 0.5 else 'right'} half" if name == "half-face" else "whole"
    parts = list(rng.permutation(FEATURE_HOLES[name]))
    if name == "ear":
        parts = [part for part in parts if _ear_share(row, part) > VISIBLE_EAR]
    return str(parts[0]) if parts else None


def _hole(name: str, part: str, regions: np.ndarray, points: np.ndarray, seed: int) -> np.ndarray:
    """uint8 HxW, 1 = hole."""
    size, rng = regions.shape[0], np.random.default_rng(seed)
    if name == "ear":
        return cv2.dilate(_ear(regions, points, part)[0], _disc(max(size // 50, 1)))
    if name in FEATURE_HOLES:
        return masks.feature(size, points, rng, part)
    if name == "hair":
        return _hair(regions, points)
    if name in FREE_FORM_SHARES:
        return _free_form(size, rng, drawing.eye_points(points), *FREE_FORM_SHARES[name])
    return masks.face(size, points, part)


def _disc(radius: int) -> np.ndarray:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1,) * 2)


def _hair(regions: np.ndarray, points: np.ndarray) -> np.ndarray:
    """All hair with a margin, as a user's brush leaves it, but neither beards nor specks."""
    size = regions.shape[0]
    kernel = _disc(max(size // 60, 1))
    hair = (regions == REGIONS.index("hair")).astype(np.uint8)
    if len(points):
        below = int(points[list(PUPILS)][:, 1].mean())
        hair[below:][masks.face(size, points, "whole")[below:] > 0] = 0
    hair = cv2.morphologyEx(hair, cv2.MORPH_OPEN, kernel)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(hair)
    large = stats[:, cv2.CC_STAT_AREA] > 0.2 * stats[1:, cv2.CC_STAT_AREA].max(initial=0)
    large[0] = False
    return cv2.dilate(large[labels].astype(np.uint8), kernel)


def _ear(regions: np.ndarray, points: np.ndarray, part: str) -> tuple[np.ndarray, np.ndarray]:
    """The skin beside the contour at the height of the ears, and all that is beside it there."""
    beside = masks.feature(regions.shape[0], points, np.random.default_rng(0), part)
    cv2.fillPoly(beside, [np.round(points[CONTOUR]).astype(np.int32)], 0)
    skin = np.isin(regions, [REGIONS.index(name) for name in ("skin", "ears")]).astype(np.uint8)
    return cv2.morphologyEx(beside * skin, cv2.MORPH_OPEN, _disc(1)), beside


def _ear_share(row: dict, part: str) -> float:
    """How much of where an ear may be is ear, not hair or background."""
    ear, beside = _ear(row["regions"], row["landmarks"], part)
    return float(ear.sum() / max(beside.sum(), 1))


def _free_form(size: int, rng: np.random.Generator, eyes: np.ndarray, low: float, high: float) -> np.ndarray:
    for _ in range(1000):
        mask = np.zeros((size, size), np.uint8)
        while mask.mean() <= low:
            mask |= masks.free_form(size, rng, eyes)
        if mask.mean() <= high:
            return mask
    raise RuntimeError(f"No strokes came to cover {low} to {high} of {size} pixels.")


def drawn_by_hand(
    photo: np.ndarray,
    points: np.ndarray,
    regions: np.ndarray,
    drawn: np.ndarray,
    colored: np.ndarray,
    rng: np.random.Generator,
) -> Drawing | None:
    """Lines and colours of features, and the outline of the hair, where ``drawn`` and ``colored`` (bool) let them; None if
    no line is there. Hair, clothes and background have dabs as in other drawings, skin none.
    """
    if not len(points) or not drawn.any():
        return None
    size = drawn.shape[0]
    x0, y0, x1, y1 = context_square(bounds(drawn | colored), size, size, 1.3, size // 10)
    window, here = np.s_[y0:y1, x0:x1], points - (x0, y0)
    lines = np.zeros_like(drawn)
    crop, paper = np.ascontiguousarray(photo[window]), np.ascontiguousarray(colored[window]).astype(np.uint8)
    lines[window] = (painting.draw_features(crop, here, rng, 1.0) | painting.draw_outline(regions[window])) > 0
    lines &= drawn
    around = colored & np.isin(regions, [REGIONS.index(name) for name in ("hair", "clothes", "background")])
    color = dabs(photo, regions, around, rng) if around.any() else np.zeros((size, size, 4), np.uint8)
    shades, painted = painting.paint_features(crop, here, paper, rng, often=1.0)
    color[window][painted > 0] = np.dstack([shades, painted * 255])[painted > 0]
    return Drawing(lines, color) if lines.any() else None


def dabs(photo: np.ndarray, regions: np.ndarray, mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Colour strokes (H, W, 4): one in each region of the hole, four in large ones.

    Their width fits the hole: nobody paints an iris with the brush for hair.
    """
    size = mask.shape[0]
    result = np.zeros((size, size, 4), np.uint8)
    x0, y0, x1, y1 = context_square(bounds(mask), size, size, 1.3, size // 10)
    window = np.s_[y0:y1, x0:x1]
    labels, counts = np.unique(regions[mask > 0], return_counts=True)
    for label, count in zip(labels, counts, strict=True):
        share = count / counts.sum()
        if share < 0.003:  # a sliver that the hole just touches
            continue
        here = (mask[window] > 0) & (regions[window] == label)
        color, painted = drawing.color_strokes(
            photo[window], regions[window], here.astype(np.uint8), rng, 4 if share > 0.25 else 1
        )
        result[window][painted > 0] = np.dstack([color, painted * 255])[painted > 0]
    return result
