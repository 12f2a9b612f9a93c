"""Holes to train on, drawn on the fly: free-form strokes, features of the face, half of it or all, hair.

Each function takes a numpy Generator and returns uint8 HxW, 1 = hole; what it draws depends on the generator alone,
so that (seed, index) give a mask again. Free-form strokes follow Algorithm 2 of the SC-FEGAN report (Jo & Park 2019,
section 3.1); the published hyper-parameters are in pixels of 512 and not all given, ours are parts of the side.
"""

import cv2
import numpy as np

from scfegan_hf.faces.landmarks import CONTOUR, LEFT_BROW, LEFT_EYE, MOUTH_CORNERS, NOSE, OUTER_LIPS, RIGHT_BROW, RIGHT_EYE
from scfegan_hf.faces.regions import REGIONS

MAX_DRAW, MAX_LINE, MAX_ANGLE, MAX_LENGTH = 4, 9, 60, 0.28
STROKE_WIDTH = (0.025, 0.13)
# Holes larger than this share of the frame leave too little to go by.
MAX_SHARE = 0.85

LEFT_EYES, RIGHT_EYES = (LEFT_EYE,), (RIGHT_EYE,)
# What users erase: groups of landmarks whose hull is the hole. Ears lie outside the contour and are made from it.
FEATURES: dict[str, tuple[slice, ...]] = {
    "left eye": LEFT_EYES,
    "right eye": RIGHT_EYES,
    "both eyes": (LEFT_EYE, RIGHT_EYE),
    "left eye and brow": (LEFT_EYE, LEFT_BROW),
    "right eye and brow": (RIGHT_EYE, RIGHT_BROW),
    "left brow": (LEFT_BROW,),
    "right brow": (RIGHT_BROW,),
    "nose": (NOSE,),
    "mouth": (OUTER_LIPS,),
    "mouth and nose": (OUTER_LIPS, slice(55, 60)),
    "left jaw": (slice(4, 17),),
    "right jaw": (slice(16, 29),),
    "left ear": (slice(0, 5),),
    "right ear": (slice(28, 33),),
}

# How often to train on each, beside 1: eyes and mouths are what one looks at, and the hardest.
OFTEN = {name: 4.0 for name in FEATURES if "eye" in name} | {"mouth": 8.0, "mouth and nose": 3.0, "nose": 3.0}
OFTEN |= {name: 0.5 for name in FEATURES if "jaw" in name or "ear" in name}


def free_form(size: int, rng: np.random.Generator, eyes: np.ndarray | None = None) -> np.ndarray:
    """Strokes that turn back and forth (Algorithm 2). ``eyes``: (N, 2) points in pixels, from one of which a last
    stroke may start."""
    mask = np.zeros((size, size), np.uint8)
    for _ in range(rng.integers(1, MAX_DRAW + 1)):
        _stroke(mask, rng.uniform(0, size, 2), rng)
    if eyes is not None and len(eyes) and rng.random() < 0.5:
        _stroke(mask, eyes[rng.integers(len(eyes))], rng)
    return valid(mask, rng)


