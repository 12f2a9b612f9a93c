"""Samples of pairs: both pictures are cut alike, whatever their sizes, and backwards the step has the other sign."""

import numpy as np
import torch
from skimage.data import astronaut
from skimage.transform import resize

from scfegan_hf.models.stargan import ATTRIBUTES
from scfegan_hf.recipes.stargan import pair_sample


def pair() -> dict:
    large = astronaut()[:256, 96:352]
    small = (resize(large, (128, 128), anti_aliasing=True) * 255).astype(np.uint8)
    return {"image": large, "target": small, "smile": 1.0, "age": 0.0, "features": 0.0}


def test_both_are_cut_alike():
    for n in range(6):
        sample = pair_sample(pair(), n, side=64, seed=0, train=True)
        assert sample["source"].shape == sample["target"].shape == (3, 64, 64)
        assert (sample["source"] - sample["target"]).abs().mean() < 0.08


def test_half_are_taken_backwards():
    row = pair() | {"target": np.zeros((128, 128, 3), np.uint8)}
    samples = [pair_sample(row, n, side=64, seed=0, train=True) for n in range(40)]
    backwards = [bool((sample["source"] == -1).all()) for sample in samples]
    assert 8 < sum(backwards) < 32
    for sample, turned in zip(samples, backwards, strict=True):
        assert sample["steps"].tolist() == [-1.0 if turned else 1.0, 0, 0]


def test_validation_is_the_pair_as_it_is():
    one, other = (pair_sample(pair(), n, side=64, seed=n, train=False) for n in (0, 5))
    assert torch.equal(one["source"], other["source"]) and one["steps"][ATTRIBUTES.index("smile")] == 1
