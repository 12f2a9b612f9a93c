"""Photographs in grey or in one tint (sepia, cyanotype) stay so: each lightness has its one colour, in the edit too."""

from dataclasses import dataclass

import cv2
import numpy as np

# How far from the tint a photograph's pixels lie, in levels: in the mean, all but a hundredth, and all but a two-thousandth. A
# JPEG of sepia at quality 60 has 2.0, 8.5 and 13.7, the least coloured of 70 portraits 1.8, 14.4 and 24.
MEAN_APART, MOST_APART, ALL_APART = 2.6, 10.0, 18.0
LEAST_CONTRAST = 12.0  # standard deviation of lightness; what has less is a plain sheet, and may be painted on in colour
SAMPLES = 500  # rows and columns looked at


@dataclass(frozen=True)
class Tint:
    """``colors``: float32 (256, 3), the colour of each lightness."""

    colors: np.ndarray

    def __call__(self, rgb: np.ndarray) -> np.ndarray:
        """A picture in this tint at its own lightness, uint8 (..., 3)."""
        light = np.rint(_lightness(rgb)).astype(np.uint8)
        return np.rint(self.colors).astype(np.uint8)[light]


def tint_of(rgb: np.ndarray, known: np.ndarray) -> Tint | None:
    """The tint of a photograph, uint8 (H, W, 3), from its ``known`` pixels, bool (H, W); None for one in colours."""
    step = max(1, max(known.shape) // SAMPLES)
    pixels = rgb[::step, ::step][known[::step, ::step]].astype(np.float32)
    if len(pixels) < 100:
        return None
    light = _lightness(pixels)
    if light.std() < LEAST_CONTRAST:
        return None
    level = np.rint(light).astype(int)
    counts = np.bincount(level, minlength=256)
    apart = pixels - light[:, None]
    seen = np.flatnonzero(counts)
    columns = []
    for channel in range(3):
        mean = np.bincount(level, apart[:, channel], 256)[seen] / counts[seen]
        columns.append(np.interp(np.arange(256), seen, mean))
    shift = np.stack(columns, 1).astype(np.float32)
    if seen.size < 256:
        shift = cv2.blur(shift, (1, 5), borderType=cv2.BORDER_REPLICATE)  # few pixels of a level waver
    left = np.abs(apart - shift[level]).max(1)
    most, nearly_all = np.percentile(left, (99, 99.95))
    if left.mean() > MEAN_APART or most > MOST_APART or nearly_all > ALL_APART:
        return None
    grey = np.abs(shift).max() < 0.75
    return Tint(np.clip(np.arange(256, dtype=np.float32)[:, None] + (0 if grey else shift), 0, 255) * np.ones(3, np.float32))


def _lightness(rgb: np.ndarray) -> np.ndarray:
    return rgb.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
