"""Adversarial losses on logits of any shape: hinge and linear (Jo & Park 2019, eq. 3.6 and 3.8), cross-entropy, pairs.

``weights``, where given, say how much each logit (N, 1, h, w) counts in its sample's mean and sum to 1 for each sample.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F


def generator_loss(fake_logits: Tensor, weights: Tensor | None = None) -> Tensor:
    """-E[D(completed)] (first term of eq. 3.6)."""
    return -_mean(fake_logits.float(), weights)


def discriminator_loss(real_logits: Tensor, fake_logits: Tensor, hinge: bool, weights: Tensor | None = None) -> Tensor:
    """E[1 - D(real)] + E[1 + D(fake)] (eq. 3.8); with ``hinge`` each term is cut off at zero (Lim & Ye 2017)."""
    real, fake = 1 - real_logits.float(), 1 + fake_logits.float()
    if hinge:
        real, fake = F.relu(real), F.relu(fake)
    return _mean(real, weights) + _mean(fake, weights)


def real_drift_loss(real_logits: Tensor, weights: Tensor | None = None) -> Tensor:
    """E[D(real)^2] (second term of eq. 3.6), which keeps the logits from drifting.

    The paper adds it to the generator's loss, where it has no gradient; it belongs to the discriminator
    (Karras et al. 2018, appendix A.1).
    """
    return _mean(real_logits.float().square(), weights)


def called(logits: Tensor, answer: float, reduction: str = "mean") -> Tensor:
    """Cross-entropy of logits with one ``answer`` for all: 1 real, 0 generated, between the two smoothed (Goodfellow et al.
    2014). With 1 for generated pictures it is the generator's loss that does not saturate."""
    answers = torch.full_like(logits, answer, dtype=torch.float32)
    return F.binary_cross_entropy_with_logits(logits.float(), answers, reduction=reduction)


def heads_loss(real: Sequence[Tensor], fake: Sequence[Tensor], epsilon: float) -> dict[str, Tensor]:
    """Of a discriminator with several heads: the sum of their hinge losses, ``epsilon`` times that of their drifts, and, to be
    logged, of how far they tell real from generated."""
    pairs = list(zip(real, fake, strict=True))
    return {
        "discriminator": sum(discriminator_loss(*pair, True) for pair in pairs),
        "drift": epsilon * sum(real_drift_loss(logits) for logits, _ in pairs),
        "_apart": sum((first - second).mean() for first, second in pairs),
    }


def pair_loss(winner: Tensor, loser: Tensor) -> Tensor:
    """E[softplus(D(loser) - D(winner))]: logits compared pair by pair (Jolicoeur-Martineau 2018; Huang et al. 2024, R3GAN).

    Real pictures are the discriminator's winners, generated ones the generator's.
    """
    return F.softplus(loser.float() - winner.float()).mean()


def hole_weights(mask: Tensor, size: tuple[int, int]) -> Tensor:
    """Weights (N, 1, h, w) of patches: those of which at least a tenth lies in the hole (N, 1, H, W) share a sample's sum.

    All of them do if there is none. Patches without any hole are the same in both pictures and teach nothing. Each sample
    counts alike, so that a batch in parts has the loss of the whole.
    """
    chosen = (F.adaptive_avg_pool2d(mask.float(), size) >= 0.1).float()
    empty = chosen.sum((2, 3), keepdim=True) == 0
    chosen = chosen.masked_fill(empty, 1.0)
    return chosen / chosen.sum((2, 3), keepdim=True)


def _mean(values: Tensor, weights: Tensor | None) -> Tensor:
    return values.mean() if weights is None else (values * weights).sum((1, 2, 3)).mean()
