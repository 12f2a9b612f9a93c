"""Lines and colour maps from photographs."""

import cv2
import numpy as np
import pytest

from scfegan_hf.faces import strokes
from scfegan_hf.faces.strokes import SKETCH_LEVELS, sketch_at_level


@pytest.fixture(scope="module")
def photo():
    return pytest.importorskip("skimage.data").astronaut()[:256, 100:356]


@pytest.fixture(scope="module")
def strength(photo):
    return strokes.line_strength(photo)


@pytest.mark.parametrize("width", [3, 5, 9])
@pytest.mark.parametrize("angle", [0, 90])
def test_thin_leaves_one_pixel_of_a_soft_line(width, angle):
    edges = np.zeros((64, 64), np.float32)
    edges[30 : 30 + width] = 0.8
    edges = cv2.GaussianBlur(edges, (0, 0), 1.5)
    lines = strokes.thin(edges) if angle == 0 else strokes.thin(np.ascontiguousarray(edges.T)).T
    assert lines.dtype == np.uint8
    assert set((lines > 0).sum(0).tolist()) == {1}
    assert set(np.nonzero(lines)[0]) == {30 + width // 2}
    assert lines.max() == pytest.approx(255 * edges.max(), abs=2)  # the value is the map's


def test_thin_follows_a_slanted_line():
    edges = np.zeros((64, 64), np.float32)
    cv2.line(edges, (5, 10), (60, 50), 1.0, 3)
    lines = strokes.thin(cv2.GaussianBlur(edges, (0, 0), 1.5)) > 0
    across = lines[:, 10:55].sum(0)
    assert across.min() >= 1 and across.mean() < 1.6
    _, labels = cv2.connectedComponents(lines.astype(np.uint8), connectivity=8)
    longest = labels == np.argmax(np.bincount(labels[lines]))
    assert longest[:, 8:57].any(0).all()  # unbroken
    assert not strokes.thin(np.zeros((16, 16), np.float32)).any()


def test_canny_is_a_soft_map(photo):
    edges = strokes.canny_edges(photo)
    assert edges.dtype == np.float32 and edges.shape == photo.shape[:2]
    assert edges.min() >= 0 and 0.5 < edges.max() <= 1
    assert len(np.unique(edges)) > 50


def test_equalize_raises_contrast_in_the_dark():
    dark = np.clip(np.random.default_rng(0).normal(20, 4, (64, 64, 1)), 0, 255).astype(np.uint8).repeat(3, 2)
    assert strokes.equalize(dark).std() > 2 * dark.std()


def test_line_strength_is_thin_and_found_where_the_picture_changes():
    picture = np.full((96, 96, 3), 60, np.uint8)
    cv2.circle(picture, (48, 48), 25, (200, 180, 160), -1)
    lines = strokes.line_strength(picture)
    radius = np.hypot(*(np.argwhere(lines) - 48).T)
    assert lines.shape == (96, 96) and lines.dtype == np.uint8
    assert len(radius) > 100 and np.abs(radius - 25).max() < 4
    assert not strokes.line_strength(np.full((64, 64, 3), 128, np.uint8)).any()


def test_other_edges_are_joined_by_a_fifth_of_canny(photo, strength):
    nothing = strokes.line_strength(photo, np.zeros(photo.shape[:2], np.float32))
    assert 0 < nothing.max() <= strength.max() // 5 + 1


def test_drop_small_removes_specks_only():
    lines = np.zeros((20, 20), np.uint8)
    lines[3, 2:10] = 77
    lines[10, 10], lines[11, 11] = 200, 200  # joined at a corner
    assert np.array_equal(np.unique(strokes.drop_small(lines, 3)), [0, 77])
    assert np.array_equal(strokes.drop_small(lines, 2), lines)
    assert not strokes.drop_small(np.zeros((5, 5), np.uint8), 1).any()


def test_more_detail_keeps_the_lines_of_less(strength):
    sparse, medium, dense = (sketch_at_level(strength, SKETCH_LEVELS[name]) for name in ("sparse", "medium", "dense"))
    assert set(np.unique(dense)) == {0, 1} and dense.dtype == np.uint8
    assert (sparse <= medium).all() and (medium <= dense).all()
    assert 0 < sparse.sum() < medium.sum() < dense.sum()


def test_a_line_goes_on_where_it_is_weaker_but_weak_lines_do_not_start():
    strength = np.zeros((20, 60), np.uint8)
    strength[5, :30], strength[5, 30:], strength[15] = 100, 60, 60
    sketch = sketch_at_level(strength, 100)
    assert sketch[5].all() and not sketch[15].any()
    assert not sketch_at_level(strength, 130).any()
    assert not sketch_at_level(strength, 100, min_pixels=61).any()


def test_color_map_is_the_median_of_every_part_of_every_region():
    picture = np.random.default_rng(0).integers(0, 256, (40, 60, 3)).astype(np.uint8)
    regions = np.zeros((40, 60), np.uint8)
    regions[5:20, 5:20], regions[5:20, 30:55] = 3, 3  # two parts of one region
    regions[25:35, 10:50] = 7
    picture[5:20, 30:55] //= 4
    found, smooth = strokes.color_map(picture, regions), strokes.smooth_colors(picture)
    parts = [(slice(5, 20), slice(5, 20)), (slice(5, 20), slice(30, 55)), (slice(25, 35), slice(10, 50))]
    for part in parts:
        expected = np.median(smooth[part].reshape(-1, 3), axis=0)
        assert (found[part] == expected.astype(np.uint8)).all()
    assert (found[regions == 0] == np.median(smooth[regions == 0], axis=0).astype(np.uint8)).all()
    assert (found[5, 5] != found[5, 30]).any()


def test_the_median_is_no_mean():
    picture = np.full((30, 30, 3), 200, np.uint8)
    picture[:, :11] = 0  # over a third, which moves a mean by 73
    assert (strokes.color_map(picture, np.ones((30, 30), np.uint8)) == 200).all()


def test_smoothing_keeps_edges_and_removes_noise():
    picture = np.full((40, 40, 3), 60, np.uint8)
    picture[:, 20:] = 200
    noisy = np.clip(picture + np.random.default_rng(0).normal(0, 6, picture.shape), 0, 255).astype(np.uint8)
    smooth = strokes.smooth_colors(noisy).astype(float)
    assert smooth[:, :18].std() < 0.5 * noisy[:, :18].std()
    assert smooth[:, 21].mean() - smooth[:, 18].mean() > 130
