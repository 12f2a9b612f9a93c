"""eigengan's drafts: what is kept of photographs, and what is drawn anew."""

import numpy as np
import pytest
import torch

from scfegan_hf.models.face_prior import FacePrior, fit_prior
from scfegan_hf.recipes.eigengan import EigenGAN, numbered_draws

SIDE, CODES = 16, 24


@pytest.fixture(scope="module")
def prior() -> FacePrior:
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 1, (200, SIDE, SIDE, 3)).cumsum(1).cumsum(2)  # smooth, so that components differ in size
    return fit_prior(np.clip(127 + 12 * noise, 0, 255).astype(np.uint8), CODES, noise=0.001)


@pytest.fixture
def images(prior) -> torch.Tensor:
    """Pictures that the prior holds, as large as it."""
    return prior.pictures(torch.randn(64, CODES))


def test_all_codes_are_kept_where_enough_are(prior, images):
    coarse = EigenGAN(least_kept=2 * CODES).drafts(prior, images)
    assert (coarse - images).abs().mean() < 0.05


def test_coarse_codes_are_kept_and_fine_ones_drawn_anew(prior, images):
    recipe = EigenGAN(least_kept=6, boldness=0.5)
    apart = (prior.codes(recipe.drafts(prior, images)) - prior.codes(images)).abs()
    assert apart[:, :6].max() < 0.1 < apart[:, -6:].mean()
    changed = prior.codes(recipe.drafts(prior, 0 * images + prior.mean.permute(2, 0, 1)))[:, -6:]
    assert 0.1 < changed.std() < 0.5  # of the boldness, half to all of it, and half of the faces keep theirs


def test_a_draw_is_by_its_number_alone(prior):
    one, noise = numbered_draws(prior, torch.tensor([7, 8]))
    again, _ = numbered_draws(prior, torch.tensor([8]))
    torch.testing.assert_close(one[1], again[0])
    assert (one[0] - one[1]).abs().mean() > 0.05
    assert noise.shape == (2, 2, SIDE, SIDE)


def test_the_window_is_the_same_in_both_pictures():
    pictures = torch.arange(100.0).view(1, 1, 10, 10).expand(2, 3, -1, -1)
    cut = EigenGAN(window=64).cutting(pictures)
    assert cut(pictures).shape == (2, 3, 10, 10)
    large = torch.rand(2, 3, 96, 96)
    cut = EigenGAN(window=64).cutting(large)
    assert torch.equal(cut(large), cut(large)) and cut(large).shape == (2, 3, 64, 64)
