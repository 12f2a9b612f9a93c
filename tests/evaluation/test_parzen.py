"""Log likelihood by windows, beside scikit-learn's, what it must be of Gaussians, and sets with an order that is known."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.neighbors import KernelDensity

from scfegan_hf.evaluation.parzen import BLOCK, best_width, log_likelihoods, mean_and_error


def cloud(count, size=4, spread=1.0, seed=0):
    return np.random.default_rng(seed).normal(0, spread, (count, size))


@pytest.mark.parametrize("width", [0.05, 0.2, 3])
def test_it_is_what_scikit_learn_says_of_digits(width):
    digits = load_digits().data / 16
    known, others = digits[: BLOCK + 200], digits[-BLOCK - 7 :]  # points in more than one block
    # One leaf: by its trees scikit-learn 1.9 is wrong by up to 35 nats in so many dimensions.
    windows = KernelDensity(kernel="gaussian", bandwidth=width, leaf_size=1000).fit(known)
    told = log_likelihoods(known.astype(np.float32), others.astype(np.float32), width)
    assert told.shape == (BLOCK + 7,) and told.dtype == np.float64
    assert told == pytest.approx(windows.score_samples(others), rel=1e-5, abs=1e-5)


def test_one_window_is_a_gaussian():
    """log N(x; m, s) = -|x - m|^2 / 2 s^2 - D log(s sqrt(2 pi)), also where the density itself is 0 in any precision."""
    sample, points = cloud(1, 784), np.concatenate([cloud(3, 784, seed=1), cloud(1, 784) + 100])
    wanted = -((points - sample) ** 2).sum(1) / (2 * 0.2**2) - 784 * np.log(0.2 * np.sqrt(2 * np.pi))
    assert log_likelihoods(sample, points, 0.2) == pytest.approx(wanted, rel=1e-9)
    assert np.isfinite(wanted).all() and np.exp(wanted[-1]) == 0


def test_many_windows_of_a_gaussian_are_the_wider_gaussian():
    """Samples of N(0, 1) with windows of width s have the density of N(0, 1 + s^2), in the mean over the samples."""
    points = np.array([[0.0], [1.0], [-2.0]])
    variance = 1 + 0.5**2
    wanted = -(points[:, 0] ** 2) / (2 * variance) - 0.5 * np.log(2 * np.pi * variance)
    assert log_likelihoods(cloud(100_000, 1), points, 0.5) == pytest.approx(wanted, abs=0.02)


def test_samples_that_lack_a_kind_are_less_likely():
    kinds = np.concatenate([cloud(200, seed=seed) + shift for seed, shift in ((1, 0), (2, 20))])
    points = np.concatenate([cloud(50, seed=seed) + shift for seed, shift in ((3, 0), (4, 20))])
    assert log_likelihoods(kinds, points, 1).mean() > log_likelihoods(kinds[:200], points, 1).mean() + 50


def test_the_best_width_is_neither_too_sharp_nor_too_blurred():
    samples, points = cloud(500, 2), cloud(300, 2, seed=1)
    widths = np.geomspace(0.01, 10, 13)
    found = best_width(samples, points, widths)
    means = [log_likelihoods(samples, points, width).mean() for width in widths]
    assert found == widths[np.argmax(means)] and 0.1 < found < 1
    for part in (widths[:4], widths[-4:], widths[-4:][::-1]):
        with pytest.raises(ValueError, match="at the end of those that were tried"):
            best_width(samples, points, part)


def test_mean_and_error_of_few_numbers():
    mean, error = mean_and_error(np.array([1.0, 3.0, 5.0, 7.0]))
    assert mean == 4 and error == pytest.approx((20 / 3) ** 0.5 / 2)


def test_windows_need_samples_and_a_width():
    with pytest.raises(ValueError, match="at least one sample"):
        log_likelihoods(cloud(0), cloud(2), 1)
    for width in (0, -1):
        with pytest.raises(ValueError, match="above 0"):
            log_likelihoods(cloud(2), cloud(2), width)
