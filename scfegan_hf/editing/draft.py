"""What a drawing in a hole of a face means, as a drawing that the editing network can follow to the letter.

People draw in a hurry: a white band for teeth, a ring for an eye, a broad stroke for a beard. A network that was taught by
many such drawings says roughly what they mean (models/face_drafter.py), another makes a photograph of it
(models/face_generator.py), and that one's colours and lines are what the editing network is given.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import cv2
import numpy as np

from scfegan_hf.editing.guess import SEEN, Guesser, to_frame
from scfegan_hf.editing.seam import membrane
from scfegan_hf.faces.align import cut_frame
from scfegan_hf.faces.annotate import bundled
from scfegan_hf.faces.landmarks import LEFT_EYE, PUPILS, RIGHT_EYE
from scfegan_hf.faces.regions import REGIONS

if TYPE_CHECKING:
    from scfegan_hf.editing.made_faces import FaceSampler
    from scfegan_hf.models.face_drafter import FaceDrafter

TRACED = 384  # pixels of the frame at which lines are looked for
LEVEL = 60  # of those lines, as `trace` has it
AROUND = 70  # pixels of those around a hole that are looked at; fewer than 64 are no photograph
NEAR, SHADE = 25, 16.0  # pixels of SEEN around a hole whose light counts, and levels by which it differs from place to place
LIGHT = 4.0  # pixels of SEEN over which light is compared: less is texture
BROAD, REACH, COVER = 0.012, 2.5, 0.75  # of the frame; pixels over which its own detail is told; share of lightness taken
DARK, WHITE = 18.0, 88.0  # lightness of dabs that are a pupil or the white of an eye, and no iris
LEAST_DAB = 4  # pixels of SEEN
LIGHTNESS, HUE = 0.6, 0.8  # shares of what a dab says of an iris that are taken: the rest is shading
MOST_LIT = 15.0  # of lightness that this moves


@dataclass(frozen=True)
class Draft:
    """A drawing in the hole of a face that a `Guesser` knows: ``lines``, ``painted`` bool (H, W), ``paint`` uint8 (H, W, 3)."""

    guesser: Guesser
    lines: np.ndarray
    paint: np.ndarray
    painted: np.ndarray

    def __call__(self, seed: int = 0, draw: np.random.Generator | None = None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Lines bool (H, W), colours uint8 (H, W, 3) and where they are given, bool (H, W). ``seed`` moves what is left open
        in a photograph of the draft, ``draw`` what is guessed before the drawing is looked at."""
        matrix = to_frame(self.guesser.frame)
        seen, hole = self.framed(matrix)
        face = self.photograph(seen, hole, matrix, seed, draw)
        lines = self.warped_lines(traced(np.where(hole[..., None], face, seen), hole), matrix * (TRACED / SEEN))
        colors, given = self.guesser.placed(face)
        beyond = self.guesser.hole & ~given  # the frame
        return (lines & given) | (self.lines & beyond), np.where(given[..., None], colors, self.paint), given | self.painted

    def framed(self, matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The face uint8 (SEEN, SEEN, 3), grey where it is erased, and where that is, bool (SEEN, SEEN)."""
        unknown = self.guesser.unknown
        seen = cut_frame(np.where(unknown[..., None], np.uint8(128), self.guesser.rgb), self.guesser.frame, SEEN)
        hole = cv2.warpAffine(unknown.astype(np.float32), matrix, (SEEN, SEEN), borderValue=1.0) > 0
        return seen, cv2.dilate(hole.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0

    def photograph(
        self, seen: np.ndarray, hole: np.ndarray, matrix: np.ndarray, seed: int, draw: np.random.Generator | None
    ) -> np.ndarray:
        """The face, uint8 (SEEN, SEEN, 3), with what is drawn as a photograph shows it."""
        import torch

        from scfegan_hf.editing.drawn.drafts import small_layers
        from scfegan_hf.models.face_drafter import FINE

        drafter, sampler = networks()
        prior = sampler.prior
        nearest = {"flags": cv2.INTER_NEAREST}
        painted = cv2.warpAffine(self.painted.astype(np.uint8), matrix, (SEEN, SEEN), **nearest) > 0
        paint = cv2.warpAffine(self.paint, matrix, (SEEN, SEEN), **nearest)
        thick = max(round(0.5 / float(np.hypot(*matrix[0, :2]))), 1)  # so that thin lines of large photographs are not lost
        lines = cv2.dilate(self.lines.astype(np.uint8), np.ones((thick, thick), np.uint8))
        lines = cv2.warpAffine(lines, matrix, (SEEN, SEEN), **nearest) > 0
        layers = small_layers(seen, hole, lines, paint, painted, prior.resolution, FINE)
        known, unknown = layers.pop("seen"), layers["mask"] > 0
        guess = np.where(unknown[..., None], prior.guess(known, unknown, draw), known)
        given = [torch.from_numpy(np.ascontiguousarray(layer)) for layer in (guess, *layers.values())]
        given = [layer.permute(2, 0, 1)[None] if layer.ndim == 3 else layer[None, None] for layer in given]
        with torch.inference_mode():
            codes = prior.codes(drafter(*given).float())
        face = joined(sampler.pixels(codes, seed)[0], seen, hole)
        broad = broad_dabs(painted & hole)
        return with_irises(in_color(face, paint, broad), paint, painted & hole & ~broad)

    def warped_lines(self, lines: np.ndarray, matrix: np.ndarray) -> np.ndarray:
        """Lines bool of the frame in the photograph, bool (H, W); thin ones are not lost where it is smaller."""
        shrink = float(np.hypot(*matrix[0, :2]))  # pixels of the frame to one of the photograph
        thick = max(round(shrink), 1)
        ink = cv2.dilate(lines.astype(np.uint8), np.ones((thick, thick), np.uint8))
        flags = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
        return cv2.warpAffine(ink, matrix, self.guesser.hole.shape[::-1], flags=flags) > 0


def joined(face: np.ndarray, seen: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """A face uint8 (R, R, 3) in the light of what is ``seen`` of it around a ``hole`` bool (R, R)."""
    if hole.all():
        return face
    known = (~hole).astype(np.float32)
    apart = seen.astype(np.float32) - face
    near = cv2.dilate(hole.astype(np.uint8), np.ones((NEAR, NEAR), np.uint8)) > 0
    usual = np.median(apart[near & ~hole], 0)  # what is far from that is another thing, as skin beside a beard
    apart = cv2.GaussianBlur(np.clip(apart, usual - SHADE, usual + SHADE) * known[..., None], (0, 0), LIGHT)
    off = membrane(apart / np.maximum(cv2.GaussianBlur(known, (0, 0), LIGHT), 1e-3)[..., None], ~hole)
    return np.rint((face + off).clip(0, 255)).astype(np.uint8)


def traced(face: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """Lines in and near a ``hole`` bool (SEEN, SEEN) of a face uint8 (SEEN, SEEN, 3): bool (TRACED, TRACED)."""
    from scfegan_hf.editing.looking import trace

    lines = np.zeros((TRACED, TRACED), bool)
    rows, columns = (np.flatnonzero(hole.any(axis)) * TRACED // SEEN for axis in (1, 0))
    part = np.s_[max(rows[0] - AROUND, 0) : rows[-1] + AROUND, max(columns[0] - AROUND, 0) : columns[-1] + AROUND]
    large = cv2.resize(face, (TRACED, TRACED), interpolation=cv2.INTER_CUBIC)[part]
    lines[part] = trace(np.ascontiguousarray(large), LEVEL) > 0
    return lines


def broad_dabs(painted: np.ndarray) -> np.ndarray:
    """Of what is ``painted`` bool (R, R) the dabs that cover BROAD of the frame: a beard, a cheek, and no feature."""
    _, pieces, stats, _ = cv2.connectedComponentsWithStats(painted.astype(np.uint8), connectivity=8)
    large = stats[:, cv2.CC_STAT_AREA] >= BROAD * painted.size
    large[0] = False
    return large[pieces]


def in_color(face: np.ndarray, paint: np.ndarray, dabs: np.ndarray) -> np.ndarray:
    """A face uint8 (R, R, 3) that under ``dabs`` bool (R, R) has the hue and most of the lightness of ``paint``, and keeps its
    own detail."""
    if not dabs.any():
        return face
    lab, wanted = (cv2.cvtColor(each.astype(np.float32) / 255, cv2.COLOR_RGB2LAB) for each in (face, paint))
    weight = dabs.astype(np.float32)
    spread = np.maximum(cv2.GaussianBlur(weight, (0, 0), REACH), 1e-3)[..., None]
    off = cv2.GaussianBlur((wanted - lab) * weight[..., None], (0, 0), REACH) / spread
    lab += cv2.GaussianBlur(weight, (0, 0), 1.0)[..., None] * off * np.float32([COVER, 1, 1])
    return np.rint(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB).clip(0, 1) * 255).astype(np.uint8)


def with_irises(face: np.ndarray, paint: np.ndarray, painted: np.ndarray) -> np.ndarray:
    """A face uint8 (SEEN, SEEN, 3) in its frame, whose irises have the hue of what is ``painted`` bool (SEEN, SEEN) on or
    beside them: too small a thing for a draft. Pupils and whites that are painted count for nothing."""
    if not painted.any():
        return face
    corners = np.float32([[0, 0], [0, SEEN], [SEEN, SEEN], [SEEN, 0]])
    regions, points = bundled().face(face, corners)
    lab, wanted = (cv2.cvtColor(each.astype(np.float32) / 255, cv2.COLOR_RGB2LAB) for each in (face, paint))
    places = np.indices(painted.shape)[::-1]
    for group, pupil in ((LEFT_EYE, PUPILS[0]), (RIGHT_EYE, PUPILS[1])):
        wide = float(np.hypot(*(points[group][4] - points[group][0])))
        away = np.hypot(*(axis - at for axis, at in zip(places, points[pupil], strict=True)))
        dabs = painted & (away < wide) & (wanted[..., 0] > DARK) & (wanted[..., 0] < WHITE)
        iris = (regions == REGIONS.index("iris")) & (away < wide / 2)
        if dabs.sum() >= LEAST_DAB and iris.any():
            off = np.median(wanted[dabs], 0) - lab[iris].mean(0)
            off[1:] *= HUE
            off[0] = np.clip(LIGHTNESS * off[0], -MOST_LIT, MOST_LIT)
            lab += cv2.GaussianBlur(iris.astype(np.float32), (0, 0), 1.0)[..., None] * off.astype(np.float32)
    return np.rint(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB).clip(0, 1) * 255).astype(np.uint8)


@cache
def networks() -> tuple[FaceDrafter, FaceSampler]:
    """The package's network that reads drawings, and the one that makes photographs; read once, on the CPU."""
    from scfegan_hf.editing.made_faces import FaceSampler
    from scfegan_hf.editing.pipeline import BUNDLED_WEIGHTS
    from scfegan_hf.models.face_drafter import FaceDrafter

    drafter = FaceDrafter.from_pretrained(BUNDLED_WEIGHTS / "draft", dtype="float32")
    return drafter.eval().requires_grad_(False), FaceSampler.from_pretrained(device="cpu", enlarge=False)
