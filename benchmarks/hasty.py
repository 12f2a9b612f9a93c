"""What a hasty hand makes of a drawing of the benchmark, to see what edits are worth when lines and colours are not right."""

import cv2
import numpy as np

from scfegan_hf.editing.benchmark.tasks import Drawing


def hasty(drawn: Drawing, mask: np.ndarray, rng: np.random.Generator) -> Drawing:
    """Lines off by some pixels, bent, thick, with gaps, some drawn twice; colours too strong, too light or dark, uneven."""
    side = mask.shape[0]
    lines = drawn.sketch.astype(np.uint8)
    count, labels = cv2.connectedComponents(lines, connectivity=8)
    result = np.zeros_like(lines)
    for label in range(1, count):
        for _ in range(1 + (rng.random() < 0.3)):
            result |= _bent((labels == label).astype(np.uint8), rng, side / 150)
    gaps = (rng.random(mask.shape) < 40 / side**2).astype(np.uint8)
    result[cv2.dilate(gaps, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side // 25,) * 2)) > 0] = 0
    thickness = int(rng.integers(2, 5))
    result = cv2.dilate(result, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (thickness, thickness)))

    color = drawn.color[..., :3].astype(np.float32)
    grey = color.mean(2, keepdims=True)
    color = grey + rng.uniform(1.2, 1.8) * (color - grey) + rng.normal(0, 10)
    color += cv2.resize(rng.normal(0, 10, (side // 32, side // 32)).astype(np.float32), mask.shape[::-1])[..., None]
    color = np.dstack([np.clip(color, 0, 255).astype(np.uint8), drawn.color[..., 3]])
    return Drawing((result > 0) & mask, color)


def _bent(line: np.ndarray, rng: np.random.Generator, reach: float) -> np.ndarray:
    """Moved as a whole and bent, by ``reach`` pixels each (standard deviation)."""
    side = line.shape[0]
    field = rng.normal(0, reach, (8, 8, 2)) + rng.normal(0, reach, 2)
    field = cv2.resize(field.astype(np.float32), (side, side), interpolation=cv2.INTER_CUBIC)
    y, x = np.mgrid[:side, :side].astype(np.float32)
    return cv2.remap(line, x + field[..., 0], y + field[..., 1], cv2.INTER_NEAREST)
