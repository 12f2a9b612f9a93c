"""The gradient penalty against critics whose gradient is known."""

import pytest
import torch

from scfegan_hf.losses.penalties import gradient_penalty, interpolate
from scfegan_hf.models.scfegan import SCFEGANDiscriminator


@pytest.fixture
def mask():
    mask = torch.zeros(2, 1, 4, 4)
    mask[0, :, 1:3, 1:3] = 1
    mask[1, :, 0, :] = 1
    return mask


def test_interpolates_lie_between_and_are_leaves():
    real, fake = torch.rand(3, 3, 4, 4), torch.rand(3, 3, 4, 4, requires_grad=True)
    points = interpolate(real, fake, torch.tensor([0.0, 1.0, 0.25]))
    assert torch.equal(points[0], real[0])
    torch.testing.assert_close(points[1], fake[1].detach())
    torch.testing.assert_close(points[2], 0.75 * real[2] + 0.25 * fake[2].detach())
    assert points.is_leaf and points.requires_grad


def test_a_linear_critic_is_penalised_by_the_norm_of_its_weights_in_the_hole(mask):
    weight = torch.randn(3, 4, 4, requires_grad=True)
    points = torch.randn(2, 3, 4, 4, requires_grad=True)
    penalty = gradient_penalty((weight * points).sum((1, 2, 3))[:, None], points, mask)
    norms = (weight * mask).flatten(1).norm(dim=1)
    assert penalty.item() == pytest.approx((norms - 1).square().mean().item(), rel=1e-5)
    (found,) = torch.autograd.grad(penalty, weight)
    (expected,) = torch.autograd.grad((norms - 1).square().mean(), weight)
    torch.testing.assert_close(found, expected)


def test_only_the_hole_counts(mask):
    weight, points = torch.randn(3, 4, 4), torch.randn(2, 3, 4, 4, requires_grad=True)
    outside = weight + 100 * (1 - mask.amax(0))  # outside the holes of both samples
    inside = weight + 100 * mask[0]

    def penalty(critic):
        return gradient_penalty((critic * points).sum((1, 2, 3))[:, None], points, mask)

    torch.testing.assert_close(penalty(outside), penalty(weight))
    assert penalty(inside) > 100 * penalty(weight)


def test_a_critic_of_many_patches_is_their_mean(mask):
    weight, points = torch.randn(3, 4, 4), torch.randn(2, 3, 4, 4, requires_grad=True)
    one = (weight * points).sum((1, 2, 3))[:, None]
    patches = torch.cat([0.5 * one, 1.5 * one], 1).repeat(1, 50).view(2, 4, 5, 5)
    torch.testing.assert_close(gradient_penalty(patches, points, mask), gradient_penalty(one, points, mask))


def test_a_critic_of_slope_one_is_not_penalised(mask):
    weight = torch.randn(1, 3, 4, 4) * mask
    weight = weight / weight.flatten(1).norm(dim=1).view(-1, 1, 1, 1)
    points = torch.randn(2, 3, 4, 4, requires_grad=True)
    assert gradient_penalty((weight * points).sum((1, 2, 3))[:, None], points, mask).item() == pytest.approx(0, abs=1e-10)


def test_slopes_of_a_curved_critic_are_those_of_finite_differences(mask):
    critic = torch.nn.Sequential(torch.nn.Conv2d(3, 5, 3), torch.nn.Tanh(), torch.nn.Conv2d(5, 3, 1)).double()
    points = torch.randn(2, 3, 4, 4, dtype=torch.double, requires_grad=True)
    norms = []
    for n in range(2):
        slopes = []
        for c, y, x in torch.nonzero(mask[n].expand(3, 4, 4)).tolist():
            step = torch.zeros_like(points)
            step[n, c, y, x] = 1e-5
            slopes.append((critic(points + step)[n].mean() - critic(points - step)[n].mean()).item() / 2e-5)
        norms.append(torch.tensor(slopes).norm())
    expected = (torch.stack(norms) - 1).square().mean().item()
    assert gradient_penalty(critic(points), points, mask.double()).item() == pytest.approx(expected, rel=1e-3)


def test_double_backward_reaches_every_weight_of_the_discriminator():
    network = SCFEGANDiscriminator(4)
    points = interpolate(torch.rand(2, 8, 64, 64), torch.rand(2, 8, 64, 64), torch.rand(2))
    gradient_penalty(network(points), points, torch.ones(2, 1, 64, 64)).backward()
    weights = {name: p for name, p in network.named_parameters() if name.endswith("original")}
    assert len(weights) == 6
    assert all(p.grad is not None and p.grad.abs().sum() > 0 and p.grad.isfinite().all() for p in weights.values())


def test_a_flat_critic_has_a_finite_gradient(mask):
    weight, points = torch.zeros(3, 4, 4, requires_grad=True), torch.randn(2, 3, 4, 4, requires_grad=True)
    penalty = gradient_penalty((weight * points).sum((1, 2, 3))[:, None], points, mask)
    (found,) = torch.autograd.grad(penalty, weight)
    assert penalty.item() == pytest.approx(1, abs=1e-5) and found.isfinite().all()
