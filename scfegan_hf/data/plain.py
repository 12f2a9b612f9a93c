"""Samples of plain pictures with noise to generate others from. Needs Pillow and NumPy alone."""

from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image

from scfegan_hf.data.rows import decode_row, held_out
from scfegan_hf.data.samples import Samples

REMEMBERED = 2**26  # bytes of pictures


def middle_square(picture: np.ndarray, side: int) -> np.ndarray:
    """The middle of a picture uint8 (H, W) or (H, W, 3) as a square of ``side``."""
    height, width = picture.shape[:2]
    edge = min(height, width)
    top, left = (height - edge) // 2, (width - edge) // 2
    square = Image.fromarray(np.ascontiguousarray(picture[top : top + edge, left : left + edge]))
    return np.array(square.resize((side, side), Image.Resampling.LANCZOS if edge > side else Image.Resampling.BICUBIC))


class Remembered(Sequence):
    """Rows by their "image" alone, decoded when it is first asked for and kept as its middle square of ``side``."""

    def __init__(self, rows: Sequence, side: int):
        self.rows, self.side = rows, side
        self._squares: dict[int, np.ndarray] = {}

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, n: int) -> dict[str, np.ndarray]:
        if n not in self._squares:
            self._squares[n] = middle_square(decode_row(self.rows[n])["image"], self.side)
        return {"image": self._squares[n]}


def remember(samples: Samples, side: int) -> Samples:
    """The same samples of plain pictures, decoded once where squares of ``side`` take 64 MB at most: a small picture takes
    longer to decode than a small network to learn from it."""
    if len(samples) * 3 * side**2 <= REMEMBERED:
        samples.rows, samples.decode = Remembered(samples.rows, side), dict
    return samples


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
