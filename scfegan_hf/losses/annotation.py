"""Losses of the annotator's three answers. Logits and targets as in models/annotator.py; all return scalars."""

import torch
from torch import Tensor
from torch.nn import functional as F


def edge_loss(logits: Tensor, edges: Tensor) -> Tensor:
    """Cross-entropy with soft edges in [0, 1]; edges are rare and count up to four times."""
    return F.binary_cross_entropy_with_logits(logits.float(), edges, weight=1 + 3 * edges)


def region_loss(logits: Tensor, labels: Tensor, known: Tensor, weights: Tensor) -> Tensor:
    """Cross-entropy over labels (N, H, W) where ``known`` is 1; ``weights`` (R,) lift small regions."""
    each = F.cross_entropy(logits.float(), labels, weights, reduction="none")
    return (each * known).sum() / (weights[labels] * known).sum().clamp_min(1e-6)


def heat_loss(heat: Tensor, points: Tensor, inside: Tensor, spread: float = 1.0) -> Tensor:
    """Cross-entropy of heat maps (N, L, h, w) with Gaussians of ``spread`` cells around points (N, L, 2) in parts of the
    frame; points that are not ``inside`` (N, L) do not count."""
    height, width = heat.shape[-2:]
    x = torch.arange(width, device=heat.device) + 0.5
    y = torch.arange(height, device=heat.device) + 0.5
    across = (-((x - points[..., :1] * width) ** 2) / (2 * spread**2)).exp()  # (N, L, w)
    down = (-((y - points[..., 1:] * height) ** 2) / (2 * spread**2)).exp()  # (N, L, h)
    target = (down[..., :, None] * across[..., None, :]).flatten(2)
    target = target / target.sum(2, keepdim=True).clamp_min(1e-6)
    each = -(target * heat.float().flatten(2).log_softmax(2)).sum(2)
    return (each * inside).sum() / inside.sum().clamp_min(1)


def point_loss(predicted: Tensor, points: Tensor, inside: Tensor) -> Tensor:
    """Mean absolute error of points (N, L, 2) in parts of the frame, over those ``inside``."""
    return ((predicted - points).abs().mean(2) * inside).sum() / inside.sum().clamp_min(1)
