"""Faces as people doodle them: a ring, dots for eyes, a curve for a mouth, hair as an outline or a scribble.

A doodle is a list of strokes, float32 (N, 2) as x, y; where its parts lie in the face and how they look is told from 98
landmarks and a region map, and then drawn as badly as people do in a few seconds. All is a function of them and ``rng``.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from scfegan_hf.editing.drawn.scrawls import Strokes, displaced, length, misdrawn, resampled
from scfegan_hf.faces.landmarks import (
    CONTOUR,
    INNER_LIPS,
    LEFT_BROW,
    LEFT_EYE,
    MOUTH_CORNERS,
    NOSE,
    OUTER_LIPS,
    RIGHT_BROW,
    RIGHT_EYE,
)
from scfegan_hf.faces.regions import REGIONS

LEAST_HAIR = 0.015  # of the frame, below which there is none to draw
REST = (0.06, 0.4)  # of a mouth: lower lip below the corners in parts of its width, and its width in parts of the head's


@dataclass(frozen=True)
class Measured:
    """What is drawn of a face: ``points`` (98, 2) and ``hair`` bool (H, W) in pixels; ``unit`` is the head's width."""

    points: np.ndarray
    hair: np.ndarray
    crown: float  # y of the head's top

    @property
    def unit(self) -> float:
        return max(float(np.ptp(self.points[CONTOUR, 0])), 1.0)

    @property
    def chin(self) -> float:
        return float(self.points[CONTOUR, 1].max())

    @property
    def ring(self) -> tuple[np.ndarray, np.ndarray]:
        """Middle and half axes of the ellipse that the head is."""
        middle = np.array([self.points[CONTOUR, 0].mean(), (self.crown + self.chin) / 2])
        return middle, np.array([self.unit / 2, (self.chin - self.crown) / 2])


def measure(points: np.ndarray, regions: np.ndarray) -> Measured:
    """From landmarks in pixels and a region map uint8 (H, W) of the labels of REGIONS."""
    hair = regions == REGIONS.index("hair")
    ears, chin = points[CONTOUR, 1].min(), points[CONTOUR, 1].max()
    middle = slice(max(round(points[CONTOUR, 0].mean() - 3), 0), max(round(points[CONTOUR, 0].mean() + 4), 1))
    head = (hair | (regions == REGIONS.index("skin")))[:, middle].any(1)
    top = float(np.argmax(head)) if head.any() else ears
    usual = ears - 0.45 * (chin - ears)  # of people without much hair
    low, high = usual - 0.25 * (chin - ears), usual + 0.3 * (chin - ears)
    return Measured(points, hair, float(np.clip(top + 0.12 * (usual - top), low, high)))


def doodle(face: Measured, rng: np.random.Generator, glasses: bool = False, beard: bool = False) -> Strokes:
    """Strokes in pixels of the face's picture. ``glasses`` and ``beard`` say what the face wears; what a drawing leaves out
    is by chance, but glasses and beards are always drawn."""
    strokes = head(face, rng)
    parts = ((0.95, eyes), (0.5, brows), (0.75, nose), (0.95, mouth), (0.8, hair), (0.35, ears))
    for likely, part in parts:
        if rng.random() < likely:
            drawn = part(face, rng)
            strokes += displaced(drawn, face.unit, rng, 0.02 if part in (hair, ears) else 0.035)
    if glasses:
        strokes += spectacles(face, rng)
    if beard:
        strokes += whiskers(face, rng)
    if rng.random() < 0.2:
        strokes += neck(face, rng)
    return misdrawn(strokes, face.unit, rng)


