"""Pictures as arrays and tensors: light, size and type. Nothing here knows what is in them."""

import cv2
import numpy as np
import torch


def to_tensors(image, mask, sketch, color, color_mask) -> dict[str, torch.Tensor]:
    """uint8 arrays (HxWx3 or HxW) to float tensors (C, H, W): pictures to [-1, 1], the rest stays 0 and 1."""

    def picture(array: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(array.transpose(2, 0, 1), np.float32) / 127.5 - 1)

    def flag(array: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(array[None].astype(np.float32))

    return {
        "image": picture(image),
        "mask": flag(mask),
        "sketch": flag(sketch),
        "color": picture(color),
        "color_mask": flag(color_mask),
    }


def tone_curve(rng: np.random.Generator, strength: float = 1.0) -> np.ndarray:
    """A change of brightness, contrast and white balance, mild at ``strength`` 1, as a table of 256 x 3."""
    level = np.arange(256, dtype=np.float32)[:, None] / 255
    gamma, contrast = np.exp(rng.normal(0, 0.12 * strength)), np.exp(rng.normal(0, 0.08 * strength))
    balance = np.exp(rng.normal(0, 0.05 * strength, 3))
    return np.clip(((level**gamma - 0.5) * contrast + 0.5) * balance * 255, 0, 255).astype(np.uint8)


def apply_tone(table: np.ndarray, image: np.ndarray) -> np.ndarray:
    """A picture through a table of 256 x 3."""
    return cv2.LUT(image, table[None])


def resize_lines(lines: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Line strength or sketch to (width, height) so that no thin line vanishes."""
    shrink = max(lines.shape[1] / size[0], lines.shape[0] / size[1])
    if shrink > 1:
        reach = int(np.ceil(shrink))
        lines = cv2.dilate(lines, np.ones((reach, reach), np.uint8), anchor=(0, 0))
    return cv2.resize(lines, size, interpolation=cv2.INTER_NEAREST)


def bounds(mask: np.ndarray) -> tuple[int, int, int, int]:
    """x0, y0, x1, y1 of the non-zero pixels. ValueError if there are none."""
    rows, cols = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        raise ValueError("The mask is empty: nothing is marked to be repainted.")
    return int(cols[0]), int(rows[0]), int(cols[-1]) + 1, int(rows[-1]) + 1
