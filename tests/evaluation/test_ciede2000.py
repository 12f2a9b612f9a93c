"""CIEDE2000 against scikit-image's, and against what it is for."""

import numpy as np
import pytest
from skimage.color import deltaE_ciede2000

from scfegan_hf.evaluation.ciede2000 import ciede2000


def test_equals_that_of_scikit_image():
    rng = np.random.default_rng(0)
    low, high = (0, -110, -110), (100, 110, 110)
    first, second = (rng.uniform(low, high, (200, 50, 3)) for _ in range(2))
    np.testing.assert_allclose(ciede2000(first, second), deltaE_ciede2000(first, second), atol=1e-8)
    close = first + rng.normal(0, 0.5, first.shape)
    np.testing.assert_allclose(ciede2000(first, close), deltaE_ciede2000(first, close), atol=1e-8)


@pytest.mark.parametrize(
    "pair",
    [
        ((50, 0, 0), (50, 20, -30)),  # grey has no hue
        ((50, 0, 0), (70, 0, 0)),
        ((50, 2.5, -0.01), (50, 2.5, 0.01)),  # hues on both sides of 0
        ((50, -20, 0), (50, 20, 0.0)),  # opposite hues
        ((30, 5, -80), (35, 10, -85)),  # blue, where the rotation term counts
    ],
)
def test_corners(pair):
    first, second = (np.array(color, float) for color in pair)
    assert ciede2000(first, second) == pytest.approx(float(deltaE_ciede2000(first, second)), abs=1e-8)


def test_a_bright_blue_may_differ_more_than_a_grey():
    """CIE76 calls both 5."""
    step = np.array([0, 3.0, 4.0])
    grey, blue = np.array([50, 0.0, 0.0]), np.array([40, 30.0, -90.0])
    assert ciede2000(blue, blue + step) < ciede2000(grey, grey + step)
    assert ciede2000(blue, blue) == 0
