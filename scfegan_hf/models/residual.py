"""A U-Net of residual blocks of gated convolutions: ours, in place of the published chain of gated convolutions."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from scfegan_hf.layers.gated import LEAK, GatedConv2d


class GatedResidual(nn.Module):
    """x + conv(gated convolution(x)), both 3x3 (He et al. 2016). Starts near x, which takes the place of a norm."""

    def __init__(self, channels: int, *, dilation: int = 1, norm: str | None = None, gate: str = "single"):
        super().__init__()
        self.gated = GatedConv2d(channels, channels, 3, dilation=dilation, norm=norm, gate=gate)
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)
        with torch.no_grad():
            self.conv.weight.mul_(0.1)
            self.conv.bias.zero_()

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv(self.gated(x))


class ResidualUNet(nn.Module):
    """(N, in_channels, H, W) to (N, 3, H, W), not bounded, near zero at the start. H and W divisible by 2**len(widths).

    Pixels are folded into channels two by two at the first of ``widths``, one for each halving, and unfolded for the
    answer, so that no convolution runs at full size. ``encoder_blocks`` and ``decoder_blocks``: how many blocks at each
    width but the last, from fine to coarse; ``dilations``: of the blocks at the last. Raises ValueError if they do not fit.
    """

    def __init__(
        self,
        in_channels: int,
        widths: Sequence[int],
        encoder_blocks: Sequence[int],
        dilations: Sequence[int],
        decoder_blocks: Sequence[int],
        norm: str | None = None,
        gate: str = "single",
    ):
        super().__init__()
        if not len(encoder_blocks) == len(decoder_blocks) == len(widths) - 1:
            raise ValueError(f"encoder_blocks and decoder_blocks need {len(widths) - 1} numbers each for {len(widths)} stages")

        def blocks(width: int, dilations: Sequence[int]) -> nn.Sequential:
            return nn.Sequential(*(GatedResidual(width, dilation=dilation, norm=norm, gate=gate) for dilation in dilations))

        steps = list(pairwise(widths))
        self.stem = nn.Conv2d(4 * in_channels, widths[0], 3, padding=1)
        self.encoder = nn.ModuleList(blocks(width, [1] * n) for width, n in zip(widths[:-1], encoder_blocks, strict=True))
        self.down = nn.ModuleList(nn.Conv2d(fine, coarse, 2, stride=2) for fine, coarse in steps)
        self.bottleneck = blocks(widths[-1], dilations)
        self.up = nn.ModuleList(nn.Conv2d(coarse, 4 * fine, 1) for fine, coarse in reversed(steps))
        self.merge = nn.ModuleList(nn.Conv2d(2 * fine, fine, 1) for fine, _ in reversed(steps))
        self.decoder = nn.ModuleList(
            blocks(width, [1] * n) for width, n in zip(reversed(widths[:-1]), reversed(decoder_blocks), strict=True)
        )
        self.head = nn.Conv2d(widths[0], 12, 3, padding=1)
        with torch.no_grad():
            self.head.weight.mul_(0.1)
            self.head.bias.zero_()

    def forward(self, x: Tensor) -> Tensor:
        skips, hidden = [], self.stem(F.pixel_unshuffle(x, 2))
        for stage, down in zip(self.encoder, self.down, strict=True):
            skips.append(stage(hidden))
            hidden = down(F.leaky_relu(skips[-1], LEAK))
        hidden = self.bottleneck(hidden)
        for up, merge, stage in zip(self.up, self.merge, self.decoder, strict=True):
            hidden = stage(merge(torch.cat([skips.pop(), F.pixel_shuffle(up(hidden), 2)], dim=1)))
        return F.pixel_shuffle(self.head(F.leaky_relu(hidden, LEAK)), 2)
