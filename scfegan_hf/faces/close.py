"""The close square: the face itself within an FFHQ frame, in which networks that change a face work.

Points are x, y in pixels; a frame is float32 (4, 2): corners top left, bottom left, bottom right, top right.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from scfegan_hf.faces.align import cut_frame
from scfegan_hf.faces.makeup_places import Places, places

CLOSE = (0.14, 0.18, 0.86, 0.90)  # x0, y0, x1, y1 of the close square in parts of the frame


@dataclass(frozen=True)
class CloseFace:
    """image uint8 (R, R, 3); points (98, 2) in its pixels; where make-up goes in it; matrix (2, 3) from the picture that it
    was cut from to its pixels."""

    image: np.ndarray
    points: np.ndarray
    places: Places
    matrix: np.ndarray


def close_frame(frame: np.ndarray) -> np.ndarray:
    """The close square (4, 2) within an FFHQ frame (4, 2)."""
    x0, y0, x1, y1 = CLOSE
    across, down = frame[3] - frame[0], frame[1] - frame[0]
    corners = ((x0, y0), (x0, y1), (x1, y1), (x1, y0))
    return np.stack([frame[0] + x * across + y * down for x, y in corners]).astype(np.float32)


def close_face(image: np.ndarray, regions: np.ndarray, points: np.ndarray, frame: np.ndarray, resolution: int) -> CloseFace:
    """The close square of a face as ``resolution`` pixels square: of a picture (H, W, 3), its regions (H, W), and the face's
    landmarks (98, 2) and FFHQ frame in the picture's pixels. Raises what `places` raises."""
    close = close_frame(frame)
    corners = np.array([[0, 0], [0, resolution], [resolution, resolution]], np.float32)
    matrix = cv2.getAffineTransform(close[:3], corners)
    labels = cv2.warpAffine(regions, matrix, (resolution, resolution), flags=cv2.INTER_NEAREST)
    moved = (points @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)
    return CloseFace(cut_frame(image, close, resolution), moved, places(moved, labels), matrix)
