"""The faces of a photograph, each cut out small enough to work on, and changes of them added at the photograph's own size."""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from scfegan_hf.editing.looking import looks
from scfegan_hf.editing.looks import is_face, is_profile
from scfegan_hf.editing.seen import distinct
from scfegan_hf.faces.close import CloseFace, close_face
from scfegan_hf.faces.makeup import Change, fine_detail, smoothed
from scfegan_hf.faces.makeup_places import Places, places

SIDE = 1024  # of a face's crop; what is finer is detail, and comes from the photograph
BAND = 256  # rows that are changed at once, which bounds the memory that large photographs take


@dataclass(frozen=True)
class AlignedFace:
    """One face. box: x0, y0, x1, y1 of its crop in the photograph; small: that crop with no side over SIDE, uint8 (h, w, 3).
    frame, the FFHQ frame (4, 2), landmarks points (98, 2) and regions (h, w), labels of REGIONS, are in pixels of ``small``."""

    box: tuple[int, int, int, int]
    small: np.ndarray
    frame: np.ndarray
    points: np.ndarray
    regions: np.ndarray

    @cached_property
    def places(self) -> Places:
        """Where make-up goes in ``small``. Raises ValueError for a face that is too small."""
        return places(self.points, self.regions)

    @property
    def is_profile(self) -> bool:
        """Whether it is turned so far aside that its landmarks are not to be relied on."""
        return is_profile(self.points)

    def close(self, resolution: int) -> CloseFace:
        """Its close square, for a network."""
        return close_face(self.small, self.regions, self.points, self.frame, resolution)


def aligned_faces(rgb: np.ndarray, frames: list[np.ndarray] | None = None) -> list[AlignedFace]:
    """All faces of a photograph, uint8 (H, W, 3), from left to right; none where none is found.

    ``frames``: theirs (4, 2), the largest first, where they are known.
    """
    faces = (_cut(rgb, frame) for frame in distinct(looks().frames(rgb) if frames is None else frames))
    return sorted((face for face in faces if is_face(face.points, face.regions)), key=lambda face: face.box[0] + face.box[2])


def largest(faces: list[AlignedFace]) -> AlignedFace:
    """The one with the most pixels."""
    return max(faces, key=lambda face: (face.box[2] - face.box[0]) * (face.box[3] - face.box[1]))


def add_change(rgb: np.ndarray, face: AlignedFace, change: Change, strength: float = 1.0) -> np.ndarray:
    """Add ``strength`` times a change of ``face.small`` to the photograph, in place, at the photograph's own size.

    Returns where, bool (H, W): where the change, enlarged, is not 0.
    """
    x0, y0, x1, y1 = face.box
    mask = np.zeros(rgb.shape[:2], bool)
    height, width = face.small.shape[:2]
    scale_x, scale_y = width / (x1 - x0), height / (y1 - y0)
    base = smoothed(face.small, face.places.apart)
    maps = [np.ascontiguousarray(part) for part in (change.shift, change.gain, base)]
    there = np.flatnonzero((change.shift.any(2) | (change.gain != 0)).any(1))
    if not len(there):
        return mask
    top, bottom = int((there[0] - 1) / scale_y), int((there[-1] + 2) / scale_y) + 1
    for start in range(max(top, 0), min(bottom, y1 - y0), BAND):
        rows = min(BAND, y1 - y0 - start)
        # Pixel centres: x of the crop lies at (x + 0.5) * scale - 0.5 in ``small``.
        back = np.array([[scale_x, 0, scale_x / 2 - 0.5], [0, scale_y, (start + 0.5) * scale_y - 0.5]])
        how = {"flags": cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, "borderMode": cv2.BORDER_REPLICATE}
        shift, gain, smooth = (cv2.warpAffine(part, back, (x1 - x0, rows), **how) for part in maps)
        band = rgb[y0 + start : y0 + start + rows, x0:x1]
        added = np.float32(strength) * Change(shift, gain).on(fine_detail(band, smooth))
        here = shift.any(2) | (gain != 0)
        band[here] = np.clip(np.rint(band[here] + added[here]), 0, 255)
        mask[y0 + start : y0 + start + rows, x0:x1] = here
    return mask


def _cut(rgb: np.ndarray, frame: np.ndarray) -> AlignedFace:
    """The face in an FFHQ frame of the photograph."""
    height, width = rgb.shape[:2]
    x0, y0 = np.clip(np.floor(frame.min(0)).astype(int), 0, (width - 2, height - 2))
    x1, y1 = np.clip(np.ceil(frame.max(0)).astype(int), (x0 + 2, y0 + 2), (width, height))
    crop = rgb[y0:y1, x0:x1]
    scale = min(1.0, SIDE / max(crop.shape[:2]))
    size = (max(round(crop.shape[1] * scale), 2), max(round(crop.shape[0] * scale), 2))
    small = cv2.resize(crop, size, interpolation=cv2.INTER_AREA) if scale < 1 else np.ascontiguousarray(crop)
    ratio = np.array([size[0] / crop.shape[1], size[1] / crop.shape[0]], np.float32)
    moved = ((frame - np.float32((x0, y0))) * ratio).astype(np.float32)
    regions, points = looks().annotator.face(small, moved)
    return AlignedFace((int(x0), int(y0), int(x1), int(y1)), small, moved, points, regions)
