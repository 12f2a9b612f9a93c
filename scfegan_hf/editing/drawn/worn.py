"""What faces in the data seldom wear, painted on as the truth: glasses, an earring, a beard; and how people draw it.

A network learns to answer such drawings only from faces that have what was drawn. Arrays are numpy and square, images uint8
RGB, masks uint8 0/1, points 98 landmarks (98, 2) in pixels. Everything is a function of the arrays and ``rng``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from scfegan_hf.faces.landmarks import CONTOUR, LEFT_EYE, NOSE, OUTER_LIPS, RIGHT_EYE
from scfegan_hf.faces.regions import REGIONS

FRAMES = ((22, 20, 22), (38, 30, 28), (70, 44, 28), (96, 60, 36), (172, 140, 84), (150, 152, 156), (110, 28, 30), (40, 52, 92))
METALS = ((212, 170, 80), (196, 198, 204), (200, 140, 110), (236, 232, 224))
HAIRS = ((28, 22, 20), (52, 38, 30), (84, 60, 42), (132, 96, 62), (120, 116, 112))
BITS = 4  # of a pixel's fraction in which corners are given to OpenCV


@dataclass
class Face:
    """A photograph with the unit and the axes of its face: ``unit`` is the eyes' distance in pixels."""

    image: np.ndarray
    points: np.ndarray
    regions: np.ndarray
    rng: np.random.Generator

    def __post_init__(self) -> None:
        self.eyes = np.stack([self.points[group].mean(0) for group in (LEFT_EYE, RIGHT_EYE)])
        self.unit = max(float(np.hypot(*(self.eyes[1] - self.eyes[0]))), 1.0)
        self.across = (self.eyes[1] - self.eyes[0]) / self.unit
        self.down = np.array([-self.across[1], self.across[0]])

    def plane(self) -> np.ndarray:
        return np.zeros(self.image.shape[:2], np.uint8)

    def stroke(self, curves: list[np.ndarray], width: float, smooth: bool = False) -> np.ndarray:
        """uint8 of the photograph's size: curves (N, 2) by a round brush; 0 to 255 if ``smooth``, else 0/1."""
        layer, kind = self.plane(), cv2.LINE_AA if smooth else cv2.LINE_8
        corners = [np.round(curve * 2**BITS).astype(np.int32) for curve in curves]
        cv2.polylines(layer, corners, False, 255 if smooth else 1, max(round(width), 1), kind, BITS)
        return layer

    def pick(self, colors: tuple[tuple[int, int, int], ...]) -> np.ndarray:
        """One of them, not quite (3,)."""
        return np.clip(np.array(colors[self.rng.integers(len(colors))]) + self.rng.normal(0, 8, 3), 0, 255)


@dataclass(frozen=True)
class Worn:
    """The photograph with it, the hole it was drawn in, the lines, and the dabs' colour and place."""

    image: np.ndarray
    hole: np.ndarray
    lines: np.ndarray
    dabs: np.ndarray
    dabbed: np.ndarray


def put_on(row: dict[str, np.ndarray], rng: np.random.Generator) -> Worn | None:
    """One of KINDS on a decoded row with landmarks; None where it would lie outside the frame."""
    face = Face(row["image"].copy(), row["landmarks"], row["regions"], rng)
    worn = KINDS[rng.integers(len(KINDS))](face)
    return worn if worn.hole.any() and worn.lines.any() else None


