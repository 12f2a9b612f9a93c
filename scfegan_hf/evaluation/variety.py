"""Whether generated pictures are of all kinds, and none learned by heart. Pictures are rows (N, D) of numbers."""

from typing import NamedTuple

import numpy as np

COPY = 1 / 3  # of the distance to the second nearest (Yoon et al. 2023)
BLOCK = 512  # pictures at a time


def class_shares(classes: np.ndarray, count: int) -> np.ndarray:
    """Share (``count``,) of each class among ``classes``, whole numbers (N,) from 0 to ``count`` - 1.

    Raises ValueError for none, or others.
    """
    if not len(classes) or classes.min() < 0 or classes.max() >= count:
        raise ValueError(f"Shares need classes from 0 to {count - 1}, one at least.")
    return np.bincount(classes, minlength=count) / len(classes)


class Nearest(NamedTuple):
    """The known picture that each of N pictures is nearest to: its row (N,), how far it and the second nearest are (N,)."""

    row: np.ndarray
    distance: np.ndarray
    second: np.ndarray

    @property
    def copies(self) -> np.ndarray:
        """Whether each is a copy (N,): a third as far from the nearest as from the second, or less."""
        return self.distance <= COPY * self.second


def nearest(pictures: np.ndarray, known: np.ndarray) -> Nearest:
    """The nearest of ``known`` to each of ``pictures``, by the root of the sum of squared differences. One that was shifted by
    a pixel is far from itself by that measure, so look at the nearest ones too.

    Raises ValueError for fewer than two known ones.
    """
    if len(known) < 2:
        raise ValueError("A nearest and a second nearest picture need two known ones.")
    known = known.astype(np.float64)
    lengths = (known**2).sum(1)
    parts = []
    for start in range(0, len(pictures), BLOCK):
        block = pictures[start : start + BLOCK].astype(np.float64)
        squared = np.maximum((block**2).sum(1)[:, None] + lengths - 2 * block @ known.T, 0)
        two = np.argpartition(squared, 1, axis=1)[:, :2]  # the nearest, and the second
        parts.append((two[:, 0], *np.sqrt(np.take_along_axis(squared, two, 1)).T))
    return Nearest(*map(np.concatenate, zip(*parts, strict=True)))
