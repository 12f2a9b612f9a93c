"""Samples for the annotator: everything moves together, mirrored points keep their meaning."""

from functools import partial

import numpy as np
import pytest

from scfegan_hf.data.samples import Samples
from scfegan_hf.faces.landmarks import CONTOUR, INNER_LIPS, LEFT_EYE, MOUTH_CORNERS, NOSE, OUTER_LIPS, PUPILS, RIGHT_EYE
from scfegan_hf.faces.regions import REGIONS
from scfegan_hf.faces.rows import decode_face
from scfegan_hf.faces.samples import MIRROR, annotator_sample, make_annotated


def annotated(rows, seed: int) -> Samples:
    return Samples(rows, partial(make_annotated, resolution=64, seed=seed), seed, decode=decode_face)


def test_the_mirror_swaps_sides_and_is_its_own_inverse(face_points):
    assert np.array_equal(MIRROR[MIRROR], np.arange(98))
    mirrored = (face_points * (-1, 1) + (1, 0))[MIRROR]
    for group in (CONTOUR, LEFT_EYE, RIGHT_EYE, NOSE, OUTER_LIPS, INNER_LIPS):
        assert np.abs(mirrored[group].mean(0) - face_points[group].mean(0)).max() < 0.01
    corners = list(MOUTH_CORNERS)
    assert np.abs(mirrored[corners] - face_points[corners]).max() < 0.01
    assert np.abs(mirrored[list(PUPILS)] - face_points[list(PUPILS)]).max() < 0.01


@pytest.mark.parametrize("augment", [True, False])
def test_points_lie_on_the_regions_that_moved_with_them(landmark_rows, augment):
    eyes = [REGIONS.index(name) for name in ("eyes", "iris")]
    seen = 0
    for n in range(24):
        row = decode_face(landmark_rows[n % 5])
        sample = annotator_sample(row, 128, np.random.default_rng(n), augment)
        assert sample["image"].shape == (3, 128, 128) and sample["edges"].shape == (1, 128, 128)
        assert sample["image"].min() >= -1 and sample["image"].max() <= 1 and sample["edges"].max() <= 1
        for pupil in PUPILS:
            if sample["inside"][pupil]:
                x, y = (sample["points"][pupil] * 128).long().clamp(max=127).tolist()
                seen += sample["regions"][max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2].flatten().tolist().count(eyes[1]) > 0
    assert seen > 24  # of 48 pupils most lie in the frame


def test_samples_are_a_function_of_seed_and_number(landmark_rows):
    one, two = (annotated(landmark_rows, 4) for _ in range(2))
    other = annotated(landmark_rows, 5)
    assert all((one[11][name] == two[11][name]).all() for name in one[11])
    assert not (one[11]["image"] == other[11]["image"]).all()
    assert len(one) == 5
