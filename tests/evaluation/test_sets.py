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


def test_frechet_distance_of_gaussians_is_the_closed_form():
    """(m1 - m2)^2 + (s1 - s2)^2 a dimension; large samples come near it."""
    rng = np.random.default_rng(0)
    first, second = rng.normal(0, 1, (20000, 3)), rng.normal((1, 0, 0), (2, 1, 1), (20000, 3))
    assert sets.frechet_distance(first, second) == pytest.approx(1 + 1, rel=0.05)


def test_kernel_distance_of_gaussians_is_the_closed_form():
    """In one dimension (xy + 1)^3 compares moments: 3 (m1 - m1')^2 + 3 (m2 - m2')^2 + (m3 - m3')^2. Of N(0, 1) and N(1, 1)
    those are 0, 1, 0 and 1, 2, 4."""
    rng = np.random.default_rng(0)
    first, second = rng.normal(0, 1, (4000, 1)), rng.normal(1, 1, (4000, 1))
    assert sets.kernel_distance(first, second, as_published=True) == pytest.approx(3 + 3 + 16, rel=0.1)


def test_kernel_distance_is_unbiased_and_of_any_scale():
    rng = np.random.default_rng(0)
    alike = [sets.kernel_distance(rng.normal(0, 1, (30, 4)), rng.normal(0, 1, (30, 4))) for _ in range(200)]
    assert abs(np.mean(alike)) < 3 * np.std(alike) / 200**0.5 and min(alike) < 0 < max(alike)
    real, fake = rng.normal(0, 1, (50, 4)), rng.normal(0.5, 1, (50, 4))
    for scale, shift in ((1e-3, 0), (1e3, 7)):
        moved = sets.kernel_distance(scale * real + shift, scale * fake + shift)
        assert moved == pytest.approx(sets.kernel_distance(real, fake), rel=1e-6)
    by_hand = [
        (1 + real[i] @ real[j] / 4) ** 3 + (1 + fake[i] @ fake[j] / 4) ** 3 for i in range(50) for j in range(50) if i != j
    ]
    across = [(1 + x @ y / 4) ** 3 for x in real for y in fake]
    expected = sum(by_hand) / (50 * 49) - 2 * np.mean(across)
    assert sets.kernel_distance(real, fake, as_published=True) == pytest.approx(expected)


def test_inception_score_counts_the_classes_that_are_certain_and_frequent():
    assert sets.inception_score(np.eye(5)[np.arange(100) % 5]) == pytest.approx(5)
    assert sets.inception_score(np.eye(5)[np.zeros(100, int)]) == pytest.approx(1)
    assert sets.inception_score(np.full((100, 5), 0.2)) == pytest.approx(1)
    assert sets.inception_score(np.repeat([[0.75, 0.25], [0.25, 0.75]], 10, 0)) == pytest.approx(
        np.exp(0.75 * np.log(1.5) + 0.25 * np.log(0.5))
    )


def test_precision_and_recall_of_modes():
    rng = np.random.default_rng(0)
    left, right, far = (rng.normal(place, 1, (200, 2)) for place in (0, 50, 500))
    both = np.concatenate([left, right])
    assert sets.precision_and_recall(both, both) == (1, 1)
    assert sets.precision_and_recall(both, np.concatenate([far, far + 99])) == (0, 0)
    precision, recall = sets.precision_and_recall(both, rng.normal(0, 1, (400, 2)))  # one of the two modes
    assert precision > 0.95 and 0.4 < recall <= 0.5
    precision, recall = sets.precision_and_recall(left, np.concatenate([rng.normal(0, 1, (200, 2)), far]))  # and rubbish
    assert 0.4 < precision <= 0.5 and recall > 0.95
    with pytest.raises(ValueError, match="need more than 3 pictures"):
        sets.precision_and_recall(both, both[:3])


def test_figures_of_sets_that_are_too_small_for_neighbours():
    rng = np.random.default_rng(0)
    small, large = rng.normal(0, 1, (2, 3, 4)), rng.normal(0, 1, (2, 9, 4))
    assert set(sets.figures(*small)) == {"frechet", "kernel"}
    assert set(sets.figures(*large)) == {"frechet", "kernel", "precision", "recall"}