def _stroke(mask: np.ndarray, start: np.ndarray, rng: np.random.Generator) -> None:
    size = mask.shape[0]
    width = max(int(size * rng.uniform(*STROKE_WIDTH)), 1)
    direction = rng.uniform(0, 360)
    points = [np.clip(start, 0, size - 1)]
    for turn in range(rng.integers(1, MAX_LINE + 1)):
        angle = direction + rng.uniform(-MAX_ANGLE, MAX_ANGLE) + (180 if turn % 2 else 0)
        length = size * rng.uniform(0.02, MAX_LENGTH)
        step = length * np.array([np.sin(np.deg2rad(angle)), np.cos(np.deg2rad(angle))])
        points.append(np.clip(points[-1] + step, 0, size - 1))
    corners = np.round(points).astype(np.int32)
    cv2.polylines(mask, [corners], False, 1, width)
    for corner in corners:  # round joints, as a brush leaves them
        cv2.circle(mask, tuple(int(v) for v in corner), width // 2, 1, -1)


def feature(size: int, points: np.ndarray, rng: np.random.Generator, name: str | None = None) -> np.ndarray:
    """A roughly drawn blob over a feature. ``points``: 98 landmarks in pixels of the frame; ``name``: of FEATURES."""
    name = name or list(FEATURES)[rng.integers(len(FEATURES))]
    groups = [points[group] for group in FEATURES[name]]
    if name.endswith("ear"):
        outwards = np.array([-1.0 if name.startswith("left") else 1.0, 0.0]) * np.ptp(groups[0][:, 1]) * 0.6
        groups = [np.concatenate([groups[0], groups[0] + outwards])]
    eye_distance = float(np.hypot(*(points[LEFT_EYE].mean(0) - points[RIGHT_EYE].mean(0))))
    mask = np.zeros((size, size), np.uint8)
    for group in _as_drawn(groups, rng):
        # A person circles a feature with some air, and not evenly.
        hull = cv2.convexHull(group.astype(np.float32))[:, 0]
        centre = hull.mean(0)
        margin = eye_distance * rng.uniform(0.06, 0.32)
        angles = np.linspace(0, 2 * np.pi, 14, endpoint=False)
        directions = np.stack([np.cos(angles), np.sin(angles)], 1)
        reach = np.max((hull - centre) @ directions.T, axis=0) + margin * rng.uniform(0.6, 1.4, len(angles))
        blob = centre + directions * reach[:, None] + rng.normal(0, 0.03 * eye_distance, 2)
        cv2.fillPoly(mask, [_closed_curve(blob)], 1)
    return valid(mask, rng)


def often_erased(rng: np.random.Generator) -> str:
    """A name of FEATURES, each as often as OFTEN has it."""
    weights = np.array([OFTEN.get(name, 1.0) for name in FEATURES])
    return list(FEATURES)[rng.choice(len(weights), p=weights / weights.sum())]


def _as_drawn(groups: list[np.ndarray], rng: np.random.Generator) -> list[np.ndarray]:
    """One blob around all groups, or one around each."""
    return [np.concatenate(groups)] if len(groups) > 1 and rng.random() < 0.5 else groups


def _closed_curve(corners: np.ndarray) -> np.ndarray:
    """A smooth closed polygon near the corners: two rounds of corner cutting (Chaikin 1974)."""
    for _ in range(2):
        following = np.roll(corners, -1, axis=0)
        corners = np.stack([0.75 * corners + 0.25 * following, 0.25 * corners + 0.75 * following], 1).reshape(-1, 2)
    return np.round(corners).astype(np.int32)


def face(size: int, points: np.ndarray, part: str) -> np.ndarray:
    """The face from chin to hairline, or its half on one side of the line from the nose's bridge to the chin."""
    eyes = (points[LEFT_EYE].mean(0) + points[RIGHT_EYE].mean(0)) / 2
    mouth = points[list(MOUTH_CORNERS)].mean(0)
    left, right = points[CONTOUR][0], points[CONTOUR][-1]
    # Half an ellipse over the temples; foreheads are about as high above the eyes as mouths are below them.
    angle = np.linspace(0, np.pi, 17)[1:-1, None]
    forehead = (left + right) / 2 + np.cos(angle) * (right - left) / 2 + np.sin(angle) * (eyes - mouth)
    mask = np.zeros((size, size), np.uint8)
    cv2.fillPoly(mask, [np.round(np.concatenate([points[CONTOUR], forehead])).astype(np.int32)], 1)
    mask = cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * max(size // 64, 1) + 1,) * 2))
    if part == "whole":
        return mask
    chin = points[CONTOUR][16]
    y, x = np.mgrid[:size, :size]
    side = (x - eyes[0]) * (chin - eyes)[1] - (y - eyes[1]) * (chin - eyes)[0]  # below 0 on the picture's left
    return mask & ((side < 0) if part.startswith("left") else (side > 0))


def hair(regions: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The hair, all or part of it, with a margin; free-form strokes where a face has none."""
    size = regions.shape[0]
    mask = (regions == REGIONS.index("hair")).astype(np.uint8)
    reach = 2 * int(rng.integers(1, max(size // 40, 2))) + 1
    mask = cv2.dilate(mask, np.ones((reach, reach), np.uint8))
    if rng.random() < 0.5:  # a part: what lies on one side of a line through the hair
        rows, cols = np.nonzero(mask)
        if len(rows):
            pivot = rng.integers(len(rows))
            angle = rng.uniform(0, 2 * np.pi)
            y, x = np.mgrid[:size, :size]
            mask &= ((x - cols[pivot]) * np.cos(angle) + (y - rows[pivot]) * np.sin(angle) > 0).astype(np.uint8)
    return valid(mask, rng) if mask.sum() > size * size // 500 else free_form(size, rng)


def valid(mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The mask itself, unless nothing or nearly everything is erased: then a disc is added or left open."""
    share = mask.mean()
    if 0 < share <= MAX_SHARE:
        return mask
    size = mask.shape[0]
    centre = tuple(int(v) for v in rng.integers(size // 4, 3 * size // 4 + 1, 2))
    value, radius = (1, size // 8) if share == 0 else (0, size // 3)
    cv2.circle(mask, centre, radius, value, -1)
    return mask
