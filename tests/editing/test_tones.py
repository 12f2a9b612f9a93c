"""Other colours for the same structure."""

import numpy as np
import pytest

from scfegan_hf.editing.tones import _slope, relit, shifted, to_lab, to_rgb


@pytest.mark.parametrize("target", [(70, 5, 33), (30, 30, 15), (55, -5, -25), (20, 2, 2)])
@pytest.mark.parametrize("mean", [12, 45, 70])
def test_the_mean_becomes_the_target_and_detail_stays(target, mean):
    rng = np.random.default_rng(0)
    base = np.clip(rng.normal(mean, 6, 3000), 0, 100)
    light = np.clip(base + rng.normal(0, 4, 3000), 0, 100)
    lab = np.column_stack([light, rng.normal(6, 2, 3000), rng.normal(8, 2, 3000)]).astype(np.float32)
    target = np.array(target, float)
    moved = to_lab(shifted(lab, base, np.ones(3000), target)[None])[0]
    assert abs(moved[:, 0].mean() - target[0]) < 1 and np.abs(moved.mean(0) - target)[1:].max() < 5
    assert np.corrcoef(light, moved[:, 0])[0, 1] > 0.9
    assert np.corrcoef(light - base, moved[:, 0] - np.polyval(np.polyfit(base, moved[:, 0], 3), base))[0, 1] > 0.95


def test_black_white_and_gloss_stay():
    light = np.linspace(0, 100, 101)
    moved = relit(light, light, np.ones(101), 30)
    assert moved[0] < 4 and moved[-1] > 90 and (np.diff(moved) > 0).all()
    lab = np.zeros((101, 3), np.float32)
    lab[:, 0] = light
    red = to_lab(shifted(lab, light, np.ones(101), np.array([40.0, 60, 30]))[None])[0]
    chroma = np.hypot(red[:, 1], red[:, 2])
    assert chroma[0] < 20 and chroma[-1] < 30 and chroma[40:60].max() > 50


def test_there_and_back():
    rgb = np.random.default_rng(0).integers(0, 256, (8, 8, 3)).astype(np.uint8)
    assert np.abs(to_rgb(to_lab(rgb)) - rgb).max() < 1


def test_a_slope_is_that_of_numpy():
    rng = np.random.default_rng(0)
    x, weight = rng.uniform(0, 100, 500), rng.uniform(0, 1, 500)
    y = 3 + 0.4 * x + rng.normal(0, 5, 500)
    assert _slope(x, y, weight) == pytest.approx(np.polyfit(x, y, 1, w=np.sqrt(weight))[0], rel=1e-9)
    assert _slope(np.full(9, 2.0), np.arange(9.0), np.ones(9)) == 1
