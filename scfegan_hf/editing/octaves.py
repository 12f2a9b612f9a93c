"""A picture's fine detail by octaves (Burt & Adelson 1983), and how much of it there is where."""

import cv2
import numpy as np

FINEST = 0.8  # standard deviation of the first blur, in pixels: below it lies what neighbouring pixels differ by


def blur(picture: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian blur of a float32 picture (H, W) or (H, W, 3); a wide one is computed on a smaller picture."""
    height, width = picture.shape[:2]
    shrink = max(min(int(sigma / 1.2), min(height, width) // 8), 1)
    if shrink == 1:
        return cv2.GaussianBlur(picture, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101)
    small = cv2.resize(picture, (width // shrink, height // shrink), interpolation=cv2.INTER_AREA)
    rest = np.sqrt((sigma / shrink) ** 2 - 0.25)  # averaging and enlarging blur by half a small pixel
    small = cv2.GaussianBlur(small, (0, 0), rest, borderType=cv2.BORDER_REFLECT_101)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)


def sigmas(top: float) -> list[float]:
    """The blurs between octaves: FINEST, doubled until ``top``, which is the last."""
    limits = [FINEST]
    while limits[-1] * 1.5 < top:
        limits.append(min(2 * limits[-1], top))
    return limits


def octaves(picture: np.ndarray, top: float) -> tuple[list[np.ndarray], np.ndarray]:
    """Bands of a float32 picture, finest first, and what is coarser than ``top``; together they are the picture."""
    bands, above = [], picture
    for sigma in sigmas(top):
        below = blur(picture, sigma)
        bands.append(above - below)
        above = below
    return bands, above


def local_energy(band: np.ndarray, sigma: float, hole: np.ndarray | None = None) -> np.ndarray:
    """Mean square of a band (H, W) around each pixel, as far as three times the band's ``sigma``.

    ``hole``, bool (H, W): pixels in it are averaged with such pixels alone, and those outside with those outside.
    """
    square, reach = band * band, 3 * max(sigma, 1.0)
    if hole is None:
        return np.maximum(blur(square, reach), 0)
    inside = hole.astype(np.float32)
    share = blur(inside, reach)
    within, outside = blur(square * inside, reach) / (share + 1e-3), blur(square * (1 - inside), reach) / (1.001 - share)
    return np.maximum(np.where(hole, within, outside), 0)


def grey(picture: np.ndarray) -> np.ndarray:
    """Luma of a float32 RGB picture (H, W, 3): (H, W)."""
    return cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
