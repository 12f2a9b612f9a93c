"""Where the faces of a photograph are, how large and which way up, by the small detector that the package carries.

Photographs are uint8 RGB HxWx3. Faces down to an eightieth of the photograph's longer side are found; if none stands upright,
the photograph is looked at turned by a quarter, a half and three quarters too.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import torch

from scfegan_hf.models.detector import Detector

BUNDLED_DETECTOR = Path(__file__).parents[1] / "weights" / "detector" / "model.safetensors"
# The smallest faces looked for: in pixels, and as a part of the longer side, which bounds the cost.
SMALLEST, SMALLEST_PART = 20, 1 / 80
# Of photographs that have to be turned, whose faces are few and large.
SMALLEST_PART_TURNED, SIDE_TURNED = 1 / 20, 1200
WINDOW, STRIDE = 12, 2  # of the proposing network
STEP = 0.709  # from one size of the pyramid to the next
# Log-odds that each stage asks for.
THRESHOLDS = (0.85, 0.85, 3.0)
MOST_PROPOSALS = 600
# Log-odds by which a face must be surer turned than upright: lips and brows change places well.
TURNED_SURER = 3.0


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


@dataclass(frozen=True)
class Face:
    """box: from brows to chin. points: float32 (5, 2), x, y of the eyes, the nose and the corners of the mouth, those first
    that lie to the left in an upright picture. odds: the logarithm of how much surer a face is than none."""

    box: Box
    points: np.ndarray
    odds: float


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


def detect_faces(photo: np.ndarray) -> list[Face]:
    """The faces of a photograph, largest first, whichever way up they are."""
    faces = _faces(photo, SMALLEST_PART)
    longer = max(photo.shape[:2])
    scale = min(1.0, SIDE_TURNED / longer)
    if not faces and min(photo.shape[:2]) * scale >= WINDOW:
        small = cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else photo
        for turns in (1, 2, 3):
            turned = _faces(np.ascontiguousarray(np.rot90(small, turns)), SMALLEST_PART_TURNED)
            faces += [_scaled(_turned_back(face, turns, *small.shape[:2]), longer / max(small.shape[:2])) for face in turned]
        faces = _without_doubles(faces)
    return sorted(faces, key=lambda face: -face.box.area)


@cache
def bundled() -> Detector:
    """The detector that the package carries, loaded once a process."""
    return Detector.from_file(BUNDLED_DETECTOR)


@torch.inference_mode()
def _faces(photo: np.ndarray, smallest_part: float) -> list[Face]:
    """MTCNN's three stages over a photograph whose faces lean by no more than some 30 degrees, or stand on their heads."""
    boxes = _squares(_propose(photo, WINDOW / max(SMALLEST, smallest_part * max(photo.shape[:2]))))
    if not len(boxes):
        return []
    odds, shifts = bundled().sifting(_crops(photo, boxes, 24))
    sure = (odds > THRESHOLDS[1]).numpy()
    boxes = _shifted(boxes[sure], shifts.numpy()[sure])
    boxes = _squares(boxes[_best_of_each(boxes, odds.numpy()[sure], 0.7)])
    if not len(boxes):
        return []
    faces = []
    crops = _crops(photo, boxes, 48)
    ways = [bundled().settling(torch.rot90(crops, turns, (2, 3)).contiguous()) for turns in range(4)]
    for number, box in enumerate(boxes):
        odds = [float(way[0][number]) for way in ways]
        turns = int(np.argmax([odds[0] + TURNED_SURER, *odds[1:]]))
        if odds[turns] < THRESHOLDS[2]:
            continue
        shifts, points = (way[number].numpy() for way in ways[turns][1:])
        if not _is_upright(points):
            continue
        x0, y0, side = float(box[0]), float(box[1]), float(box[2] - box[0])
        moved = np.array([0, 0, 1, 1]) + shifts
        turned = _turned_back(Face(Box(*map(float, moved)), points, odds[turns]), turns, 1, 1)
        faces.append(_scaled(turned, side, x0, y0))
    return _without_doubles(faces)


def _propose(photo: np.ndarray, scale: float) -> np.ndarray:
    """Boxes (N, 4) of whatever might be a face, from a pyramid that starts at ``scale``."""
    height, width = photo.shape[:2]
    every, sure = [np.zeros((0, 4))], [np.zeros(0)]
    scale = min(scale, 1.0)
    while min(height, width) * scale >= WINDOW:
        size = (int(np.ceil(width * scale)), int(np.ceil(height * scale)))
        photo = cv2.resize(photo, size, interpolation=cv2.INTER_AREA)  # each from the one before: they are large
        odds, shifts = bundled().proposal(_tensor(photo))
        rows, cols = torch.nonzero(odds[0] > THRESHOLDS[0], as_tuple=True)
        corner = torch.stack([cols, rows], 1).numpy() * STRIDE
        boxes = np.concatenate([corner, corner + WINDOW], 1) / scale
        odds = odds[0, rows, cols].numpy()
        kept = _best_of_each(boxes, odds, 0.5)
        every.append(_shifted(boxes, shifts[0, :, rows, cols].T.numpy())[kept])
        sure.append(odds[kept])
        scale *= STEP
    boxes = np.concatenate(every)
    return boxes[_best_of_each(boxes, np.concatenate(sure), 0.5)]


