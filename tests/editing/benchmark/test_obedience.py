"""Figures of one edit react as they should: each has a result on which it must be good and one on which it must be bad."""

import cv2
import numpy as np
import pytest

from scfegan_hf.editing.benchmark import obedience


@pytest.fixture
def scene():
    """A smooth photograph with a bright disc, a round hole across its edge, and the disc's outline as the sketch."""
    y, x = np.mgrid[:96, :96]
    photo = np.stack([60 + x / 3, 80 + y / 4, 90 + (x + y) / 8], -1)
    photo[np.hypot(x - 60, y - 48) < 22] += 90
    photo = cv2.GaussianBlur(photo.clip(0, 255).astype(np.uint8), (3, 3), 0)
    mask = np.hypot(x - 40, y - 48) < 20
    sketch = np.abs(np.hypot(x - 60, y - 48) - 22) < 0.7
    return photo, mask, sketch


def flat(photo, mask):
    result = photo.copy()
    result[mask] = (100, 100, 100)
    return result


def test_sketch_obedience_is_high_where_the_edges_are_the_lines_and_low_elsewhere(scene):
    photo, mask, sketch = scene
    good = obedience.sketch_obedience(obedience.edges(photo), sketch, mask)
    assert min(good.values()) > 0.95
    nothing = obedience.sketch_obedience(np.zeros_like(mask), sketch, mask)
    assert max(nothing.values()) == 0
    # Noise has an edge near every line, which only precision tells from obedience.
    noisy = photo.copy()
    noisy[mask] = np.random.default_rng(0).integers(0, 256, (mask.sum(), 3))
    noise = obedience.sketch_obedience(obedience.edges(noisy), sketch, mask)
    assert noise["sketch_recall"] > 0.9 and noise["sketch_precision"] < 0.5 and noise["sketch_f1"] < 0.7
    # A line that is not followed.
    elsewhere = np.roll(sketch, -10, axis=1)
    assert obedience.sketch_obedience(obedience.edges(photo), elsewhere, mask)["sketch_f1"] < 0.3
    assert np.isnan(list(obedience.sketch_obedience(obedience.edges(photo), np.zeros_like(sketch), mask).values())).all()


def test_sketch_obedience_forgives_two_pixels_and_no_more():
    edges, mask = np.zeros((40, 40), bool), np.ones((40, 40), bool)
    edges[20] = True
    for distance, wanted in ((0, 1), (2, 1), (3, 0)):
        sketch = np.roll(edges, distance, axis=0)
        assert obedience.sketch_obedience(edges, sketch, mask)["sketch_f1"] == pytest.approx(wanted)


def test_precision_is_in_parts_of_what_the_photograph_has():
    edges, mask = np.zeros((60, 60), bool), np.ones((60, 60), bool)
    edges[[10, 25, 40]] = True
    sketch = np.zeros_like(edges)
    sketch[10] = True
    typical = obedience.explained_share(edges, sketch, mask)
    assert typical == pytest.approx(1 / 3)
    assert obedience.sketch_obedience(edges, sketch, mask, typical)["sketch_precision"] == pytest.approx(1)
    edges[[50, 55]] = True  # two lines more that nobody drew
    assert obedience.sketch_obedience(edges, sketch, mask, typical)["sketch_precision"] == pytest.approx(3 / 5)


def test_color_obedience_sees_the_colour_and_not_the_texture():
    color = np.full((40, 40, 3), (150, 100, 80), np.uint8)
    painted = np.zeros((40, 40), bool)
    painted[10:30, 10:30] = True
    assert obedience.color_obedience(color, color, painted) == 0
    rough = np.clip(color + np.random.default_rng(0).normal(0, 12, color.shape), 0, 255).astype(np.uint8)
    assert obedience.color_obedience(rough, color, painted) < 2.5
    wrong = color.copy()
    wrong[painted] = (80, 100, 150)
    assert obedience.color_obedience(wrong, color, painted) > 20
    wrong[painted] = color[painted]
    wrong[~painted] = 0  # what nobody painted does not count
    assert obedience.color_obedience(wrong, color, painted) == 0
    assert np.isnan(obedience.color_obedience(color, color, np.zeros_like(painted)))


def test_seam_is_0_for_the_photograph_and_large_for_a_pasted_patch(scene):
    photo, mask, _ = scene
    profiles = obedience.border_profiles(mask)
    own = obedience.border_jumps(photo, profiles)
    assert obedience.seam_visibility(own, own) == 0
    shifted = photo.copy()
    shifted[mask] = np.clip(photo[mask].astype(int) + 8, 0, 255)
    slight = obedience.seam_visibility(obedience.border_jumps(shifted, profiles), own)
    bad = obedience.seam_visibility(obedience.border_jumps(flat(photo, mask), profiles), own)
    assert 0.05 < slight < bad and bad > 0.5
    # What happens in the middle of the hole is no seam.
    inside = photo.copy()
    inside[44:52, 36:44] = 255
    assert obedience.seam_visibility(obedience.border_jumps(inside, profiles), own) == 0
    # Nor has a hole that is the whole picture a border.
    jumps = obedience.border_jumps(photo, obedience.border_profiles(np.ones_like(mask)))
    assert np.isnan(obedience.seam_visibility(jumps, own))


def test_seam_sees_a_dark_line_along_the_border(scene):
    photo, mask, _ = scene
    profiles = obedience.border_profiles(mask)
    rim = mask & (cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) == 0)
    lined = photo.copy()
    lined[rim] = 0
    own = obedience.border_jumps(photo, profiles)
    assert obedience.seam_visibility(obedience.border_jumps(lined, profiles), own) > 0.5


def test_one_changed_pixel_outside_is_found(scene):
    photo, mask, _ = scene
    result = flat(photo, mask)
    assert obedience.changed_outside(result, photo, mask) == 0
    result[2, 3, 1] ^= 1
    assert obedience.changed_outside(result, photo, mask) == pytest.approx(1 / (~mask).sum())
    assert obedience.changed_outside(result, photo, np.ones_like(mask)) == 0
