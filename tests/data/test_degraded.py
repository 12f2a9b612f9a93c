"""Pictures and the worse ones made of them: alike in light and place, smaller, and a function of seed and number."""

import numpy as np
import pytest
import torch
from PIL import Image
from skimage.data import astronaut

from scfegan_hf.data.degraded import degrade, degraded_sample, middle, random_crop

OPTIONS = {"side": 128, "crop": 64, "crops": 3, "scale": 4, "seed": 5}


@pytest.fixture(scope="module")
def row() -> dict:
    return {"image": np.ascontiguousarray(astronaut()[:300, 100:500])}


def test_training_takes_crops_and_validation_the_middle(row):
    trained, held_out = degraded_sample(row, 3, lambda _: None, **OPTIONS), degraded_sample(row, 3, **OPTIONS)
    assert trained["image"].shape == (3, 3, 64, 64) and trained["small"].shape == (3, 3, 16, 16)
    assert held_out["image"].shape == (1, 3, 128, 128) and held_out["small"].shape == (1, 3, 32, 32)
    for sample in (trained, held_out):
        assert sample["image"].abs().max() <= 1
        means = torch.nn.functional.avg_pool2d(sample["image"], 4)
        assert (means - sample["small"]).abs().mean() < 0.12  # the same place
    again = degraded_sample(row, 3, lambda _: None, **OPTIONS)
    assert all(torch.equal(trained[name], again[name]) for name in trained)
    other = degraded_sample(row, 4, lambda _: None, **OPTIONS)
    assert not torch.equal(trained["image"], other["image"])


def test_grey_and_small_pictures_become_crops_too():
    sample = degraded_sample({"image": np.full((40, 50), 99, np.uint8)}, 0, lambda _: None, **OPTIONS)
    assert sample["image"].shape == (3, 3, 64, 64) and (sample["image"] - (99 / 127.5 - 1)).abs().max() < 0.01


def test_half_of_them_are_bicubic_means_and_the_others_worse(row):
    sharp = middle(Image.fromarray(row["image"]), 128)
    bicubic = np.asarray(sharp.resize((32, 32), Image.Resampling.BICUBIC), int)
    apart = [np.abs(np.asarray(degrade(sharp, 4, np.random.default_rng(n)), int) - bicubic).mean() for n in range(200)]
    assert 0.4 < np.mean(np.array(apart) == 0) < 0.6
    assert 1 < np.median([value for value in apart if value]) < 20


def test_crops_come_from_anywhere_and_are_never_enlarged_needlessly():
    ramp = np.zeros((512, 512, 3), np.uint8)
    ramp[..., 0], ramp[..., 1] = np.arange(512)[None] // 2, np.arange(512)[:, None] // 2
    spans = []
    for n in range(200):
        crop = np.asarray(random_crop(Image.fromarray(ramp), 128, np.random.default_rng(n)), int)
        spans.append(np.ptp(crop[..., 1]))
    assert min(spans) >= 61 and max(spans) > 140  # 128 to 320 pixels of 512, half a level each