def glasses(face: Face) -> Worn:
    """Rims of any shape between a circle and a rounded rectangle, bridge and temples, with a shadow and a glint."""
    rng, unit = face.rng, face.unit
    radii = unit * np.array([rng.uniform(0.28, 0.42), rng.uniform(0.2, 0.34)])
    squareness, low = rng.uniform(2.0, 4.5), rng.uniform(0.0, 0.14) * unit
    thick = unit * rng.choice([rng.uniform(0.015, 0.03), rng.uniform(0.03, 0.075)])
    rims = []
    for side, eye in zip((-1, 1), face.eyes, strict=True):
        middle = eye + low * face.down + side * 0.03 * unit * face.across
        rims.append(middle + superellipse(radii, squareness) @ np.stack([face.across, face.down]))
    bridge = (
        np.stack([rims[0][np.argmax(rims[0] @ face.across)], rims[1][np.argmin(rims[1] @ face.across)]])
        - 0.06 * unit * face.down
    )
    bridge = np.stack([bridge[0], bridge.mean(0) - rng.uniform(0.0, 0.06) * unit * face.down, bridge[1]])
    temples = [
        np.stack([rim[np.argmax(side * (rim @ face.across))] - 0.08 * unit * face.down, face.points[end]])
        for side, rim, end in ((-1, rims[0], 0), (1, rims[1], 32))
    ]
    curves, tinted = [*rims, bridge, *(temples if rng.random() < 0.5 else [])], rng.random() < 0.4
    tone, image = face.pick(FRAMES), face.image.astype(np.float32)
    shade = cv2.GaussianBlur(face.stroke([c + 0.05 * unit * face.down for c in curves], thick, True), (0, 0), 0.03 * unit + 0.5)
    image *= 1 - rng.uniform(0.1, 0.45) * shade[..., None] / 255
    lens = face.plane()
    cv2.fillPoly(lens, [np.round(rim).astype(np.int32) for rim in rims], 1)
    image += tinted * rng.uniform(-0.12, 0.06) * lens[..., None] * (image if rng.random() < 0.7 else 255 - image)
    frame = face.stroke(curves, thick, True)[..., None] / 255
    image += frame * (tone - image)
    glints = [rim[start : start + 6] - 0.25 * thick * face.down for rim in rims for start in rng.integers(20, 34, 1)]
    image += rng.uniform(0.1, 0.7) * face.stroke(glints, thick * 0.3, True)[..., None] / 255 * (255 - image)
    hole = face.stroke(curves, thick + unit * rng.uniform(0.06, 0.16)) | (lens if tinted else 0)
    dabbed = face.stroke(curves, unit * rng.uniform(0.03, 0.06))
    return _drawn(face, image, hole, face.stroke(curves, 1), tone, dabbed)


def superellipse(radii: np.ndarray, power: float) -> np.ndarray:
    """(49, 2) closed, |x/a|^n + |y/b|^n = 1: an ellipse for ``power`` 2, the squarer the larger (Lame 1818)."""
    t = np.linspace(0, 2 * np.pi, 49)
    xy = np.column_stack([np.cos(t), np.sin(t)])
    return radii * np.sign(xy) * np.abs(xy) ** (2 / power)


