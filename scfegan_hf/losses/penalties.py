"""Penalties of a discriminator's gradient: near one on the hole (Jo & Park 2019, eq. 3.9; Gulrajani et al. 2017, eq. 3), or
near zero (Mescheder et al. 2018)."""

import torch
from torch import Tensor


def interpolate(real: Tensor, fake: Tensor, mix: Tensor) -> Tensor:
    """Points between real and fake, ``mix`` (N,) in [0, 1] of the way to fake; a leaf that wants its gradient."""
    mix = mix.view(-1, *[1] * (real.ndim - 1))
    return (real.detach() + mix * (fake - real).detach()).float().requires_grad_(True)


def gradient_penalty(logits: Tensor, points: Tensor, mask: Tensor) -> Tensor:
    """E[(||dD/dU * mask||_2 - 1)^2] where U = ``points`` went into ``logits``. fp32; differentiable.

    A patch discriminator has many logits; D(U) is their mean, which is what the adversarial losses take too. The sum
    of a thousand logits would hold their mean to a thousandth of the intended slope, and D could never tell anything.
    """
    of_each = logits.float().flatten(1).mean(1)
    (gradient,) = torch.autograd.grad(of_each.sum(), points, create_graph=True)
    masked = (gradient.float() * mask).flatten(1)
    norm = (masked.square().sum(1) + 1e-12).sqrt()  # the root's slope at zero is infinite
    return (norm - 1).square().mean()


def zero_gradient_penalty(logits: Tensor, points: Tensor) -> Tensor:
    """E[||dD/dx||^2] where x = ``points``, leaves that want their gradient, went into ``logits``. R1 on real pictures, R2 on
    generated ones (Mescheder et al. 2018, eq. 9 and 10). fp32; differentiable."""
    (gradient,) = torch.autograd.grad(logits.float().sum(), points, create_graph=True)
    return gradient.float().square().flatten(1).sum(1).mean()
