"""Adversarial losses on patch logits of any shape (Jo & Park 2019, eq. 3.6 and 3.8)."""

from torch import Tensor
from torch.nn import functional as F


def generator_loss(fake_logits: Tensor) -> Tensor:
    """-E[D(completed)] (first term of eq. 3.6)."""
    return -fake_logits.float().mean()


def discriminator_loss(real_logits: Tensor, fake_logits: Tensor, hinge: bool) -> Tensor:
    """E[1 - D(real)] + E[1 + D(fake)] (eq. 3.8); with ``hinge`` each term is cut off at zero (Lim & Ye 2017)."""
    real, fake = 1 - real_logits.float(), 1 + fake_logits.float()
    if hinge:
        real, fake = F.relu(real), F.relu(fake)
    return real.mean() + fake.mean()


def in_hole(logits: Tensor, mask: Tensor) -> Tensor:
    """The logits (N, 1, h, w) of patches of which at least a tenth lies in the hole (N, 1, H, W), as one row (M,).

    All of them if there is no such patch. Patches without any hole are the same in both pictures.
    """
    chosen = F.adaptive_avg_pool2d(mask, logits.shape[-2:]) >= 0.1
    return logits[chosen] if chosen.any() else logits.flatten()


def real_drift_loss(real_logits: Tensor) -> Tensor:
    """E[D(real)^2] (second term of eq. 3.6), which keeps the logits from drifting.

    The paper adds it to the generator's loss, where it has no gradient; it belongs to the discriminator
    (Karras et al. 2018, appendix A.1).
    """
    return real_logits.float().square().mean()
