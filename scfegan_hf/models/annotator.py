"""The annotator: soft edges, regions and landmarks of a face in one pass, distilled from larger networks.

A U-Net of residual blocks. Landmarks are the means of heat maps (Nibali et al. 2018, Numerical Coordinate Regression).
"""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from scfegan_hf.layers.norms import ChannelRMSNorm
from scfegan_hf.models.hub import HubNetwork

# Landmarks are found on the level of this stride, edges and regions on that of half the picture, twice as fine again.
LANDMARK_LEVEL = 1


class Annotated(NamedTuple):
    """What the network says of pictures (N, 3, H, W), as logits."""

    edges: Tensor  # (N, 1, H, W), before the sigmoid
    regions: Tensor  # (N, R, H, W), before the softmax
    heat: Tensor  # (N, L, H/4, W/4), before the softmax over positions


class Annotator(nn.Module, HubNetwork, pipeline_tag="image-segmentation", tags=["faces", "edge-detection", "landmarks"]):
    """RGB pictures in [-1, 1] of sides divisible by 32 to `Annotated`. ``widths``: channels from stride 2 on, five."""

    ranges = {"widths": (1, 1024), "regions": (1, 64), "landmarks": (1, 512)}

    def __init__(self, widths: Sequence[int] = (24, 48, 80, 128, 160), regions: int = 11, landmarks: int = 98):
        super().__init__()
        if len(widths) < 3:
            raise ValueError(f"widths must name at least three levels, not {len(widths)}")
        self.stride = 2 ** len(widths)
        self.regions = regions
        down, before = [], 3
        for width in widths:
            down.append(nn.Sequential(nn.Conv2d(before, width, 3, stride=2, padding=1), ResidualBlock(width)))
            before = width
        self.down = nn.ModuleList(down)
        self.bottom = ResidualBlock(before, dilation=2)
        coarse_to_fine = list(reversed(widths))
        self.reduce = nn.ModuleList(nn.Conv2d(a, b, 1) for a, b in itertools.pairwise(coarse_to_fine))
        self.up = nn.ModuleList(ResidualBlock(width) for width in coarse_to_fine[1:])
        self.heat = nn.Conv2d(widths[LANDMARK_LEVEL], landmarks, 3, padding=1)
        self.fine = nn.Conv2d(widths[0] + 3 * 4, 4 * (1 + regions), 3, padding=1)

    def forward(self, x: Tensor) -> Annotated:
        if x.ndim != 4 or x.shape[1] != 3 or x.shape[2] % self.stride or x.shape[3] % self.stride:
            raise ValueError(f"The annotator takes (N, 3, H, W) with sides divisible by {self.stride}, not {tuple(x.shape)}.")
        hidden, skips = x, []
        for stage in self.down:
            hidden = stage(hidden)
            skips.append(hidden)
        hidden = self.bottom(skips.pop())
        heat = None
        for reduce, block in zip(self.reduce, self.up, strict=True):
            hidden = block(F.interpolate(reduce(hidden), scale_factor=2.0, mode="bilinear") + skips.pop())
            if len(skips) == LANDMARK_LEVEL:
                heat = self.heat(hidden)
        # The picture itself joins for lines one pixel wide.
        fine = F.pixel_shuffle(self.fine(torch.cat([hidden, F.pixel_unshuffle(x, 2)], dim=1)), 2)
        return Annotated(fine[:, :1], fine[:, 1:], heat)


class ResidualBlock(nn.Module):
    """x + conv(SiLU(conv(SiLU(norm(x))))); starts as the identity."""

    def __init__(self, width: int, dilation: int = 1):
        super().__init__()
        self.norm = ChannelRMSNorm(width)
        self.first = nn.Conv2d(width, width, 3, padding=dilation, dilation=dilation)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        nn.init.normal_(self.second.weight, 0, 1e-3)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(F.silu(self.first(F.silu(self.norm(x)))))


def positions(heat: Tensor) -> tuple[Tensor, Tensor]:
    """Means and peak probabilities of heat maps (N, L, h, w): points (N, L, 2) as x, y in parts of the frame, (N, L)."""
    height, width = heat.shape[-2:]
    share = heat.float().flatten(2).softmax(2).view_as(heat)
    x = (torch.arange(width, device=heat.device) + 0.5) / width
    y = (torch.arange(height, device=heat.device) + 0.5) / height
    points = torch.stack([(share.sum(2) * x).sum(2), (share.sum(3) * y).sum(2)], dim=2)
    return points, share.amax((2, 3))
