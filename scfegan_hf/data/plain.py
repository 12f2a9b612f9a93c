"""Samples of plain pictures with noise to generate others from. Needs Pillow and NumPy alone."""

import numpy as np
import torch
from PIL import Image

from scfegan_hf.data.rows import held_out


def middle_square(picture: np.ndarray, side: int) -> np.ndarray:
    """The middle of a picture uint8 (H, W) or (H, W, 3) as a square of ``side``."""
    height, width = picture.shape[:2]
    edge = min(height, width)
    top, left = (height - edge) // 2, (width - edge) // 2
    square = Image.fromarray(np.ascontiguousarray(picture[top : top + edge, left : left + edge]))
    return np.array(square.resize((side, side), Image.Resampling.LANCZOS if edge > side else Image.Resampling.BICUBIC))


def picture_sample(
    row: dict, n: int, other=None, *, side: int, seed: int, grey: bool = False, mirror: bool = False
) -> dict[str, torch.Tensor]:
    """The n-th sample of a decoded row: "image" (1 or 3, side, side) in [-1, 1], its middle square, with ``mirror`` turned
    left to right half the time."""
    picture = middle_square(row["image"], side)
    if picture.ndim == 2:
        picture = picture[..., None] if grey else np.repeat(picture[..., None], 3, 2)
    elif grey:
        picture = np.array(Image.fromarray(picture).convert("L"))[..., None]
    if mirror and np.random.default_rng((seed, 6, n)).random() < 0.5:
        picture = picture[:, ::-1]
    return {"image": torch.from_numpy(picture.transpose(2, 0, 1).astype(np.float32) / 127.5 - 1)}


def noise(seed: int, n: int, count: int, size: int, uniform: bool = False) -> torch.Tensor:
    """(count, size) random numbers of the n-th sample: normal, or ``uniform`` in [-1, 1]."""
    rng = np.random.default_rng((seed, 7, n))
    values = rng.uniform(-1, 1, (count, size)) if uniform else rng.standard_normal((count, size))
    return torch.from_numpy(values.astype(np.float32))


def digits(split: str) -> list[dict]:
    """scikit-learn's 1,797 handwritten digits as decoded rows of a split: "image" (8, 8) uint8, white on black, and "label".

    Raises ValueError where scikit-learn is not installed.
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise ValueError("The digits need scikit-learn: pip install scikit-learn, or give --train_data_dir.") from error
    known = load_digits()
    order = np.random.default_rng(0).permutation(len(known.images))  # for they begin as 0, 1, ..., 9, 0, 1, ...
    return [
        {"image": (known.images[row] * (255 / 16)).round().astype(np.uint8), "label": int(known.target[row])}
        for number, row in enumerate(order)
        if held_out(number) == (split == "validation")
    ]
