"""Pixel losses of SC-FEGAN (Jo & Park 2019). Images (N, 3, H, W) in [-1, 1]; mask (N, 1, H, W), 1 = hole.

The papers' M is 1 where pixels are valid; ours is 1 in the hole, so the two terms of eq. 3.1 change places.
"""

from torch import Tensor
from torch.nn import functional as F


def per_pixel_loss(generated: Tensor, image: Tensor, mask: Tensor, alpha: float) -> Tensor:
    """Mean absolute error with weight ``alpha`` in the hole and 1 elsewhere (eq. 3.1)."""
    weight = 1 + (alpha - 1) * mask
    return (weight * (generated - image).abs()).mean()


def coarse_loss(completed: Tensor, image: Tensor, cell: int = 4) -> Tensor:
    """Mean absolute error of the means of ``cell`` x ``cell`` pixels: colours and shapes have to be right, pores need not.

    Ours. Between pictures that are equal outside the hole, so that only the hole counts.
    """
    return F.avg_pool2d(completed - image, cell).abs().mean()


def total_variation_loss(completed: Tensor, mask: Tensor) -> Tensor:
    """Mean absolute difference of neighbours of which at least one lies in the hole (eq. 3.4 and 3.5).

    Pairs across the hole's border count, since the seam is what the term is there to smooth.
    """
    across = (completed[..., :, 1:] - completed[..., :, :-1]).abs() * mask[..., :, 1:].maximum(mask[..., :, :-1])
    down = (completed[..., 1:, :] - completed[..., :-1, :]).abs() * mask[..., 1:, :].maximum(mask[..., :-1, :])
    return (across.sum() + down.sum()) / completed.numel()
