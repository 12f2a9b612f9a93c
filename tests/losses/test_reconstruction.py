"""Pixel losses against slow loops in numpy."""

import numpy as np
import pytest
import torch

from scfegan_hf.losses.reconstruction import coarse_loss, per_pixel_loss, total_variation_loss


@pytest.fixture
def pictures():
    mask = torch.zeros(2, 1, 5, 6)
    mask[0, :, 1:3, 2:5] = 1
    mask[1, :, 4, 0] = 1
    return torch.rand(2, 3, 5, 6) * 2 - 1, torch.rand(2, 3, 5, 6) * 2 - 1, mask


@pytest.mark.parametrize("alpha", [1.0, 6.0])
def test_per_pixel_is_a_weighted_mean_of_absolute_differences(pictures, alpha):
    generated, image, mask = pictures
    g, i, m = (tensor.numpy() for tensor in pictures)
    total = 0.0
    for n, c, y, x in np.ndindex(*g.shape):
        total += (alpha if m[n, 0, y, x] == 1 else 1.0) * abs(g[n, c, y, x] - i[n, c, y, x])
    assert per_pixel_loss(generated, image, mask, alpha).item() == pytest.approx(total / g.size, rel=1e-5)


def test_the_hole_weighs_alpha_times_the_rest(pictures):
    _, image, mask = pictures
    inside = per_pixel_loss(image + mask, image, mask, 6.0) / mask.mean()
    outside = per_pixel_loss(image + 1 - mask, image, mask, 6.0) / (1 - mask).mean()
    assert (inside / outside).item() == pytest.approx(6, rel=1e-5)


def test_coarse_sees_means_of_cells_and_no_texture(pictures):
    _, image, _ = pictures
    image = image[..., :4, :4]
    texture = torch.tensor([[0.3, -0.3], [-0.3, 0.3]]).repeat(2, 2)
    assert coarse_loss(image + texture, image).item() == pytest.approx(0, abs=1e-6)
    assert coarse_loss(image + texture + 0.2, image).item() == pytest.approx(0.2, rel=1e-5)
    halves = torch.cat([torch.full((2, 3, 4, 4), 0.5), torch.full((2, 3, 4, 4), -0.1)], dim=3)
    assert coarse_loss(halves, torch.zeros_like(halves)).item() == pytest.approx(0.3, rel=1e-5)


def test_total_variation_counts_pairs_that_touch_the_hole(pictures):
    completed, _, mask = pictures
    p, m = completed.numpy(), mask.numpy()
    total, pairs = 0.0, 0
    for n, c, y, x in np.ndindex(*p.shape):
        for dy, dx in ((0, 1), (1, 0)):
            if y + dy < p.shape[2] and x + dx < p.shape[3] and (m[n, 0, y, x] or m[n, 0, y + dy, x + dx]):
                total += abs(p[n, c, y, x] - p[n, c, y + dy, x + dx])
                pairs += 1
    assert 0 < pairs < p.size
    assert total_variation_loss(completed, mask).item() == pytest.approx(total / p.size, rel=1e-5)


def test_total_variation_ignores_what_is_away_from_the_hole():
    image, mask = torch.zeros(1, 3, 8, 8), torch.zeros(1, 1, 8, 8)
    mask[..., 4, 4] = 1
    image[..., 0, 0] = 1
    assert total_variation_loss(image, mask) == 0
    image[..., 4, 5] = 1  # a neighbour outside: the seam counts
    assert total_variation_loss(image, mask).item() == pytest.approx(3 / image.numel())


@pytest.mark.parametrize("loss", [lambda g, i, m: per_pixel_loss(g, i, m, 6.0), lambda g, i, m: total_variation_loss(g, m)])
def test_losses_are_never_negative_and_have_a_gradient(pictures, loss):
    """Published code exists that forgot abs()."""
    generated, image, mask = pictures
    generated.requires_grad_(True)
    value = loss(generated, image, mask)
    value.backward()
    assert value > 0 and generated.grad.abs().sum() > 0
    assert loss(-generated.detach(), -image, mask).item() == pytest.approx(value.item(), rel=1e-6)
