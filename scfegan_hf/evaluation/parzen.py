"""Log likelihood by Gaussian windows around generated pictures (Breuleux et al. 2011; Goodfellow et al. 2014, section 5).

Pictures are rows (N, D) of numbers; the published figures have digits of 784 pixels in [0, 1]. It rewards means of many
pictures and says little of how good one looks (Theis et al. 2016), so it never stands alone.
"""

from collections.abc import Sequence

import numpy as np

BLOCK = 256  # points at a time: with 10,000 samples 20 MB of distances


def log_likelihoods(samples: np.ndarray, points: np.ndarray, width: float) -> np.ndarray:
    """Natural logarithms (N,) of the densities at ``points`` of the mean of Gaussians around ``samples``, each of standard
    deviation ``width`` in every dimension. In nats for a point, float64.

    Raises ValueError for no samples, or a width that is not above 0.
    """
    return _by_width(samples, points, (width,))[0]


def best_width(samples: np.ndarray, points: np.ndarray, widths: Sequence[float]) -> float:
    """The one of ``widths`` under which ``points``, which should not be those that are tested, are likeliest in the mean.

    Raises ValueError where it is the smallest or the largest: then a better one may lie beyond.
    """
    means = _by_width(samples, points, widths).mean(1)
    best = int(means.argmax())
    if best in (int(np.argmin(widths)), int(np.argmax(widths))):
        raise ValueError(f"The best width, {widths[best]:g}, is at the end of those that were tried: try some beyond.")
    return float(widths[best])


def mean_and_error(values: np.ndarray) -> tuple[float, float]:
    """Mean of ``values`` (N,), and its standard error."""
    return float(values.mean()), float(values.std(ddof=1) / len(values) ** 0.5)


def _by_width(samples: np.ndarray, points: np.ndarray, widths: Sequence[float]) -> np.ndarray:
    """Log densities (W, N): distances are measured once for all widths."""
    if not len(samples):
        raise ValueError("Windows need at least one sample to stand around.")
    if min(widths) <= 0:
        raise ValueError(f"A window's width must be above 0, not {min(widths):g}.")
    samples, size = samples.astype(np.float64), samples.shape[1]
    lengths = (samples**2).sum(1)
    told = np.empty((len(widths), len(points)))
    for start in range(0, len(points), BLOCK):
        block = points[start : start + BLOCK].astype(np.float64)
        squared = np.maximum((block**2).sum(1)[:, None] + lengths - 2 * block @ samples.T, 0)
        nearest = squared.min(1)
        for row, width in zip(told, widths, strict=True):
            shares = np.exp((nearest[:, None] - squared) / (2 * width**2))  # at least one of them is 1: nothing underflows
            row[start : start + BLOCK] = np.log(shares.mean(1)) - nearest / (2 * width**2) - size * np.log(width * _ROOT)
    return told


_ROOT = np.sqrt(2 * np.pi)
