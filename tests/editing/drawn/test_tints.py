"""Other colours of irises, lips and hair: only there, in the picture and in its map of colours alike."""

import cv2
import numpy as np
import pytest

from scfegan_hf.editing.drawn import samples, tints
from scfegan_hf.faces.regions import REGIONS


def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.fixture
def grey(draw_face):
    """A face that is grey all over, with one black pixel in an iris."""
    face = draw_face(0)
    face["image"][:] = face["color"][:] = 100
    row, col = np.argwhere(face["regions"] == REGIONS.index("iris"))[3]
    face["image"][row, col] = 0
    return {**face, "black": (row, col)}


def test_only_some_regions_change_and_black_stays_black(grey):
    tinted = np.isin(grey["regions"], [REGIONS.index(name) for name in tints.SPREAD])
    for seed in range(10):
        image, colors = tints.tint(grey["image"], grey["color"], grey["regions"], rng(seed), 1.0)
        assert image.dtype == colors.dtype == np.uint8 and not image[grey["black"]].any()
        assert (colors[~tinted] == 100).all() and (colors[tinted] != 100).any(1).mean() > 0.9
        changed = (image != grey["image"]).any(2)
        near = cv2.dilate(tinted.astype(np.uint8), np.ones((9, 9))) > 0  # softly over the outlines
        assert changed[tinted].mean() > 0.7 and not changed[~near].any()
        inner = np.argwhere(grey["regions"] == REGIONS.index("hair"))[::50]
        same = [np.abs(image[tuple(at)].astype(int) - colors[tuple(at)]).max() < 6 for at in inner]
        assert np.mean(same) > 0.8  # what is painted is what is there


def test_irises_become_bluer(grey):
    iris = grey["regions"] == REGIONS.index("iris")
    bluer = [
        np.subtract(*tints.tint(grey["image"], grey["color"], grey["regions"], rng(seed), 1.0)[1][iris][0, [2, 0]].astype(int))
        for seed in range(40)
    ]
    assert np.mean(np.array(bluer) > 0) > 0.8


def test_nothing_is_tinted_where_none_is_asked_for(grey):
    image, colors = tints.tint(grey["image"], grey["color"], grey["regions"], rng(0), 0.0)
    assert np.array_equal(image, grey["image"]) and np.array_equal(colors, grey["color"])
    image, colors = tints.tint(grey["image"], grey["color"], np.zeros_like(grey["regions"]), rng(0), 1.0)
    assert np.array_equal(image, grey["image"]) and np.array_equal(colors, grey["color"])


def test_training_tints_and_validation_does_not(landmark_rows, monkeypatch):
    for train in (False, True):
        pictures = {}
        for share in (0.0, 1.0):
            monkeypatch.setattr(samples, "TINTED", share)
            stream = samples.edits_of(landmark_rows, 64, seed=0, train=train)
            pictures[share] = [stream[n]["image"].numpy() for n in range(12)]
        same = [np.array_equal(one, other) for one, other in zip(pictures[0.0], pictures[1.0], strict=True)]
        assert all(same) if not train else sum(same) < 6
