"""Irises, lips and hair in other colours: few faces have blue eyes, and fewer red hair, but people paint them.

What is tinted becomes the truth of a sample, so that a painted colour is always what is there. uint8 RGB images.
"""

import cv2
import numpy as np

from scfegan_hf.faces.regions import REGIONS

# How far the gain of each channel goes (standard deviation of its logarithm), and that of all three together.
SPREAD = {"iris": (0.12, 0.30), "lips": (0.12, 0.15), "hair": (0.10, 0.25)}
BLUER = (-0.35, 0.0, 0.45)  # logarithms of gains that make brown irises grey and grey ones blue


def tint(
    image: np.ndarray, colors: np.ndarray, regions: np.ndarray, rng: np.random.Generator, share: float
) -> tuple[np.ndarray, np.ndarray]:
    """The image and its map of colours, each region of SPREAD tinted in ``share`` of the calls.

    Channels are multiplied, which leaves pupils and other dark gaps dark. ``regions``: labels of `REGIONS`.
    """
    for name, (hue, light) in SPREAD.items():
        wanted, logarithms = rng.random() < share, rng.normal(0, hue, 3) + rng.normal(0, light)
        if name == "iris":
            logarithms += rng.uniform(0, 1.5) * np.array(BLUER)
        gains = np.exp(logarithms)
        where = (regions == REGIONS.index(name)).astype(np.uint8)
        if not wanted or not where.any():
            continue
        soft = cv2.GaussianBlur(where.astype(np.float32), (0, 0), max(image.shape[0] / 150, 0.5))[..., None]
        change = 1 + soft * (gains - 1).astype(np.float32)
        image = np.clip(image * change, 0, 255).astype(np.uint8)
        colors = np.where(where[..., None] > 0, np.clip(colors * gains, 0, 255), colors).astype(np.uint8)
    return image, colors
