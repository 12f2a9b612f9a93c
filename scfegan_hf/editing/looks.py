"""Faces in photographs, looked for once a photograph and kept; and which regions a picture has around one."""

import zlib
from collections import OrderedDict

import cv2
import numpy as np

from scfegan_hf.faces.annotate import FaceAnnotator
from scfegan_hf.faces.landmarks import LEFT_EYE, NOSE, OUTER_LIPS, RIGHT_EYE
from scfegan_hf.faces.regions import REGIONS

KEPT = 8  # photographs whose faces are remembered
MOST_TURNED = 3.0  # in a profile the nose's tip is this many times nearer to one eye: the annotator saw none in training
AGREED = 0.5  # share of lips or an eye by landmarks that are so by regions: .8 to 1 in portraits, 0 on walls
NOSE_TIP = NOSE.start + 3


class FaceLooks:
    """Remembers where the faces of the last photographs are."""

    def __init__(self, annotator: FaceAnnotator):
        self.annotator = annotator
        self.kept: OrderedDict[tuple, list[np.ndarray]] = OrderedDict()

    def frames(self, photo: np.ndarray) -> list[np.ndarray]:
        """`FaceAnnotator.find_faces`, remembered by a sample of the photograph's pixels."""
        key = (photo.shape, zlib.crc32(np.ascontiguousarray(photo[::7, ::7])))
        if key not in self.kept:
            self.kept[key] = self.annotator.find_faces(photo)
            while len(self.kept) > KEPT:
                self.kept.popitem(last=False)
        return self.kept[key]

    def nearest(self, photo: np.ndarray, box: tuple[int, int, int, int]) -> np.ndarray | None:
        """The frame of the face that a box (x0, y0, x1, y1) lies in or touches; None if it touches no face."""
        centre = np.array([box[0] + box[2], box[1] + box[3]]) / 2
        touched = [frame for frame in self.frames(photo) if _touches(frame, box)]
        return min(touched, key=lambda frame: float(np.hypot(*(frame.mean(0) - centre))), default=None)

    def look(self, picture: np.ndarray, frame: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Regions uint8 (H, W) and landmarks (98, 2) of the face in ``frame``, in a picture like the photograph."""
        height, width = picture.shape[:2]
        x0, y0 = np.clip(np.floor(frame.min(0)).astype(int), 0, (width - 2, height - 2))
        x1, y1 = np.clip(np.ceil(frame.max(0)).astype(int), (x0 + 2, y0 + 2), (width, height))
        labels, points = self.annotator.face(np.ascontiguousarray(picture[y0:y1, x0:x1]), frame - np.float32((x0, y0)))
        regions = np.zeros((height, width), np.uint8)
        regions[y0:y1, x0:x1] = labels
        return regions, points + np.float32((x0, y0))


def is_profile(points: np.ndarray) -> bool:
    """Whether a face is turned so far aside that its landmarks and regions are not to be relied on."""
    tip = points[NOSE_TIP]
    apart = [float(np.hypot(*(points[eye].mean(0) - tip))) for eye in (LEFT_EYE, RIGHT_EYE)]
    return max(apart) > MOST_TURNED * min(apart)


def is_face(points: np.ndarray, regions: np.ndarray) -> bool:
    """Whether the regions say as the landmarks do where lips are, or an eye; on walls and cloth they do not."""
    for group, names in ((OUTER_LIPS, ("lips", "mouth")), (LEFT_EYE, ("eyes", "iris")), (RIGHT_EYE, ("eyes", "iris"))):
        inside = np.zeros(regions.shape, np.uint8)
        cv2.fillPoly(inside, [np.round(points[group]).astype(np.int32)], 1)
        alike = np.isin(regions[inside > 0], [REGIONS.index(name) for name in names])
        if alike.size and alike.mean() > AGREED:
            return True
    return False


def _touches(frame: np.ndarray, box: tuple[int, int, int, int]) -> bool:
    corners = np.array([[box[0], box[1]], [box[2], box[1]], [box[2], box[3]], [box[0], box[3]]], np.float32)
    return cv2.intersectConvexConvex(cv2.convexHull(frame.astype(np.float32)), cv2.convexHull(corners))[0] > 0
