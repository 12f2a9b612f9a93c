"""Lines to faces: a U-Net of residual blocks, and the networks of pix2pix (Isola et al. 2017) as published."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from scfegan_hf.layers.gated import LEAK
from scfegan_hf.layers.unet import FoldedUNet
from scfegan_hf.models.hub import HubNetwork

IN_CHANNELS = 6  # lines 1, colours 3, where they are 1, noise 1


class LinesToFace(FoldedUNet, HubNetwork, pipeline_tag="image-to-image", tags=["pix2pix", "sketch", "faces"]):
    """(N, 6, H, W): lines 0 or 1, colours in [-1, 1] and where they are 0 or 1, normal noise; to a picture (N, 3, H, W) in
    [-1, 1]. Sides divisible by ``stride``.

    Pixels are folded ``fold`` by ``fold``; ``widths`` are those of the stages from there on, each half as large as the one
    before, with so many residual ``blocks`` on the way down, and on the way up again. Skips are added. ``resolution``: side
    of the squares that it works at. Raises ValueError for numbers that do not fit.
    """

    ranges = {"widths": (1, 1024), "blocks": (0, 16), "fold": (1, 16), "resolution": (16, 4096)}

    def __init__(
        self,
        widths: Sequence[int] = (64, 128, 192, 192),
        blocks: Sequence[int] = (1, 1, 2, 3),
        fold: int = 2,
        resolution: int = 128,
    ):
        if len(blocks) != len(widths):
            raise ValueError(f"blocks needs {len(widths)} numbers for {len(widths)} stages, not {len(blocks)}.")
        super().__init__(IN_CHANNELS, 3, widths, blocks[:-1], [1] * blocks[-1], blocks[:-1], fold)
        self.resolution = resolution
        if resolution % self.stride:
            raise ValueError(f"resolution must be divisible by {self.stride}, not {resolution}.")

    def forward(self, x: Tensor) -> Tensor:
        """Raises ValueError for another number of channels or another size."""
        if x.ndim != 4 or x.shape[1] != IN_CHANNELS:
            raise ValueError(f"This network takes (N, {IN_CHANNELS}, H, W), not {tuple(x.shape)}.")
        if x.shape[2] % self.stride or x.shape[3] % self.stride or not x.numel():
            raise ValueError(f"Height and width must be divisible by {self.stride}, not {tuple(x.shape[2:])}.")
        return super().forward(x)


class PublishedUNet(nn.Module, HubNetwork, pipeline_tag="image-to-image", tags=["pix2pix"]):
    """pix2pix's generator: 4x4 convolutions of stride 2 down to one pixel and up again, skips joined, batch norm, and dropout
    in the first three layers up, which is its noise and stays on (Isola et al. 2017, appendix 6.1). Norms go by the batch at
    hand in use too (section 3.4), so answers depend on what else is in it. Takes what `LinesToFace` takes; ``resolution``: 2 to
    the power of its number of levels.
    """

    ranges = {"width": (1, 512), "resolution": (16, 512)}

    def __init__(self, width: int = 64, resolution: int = 256):
        super().__init__()
        levels = resolution.bit_length() - 1
        if resolution != 2**levels:
            raise ValueError(f"resolution must be a power of two, not {resolution}.")
        self.resolution = self.stride = resolution
        channels = [width * min(2**level, 8) for level in range(levels)]
        down = [IN_CHANNELS, *channels]
        self.down = nn.ModuleList(
            nn.Sequential(
                *([nn.LeakyReLU(LEAK)] if level else []),
                nn.Conv2d(down[level], down[level + 1], 4, 2, 1),
                *([batch_norm(down[level + 1])] if 0 < level < levels - 1 else []),
            )
            for level in range(levels)
        )
        up = [3, *channels]
        self.up = nn.ModuleList(
            nn.Sequential(
                nn.ReLU(),
                nn.ConvTranspose2d(channels[level] * (1 if level == levels - 1 else 2), up[level], 4, 2, 1),
                *([batch_norm(up[level])] if level else []),
                *([AlwaysDropout(0.5)] if level and levels - 4 <= level < levels - 1 else []),
            )
            for level in reversed(range(levels))
        )
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
                nn.init.normal_(layer.weight, 0, 0.02)

    def forward(self, x: Tensor) -> Tensor:
        skips = []
        for layer in self.down:
            x = layer(x)
            skips.append(x)
        x = self.up[0](skips.pop())
        for layer in self.up[1:]:
            x = layer(torch.cat([x, skips.pop()], 1))
        return torch.tanh(x)


def batch_norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, track_running_stats=False)


class AlwaysDropout(nn.Module):
    """Dropout that is the network's noise: in use as in training."""

    def __init__(self, share: float):
        super().__init__()
        self.share = share

    def forward(self, x: Tensor) -> Tensor:
        return F.dropout(x, self.share, True)


class PatchDiscriminator(nn.Module, HubNetwork, pipeline_tag="image-classification", tags=["gan", "pix2pix"]):
    """Logits (N, 1, h, w) of patches of 70x70 pixels of lines, colours and picture (N, 8, H, W), without noise (6.1)."""

    ranges = {"width": (1, 512)}

    def __init__(self, width: int = 64):
        super().__init__()
        sizes = ((IN_CHANNELS + 2, width, 2), (width, 2 * width, 2), (2 * width, 4 * width, 2), (4 * width, 8 * width, 1))
        layers: list[nn.Module] = []
        for number, (before, after, stride) in enumerate(sizes):
            layers += [nn.Conv2d(before, after, 4, stride, 1), *([nn.BatchNorm2d(after)] if number else []), nn.LeakyReLU(LEAK)]
        self.layers = nn.Sequential(*layers, nn.Conv2d(8 * width, 1, 4, 1, 1))
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.normal_(layer.weight, 0, 0.02)

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)
