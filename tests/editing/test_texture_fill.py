"""Holes without a face: plain stays plain, texture goes on, and nothing comes from where it must not."""

import cv2
import numpy as np
import pytest

from scfegan_hf.editing.seam import membrane
from scfegan_hf.editing.texture_fill import texture_fill


def disc(height: int, width: int, y: int, x: int, radius: int) -> np.ndarray:
    rows, cols = np.ogrid[:height, :width]
    return (rows - y) ** 2 + (cols - x) ** 2 <= radius**2


def gradient() -> np.ndarray:
    y, x = np.mgrid[:240, :300].astype(np.float32)
    return np.stack([60 + x / 3, 200 - y / 4, 90 + (x + y) / 6], -1).round().astype(np.uint8)


@pytest.mark.parametrize("photo", [np.full((240, 300, 3), 255, np.uint8), np.full((240, 300, 3), 7, np.uint8), gradient()])
def test_plain_colours_and_gradients_come_back_within_two_levels(photo):
    hole = disc(240, 300, 120, 150, 60)
    spoilt = photo.copy()
    spoilt[hole] = (200, 0, 90)
    filled = texture_fill(spoilt, hole)
    assert np.abs(filled.astype(int) - photo).max() <= 2 and (filled[~hole] == photo[~hole]).all()


def test_a_pattern_goes_on():
    y, x = np.mgrid[:240, :300]
    photo = np.where(((x // 12 + y // 12) % 2)[..., None] > 0, (190, 150, 60), (30, 70, 120)).astype(np.uint8)
    hole = disc(240, 300, 120, 150, 35)
    spoilt = np.where(hole[..., None], np.uint8(255), photo)
    filled = texture_fill(spoilt, hole).astype(float)
    smooth = membrane(spoilt.astype(np.float32), ~hole)
    contrast = [float(picture[hole].std(0).mean()) for picture in (photo, filled, smooth)]
    assert contrast[1] > 0.75 * contrast[0] > 2 * contrast[2]
    assert np.abs(filled - photo)[hole].mean() < 0.7 * np.abs(smooth - photo)[hole].mean()


def test_fine_texture_is_as_fine_as_around():
    noise = np.random.default_rng(0).normal(0, 30, (400, 400, 1)).repeat(3, 2)
    photo = np.clip(128 + noise, 0, 255).astype(np.uint8)
    hole = disc(400, 400, 200, 200, 90)
    filled = texture_fill(np.where(hole[..., None], np.uint8(0), photo), hole).astype(np.float32)
    inside = cv2.erode(hole.astype(np.uint8), np.ones((9, 9))) > 0
    fine = [float((p - cv2.GaussianBlur(p, (0, 0), 1.0))[inside].std()) for p in (filled, photo.astype(np.float32))]
    assert 0.7 < fine[0] / fine[1] < 1.2


def test_what_is_to_be_avoided_is_not_copied():
    rng = np.random.default_rng(1)
    photo = rng.integers(60, 120, (200, 300, 3)).astype(np.uint8)
    photo[:, 200:] = rng.integers(150, 250, (200, 100, 3)) * np.array([1, 0, 0])
    hole = disc(200, 300, 100, 165, 30)
    avoid = np.zeros_like(hole)
    avoid[:, 190:] = True
    for seed in range(3):
        filled = texture_fill(photo, hole, avoid, seed).astype(int)
        assert (filled[hole][:, 0] - filled[hole][:, 1] > 100).mean() < 0.02


def test_the_seed_decides():
    photo = np.random.default_rng(2).integers(0, 255, (120, 160, 3)).astype(np.uint8)
    hole = disc(120, 160, 60, 80, 20)
    first, again, other = (texture_fill(photo, hole, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


def test_a_picture_with_nothing_whole_to_copy_is_filled_smoothly():
    photo, hole = np.full((64, 64, 3), 80, np.uint8), np.ones((64, 64), bool)
    hole[:, :3] = False
    photo[hole] = 255
    assert (texture_fill(photo, hole) == 80).all()
