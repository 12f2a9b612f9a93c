"""Closeness counts the mask's pixels and no others."""

import numpy as np
import pytest

from scfegan_hf.evaluation import closeness


def test_closeness_counts_the_hole_only():
    truth = np.zeros((40, 40, 3), np.uint8)
    mask = np.zeros((40, 40), bool)
    mask[12:20] = True
    result = truth.copy()
    result[12:20] = 16
    result[36] = 255  # outside
    assert closeness.masked_l1(result, truth, mask) == pytest.approx(16)
    assert closeness.masked_psnr(result, truth, mask) == pytest.approx(20 * np.log10(255 / 16))
    inner = np.zeros_like(mask)
    inner[20:28] = True  # SSIM's window reaches 5 pixels, to 33
    assert closeness.masked_ssim(result, result, mask) == pytest.approx(1)
    assert closeness.masked_ssim(result, truth, inner) < 0.9


def test_closeness_takes_windows_of_larger_pictures():
    rng = np.random.default_rng(0)
    first, second = (rng.integers(0, 256, (60, 60, 3), np.uint8)[5:50, 7:40] for _ in range(2))
    mask = rng.random((60, 60))[5:50, 7:40] < 0.3
    difference = first[mask].astype(float) - second[mask]
    assert closeness.masked_l1(first, second, mask) == pytest.approx(np.abs(difference).mean())
    assert closeness.masked_psnr(first, second, mask) == pytest.approx(10 * np.log10(255**2 / (difference**2).mean()))
