"""Colours for a part of a face that was erased and not drawn: what the face around it lets one expect (models/face_prior.py).

The network follows colours that it is given; without any it knows too little of what lies a face's width away. The static site
gives it these; draft.py goes on from them, by what is drawn, to a photograph.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from scfegan_hf.editing.looks import FaceLooks, is_face
from scfegan_hf.editing.places import Plan
from scfegan_hf.faces.align import cut_frame, ffhq_frame
from scfegan_hf.faces.regions import REGIONS
from scfegan_hf.models.face_prior import read_prior

SEEN = 256  # pixels at which the frame is cut out before it is made small
TOUCHED = 0.02  # of a small pixel may be erased before it counts as unknown
FACE = (0.18, 0.15, 0.82, 0.95)  # of the frame: where the face is, and not what is around it
# The same where something is drawn: below the hair and between the ears, since locks and rings are best taken as drawn.
DRAWN = (0.25, 0.34, 0.75, 0.95)
BROW, FEATURES = ("brows",), ("eyes", "iris", "nose", "lips", "mouth")
WITHIN = 0.5  # of the hole has to lie there


@dataclass(frozen=True)
class Guesser:
    """What is to be guessed of a photograph uint8 (H, W, 3): ``hole``, ``unseen`` bool (H, W), in an FFHQ ``frame`` (4, 2)."""

    rgb: np.ndarray
    hole: np.ndarray
    unseen: np.ndarray | None
    frame: np.ndarray

    @classmethod
    def of_plan(cls, plan: Plan, looks: FaceLooks, drawn: bool = False) -> "Guesser | None":
        """For what a plan leaves to the network; ``drawn``: as `of` has it."""
        hole = np.zeros_like(plan.hole)
        for part in plan.parts:
            hole |= part.mask if part.kind == "network" else False
        return cls.of(plan.seen, hole, plan.unseen, looks, drawn)

    @classmethod
    def of(
        cls, rgb: np.ndarray, hole: np.ndarray, unseen: np.ndarray | None, looks: FaceLooks, drawn: bool = False
    ) -> "Guesser | None":
        """For the face that most of the hole lies in, ``drawn``: between brows, ears and chin; None where it lies in none."""
        if not hole.any():
            return None
        best, most = None, WITHIN
        for frame in looks.frames(rgb):
            inside = cv2.warpAffine(hole.astype(np.uint8), to_frame(frame), (SEEN, SEEN))
            x0, y0, x1, y1 = (round(part * SEEN) for part in (DRAWN if drawn else FACE))
            scale = float(np.hypot(*(frame[3] - frame[0]))) / SEEN
            share = float(inside[y0:y1, x0:x1].sum()) * scale**2 / float(hole.sum())
            if share >= most:
                best, most = frame, share
        if best is None:
            return None
        regions, points = looks.look(rgb, best)
        if drawn and _is_of_brows(regions[hole]):
            return None
        return cls(rgb, hole, unseen, ffhq_frame(points)) if is_face(points, regions) else None

    @property
    def unknown(self) -> np.ndarray:
        """bool (H, W): what is not to be seen."""
        return self.hole if self.unseen is None else self.hole | self.unseen

    def __call__(self, draw: np.random.Generator | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Colours uint8 (H, W, 3) and where they are given, bool (H, W): the likeliest ones, or others with ``draw``."""
        prior = read_prior()
        small, gone = self.framed(prior.resolution)
        guessed = prior.guess(small.astype(np.float32) / 127.5 - 1, gone, draw)
        guessed = np.clip((cv2.resize(guessed, (SEEN, SEEN), interpolation=cv2.INTER_CUBIC) + 1) * 127.5, 0, 255)
        return self.placed(np.rint(guessed).astype(np.uint8))

    def framed(self, side: int) -> tuple[np.ndarray, np.ndarray]:
        """The face uint8 (side, side, 3), and what is unknown of it, bool (side, side)."""
        unknown = self.unknown
        gone = cv2.warpAffine(unknown.astype(np.float32), to_frame(self.frame), (SEEN, SEEN), borderValue=1.0)
        seen = np.where(unknown[..., None], np.uint8(128), self.rgb)  # making it small mixes neighbours
        gone = (cv2.resize(gone, (side, side), interpolation=cv2.INTER_AREA) > TOUCHED).astype(np.uint8)
        return cut_frame(seen, self.frame, side), cv2.dilate(gone, np.ones((3, 3), np.uint8)) > 0

    def placed(self, face: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """A face uint8 (SEEN, SEEN, 3) of the frame as colours uint8 (H, W, 3), and where they are of the hole, bool (H, W)."""
        matrix, size = to_frame(self.frame), self.hole.shape[::-1]
        how = {"flags": cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP}
        colors = cv2.warpAffine(face, matrix, size, borderMode=cv2.BORDER_REPLICATE, **how)
        within = cv2.warpAffine(np.ones((SEEN, SEEN), np.uint8), matrix, size, **how) > 0
        return colors, self.hole & within


def _is_of_brows(labels: np.ndarray) -> bool:
    """Whether brows are most of the features among labels (N,): they are thinner than a pixel of the small picture."""
    brows, others = (np.isin(labels, [REGIONS.index(name) for name in names]).sum() for names in (BROW, FEATURES))
    return bool(brows > others)


def to_frame(frame: np.ndarray) -> np.ndarray:
    """The 2x3 matrix from the photograph to SEEN x SEEN pixels of an FFHQ frame, whose corners are those of faces/align.py."""
    corners = np.float32([[0, 0], [0, SEEN], [SEEN, SEEN]])
    return cv2.getAffineTransform(np.ascontiguousarray(frame[:3], np.float32), corners)