def earring(face: Face) -> Worn:
    """A stud, a hoop or a drop below an ear, with the light of metal."""
    rng, unit = face.rng, face.unit
    left = rng.random() < 0.5
    outwards = -face.across if left else face.across
    lobe = face.points[3 if left else 29] + unit * (rng.uniform(0.04, 0.2) * outwards + rng.uniform(-0.1, 0.25) * face.down)
    circle, tone, image = superellipse(np.ones(2), 2.0), face.pick(METALS), face.image.astype(np.float32)
    kind = rng.choice(["stud", "hoop", "drop"])
    ball = unit * rng.uniform(0.025, 0.075)
    middle, curves = lobe, [lobe + ball * circle]
    if kind == "hoop":
        radius = unit * rng.uniform(0.09, 0.24)
        curves = [lobe + radius * face.down + radius * circle * (rng.uniform(0.5, 1.0), 1.0)]
    elif kind == "drop":
        middle = lobe + unit * rng.uniform(0.1, 0.3) * face.down
        curves = [np.stack([lobe, middle]), middle + ball * circle]
    width = unit * rng.uniform(0.015, 0.045)
    light = np.sin(rng.uniform(1, 4) * np.linspace(0, 2 * np.pi, 48) + rng.uniform(0, 6.3))
    shade = cv2.GaussianBlur(face.stroke([c + 0.03 * unit for c in curves], width, True), (0, 0), 0.03 * unit + 0.5)
    image *= 1 - 0.35 * shade[..., None] / 255
    for curve in curves:  # ring or chain, in pieces of their own light
        for piece, bright in zip(pairwise(curve), light, strict=False):
            part = face.stroke([np.stack(piece)], width, True)[..., None] / 255
            image += part * (np.clip(tone * (0.85 + 0.4 * bright) + 60 * max(bright - 0.6, 0), 0, 255) - image)
    if kind != "hoop":
        y, x = np.mgrid[: image.shape[0], : image.shape[1]]
        far = np.hypot(x - middle[0], y - middle[1]) / ball
        glint = np.exp(-(np.hypot(x - middle[0] + 0.35 * ball, y - middle[1] + 0.35 * ball) ** 2) / (0.12 * ball**2 + 0.2))
        round_ = np.clip((1 - far) * ball + 0.5, 0, 1)[..., None]
        image += round_ * (np.clip(tone * (1.05 - 0.45 * far[..., None] ** 2) + 150 * glint[..., None], 0, 255) - image)
    hole = face.stroke(curves, unit * rng.uniform(0.1, 0.22)) | face.stroke(curves, 2 * ball)
    dabbed = face.stroke(curves, unit * rng.uniform(0.03, 0.06)) | (0 if kind == "hoop" else face.stroke(curves[-1:], ball))
    return _drawn(face, image, hole, face.stroke(curves, 1), tone, dabbed)


