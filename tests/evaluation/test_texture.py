"""Detail by octaves counts what is in the mask, each octave for itself."""

import cv2
import numpy as np
import pytest

from scfegan_hf.evaluation.texture import NAMES, octave_ratios

MASK = np.zeros((80, 80), bool)
MASK[20:60, 20:60] = True


def noise(sigma: float, strength: float) -> np.ndarray:
    texture = cv2.GaussianBlur(np.random.default_rng(0).standard_normal((80, 80)).astype(np.float32), (0, 0), sigma)
    return np.repeat((128 + texture / texture.std() * strength).clip(0, 255).astype(np.uint8)[..., None], 3, axis=2)


def test_a_smooth_result_has_none_and_an_equal_one_all():
    truth = noise(0.6, 20)
    assert list(octave_ratios(truth, truth, MASK).values()) == pytest.approx([1.0] * len(NAMES))
    smooth = truth.copy()
    smooth[20:60, 20:60] = 128
    assert max(octave_ratios(smooth, truth, MASK).values()) < 0.35  # the coarsest reaches in from outside
    assert octave_ratios(smooth, truth, MASK)[NAMES[0]] == 0


def test_half_the_contrast_is_half_and_a_blur_takes_the_finest_first():
    truth, half = noise(0.6, 40), noise(0.6, 20)
    assert list(octave_ratios(half, truth, MASK).values()) == pytest.approx([0.5] * len(NAMES), abs=0.05)
    blurred = octave_ratios(cv2.GaussianBlur(truth, (0, 0), 1.0), truth, MASK)
    assert blurred[NAMES[0]] < 0.35 and blurred[NAMES[3]] > 0.8


def test_what_cannot_be_said_is_nan():
    truth = noise(0.6, 20)
    thin = np.zeros_like(MASK)
    thin[40:44] = True
    flat = np.full_like(truth, 90)
    assert np.isnan(list(octave_ratios(truth, truth, thin).values())).all()
    assert np.isnan(list(octave_ratios(truth, flat, MASK).values())).all()
