"""A photograph looked at small, so that changes of its faces can be tried out while a slider is dragged."""

from dataclasses import dataclass

import cv2
import numpy as np

from scfegan_hf.editing.looking import looks
from scfegan_hf.editing.photos import Photo, PictureLike, read_photo
from scfegan_hf.portrait.looked import Looked, looked_at

FACE = 512  # pixels of the largest face's frame
MOST_SIDE = 1024  # pixels of what is looked at: of large photographs with small faces a part, around the largest
LOOK_SIDE = 1280  # pixels of the picture in which faces are looked for


@dataclass(frozen=True)
class Glance:
    """``looked``: a part of a photograph, made smaller. origin: x, y of that part; ratio: the photograph's pixels to one of
    the part's, across and down."""

    looked: Looked
    origin: tuple[int, int]
    ratio: tuple[float, float]

    def frame(self, box: tuple[int, int, int, int]) -> tuple[float, float, float, float]:
        """Where a box x0, y0, x1, y1 of the part lies in the photograph: x, y, width, height."""
        (x, y), (across, down), (x0, y0, x1, y1) = self.origin, self.ratio, box
        return x + x0 * across, y + y0 * down, (x1 - x0) * across, (y1 - y0) * down


def glance(image: PictureLike) -> Glance:
    """The photograph with its largest face at FACE pixels, if it has so many, and at most MOST_SIDE pixels a side.

    Raises ValueError for what cannot be read.
    """
    photo = read_photo(image)
    seen = _seen(photo, _frames(photo.rgb))
    return seen if seen.looked.faces else _seen(photo, [])


def _seen(photo: Photo, frames: list[np.ndarray]) -> Glance:
    """The photograph as the largest of some frames (4, 2) asks for."""
    height, width = photo.rgb.shape[:2]
    scale, (x0, y0, x1, y1) = min(1.0, MOST_SIDE / max(height, width)), (0, 0, width, height)
    if frames:
        largest = max(frames, key=lambda frame: np.ptp(frame, 0).max())
        scale = min(1.0, FACE / float(np.ptp(largest, 0).max()))
        x0, x1 = _around(float(largest[:, 0].mean()), MOST_SIDE / scale, width)
        y0, y1 = _around(float(largest[:, 1].mean()), MOST_SIDE / scale, height)
    size = (max(round((x1 - x0) * scale), 1), max(round((y1 - y0) * scale), 1))
    ratio = ((x1 - x0) / size[0], (y1 - y0) / size[1])
    rgb, alpha = (None if layer is None else _resized(layer[y0:y1, x0:x1], size) for layer in (photo.rgb, photo.alpha))
    info = {name: photo.info[name] for name in ("icc_profile",) if name in photo.info}
    moved = [((frame - np.float32((x0, y0))) / np.float32(ratio)).astype(np.float32) for frame in frames]
    inside = [frame for frame in moved if (frame.max(0) > 1).all() and (frame.min(0) < np.subtract(size, 1)).all()]
    return Glance(looked_at(Photo(rgb, alpha, info, grey=photo.grey), inside), (x0, y0), ratio)


def _frames(rgb: np.ndarray) -> list[np.ndarray]:
    """The frames (4, 2) of a photograph's faces, looked for in a smaller one."""
    height, width = rgb.shape[:2]
    scale = min(1.0, LOOK_SIDE / max(height, width))
    small = cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else rgb
    return [frame * np.float32((width / small.shape[1], height / small.shape[0])) for frame in looks().frames(small)]


def _around(middle: float, most: float, length: int) -> tuple[int, int]:
    """Where a part of at most ``most`` pixels begins and ends, around its middle, within a length."""
    part = min(int(most), length)
    start = min(max(round(middle - part / 2), 0), length - part)
    return start, start + part


def _resized(layer: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    if layer.shape[1::-1] == size:
        return np.ascontiguousarray(layer)
    return cv2.resize(layer, size, interpolation=cv2.INTER_AREA)
