"""CIEDE2000, the difference of two colours as people see it (Sharma, Wu & Dalal 2005, equations 2 to 22).

About 1 is just noticeable side by side, 2 to 3 is a good match by hand, above 10 nobody takes one for the other.
"""

import numpy as np


def ciede2000(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Differences (...) of CIELAB colours (..., 3), with the weights kL = kC = kH = 1."""
    l1, a1, b1 = np.moveaxis(np.asarray(first, np.float64), -1, 0)
    l2, a2, b2 = np.moveaxis(np.asarray(second, np.float64), -1, 0)
    # Greys are stretched along a (eq. 2 to 7).
    mean_chroma = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    stretch = 1.5 - 0.5 * _saturation(mean_chroma)
    a1, a2 = a1 * stretch, a2 * stretch
    chroma1, chroma2 = np.hypot(a1, b1), np.hypot(a2, b2)
    hue1, hue2 = np.arctan2(b1, a1) % (2 * np.pi), np.arctan2(b2, a2) % (2 * np.pi)
    grey = chroma1 * chroma2 == 0

    # Differences (eq. 8 to 11): hue goes the short way round, and has no meaning for grey.
    turn = (hue2 - hue1 + np.pi) % (2 * np.pi) - np.pi
    d_hue = np.where(grey, 0, 2 * np.sqrt(chroma1 * chroma2) * np.sin(turn / 2))
    d_light, d_chroma = l2 - l1, chroma2 - chroma1

    # Means (eq. 12 to 14).
    light, chroma = (l1 + l2) / 2, (chroma1 + chroma2) / 2
    far = np.abs(hue1 - hue2) > np.pi
    hue = np.where(grey, hue1 + hue2, (hue1 + hue2) / 2 + np.where(far, np.pi, 0)) % (2 * np.pi)

    # Weights (eq. 15 to 21).
    t = (
        1
        - 0.17 * np.cos(hue - np.pi / 6)
        + 0.24 * np.cos(2 * hue)
        + 0.32 * np.cos(3 * hue + np.deg2rad(6))
        - 0.20 * np.cos(4 * hue - np.deg2rad(63))
    )
    weight_light = 1 + 0.015 * (light - 50) ** 2 / np.sqrt(20 + (light - 50) ** 2)
    weight_chroma = 1 + 0.045 * chroma
    weight_hue = 1 + 0.015 * chroma * t
    rotation = np.deg2rad(30) * np.exp(-(((np.rad2deg(hue) - 275) / 25) ** 2))
    cross = -np.sin(2 * rotation) * 2 * _saturation(chroma)
    light_term, chroma_term, hue_term = d_light / weight_light, d_chroma / weight_chroma, d_hue / weight_hue
    squared = light_term**2 + chroma_term**2 + hue_term**2 + cross * chroma_term * hue_term
    return np.sqrt(np.maximum(squared, 0))


def _saturation(chroma: np.ndarray) -> np.ndarray:
    return np.sqrt(chroma**7 / (chroma**7 + 25.0**7))