def head(face: Measured, rng: np.random.Generator) -> Strokes:
    """A ring: round, or as the face is, or without its top."""
    jaw = face.points[CONTOUR]
    middle, half = face.ring
    turn = np.linspace(0, 2 * np.pi, 40) + rng.uniform(0, 6.3)
    kind = rng.choice(["round", "egg", "jaw"], p=[0.45, 0.3, 0.25])
    if kind == "jaw":
        top = middle + half * np.column_stack([np.cos(t := np.linspace(0, -np.pi, 16)), np.sin(t)]) * (1.02, 1)
        return [jaw[::2].copy()] if rng.random() < 0.4 else [np.concatenate([jaw[::2], top])]
    if kind == "round":
        half = half * rng.uniform(0.9, 1.15, 2)
    narrow = 1 - (0.18 if kind == "egg" else 0.0) * np.clip(np.sin(turn), 0, 1)
    return [middle + half * np.column_stack([np.cos(turn) * narrow, np.sin(turn)])]


def eyes(face: Measured, rng: np.random.Generator) -> Strokes:
    """Dots, rings, rings with dots, almonds, arcs, both alike."""
    kinds = {"dot": 0.27, "ring": 0.15, "ringed": 0.25, "almond": 0.2, "arc": 0.08, "line": 0.05}
    kind, size = rng.choice(list(kinds), p=list(kinds.values())), rng.uniform(0.7, 1.6)
    strokes: Strokes = []
    for group in (LEFT_EYE, RIGHT_EYE):
        lids = face.points[group]
        middle, across = lids.mean(0), float(np.ptp(lids[:, 0])) / 2 * size
        tall = max(float(np.ptp(lids[:, 1])) / 2 * size, 0.3 * across)
        ring = np.column_stack([np.cos(t := np.linspace(0, 6.6, 20)), np.sin(t)])
        dot = [middle + 0.18 * across * ring, middle + 0.07 * across * ring]
        if kind == "dot":
            strokes += dot
        elif kind in ("ring", "ringed"):
            strokes.append(middle + rng.uniform(0.55, 1.0) * across * ring * (1, rng.uniform(0.7, 1.0)))
            strokes += dot if kind == "ringed" else []
        elif kind == "almond":
            x = np.linspace(-1, 1, 12)
            lid = np.column_stack([x * across, (x**2 - 1) * tall * 1.3])
            strokes += [middle + lid, middle + lid * (1, -1), *(dot if rng.random() < 0.7 else [])]
        else:
            x = np.linspace(-1, 1, 10)
            up = rng.choice([-1, 1]) if kind == "arc" else 0
            strokes.append(middle + np.column_stack([x * across * 0.8, up * (x**2 - 0.5) * tall]))
    return strokes


def brows(face: Measured, rng: np.random.Generator) -> Strokes:
    """Arcs, as thick ones as the face has."""
    strokes = []
    for group in (LEFT_BROW, RIGHT_BROW):
        upper = face.points[group][:5]
        strokes.append(upper.copy())
        if rng.random() < 0.25:
            strokes.append(upper + lower(0.03 * face.unit))
    return strokes


def nose(face: Measured, rng: np.random.Generator) -> Strokes:
    """A line, a hook, a triangle, nostrils or an arc."""
    bridge, wings = face.points[NOSE][:4], face.points[NOSE][4:]
    top, tip, left, right = bridge[rng.integers(0, 3)], bridge[3], wings[0], wings[-1]
    kind = rng.choice(["line", "hook", "triangle", "nostrils", "arc", "ring"], p=[0.15, 0.3, 0.15, 0.15, 0.2, 0.05])
    if rng.random() < 0.5:
        left, right = right, left
    ring = np.column_stack([np.cos(t := np.linspace(0, 6.4, 12)), np.sin(t)]) * 0.02 * face.unit
    return {
        "line": [np.stack([top, tip])],
        "hook": [np.stack([top, left, (left + right) / 2])],
        "triangle": [np.stack([top, left, right, top])],
        "nostrils": [left + 0.6 * (right - left) * k + ring for k in (0.25, 1.4)],
        "arc": [np.stack([left, (left + right) / 2 + lower(0.06 * face.unit), right])],
        "ring": [tip + ring * rng.uniform(2, 4)],
    }[kind]


