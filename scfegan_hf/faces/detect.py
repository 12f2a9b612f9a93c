"""Where the faces of a photograph are. The Haar cascade ships with OpenCV; images are uint8 RGB HxWx3."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

SMALLEST = 24  # side of a face in the picture that the cascade looks at, which has 640 pixels at most


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def area(self) -> float:
        return max(self.x1 - self.x0, 0) * max(self.y1 - self.y0, 0)


def open_network(path: str | Path, threads: int = 1):
    """An ONNX Runtime session on the CPU. Raises FileNotFoundError naming the file."""
    import onnxruntime

    if not Path(path).is_file():
        raise FileNotFoundError(f"No network at {path}. Give the path of an ONNX file.")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except onnxruntime.capi.onnxruntime_pybind11_state.InvalidProtobuf as error:
        raise ValueError(f"{path} is not an ONNX network.") from error


def detect_faces(image: np.ndarray) -> list[Box]:
    """Frontal faces, largest first, by OpenCV's Haar cascade (no download needed)."""
    cascade = cv2.CascadeClassifier(cv2.data.haarcascades + "haarcascade_frontalface_default.xml")
    scale = min(1.0, 640 / max(image.shape[:2]))
    if min(image.shape[:2]) * scale < SMALLEST:
        return []
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    grey = cv2.equalizeHist(cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
    smallest = max(SMALLEST, min(grey.shape) // 12)
    found = cascade.detectMultiScale(grey, scaleFactor=1.1, minNeighbors=6, minSize=(smallest, smallest))
    boxes = [Box(x / scale, y / scale, (x + w) / scale, (y + h) / scale) for x, y, w, h in found]
    return sorted(boxes, key=lambda box: -box.area)
