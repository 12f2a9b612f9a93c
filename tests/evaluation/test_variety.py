"""Shares of classes, and copies, of sets made to have them."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.neighbors import NearestNeighbors

from scfegan_hf.evaluation.variety import BLOCK, class_shares, nearest

DIGITS = load_digits().data / 16


def test_shares_count_classes_that_are_missing_too():
    assert class_shares(np.array([0, 0, 0, 2]), 4).tolist() == [0.75, 0, 0.25, 0]
    for wrong in ([], [0, 4], [-1, 0]):
        with pytest.raises(ValueError, match="from 0 to 3, one at least"):
            class_shares(np.array(wrong, int), 4)


def test_the_nearest_are_those_of_scikit_learn():
    known, others = DIGITS[:900], DIGITS[900 : 900 + BLOCK + 9]  # more than a block
    found = nearest(others.astype(np.float32), known.astype(np.float32))
    distances, rows = NearestNeighbors(n_neighbors=2).fit(known).kneighbors(others)
    assert (found.row == rows[:, 0]).mean() > 0.99  # ties aside
    assert np.stack([found.distance, found.second], 1) == pytest.approx(distances, abs=1e-6)


def test_copies_are_told_from_pictures_of_the_same_kind():
    known, others = DIGITS[:900], DIGITS[900:]
    noisy = known + np.random.default_rng(0).normal(0, 0.02, known.shape)
    assert nearest(known, known).copies.mean() == 1 and nearest(noisy, known).copies.mean() > 0.95
    assert nearest(others, known).copies.mean() < 0.01
    between = (known[:-1] + known[1:]) / 2  # of two, and as far from the one as from the other
    assert nearest(between, known).copies.mean() < 0.01
    assert nearest(np.concatenate([others[:50], noisy[:50]]), known).copies.mean() == pytest.approx(0.5, abs=0.03)


def test_a_known_picture_that_is_there_twice_is_copied_by_itself_only():
    known = np.concatenate([DIGITS[:50], DIGITS[:1]])
    assert nearest(DIGITS[:1], known).copies.all()
    assert not nearest(DIGITS[:1] + 0.02, known).copies.any()  # as far from both


def test_a_nearest_needs_two_known_pictures():
    with pytest.raises(ValueError, match="two known ones"):
        nearest(DIGITS[:3], DIGITS[:1])
