"""Mattes follow the photograph, not the rough region; irises are rings within the lids."""

import cv2
import numpy as np

from scfegan_hf.editing.matte import Band, colour_model, iris_matte, region_matte, strands


def disc(size: int, x: float, y: float, radius: float) -> np.ndarray:
    rows, cols = np.mgrid[:size, :size]
    return np.clip(radius - np.hypot(cols - x, rows - y) + 0.5, 0, 1)


def painted(share: np.ndarray, inside, outside, noise: float = 3) -> np.ndarray:
    rgb = share[..., None] * np.array(inside) + (1 - share[..., None]) * np.array(outside)
    return np.clip(rgb + np.random.default_rng(0).normal(0, noise, rgb.shape), 0, 255).astype(np.uint8)


def test_a_shifted_region_snaps_to_the_edge_of_the_photograph():
    truth = disc(160, 80, 80, 40)
    rgb = painted(truth, (170, 80, 90), (200, 160, 140))
    rough = disc(160, 83, 78, 41) > 0.5
    matte = region_matte(rgb, rough, 160, Band(0.05, 0.05))
    assert np.abs(matte - truth).mean() < 0.004 < np.abs(rough - truth).mean()
    assert matte[disc(160, 80, 80, 43) == 0].max() < 0.1


def test_where_colours_tell_nothing_the_region_stays_and_does_not_grow():
    rgb = painted(np.zeros((160, 160)), (0, 0, 0), (120, 120, 120))
    rough = disc(160, 80, 80, 40) > 0.5
    matte = region_matte(rgb, rough, 160, Band(0.05, 0.05))
    assert matte[disc(160, 80, 80, 41) == 0].max() < 0.1 and matte[disc(160, 80, 80, 30) == 1].min() > 0.9


def test_large_crops_are_matted_small_and_keep_fine_edges():
    truth = disc(1400, 700, 700, 400)
    matte = region_matte(painted(truth, (60, 40, 30), (200, 190, 180)), disc(1400, 712, 700, 405) > 0.5, 1400, Band(0.04, 0.04))
    assert np.abs(matte - truth).mean() < 0.004


def test_background_between_locks_is_left():
    truth = disc(200, 100, 100, 60) * (np.arange(200) % 40 > 4)
    rgb = painted(truth, (40, 30, 25), (190, 195, 200))
    matte = region_matte(rgb, disc(200, 100, 100, 60) > 0.5, 200, Band(0.06, 0.1, 0.03))
    assert matte[truth == 0].mean() < 0.02 and matte[truth == 1].mean() > 0.9


def test_the_colour_model_explains_what_is_linear():
    guide = np.random.default_rng(0).random((40, 40, 3)).astype(np.float32)
    share = (0.2 * guide[..., 0] + 0.5 * guide[..., 2] + 0.1).astype(np.float32)
    slope, offset, _ = colour_model(guide, share, np.ones((40, 40), np.float32), 8)
    assert np.abs(np.einsum("hwc,hwc->hw", slope, guide) + offset - share).max() < 0.02


def test_an_iris_is_found_and_its_pupil_catchlight_and_lids_are_left():
    size, x, y, radius = 120, 64, 58, 20
    light = np.full((size, size), 85.0, np.float32)
    for center, r, level in (((x, y), radius, 35), ((x, y), 8, 5), ((x + 9, y - 7), 3, 98)):
        share = disc(size, *center, r)
        light = light * (1 - share) + level * share
    light = cv2.GaussianBlur(light.astype(np.float32), (0, 0), 0.8)
    opening = np.ones((size, size), np.float32)
    opening[: y - 14] = 0
    matte = iris_matte(light, opening, (x - 4.0, y + 3.0), 22.0, 30.0)
    ring = disc(size, x, y, radius - 3) * (1 - disc(size, x, y, 11)) * (1 - disc(size, x + 9, y - 7, 6)) * opening
    assert matte[ring == 1].mean() > 0.9
    assert matte[y, x] == 0 and matte[y - 7, x + 9] < 0.1 and matte[: y - 14].max() == 0
    assert matte[disc(size, x, y, radius + 3) == 0].max() == 0


def test_skin_between_the_hairs_of_a_brow_is_left():
    light = np.full((60, 120), 70.0, np.float32)
    light[25:35, 20:100:4] = 20
    light[25:35, 21:100:4] = 20
    matte = np.zeros((60, 120), np.float32)
    matte[25:35, 20:100] = 1
    found = strands(light, matte, 100)
    assert found[30, 20:100:4].min() > 0.95 and found[30, 22:100:4].max() < 0.05
    assert np.array_equal(strands(np.full_like(light, 70), matte, 100), matte)  # nothing tells them apart
