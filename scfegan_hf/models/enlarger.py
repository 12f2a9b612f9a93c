"""Photographs four times as wide and high: residual blocks at the photograph's own size, then two pixel shuffles.

SRResNet (Ledig et al. 2017, section 2.1) without batch norm, which leaves blotches (Lim et al. 2017), and on top of the
bicubic enlargement, so that colour and light are right from the start.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from scfegan_hf.layers.gated import LEAK
from scfegan_hf.layers.unet import Residual
from scfegan_hf.models.hub import HubNetwork

SCALE = 4


class PhotoEnlarger(nn.Module, HubNetwork, pipeline_tag="image-to-image", tags=["super-resolution", "srgan"]):
    """(N, 3, H, W) to (N, 3, 4H, 4W), both about [-1, 1]: the bicubic enlargement plus a residual that starts near zero.

    ``width``: channels of the ``blocks`` residual blocks, all at the size of the input. What one pixel becomes depends on
    `reach` pixels around it. Raises ValueError for other channels.
    """

    ranges = {"width": (4, 1024), "blocks": (1, 64)}

    def __init__(self, width: int = 64, blocks: int = 16):
        super().__init__()
        half = width // 2
        self.stem = nn.Conv2d(3, width, 3, padding=1)
        self.body = nn.Sequential(*(Residual(width) for _ in range(blocks)))
        self.middle = nn.Conv2d(width, 4 * half, 3, padding=1)
        self.fine = nn.Conv2d(half, half, 3, padding=1)
        self.head = nn.Conv2d(half, 3 * 4, 3, padding=1)
        self.reach = 2 * blocks + 4
        with torch.no_grad():
            self.head.weight.mul_(0.01)
            self.head.bias.zero_()

    def forward(self, x: Tensor) -> Tensor:
        if x.ndim != 4 or x.shape[1] != 3 or not x.numel():
            raise ValueError(f"This network takes pictures (N, 3, H, W), not {tuple(x.shape)}.")
        hidden = self.stem(x)
        hidden = F.pixel_shuffle(self.middle(F.leaky_relu(hidden + self.body(hidden), LEAK)), 2)
        hidden = self.fine(F.leaky_relu(hidden, LEAK))
        detail = F.pixel_shuffle(self.head(F.leaky_relu(hidden, LEAK)), 2)
        return F.interpolate(x, scale_factor=SCALE, mode="bicubic", align_corners=False) + detail
