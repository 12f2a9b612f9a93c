"""Faces in photographs: find, mark, align as FFHQ, and divide into regions.

The Haar detector ships with OpenCV. Landmark and region networks are ONNX files given by path: 98 points in the
WFLW order, and masks of skin, clothes and hair. Images are uint8 RGB HxWx3; points are float32 (N, 2) as x, y.
Alignment follows the FFHQ recipe (Karras et al. 2019, appendix A).
"""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

# Labels of a region map, in the order of their numbers.
REGIONS = ("background", "skin", "hair", "clothes", "brows", "eyes", "iris", "nose", "lips", "mouth", "ears")

# WFLW 98-point groups.
CONTOUR, LEFT_BROW, RIGHT_BROW, NOSE = slice(0, 33), slice(33, 42), slice(42, 51), slice(51, 60)
LEFT_EYE, RIGHT_EYE, OUTER_LIPS, INNER_LIPS = slice(60, 68), slice(68, 76), slice(76, 88), slice(88, 96)
MOUTH_CORNERS, PUPILS = (76, 82), (96, 97)

# The face box that landmark networks expect in a frame aligned as FFHQ (x0, y0, x1, y1 as parts of the frame).
ALIGNED_FACE_BOX = (0.20, 0.22, 0.80, 0.88)
# Where a Haar box lies in a frame aligned as FFHQ: centre and side, medians over 100 aligned faces.
HAAR_CENTRE, HAAR_SIDE = (0.50, 0.54), 0.68

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


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
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    grey = cv2.equalizeHist(cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
    smallest = max(24, min(grey.shape) // 12)
    found = cascade.detectMultiScale(grey, scaleFactor=1.1, minNeighbors=6, minSize=(smallest, smallest))
    boxes = [Box(x / scale, y / scale, (x + w) / scale, (y + h) / scale) for x, y, w, h in found]
    return sorted(boxes, key=lambda box: -box.area)


def landmarks(network, image: np.ndarray, box: Box) -> np.ndarray:
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


def ffhq_frame(points: np.ndarray) -> np.ndarray:
    """Corners (top left, bottom left, bottom right, top right) of the aligned square, from 98 points."""
    left, right = points[LEFT_EYE].mean(0), points[RIGHT_EYE].mean(0)
    eyes = (left + right) / 2
    to_right = right - left
    to_mouth = points[list(MOUTH_CORNERS)].mean(0) - eyes
    x = to_right - np.array([-to_mouth[1], to_mouth[0]])
    x = x / np.hypot(*x) * max(np.hypot(*to_right) * 2.0, np.hypot(*to_mouth) * 1.8)
    y = np.array([-x[1], x[0]])
    centre = eyes + to_mouth * 0.1
    return np.stack([centre - x - y, centre - x + y, centre + x + y, centre + x - y]).astype(np.float32)


def haar_frame(box: Box) -> np.ndarray:
    """The aligned square guessed from a Haar box alone, upright."""
    side = (box.x1 - box.x0) / HAAR_SIDE
    x0 = (box.x0 + box.x1) / 2 - HAAR_CENTRE[0] * side
    y0 = (box.y0 + box.y1) / 2 - HAAR_CENTRE[1] * side
    return np.array([[x0, y0], [x0, y0 + side], [x0 + side, y0 + side], [x0 + side, y0]], np.float32)


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


def region_map(image: np.ndarray, points: np.ndarray | None, network=None) -> np.ndarray:
    """Labels of REGIONS, uint8 HxW. Without a network hair and clothes stay background; without points, no features."""
    height, width = image.shape[:2]
    result = np.zeros((height, width), np.uint8)
    if network is not None:
        small = cv2.resize(image, (512, 512), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        batch = ((small - IMAGENET_MEAN) / IMAGENET_STD).transpose(2, 0, 1)[None].astype(np.float32)
        masks = network.run(None, {network.get_inputs()[0].name: batch})[0][0]  # skin, clothes, hair
        for mask, name in zip(masks, ("skin", "clothes", "hair"), strict=True):
            result[cv2.resize(mask, (width, height)) > 0.5] = REGIONS.index(name)
    if points is None:
        return result

    def fill(name: str, polygon: np.ndarray) -> None:
        cv2.fillPoly(result, [np.round(polygon).astype(np.int32)], REGIONS.index(name))

    if network is None:
        fill("skin", np.concatenate([points[CONTOUR], points[RIGHT_BROW][:5][::-1], points[LEFT_BROW][:5][::-1]]))
    fill("nose", cv2.convexHull(points[NOSE])[:, 0])
    for group in (LEFT_BROW, RIGHT_BROW):
        fill("brows", points[group])
    for group, pupil in ((LEFT_EYE, PUPILS[0]), (RIGHT_EYE, PUPILS[1])):
        eye = np.zeros_like(result)
        cv2.fillPoly(eye, [np.round(points[group]).astype(np.int32)], 1)
        result[eye > 0] = REGIONS.index("eyes")
        # An iris is 11.7 mm wide, the opening of the lids about 30 mm.
        radius = 0.2 * np.hypot(*(points[group][4] - points[group][0]))
        iris = np.zeros_like(result)
        cv2.circle(iris, tuple(int(v) for v in np.round(points[pupil])), max(round(float(radius)), 1), 1, -1)
        result[(eye > 0) & (iris > 0)] = REGIONS.index("iris")
    fill("lips", points[OUTER_LIPS])
    fill("mouth", points[INNER_LIPS])
    return mark_ears(result, points)


def mark_ears(regions: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Call skin beside the face's contour, between eyes and mouth, ears; no teacher knows them. In place."""
    height, width = regions.shape
    eyes = np.stack([points[LEFT_EYE].mean(0), points[RIGHT_EYE].mean(0)])
    distance = float(np.hypot(*(eyes[1] - eyes[0])))
    if distance < 4:
        return regions
    contour = np.zeros_like(regions)
    cv2.fillPoly(contour, [cv2.convexHull(np.round(points).astype(np.int32))], 1)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    across = (eyes[1] - eyes[0]) / distance
    along = (x - eyes[0, 0]) * -across[1] + (y - eyes[0, 1]) * across[0]  # how far below the line of the eyes
    near_side = cv2.distanceTransform(1 - contour, cv2.DIST_L2, 3) < 0.4 * distance
    level = (along > -0.05 * distance) & (along < 0.85 * distance)  # temples are not ears
    regions[(regions == REGIONS.index("skin")) & (contour == 0) & near_side & level] = REGIONS.index("ears")
    return regions
