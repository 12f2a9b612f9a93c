"""The faces of a photograph that a drawing lies on: their regions, hair beyond the usual frame included, and landmarks."""

from dataclasses import dataclass

import cv2
import numpy as np

from scfegan_hf.editing.looking import looks
from scfegan_hf.faces.annotate import bundled
from scfegan_hf.faces.landmarks import LEFT_EYE, RIGHT_EYE
from scfegan_hf.faces.regions import REGIONS

LOOK_SIDE = 1280  # of the picture in which faces are looked for
SAME = 0.35  # sides of a frame from whose middle on another one's may be of another face
WIDE = 1.6  # hair that leaves the usual frame is looked for in one that is larger by this


@dataclass(frozen=True)
class Face:
    """Regions (H, W) and landmarks (98, 2) of one face in pixels of the photograph."""

    regions: np.ndarray
    points: np.ndarray

    def region(self, *names: str) -> np.ndarray:
        """Where any of these regions is, bool (H, W)."""
        return np.isin(self.regions, [REGIONS.index(name) for name in names])

    @property
    def apart(self) -> float:
        """Pixels between the eyes."""
        return float(np.hypot(*(self.points[LEFT_EYE].mean(0) - self.points[RIGHT_EYE].mean(0))))


def find_faces(rgb: np.ndarray, painted: np.ndarray) -> list[Face]:
    """Faces that a colour may lie on: each dab's nearest."""
    scale = min(1.0, LOOK_SIDE / max(rgb.shape[:2]))
    small = cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else rgb
    annotator = bundled()
    frames = distinct(looks().frames(small))
    _, _, _, centers = cv2.connectedComponentsWithStats(painted.astype(np.uint8), connectivity=8)
    nearest = {
        min(range(len(frames)), key=lambda n: float(np.hypot(*(frames[n].mean(0) - center * scale))))
        for center in (centers[1:] if frames else ())
    }
    faces = []
    for number in sorted(nearest):
        regions, points = annotator.face(small, frames[number])
        wide = (frames[number] - frames[number].mean(0)) * WIDE + frames[number].mean(0)
        regions = _with_long_hair(regions, annotator.face(small, wide.astype(np.float32))[0], frames[number])
        regions = cv2.resize(regions, rgb.shape[1::-1], interpolation=cv2.INTER_NEAREST)
        faces.append(Face(regions, points / scale))
    return faces


def distinct(frames: list[np.ndarray]) -> list[np.ndarray]:
    """Frames, the largest first, without those in the middle of a larger one: a mouth or an eye that passed for a face."""
    kept: list[np.ndarray] = []
    for frame in frames:
        near = (np.hypot(*(frame.mean(0) - other.mean(0))) < SAME * np.hypot(*(other[3] - other[0])) for other in kept)
        if not any(near):
            kept.append(frame)
    return kept


def _with_long_hair(regions: np.ndarray, wide: np.ndarray, frame: np.ndarray) -> np.ndarray:
    """Regions with the hair that goes on beyond the frame (4, 2)."""
    hair = REGIONS.index("hair")
    inside = np.zeros_like(regions)
    cv2.fillPoly(inside, [np.round(frame.mean(0) + 0.98 * (frame - frame.mean(0))).astype(np.int32)], 1)
    both = ((regions == hair) | ((wide == hair) & (inside == 0))).astype(np.uint8)
    _, pieces = cv2.connectedComponents(both, connectivity=8)
    joined = np.isin(pieces, np.unique(pieces[(regions == hair)])) & (both > 0)
    return np.where(joined & (inside == 0), hair, regions).astype(np.uint8)
