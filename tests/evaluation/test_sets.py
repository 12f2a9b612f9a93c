"""Fréchet distance and the classifier's two scores, on sets of vectors made for them."""

import numpy as np
import pytest
import scipy.linalg

from scfegan_hf.evaluation import sets


def cloud(count, size=8, shift=0.0, seed=0):
    return np.random.default_rng(seed).normal(shift, 1, (count, size))


@pytest.mark.parametrize("count", [5, 40])  # fewer than dimensions, and more
def test_frechet_distance_is_the_formula(count):
    first, second = cloud(count), cloud(count + 3, shift=0.5, seed=1) * 1.5
    a, b = np.cov(first.T), np.cov(second.T)
    root = scipy.linalg.sqrtm(a @ b).real
    wanted = ((first.mean(0) - second.mean(0)) ** 2).sum() + np.trace(a + b - 2 * root)
    assert sets.frechet_distance(first, second) == pytest.approx(wanted, rel=1e-5)
    assert sets.frechet_distance(first, first) == pytest.approx(0, abs=1e-9)


def test_results_like_photographs_cannot_be_told_and_others_can():
    faces = np.repeat(np.arange(50), 4)
    real = cloud(200)
    alike = real + np.random.default_rng(5).normal(0, 1e-3, real.shape)
    unpaired, paired = sets.indiscriminability(real, alike, faces, held_out=True)
    assert unpaired == pytest.approx(0.5, abs=0.05) and 0.3 < paired < 0.7
    unpaired, paired = sets.indiscriminability(real, real + 3, faces, held_out=True)
    assert unpaired < 0.02 and paired < 0.02
    assert sets.indiscriminability(real, real, faces, held_out=True) == (0.5, 0.5)


def test_small_sets_need_held_out_faces():
    """In more dimensions than pictures anything is told apart once it is known, and nothing once it is not."""
    real, fake, faces = cloud(20, 200), cloud(20, 200, seed=1), np.arange(20)
    known, _ = sets.indiscriminability(real, fake, faces, held_out=False)
    unknown, _ = sets.indiscriminability(real, fake, faces, held_out=True)
    assert known == 0 and unknown > 0.25
    assert np.isnan(sets.indiscriminability(real, fake, np.zeros(20), held_out=True)).all()
