"""Adversarial losses by their formulas."""

import pytest
import torch

from scfegan_hf.losses.adversarial import discriminator_loss, generator_loss, real_drift_loss

REAL, FAKE = torch.tensor([[-0.5, 2.0], [0.25, 1.0]]), torch.tensor([[-3.0, 0.5], [-1.0, 0.0]])


def test_generator_wants_high_logits():
    assert generator_loss(FAKE).item() == pytest.approx(3.5 / 4)


def test_linear_loss_is_unbounded_and_hinge_is_cut_off_at_the_margin():
    assert discriminator_loss(REAL, FAKE, hinge=False).item() == pytest.approx((1.5 - 1 + 0.75 + 0 - 2 + 1.5 + 0 + 1) / 4)
    assert discriminator_loss(REAL, FAKE, hinge=True).item() == pytest.approx((1.5 + 0 + 0.75 + 0 + 0 + 1.5 + 0 + 1) / 4)
    assert discriminator_loss(REAL + 9, FAKE - 9, hinge=True) == 0
    assert discriminator_loss(REAL + 9, FAKE - 9, hinge=False) < -15


def test_hinge_has_no_gradient_beyond_the_margin():
    real, fake = REAL.clone().requires_grad_(), FAKE.clone().requires_grad_()
    discriminator_loss(real, fake, hinge=True).backward()
    assert torch.equal(real.grad, torch.tensor([[-0.25, 0], [-0.25, 0]]))
    assert torch.equal(fake.grad, torch.tensor([[0, 0.25], [0, 0.25]]))


def test_drift_pulls_the_discriminators_logits_to_zero():
    weight = torch.tensor(2.0, requires_grad=True)
    loss = real_drift_loss(weight * REAL)
    assert loss.item() == pytest.approx(4 * REAL.square().mean().item())
    loss.backward()
    assert weight.grad.item() == pytest.approx(4 * REAL.square().mean().item())


def test_logits_of_half_precision_are_averaged_in_float32():
    logits = torch.full((100, 100), 1.001).bfloat16()
    for loss in (generator_loss(logits), discriminator_loss(logits, logits, False), real_drift_loss(logits)):
        assert loss.dtype == torch.float32
