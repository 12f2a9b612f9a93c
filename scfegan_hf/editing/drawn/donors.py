"""Another face, warped into place: the drawing of a user who wants this face to look otherwise, and what it may become.

A thin-plate spline (Bookstein 1989) through the landmarks around the hole carries the other face onto this one. The
landmarks of what is redrawn do not steer it, except for their centre, so that a feature comes to sit where it belongs
and keeps the other face's shape. Points are float32 (N, 2) as x, y in pixels.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from scipy.interpolate import RBFInterpolator

from scfegan_hf.data.pictures import bounds
from scfegan_hf.editing.drawn import masks
from scfegan_hf.faces import strokes
from scfegan_hf.faces.landmarks import INNER_LIPS, LEFT_BROW, LEFT_EYE, NOSE, OUTER_LIPS, PUPILS, RIGHT_BROW, RIGHT_EYE
from scfegan_hf.faces.regions import REGIONS

EYES, BROWS = (LEFT_EYE, RIGHT_EYE), (LEFT_BROW, RIGHT_BROW)
LIPS = slice(OUTER_LIPS.start, INNER_LIPS.stop)
SMOOTHING = 1e-3  # of the spline, for coordinates in parts of the frame: landmarks are off by a pixel or two
GRID = 64  # nodes a side at which the spline is evaluated


@dataclass(frozen=True)
class Plan:
    """How a drawing is placed: groups of landmarks that keep the other face's shape; labels whose lines are drawn;
    labels that are painted; those of them in the other face's colour, where the rest takes this face's."""

    free: tuple[slice, ...]
    lines: tuple[str, ...]
    painted: tuple[str, ...]
    foreign: tuple[str, ...]
    beyond: bool = False  # whether the drawing may go where this face has background or clothes


FEATURES = ("brows", "eyes", "iris", "nose", "lips", "mouth")
MAKE_UP = ("brows", "eyes", "iris", "lips", "mouth")  # whoever changes a feature changes its colour, but not the skin's
IN_FACE = ("skin", "ears", *FEATURES)
EYE, BROW, MOUTH = ("brows", "eyes", "iris"), ("brows",), ("lips", "mouth")
PLANS = {
    "left eye": Plan((EYES[0], BROWS[0]), EYE, IN_FACE, MAKE_UP),
    "right eye": Plan((EYES[1], BROWS[1]), EYE, IN_FACE, MAKE_UP),
    "both eyes": Plan(EYES, EYE, IN_FACE, MAKE_UP),
    "left brow": Plan((BROWS[0],), BROW, IN_FACE, MAKE_UP),
    "right brow": Plan((BROWS[1],), BROW, IN_FACE, MAKE_UP),
    "nose": Plan((NOSE,), ("nose",), IN_FACE, ()),
    "mouth": Plan((LIPS,), MOUTH, IN_FACE, MAKE_UP),
    "ear": Plan((), ("skin", "ears"), ("skin", "ears"), ()),
    "hair": Plan((), ("hair",), ("hair",), ("hair",), beyond=True),
    # Half a face has to meet its other half, and a free-form hole leaves parts of features standing.
    "half": Plan((), IN_FACE, IN_FACE, ()),
    "whole": Plan((*EYES, *BROWS, NOSE, LIPS), IN_FACE, IN_FACE, MAKE_UP),
    "free-form": Plan((), (*IN_FACE, "hair"), (*IN_FACE, "hair"), ()),
}


# Parts of masks.FEATURES that can be taken from another face: what is left is a piece of the face's outline, or of two plans.
PARTS = tuple(name for name in masks.FEATURES if not name.endswith("ear") and name.removesuffix(" and brow") in PLANS)


def plan_name(task: str, part: str) -> str:
    """The row of PLANS for a task and the part of the face that it got."""
    if task.startswith("free-form"):
        return "free-form"
    if part.endswith("half"):
        return "half"
    if part.endswith("ear"):
        return "ear"
    return part.removesuffix(" and brow")


@dataclass(frozen=True)
class Placed:
    """The other face in this face's frame: image uint8 HxWx3, regions uint8 HxW, the rest bool HxW but for its points.

    ``drawn``, ``colored``: where the plan lets lines be drawn and colours be painted. ``sketch`` is within ``drawn``.
    """

    image: np.ndarray
    regions: np.ndarray
    sketch: np.ndarray
    drawn: np.ndarray
    colored: np.ndarray
    points: np.ndarray


def most_alike(rows: Sequence, face: int, points: np.ndarray, candidates: Iterable[int], count: int) -> list[int]:
    """The first ``count`` of ``candidates`` with landmarks, but for ``face`` itself; first those turned most alike."""
    misfits = {}
    for number in map(int, candidates):
        if len(misfits) == count:
            break
        theirs = np.array(rows[number]["landmarks"], np.float32).reshape(-1, 2)
        if number == face or not len(theirs):
            continue
        # Landmarks are stored as parts of the frame; the fit takes away scale, so any unit serves.
        matrix = similarity(theirs, points)
        misfits[number] = float(np.abs(theirs @ matrix[:, :2].T + matrix[:, 2] - points).mean())
    return sorted(misfits, key=misfits.get)


def similarity(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The 2x3 matrix of turn, scale and shift that brings ``source`` nearest to ``target`` (Umeyama 1991)."""
    a, b = source - source.mean(0), target - target.mean(0)
    # With points as complex numbers, turn and scale are one complex factor.
    factor = np.vdot(a @ (1, 1j), b @ (1, 1j)) / max(float((a**2).sum()), 1e-12)
    turn = np.array([[factor.real, -factor.imag], [factor.imag, factor.real]])
    return np.column_stack([turn, target.mean(0) - turn @ source.mean(0)])


