"""How much fine detail a result has beside the truth, by octaves. Pictures are uint8 RGB (H, W, 3), masks bool (H, W)."""

import cv2
import numpy as np

BLURS = (0.8, 1.6, 3.2, 6.4)  # standard deviations between the octaves, in pixels
NAMES = tuple(f"detail_b{octave}" for octave in range(len(BLURS)))
BORDER = 4  # pixels inside the mask that are left out, where the seam is
LEAST = 0.1  # grey levels: a truth with less has no detail to compare with


def octave_ratios(result: np.ndarray, truth: np.ndarray, mask: np.ndarray) -> dict[str, float]:
    """Root mean square of each octave of brightness in parts of the truth's, finest first: 1 is as sharp, 0 is smooth.

    NaN where the truth has none, or the mask is too narrow to have an inside.
    """
    inside = cv2.erode(mask.astype(np.uint8), np.ones((2 * BORDER + 1,) * 2, np.uint8)) > 0
    if not inside.any():
        return dict.fromkeys(NAMES, float("nan"))
    here, there = (_strengths(picture, inside) for picture in (result, truth))
    return {name: a / b if b > LEAST else float("nan") for name, a, b in zip(NAMES, here, there, strict=True)}


def _strengths(picture: np.ndarray, inside: np.ndarray) -> list[float]:
    above, sizes = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32), []
    for sigma in BLURS:
        below = cv2.GaussianBlur(above, (0, 0), sigma)
        sizes.append(float(np.sqrt(((above - below)[inside] ** 2).mean())))
        above = below
    return sizes