def mouth(face: Measured, rng: np.random.Generator) -> Strokes:
    """A curve that says more loudly what the mouth does; an open one as a ring or a half moon, with teeth now and then."""
    left, right = (face.points[corner] for corner in MOUTH_CORNERS)
    inner, outer = face.points[INNER_LIPS], face.points[OUTER_LIPS]
    across = max(float(right[0] - left[0]), 1.0)
    low = (inner[5:8, 1].mean() - (left[1] + right[1]) / 2) / across
    bend = (0.7 * (low - REST[0]) + across / face.unit - REST[1]) * rng.uniform(1.2, 3.0) + rng.normal(0, 0.03)
    gap = float(np.median(inner[5:8, 1] - inner[3:0:-1, 1])) / across
    middle, half = (left + right) / 2, across / 2 * rng.uniform(0.7, 1.25)
    x = np.linspace(-1, 1, 14)
    curve = middle + np.column_stack([x * half, (1 - x**2) * bend * across])
    if gap > 0.1 and rng.random() < 0.75:
        under = middle + np.column_stack([x * half, (1 - x**2) * (bend + gap * rng.uniform(1.0, 2.0)) * across])
        strokes = [curve, under]
        if rng.random() < 0.5:
            strokes += [np.stack([curve[k], under[k]]) for k in range(2, 12, int(rng.integers(2, 4)))]
        return strokes
    if rng.random() < 0.2:
        thick = float(np.ptp(outer[:, 1])) / across
        return [curve, middle + np.column_stack([x * half, (1 - x**2) * (bend + 0.6 * thick) * across])] + (
            [middle + np.column_stack([x * half, (1 - x**2) * (bend - 0.4 * thick) * across])] if rng.random() < 0.5 else []
        )
    return [curve]


