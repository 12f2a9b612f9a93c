"""An answer meets the photograph around its hole without a pixel of what was erased (after Pérez et al. 2003, Poisson editing).

Pictures are float32 or uint8 (H, W, 3) in [0, 255]; holes and marks of what is known (H, W), non-zero where so.
"""

import cv2
import numpy as np

ACROSS = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], np.float32) / 4
SWEEPS = 6
# How deep, in pixels of the network, the photograph's offset from the answer is felt: what is coarser the network saw itself.
REACH = 2.0


def membrane(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """The known values and, between them, a steady flow from one to the other (Laplace's equation, from coarse to fine).

    ``values``: float32 (H, W, C), whatever where it is not known. ``known``: bool (H, W), with at least one pixel.
    """
    height, width = known.shape
    values = np.where(known[..., None], values, np.float32(0))
    if known.all():
        return values
    if max(height, width) <= 2:
        return np.where(known[..., None], values, values.sum((0, 1)) / np.float32(known.sum()))
    half = ((width + 1) // 2, (height + 1) // 2)
    even = [0, half[1] * 2 - height, 0, half[0] * 2 - width, cv2.BORDER_CONSTANT]
    share = cv2.resize(cv2.copyMakeBorder(known.astype(np.float32), *even), half, interpolation=cv2.INTER_AREA)
    sums = cv2.resize(cv2.copyMakeBorder(values, *even), half, interpolation=cv2.INTER_AREA).reshape(*share.shape, -1)
    coarse = membrane(sums / np.maximum(share, 1e-6)[..., None], share > 0)
    result = cv2.resize(coarse, (half[0] * 2, half[1] * 2), interpolation=cv2.INTER_LINEAR)[:height, :width]
    held = known.astype(np.uint8)
    for sweep in range(SWEEPS + 1):
        if sweep:
            result = cv2.filter2D(result, -1, ACROSS, borderType=cv2.BORDER_REPLICATE)
        result = cv2.copyTo(values, held, np.ascontiguousarray(result)).reshape(values.shape)
    return result


def join(answer: np.ndarray, photo: np.ndarray, hole: np.ndarray, pixel: float) -> np.ndarray:
    """The answer with its offset from the photograph along the hole's border diffused into the hole, float32 (H, W, 3).

    ``pixel``: side of one of the network's pixels in pixels of the photograph; beyond a few of them the answer is left as
    it is. Outside the hole the result is the photograph; inside, no pixel of it depends on what the photograph has there.
    """
    inside = hole > 0
    if inside.all():
        return answer.astype(np.float32)
    depth = cv2.distanceTransform(np.pad(inside.astype(np.uint8), 1, mode="edge"), cv2.DIST_L2, 3)[1:-1, 1:-1]
    offset = membrane(photo.astype(np.float32) - answer, ~inside)
    fading = np.exp(-(depth - 1).clip(0) / (REACH * max(pixel, 1.0)))
    return answer + offset * np.where(inside, fading, np.float32(1))[..., None]


def without_erased(photo: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """The photograph with its hole filled smoothly, uint8: what may be enlarged without the erased running into the rest."""
    if not hole.any() or hole.all():
        return photo
    filled = membrane(photo.astype(np.float32), hole == 0)
    return np.rint(filled.clip(0, 255)).astype(np.uint8)
