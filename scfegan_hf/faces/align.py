"""The square of a photograph in which a face lies as in FFHQ (Karras et al. 2019, appendix A), and the picture in it.

A frame is float32 (4, 2): corners top left, bottom left, bottom right, top right, in pixels of the photograph.
"""

import cv2
import numpy as np

from scfegan_hf.faces.landmarks import LEFT_EYE, MOUTH_CORNERS, RIGHT_EYE


def ffhq_frame(points: np.ndarray) -> np.ndarray:
    """Corners (top left, bottom left, bottom right, top right) of the aligned square, from 98 points."""
    eyes = points[LEFT_EYE].mean(0), points[RIGHT_EYE].mean(0)
    return frame_of_five(np.stack([*eyes, points[0], *points[list(MOUTH_CORNERS)]]))


def frame_of_five(points: np.ndarray) -> np.ndarray:
    """The same from the middles of the eyes, the nose, which does not count, and the corners of the mouth (5, 2)."""
    left, right = points[:2]
    eyes = (left + right) / 2
    to_right = right - left
    to_mouth = points[3:].mean(0) - eyes
    x = to_right - np.array([-to_mouth[1], to_mouth[0]])
    x = x / np.hypot(*x) * max(np.hypot(*to_right) * 2.0, np.hypot(*to_mouth) * 1.8)
    y = np.array([-x[1], x[0]])
    centre = eyes + to_mouth * 0.1
    return np.stack([centre - x - y, centre - x + y, centre + x + y, centre + x - y]).astype(np.float32)


def cut_frame(image: np.ndarray, frame: np.ndarray, size: int) -> np.ndarray:
    """Warp the square ``frame`` of ``image`` to size x size; what lies outside the photograph is reflected."""
    side = float(np.hypot(*(frame[3] - frame[0])))
    shrink = int(side / size / 2)
    if shrink > 1:  # area-average first, so that large photographs do not alias
        image = cv2.resize(image, None, fx=1 / shrink, fy=1 / shrink, interpolation=cv2.INTER_AREA)
        frame = frame / shrink
    target = np.array([[0, 0], [0, size], [size, size]], np.float32)
    matrix = cv2.getAffineTransform(np.ascontiguousarray(frame[:3], np.float32), target)
    return cv2.warpAffine(image, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