def place(donor: dict, row: dict, plan: Plan) -> Placed:
    """``donor``'s picture, regions, lines and points in the frame of ``row``, with colours and lines as planned."""
    size, theirs = row["image"].shape[0], donor["landmarks"]
    source, target = _knots(theirs, row["landmarks"], plan)
    fit = similarity(theirs, row["landmarks"])
    fine = _field(source, target, fit, size)

    def carry(array: np.ndarray, how: int, border: int = cv2.BORDER_CONSTANT) -> np.ndarray:
        return cv2.remap(array, fine[..., 0], fine[..., 1], how, borderMode=border)

    regions = carry(donor["regions"], cv2.INTER_NEAREST)
    image = carry(donor["image"], cv2.INTER_LINEAR, cv2.BORDER_REFLECT)
    image = recolor(image, regions, row["image"], row["regions"], [name for name in plan.painted if name not in plan.foreign])
    lines = strokes.sketch_at_level(donor["sketch"], strokes.SKETCH_LEVELS["medium"])
    # Thick while they are warped, then thinned: one pixel wide lines would break into dashes.
    thick = carry(cv2.dilate(lines, np.ones((3, 3), np.uint8)).astype(np.float32), cv2.INTER_LINEAR)
    sketch = strokes.drop_small((strokes.thin(thick) > 127).astype(np.uint8), 12)
    drawn = _near(regions, plan.lines, size) > 0
    colored = _has(regions, plan.painted) > 0
    if not plan.beyond:
        head = _has(row["regions"], ("background", "clothes")) == 0
        drawn, colored = drawn & (cv2.dilate(head.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0), colored & head
    return Placed(image, regions, (sketch > 0) & drawn, drawn, colored, warp(source, target, fit, theirs, size))


def transplant(donor: dict, row: dict, part: str, rng: np.random.Generator) -> tuple[dict, np.ndarray] | None:
    """``row`` with ``donor``'s feature ``part`` (of masks.FEATURES) in place of its own, and a hole over both.

    A picture to train on in which a feature is not what the rest of the face suggests, as in most edits, but the truth is
    known: ``donor``'s pixels, joined by Poisson's equation (Pérez et al. 2003), its lines, regions and landmarks. Half the
    time only the feature's own lines are kept, since whoever wants another mouth does not draw the cheek. ``part`` is one of
    PARTS. None where the hole meets the frame's border.
    """
    plan = PLANS[part.removesuffix(" and brow")]
    size, theirs = row["image"].shape[0], donor["landmarks"]
    source, target = _knots(theirs, row["landmarks"], plan)
    fit = similarity(theirs, row["landmarks"])
    points = warp(source, target, fit, theirs, size)
    shape = int(rng.integers(2**31))
    own, other = (masks.feature(size, each, np.random.default_rng(shape), part) for each in (row["landmarks"], points))
    hole = own | other
    x0, y0, x1, y1 = (edge + step for edge, step in zip(bounds(hole), (-3, -3, 3, 3), strict=True))
    if min(x0, y0) < 0 or max(x1, y1) > size or hole.mean() > masks.MAX_SHARE:
        return None
    window, inside = np.s_[y0:y1, x0:x1], hole[y0:y1, x0:x1] > 0
    fine = _field(source, target, fit, size)[window]

    def carry(name: str, how: int = cv2.INTER_LINEAR, border: int = cv2.BORDER_CONSTANT) -> np.ndarray:
        return cv2.remap(donor[name], fine[..., 0], fine[..., 1], how, borderMode=border)

    result = {name: row[name].copy() for name in ("image", "sketch", "regions", "color")}
    pasted = carry("image", border=cv2.BORDER_REFLECT)
    middle = ((x1 - x0) // 2, (y1 - y0) // 2)
    here = np.ascontiguousarray(row["image"][window])
    joined = cv2.seamlessClone(pasted, here, hole[window] * 255, middle, cv2.NORMAL_CLONE)
    result["image"][window][inside] = joined[inside]  # outside it is off by a rounding
    regions = carry("regions", cv2.INTER_NEAREST)
    result["regions"][window][inside] = regions[inside]
    thick = cv2.remap(cv2.dilate(donor["sketch"], np.ones((3, 3), np.uint8)), fine[..., 0], fine[..., 1], cv2.INTER_LINEAR)
    lines = strokes.thin(thick.astype(np.float32) / 255)
    if rng.random() < 0.5:
        lines[_near(regions, plan.lines, size) == 0] = 0
    result["sketch"][window][inside] = lines[inside]
    for label in np.unique(regions[inside]):
        part_ = inside & (regions == label)
        result["color"][window][part_] = np.median(result["image"][window][part_], axis=0)
    return {**row, **result, "landmarks": points}, hole


def _knots(theirs: np.ndarray, mine: np.ndarray, plan: Plan) -> tuple[np.ndarray, np.ndarray]:
    """Points of the other face and where they come to lie: all landmarks but those of what is redrawn, whose centres do."""
    steers = np.ones(len(mine), bool)
    for group in plan.free:
        steers[group] = False
    for group, pupil in zip(EYES, PUPILS, strict=True):
        steers[pupil] &= steers[group].all()
    centres = np.array([(theirs[group].mean(0), mine[group].mean(0)) for group in plan.free]).reshape(-1, 2, 2)
    return np.concatenate([theirs[steers], centres[:, 0]]), np.concatenate([mine[steers], centres[:, 1]])


def _field(source: np.ndarray, target: np.ndarray, fit: np.ndarray, size: int) -> np.ndarray:
    """Where in the other frame each pixel of this one comes from: float32 (size, size, 2)."""
    nodes = np.linspace(0, size - 1, GRID)
    at = np.stack(np.meshgrid(nodes, nodes), -1).reshape(-1, 2)
    field = warp(target, source, cv2.invertAffineTransform(fit), at, size).reshape(GRID, GRID, 2).astype(np.float32)
    # Nodes lie on pixel centres, the first and the last on the frame's own.
    steps = np.linspace(0, GRID - 1, size, dtype=np.float32)
    return cv2.remap(field, *np.meshgrid(steps, steps), cv2.INTER_LINEAR)


def _near(regions: np.ndarray, names: Sequence[str], size: int) -> np.ndarray:
    """Where lines count as those of the named regions: outlines run beside them, and the rims of glasses further off."""
    return cv2.dilate(_has(regions, names), np.ones((2 * (size // 50) + 1,) * 2, np.uint8))


def _has(regions: np.ndarray, names: Sequence[str]) -> np.ndarray:
    return np.isin(regions, [REGIONS.index(name) for name in names]).astype(np.uint8)


def warp(source: np.ndarray, target: np.ndarray, matrix: np.ndarray, points: np.ndarray, size: int) -> np.ndarray:
    """``points`` (N, 2) carried by ``matrix`` and a spline of what it leaves between ``source`` and ``target``.

    Far from the face the matrix holds alone: pins around the frame see to it.
    """
    pins = np.stack(np.meshgrid(*[np.linspace(-0.5, 1.5, 5) * size] * 2), -1).reshape(-1, 2)
    pins = pins[(np.abs(pins / size - 0.5) > 0.9).any(1)]
    knots = np.concatenate([source, pins]) / size
    rest = np.concatenate([target - (source @ matrix[:, :2].T + matrix[:, 2]), np.zeros_like(pins)])
    spline = RBFInterpolator(knots, rest, smoothing=SMOOTHING, kernel="thin_plate_spline")
    return (points @ matrix[:, :2].T + matrix[:, 2] + spline(points / size)).astype(np.float32)


def recolor(image: np.ndarray, regions: np.ndarray, like: np.ndarray, like_regions: np.ndarray, names: Sequence[str]):
    """``image`` with each named region shifted in Lab to the median that the region has in ``like``, where it has one."""
    lab = cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    wanted = cv2.cvtColor(like.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    for name in names:
        here, there = regions == REGIONS.index(name), like_regions == REGIONS.index(name)
        if here.sum() > 20 and there.sum() > 20:
            lab[here] += np.median(wanted[there], axis=0) - np.median(lab[here], axis=0)
    return np.round(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB).clip(0, 1) * 255).astype(np.uint8)
