"""LPIPS (Zhang et al. 2018, section 3.1): how different two pictures look, by features whose channels people weighed."""

from collections.abc import Sequence

from torch import Tensor
from torch.nn import functional as F


def lpips(features: Sequence[Tensor], target: Sequence[Tensor], heads: Sequence[Tensor], mask: Tensor | None = None) -> Tensor:
    """Distance (N,) of two pictures by their features, lists of (N, C, H, W), and the channels' weights (1, C, 1, 1).

    With ``mask`` (N, 1, H0, W0) each place counts by the hole's share there, so that what is equal outside does not thin
    the distance out; where there is no hole the distance is 0.
    """
    total = 0
    for x, y, head in zip(features, target, heads, strict=True):
        difference = ((_unit(x) - _unit(y)).square() * head).sum(1, keepdim=True)  # (N, 1, H, W)
        if mask is None:
            total = total + difference.mean((1, 2, 3))
        else:
            share = F.adaptive_avg_pool2d(mask.to(difference.dtype), difference.shape[-2:])
            total = total + (difference * share).sum((1, 2, 3)) / share.sum((1, 2, 3)).clamp_min(1e-6)
    return total


def _unit(x: Tensor) -> Tensor:
    """Channels of each place divided by their length."""
    return x / (x.square().sum(1, keepdim=True).add(1e-10).sqrt() + 1e-10)