def _shifted(boxes: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """Boxes (N, 4) with their sides moved by parts of their widths and heights."""
    return boxes + shifts * np.tile(boxes[:, 2:] - boxes[:, :2], 2)


def _best_of_each(boxes: np.ndarray, odds: np.ndarray, limit: float) -> np.ndarray:
    """Indices of boxes that no better one overlaps by more than ``limit`` of their union, best first."""
    corners = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], 1)
    kept = cv2.dnn.NMSBoxes(corners.tolist(), odds.tolist(), 0.0, limit) if len(boxes) else []
    return np.array(kept, int)[:MOST_PROPOSALS]


def _squares(boxes: np.ndarray) -> np.ndarray:
    """The smallest squares around boxes (N, 4), with the same middles."""
    half = (boxes[:, 2:] - boxes[:, :2]).max(1, keepdims=True) / 2
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    return np.concatenate([middle - half, middle + half], 1)


def _crops(photo: np.ndarray, boxes: np.ndarray, size: int) -> torch.Tensor:
    """Squares of a photograph at ``size`` pixels a side (N, 3, size, size), black beyond its borders."""
    crops = np.zeros((len(boxes), size, size, 3), np.uint8)
    height, width = photo.shape[:2]
    for crop, (x0, y0, x1, y1) in zip(crops, boxes.round().astype(int), strict=True):
        seen = photo[max(y0, 0) : max(y1, 0), max(x0, 0) : max(x1, 0)]
        beyond = (max(-y0, 0), max(y1 - height, 0), max(-x0, 0), max(x1 - width, 0))
        if seen.size:
            seen = cv2.copyMakeBorder(seen, *beyond, cv2.BORDER_CONSTANT) if any(beyond) else seen
            crop[:] = cv2.resize(seen, (size, size), interpolation=cv2.INTER_AREA)
    return _tensor(crops)


def _tensor(pictures: np.ndarray) -> torch.Tensor:
    """uint8 (H, W, 3) or (N, H, W, 3) to float32 NCHW, about -1 to 1."""
    stacked = torch.from_numpy(pictures if pictures.ndim == 4 else pictures[None])
    return stacked.permute(0, 3, 1, 2).float().sub_(127.5).mul_(1 / 128).contiguous()


def _is_upright(points: np.ndarray) -> bool:
    """Whether the eyes are above the mouth, by more than they lean."""
    down = points[3:].mean(0) - points[:2].mean(0)
    return bool(down[1] > abs(down[0]) * 0.8)


def _turned_back(face: Face, turns: int, height: float, width: float) -> Face:
    """A face found in a picture of this height and width turned by quarters, counter-clockwise, in the picture's own pixels."""

    def back(points: np.ndarray) -> np.ndarray:
        x, y = points[:, 0], points[:, 1]
        ways = {0: (x, y), 1: (width - y, x), 2: (width - x, height - y), 3: (y, height - x)}
        return np.stack(ways[turns], 1).astype(np.float32)

    corners = back(np.array([[face.box.x0, face.box.y0], [face.box.x1, face.box.y1]]))
    return Face(Box(*map(float, (*corners.min(0), *corners.max(0)))), back(face.points), face.odds)


def _scaled(face: Face, scale: float, x: float = 0.0, y: float = 0.0) -> Face:
    """A face in other pixels: made larger, then moved."""
    box = face.box
    moved = Box(box.x0 * scale + x, box.y0 * scale + y, box.x1 * scale + x, box.y1 * scale + y)
    return Face(moved, (face.points * scale + (x, y)).astype(np.float32), face.odds)


def _without_doubles(faces: list[Face]) -> list[Face]:
    """Of faces that share more than a third of the smaller one, the one that is surest."""
    kept: list[Face] = []
    for face in sorted(faces, key=lambda face: -face.odds):
        if all(_shared(face.box, other.box) <= 1 / 3 for other in kept):
            kept.append(face)
    return kept


def _shared(a: Box, b: Box) -> float:
    both = Box(max(a.x0, b.x0), max(a.y0, b.y0), min(a.x1, b.x1), min(a.y1, b.y1))
    area = both.area if both.x1 > both.x0 and both.y1 > both.y0 else 0.0
    return area / max(min(a.area, b.area), 1e-6)
