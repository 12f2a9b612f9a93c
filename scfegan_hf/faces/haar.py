"""Frontal faces by OpenCV's Haar cascade: what the static site looks with (site/engine/detect.js), and a baseline.

Photographs are uint8 RGB HxWx3.
"""

import cv2
import numpy as np

from scfegan_hf.faces.detect import Box

# Where a Haar box lies in a frame aligned as FFHQ: centre and side, medians over 100 aligned faces.
HAAR_CENTRE, HAAR_SIDE = (0.50, 0.54), 0.68


def haar_boxes(photo: np.ndarray) -> list[Box]:
    """Upright frontal faces, largest first, found at no more than 640 pixels a side."""
    cascade = cv2.CascadeClassifier(cv2.data.haarcascades + "haarcascade_frontalface_default.xml")
    scale = min(1.0, 640 / max(photo.shape[:2]))
    grey = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)
    grey = cv2.equalizeHist(cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
    smallest = max(24, min(grey.shape) // 12)
    windows = cascade.detectMultiScale(grey, scaleFactor=1.1, minNeighbors=6, minSize=(smallest, smallest))
    boxes = [Box(x / scale, y / scale, (x + w) / scale, (y + h) / scale) for x, y, w, h in windows]
    return sorted(boxes, key=lambda box: -box.area)


def haar_frame(box: Box) -> np.ndarray:
    """The aligned square guessed from a Haar box alone, upright."""
    side = (box.x1 - box.x0) / HAAR_SIDE
    x0 = (box.x0 + box.x1) / 2 - HAAR_CENTRE[0] * side
    y0 = (box.y0 + box.y1) / 2 - HAAR_CENTRE[1] * side
    return np.array([[x0, y0], [x0, y0 + side], [x0 + side, y0 + side], [x0 + side, y0]], np.float32)
