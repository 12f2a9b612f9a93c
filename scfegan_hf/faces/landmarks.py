"""98 points of a face in the WFLW order, by an ONNX network given by path. Points are float32 (98, 2) as x, y in pixels."""

import cv2
import numpy as np

from scfegan_hf.faces.detect import Box

# WFLW 98-point groups.
CONTOUR, LEFT_BROW, RIGHT_BROW, NOSE = slice(0, 33), slice(33, 42), slice(42, 51), slice(51, 60)
LEFT_EYE, RIGHT_EYE, OUTER_LIPS, INNER_LIPS = slice(60, 68), slice(68, 76), slice(76, 88), slice(88, 96)
MOUTH_CORNERS, PUPILS = (76, 82), (96, 97)

# The face box that landmark networks expect in a frame aligned as FFHQ (x0, y0, x1, y1 as parts of the frame).
ALIGNED_FACE_BOX = (0.20, 0.22, 0.80, 0.88)


def find_landmarks(network, image: np.ndarray, box: Box) -> np.ndarray:
    """98 WFLW points, found twice: the second look uses a box around the first look's points."""
    points = _landmarks_in(network, image, box)
    low, high = points.min(0), points.max(0)
    margin = 0.12 * (high - low)
    refined = Box(*(low - margin), *(high + margin))
    return _landmarks_in(network, image, refined) if refined.area > 16 else points


def _landmarks_in(network, image: np.ndarray, box: Box) -> np.ndarray:
    size = 112
    scale = np.array([(box.x1 - box.x0) / size, (box.y1 - box.y0) / size], np.float32)
    corner = np.array([box.x0, box.y0], np.float32)
    matrix = np.array([[scale[0], 0, corner[0]], [0, scale[1], corner[1]]], np.float32)
    face = cv2.warpAffine(image, matrix, (size, size), flags=cv2.INTER_AREA | cv2.WARP_INVERSE_MAP)
    batch = face[:, :, ::-1].transpose(2, 0, 1)[None].astype(np.float32) / 255  # BGR
    points = network.run(None, {network.get_inputs()[0].name: batch})[0].reshape(-1, 2)
    return (points * size * scale + corner).astype(np.float32)