def beard(face: Face) -> Worn:
    """Strands along jaw, chin and upper lip, or on some of these, dense in the middle and thin where they end."""
    rng, unit, points = face.rng, face.unit, face.points
    whole, upper = _beard_places(face, rng.choice(["full", "full", "chin", "jaw"])), rng.random() < 0.8
    lip = points[OUTER_LIPS][:7]
    moustache = np.concatenate([lip + 0.02 * unit * face.down, (points[NOSE][4:9].mean(0) + 0.04 * unit * face.down)[None]])
    place = face.plane()
    for polygon in [whole, *([moustache] if upper else [])]:
        cv2.fillPoly(place, [np.round(polygon).astype(np.int32)], 255)
    cv2.fillPoly(place, [np.round(points[OUTER_LIPS]).astype(np.int32)], 0)
    dense = cv2.GaussianBlur(place, (0, 0), unit * rng.uniform(0.03, 0.08) + 0.5).astype(np.float32) / 255
    dense *= cv2.GaussianBlur((place > 0).astype(np.float32), (0, 0), 0.02 * unit + 0.5)
    hair = face.regions == REGIONS.index("hair")
    tone = (
        np.median(face.image[hair], 0) * rng.uniform(0.7, 1.1) if hair.sum() > 100 and rng.random() < 0.6 else face.pick(HAIRS)
    )
    tone = np.clip(tone, 10, 200)
    grey = cv2.GaussianBlur(cv2.cvtColor(face.image, cv2.COLOR_RGB2GRAY), (0, 0), 0.08 * unit + 0.5).astype(np.float32)
    light = (grey / max(float(np.median(grey[place > 0])) if (place > 0).any() else 1.0, 1.0)).clip(0.5, 1.5)[..., None]
    image, under = face.image.astype(np.float32), rng.uniform(0.25, 0.8)
    image += under * dense[..., None] * (0.8 * tone * light - image)
    image = _strands(face, image, dense, tone, light)
    hole = cv2.dilate(place, np.ones((3, 3), np.uint8), iterations=max(round(unit * rng.uniform(0.02, 0.08)), 1))
    hole = ((hole > 0) | (face.stroke([points[OUTER_LIPS]], 1) if rng.random() < 0.3 else 0)).astype(np.uint8)
    middle = (whole[: len(whole) // 2] + whole[: -len(whole) // 2 - 1 : -1][: len(whole) // 2]) / 2
    dabs = [middle, *([(lip + moustache[-1]) / 2] if upper else [])]
    dabbed = face.stroke(dabs, unit * rng.uniform(0.08, 0.22)) & (place > 0)
    lines = face.stroke([whole[len(whole) // 2 :]], 1) | (face.stroke([lip], 1) if rng.random() < 0.4 else 0)
    return _drawn(face, image, hole, lines, tone, dabbed.astype(np.uint8))


def _beard_places(face: Face, kind: str) -> np.ndarray:
    """A closed band (2N, 2): the jaw's outline from left to right, and back along where the beard ends towards the face."""
    rng, contour, mouth = face.rng, face.points[CONTOUR], face.points[OUTER_LIPS].mean(0)
    first = {"full": rng.integers(3, 7), "jaw": rng.integers(2, 6), "chin": rng.integers(11, 14)}[kind]
    outer = contour[first : 33 - first] + rng.uniform(-0.02, 0.06) * face.unit * face.down
    inwards = np.full(len(outer), rng.uniform(0.12, 0.25) if kind == "jaw" else rng.uniform(0.35, 0.75))
    inwards *= 1 - 0.5 * np.abs(np.linspace(-1, 1, len(outer))) ** 2  # less at the ears than at the chin
    inner = outer + inwards[:, None] * (mouth - outer)
    return np.concatenate([outer, inner[::-1]])


def _strands(face: Face, image: np.ndarray, dense: np.ndarray, tone: np.ndarray, light: np.ndarray) -> np.ndarray:
    """Hairs, 1 or 2 pixels wide, that grow away from the mouth and downwards; as many as ``dense`` (0 to 1) has them."""
    rng, unit = face.rng, face.unit
    rows, cols = np.nonzero(dense > 0.15)
    if not len(rows):
        return image
    count = int(rng.uniform(0.15, 0.5) * len(rows) / max(unit / 60, 1.0))
    chosen = rng.integers(len(rows), size=count)
    chosen = chosen[rng.random(count) < dense[rows[chosen], cols[chosen]]]
    roots = np.column_stack([cols[chosen], rows[chosen]]).astype(np.float32)
    away = (roots - face.points[OUTER_LIPS].mean(0)) / unit
    way = 0.5 * away + face.down + rng.normal(0, 0.35, roots.shape)
    way /= np.maximum(np.hypot(*way.T), 1e-3)[:, None]
    lengths = unit * rng.uniform(0.02, 0.11) * rng.uniform(0.5, 1.3, (len(roots), 1))
    bend = rng.normal(0, 0.25, (len(roots), 1)) * lengths * way[:, ::-1] * (1, -1)
    curves = np.stack([roots, roots + 0.5 * lengths * way + bend, roots + lengths * way], 1)
    shades = rng.choice([0.55, 0.8, 1.0, 1.25, 1.6], len(curves), p=[0.25, 0.3, 0.25, 0.14, 0.06])
    for shade in np.unique(shades):
        alpha = face.stroke(list(curves[shades == shade]), unit / 130, True)[..., None] / 255
        image = image + 0.75 * alpha * (np.clip(tone * shade, 0, 255) * light - image)
    return image


def _drawn(face: Face, image: np.ndarray, hole: np.ndarray, lines: np.ndarray, tone: np.ndarray, dabbed: np.ndarray) -> Worn:
    """With all of it within the hole, where it fades towards the border, and dabs whose colour is a little off."""
    dabs = np.zeros_like(face.image)
    dabs[:] = np.clip(tone + face.rng.normal(0, 6, 3), 0, 255)
    within = np.clip(cv2.distanceTransform(hole, cv2.DIST_L2, 3) / (0.02 * face.unit + 1), 0, 1)[..., None]
    changed = face.image + within * (np.clip(image, 0, 255) - face.image)
    return Worn(np.round(changed).astype(np.uint8), hole, lines & hole, dabs, dabbed & hole)


KINDS: tuple[Callable[[Face], Worn], ...] = (glasses, glasses, beard, beard, earring)