def hair(face: Measured, rng: np.random.Generator) -> Strokes:
    """Its outline, its outline filled with strands, a scribble, curls along it, or a few strokes on the crown; none of none."""
    if face.hair.mean() < LEAST_HAIR:
        return []
    side = face.hair.shape[0]
    small = cv2.resize(face.hair.astype(np.uint8), (64, 64), interpolation=cv2.INTER_AREA)
    small = cv2.morphologyEx(small, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    found, _ = cv2.findContours(small, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not found:
        return []
    largest = max(found, key=len)
    outline = cv2.approxPolyDP(largest, rng.uniform(0.5, 2.0), True)[:, 0].astype(np.float32) * (side / 64)
    outline = np.concatenate([outline, outline[:1]])
    kind = rng.choice(["outline", "strands", "scribble", "curls", "spikes"], p=[0.3, 0.3, 0.2, 0.12, 0.08])
    if kind == "curls":
        return _curls(outline, 0.05 * face.unit * rng.uniform(0.7, 1.6))
    if kind == "spikes":
        return _spikes(face, rng)
    rows, cols = np.nonzero(small)
    strokes = [outline] if kind != "scribble" or rng.random() < 0.4 else []
    if kind == "outline" or len(rows) < 20:
        return [outline]
    scale, jump = side / 64, int(rng.integers(2, 6))
    zigzag: list[tuple[float, float]] = []
    for column in range(int(cols.min()), int(cols.max()) + 1, jump):
        inside = rows[cols == column]
        if not len(inside):
            continue
        gaps = np.flatnonzero(np.diff(inside) > 2)
        for run in np.split(inside, gaps + 1):
            strand = [(column * scale, run.min() * scale), ((column + rng.normal(0, 1.2)) * scale, run.max() * scale)]
            if kind == "scribble" and len(run) == len(inside):
                zigzag += strand if len(zigzag) % 4 == 0 else strand[::-1]
            elif len(run) > 2:
                strokes.append(np.array(strand, np.float32))
    return strokes + ([np.array(zigzag, np.float32)] if len(zigzag) > 1 else [])


def _curls(outline: np.ndarray, radius: float) -> Strokes:
    """A line that loops along another."""
    path = resampled(outline, max(int(length(outline) / radius), 8))
    turn = np.linspace(0, len(path) * 2.4, len(path) * 6)
    along = np.stack([np.interp(np.linspace(0, len(path) - 1, len(turn)), np.arange(len(path)), path[:, k]) for k in (0, 1)], 1)
    return [along + radius * np.column_stack([np.cos(turn), np.sin(turn)])]


def _spikes(face: Measured, rng: np.random.Generator) -> Strokes:
    """Short strokes that stand on the crown."""
    middle, half = face.ring
    turns = np.linspace(-2.6, -0.55, int(rng.integers(4, 14))) + rng.normal(0, 0.05)
    roots = middle + half * np.column_stack([np.cos(turns), np.sin(turns)])
    tips = middle + half * rng.uniform(1.1, 1.4) * np.column_stack([np.cos(turns), np.sin(turns)])
    return [np.stack(pair) for pair in zip(roots, tips, strict=True)]


def ears(face: Measured, rng: np.random.Generator) -> Strokes:
    """An arc at each side of the head."""
    size, strokes = 0.09 * face.unit * rng.uniform(0.7, 1.5), []
    for side, end in ((-1, 0), (1, 32)):
        t = np.linspace(-np.pi / 2, np.pi / 2, 10)
        strokes.append(face.points[end] + lower(0.04 * face.unit) + size * np.column_stack([side * np.cos(t), 1.4 * np.sin(t)]))
    return strokes


def spectacles(face: Measured, rng: np.random.Generator) -> Strokes:
    """Two rings or boxes, a bridge, and temples now and then."""
    middles = [face.points[group].mean(0) for group in (LEFT_EYE, RIGHT_EYE)]
    apart = float(np.hypot(*(middles[1] - middles[0])))
    radii, power = apart * np.array([rng.uniform(0.28, 0.46), rng.uniform(0.22, 0.42)]), rng.choice([2.0, 2.0, 5.0])
    turn = np.linspace(0, 2 * np.pi, 28)
    ring = np.column_stack([np.cos(turn), np.sin(turn)])
    ring = radii * np.sign(ring) * np.abs(ring) ** (2 / power)
    strokes = [middle + ring for middle in middles]
    strokes.append(np.stack([middles[0] + (radii[0], 0), middles[1] - (radii[0], 0)]))
    if rng.random() < 0.5:
        for middle, out, end in ((middles[0], -radii[0], 0), (middles[1], radii[0], 32)):
            strokes.append(np.stack([middle + np.array([out, 0]), face.points[end]]))
    return strokes


def whiskers(face: Measured, rng: np.random.Generator) -> Strokes:
    """A beard: strokes along the jaw, a scribble over the chin, or a second outline, and often a moustache."""
    jaw, lip = face.points[CONTOUR][6:27], face.points[OUTER_LIPS][:7]
    low, kind = face.points[OUTER_LIPS][9] + lower(0.03 * face.unit), rng.choice(["hairs", "scribble", "outline"])
    if kind == "outline":
        strokes = [jaw + lower(rng.uniform(0.0, 0.12) * face.unit), jaw + 0.35 * (low - jaw)]
    else:
        roots, tips = jaw + rng.uniform(0.3, 0.5) * (low - jaw), jaw + lower(rng.uniform(0.0, 0.08) * face.unit)
        pairs = [np.stack(pair) for pair in zip(roots, tips, strict=True)]
        strokes = pairs if kind == "hairs" else [np.concatenate([p if k % 2 else p[::-1] for k, p in enumerate(pairs)])]
    if rng.random() < 0.6:
        above = lip - lower(0.04 * face.unit)
        hairs = np.stack([above, lip], 1).reshape(-1, 2)
        strokes.append(hairs if rng.random() < 0.5 else above)
    return strokes


def neck(face: Measured, rng: np.random.Generator) -> Strokes:
    """Two lines, and shoulders now and then."""
    strokes, down = [], 0.25 * face.unit * rng.uniform(0.6, 1.4)
    for side, at in ((-1, 11), (1, 21)):
        start = face.points[at]
        line = [start, start + lower(down)]
        strokes.append(np.stack([*line, line[1] + (side * 0.4 * face.unit, 0.15 * face.unit)] if rng.random() < 0.5 else line))
    return strokes


def lower(pixels: float) -> np.ndarray:
    """So far down."""
    return np.array([0, pixels])
