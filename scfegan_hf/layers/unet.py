"""A U-Net of residual blocks on folded pixels: convolutions that machines do quickly, and little between them."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from scfegan_hf.layers.gated import LEAK

HEAD_CHANNELS = 32  # of each head of `Attention`
LEAST_LENGTH = 1e-4  # that queries and keys are divided by
MOST_LOG_SHARPNESS = 4.6  # about 100, that directions which are alike are told apart by


class Residual(nn.Module):
    """x + conv(rectified(conv(rectified(x)))), both 3x3 (He et al. 2016, Identity Mappings). Starts near x."""

    def __init__(self, channels: int, dilation: int = 1):
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=dilation, dilation=dilation)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        with torch.no_grad():
            self.second.weight.mul_(0.1)
            self.second.bias.zero_()

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(F.leaky_relu(self.first(F.leaky_relu(x, LEAK)), LEAK))


class Attention(nn.Module):
    """x + what all places say of each (Vaswani et al. 2017), by directions of unit length (Henry et al. 2020, Query-Key
    Normalization), which needs no norm before it. Starts as x. Costs the square of the number of places.

    ``channels`` must be divisible by HEAD_CHANNELS.
    """

    def __init__(self, channels: int):
        super().__init__()
        if channels % HEAD_CHANNELS:
            raise ValueError(f"attention needs channels divisible by {HEAD_CHANNELS}, not {channels}")
        self.heads = channels // HEAD_CHANNELS
        self.queries_keys_values = nn.Conv2d(channels, 3 * channels, 1)
        self.out = nn.Conv2d(channels, channels, 1)
        self.log_sharpness = nn.Parameter(torch.full((1, self.heads, 1, 1), 2.3))  # about 10
        with torch.no_grad():
            self.out.weight.mul_(0.1)
            self.out.bias.zero_()

    def forward(self, x: Tensor) -> Tensor:
        size = (x.shape[0], self.heads, HEAD_CHANNELS, x.shape[2] * x.shape[3])
        query, key, value = (part.reshape(size) for part in self.queries_keys_values(x).chunk(3, dim=1))
        query, key = (F.normalize(part, dim=2, eps=LEAST_LENGTH) for part in (query, key))
        alike = query.transpose(2, 3) @ key * self.log_sharpness.clamp(max=MOST_LOG_SHARPNESS).exp()  # (N, heads, P, P)
        answer = value @ alike.softmax(-1).to(value.dtype).transpose(2, 3)  # (N, heads, HEAD_CHANNELS, P)
        return x + self.out(answer.reshape(x.shape))


class FoldedUNet(nn.Module):
    """(N, in_channels, H, W) to (N, out_channels, H, W); sides divisible by ``stride``. Its answer starts near zero.

    Pixels are folded into channels ``fold`` by ``fold`` at the start, so that no convolution runs at full size (Shi et al.
    2016, section 2, the other way round). ``widths`` are those of the stages from there on, each half as large as the one
    before, with ``encoder_blocks`` and ``decoder_blocks``, fine to coarse, at all but the last, which has one block for each
    of ``dilations``, the first ``attention`` of them followed by `Attention`. Skips are added. Raises ValueError for numbers
    that do not fit.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        widths: Sequence[int],
        encoder_blocks: Sequence[int],
        dilations: Sequence[int],
        decoder_blocks: Sequence[int],
        fold: int = 4,
        attention: int = 0,
    ):
        super().__init__()
        if not len(encoder_blocks) == len(decoder_blocks) == len(widths) - 1:
            raise ValueError(f"encoder_blocks and decoder_blocks need {len(widths) - 1} numbers each for {len(widths)} stages")
        if attention > len(dilations):
            raise ValueError(f"attention follows blocks of the last stage, which has {len(dilations)}, not {attention}")
        self.fold, self.stride = fold, fold * 2 ** (len(widths) - 1)
        steps = list(pairwise(widths))
        self.stem = nn.Conv2d(in_channels * fold**2, widths[0], 3, padding=1)
        self.encoder = nn.ModuleList(_blocks(width, n) for width, n in zip(widths[:-1], encoder_blocks, strict=True))
        self.down = nn.ModuleList(nn.Conv2d(fine, coarse, 2, stride=2) for fine, coarse in steps)
        deepest: list[nn.Module] = []
        for number, dilation in enumerate(dilations):
            deepest.append(Residual(widths[-1], dilation))
            if number < attention:
                deepest.append(Attention(widths[-1]))
        self.deepest = nn.Sequential(*deepest)
        self.up = nn.ModuleList(nn.Conv2d(coarse, 4 * fine, 1) for fine, coarse in reversed(steps))
        backwards = zip(reversed(widths[:-1]), reversed(decoder_blocks), strict=True)
        self.decoder = nn.ModuleList(_blocks(width, n) for width, n in backwards)  # coarse to fine
        self.head = nn.Conv2d(widths[0], out_channels * fold**2, 3, padding=1)
        with torch.no_grad():
            self.head.weight.mul_(0.01)
            self.head.bias.zero_()

    def forward(self, x: Tensor) -> Tensor:
        skips, hidden = [], self.stem(F.pixel_unshuffle(x, self.fold))
        for blocks, down in zip(self.encoder, self.down, strict=True):
            skips.append(blocks(hidden))
            hidden = down(skips[-1])
        hidden = self.deepest(hidden)
        for up, blocks in zip(self.up, self.decoder, strict=True):
            hidden = blocks(skips.pop() + F.pixel_shuffle(up(hidden), 2))
        return F.pixel_shuffle(self.head(F.leaky_relu(hidden, LEAK)), self.fold)


def _blocks(width: int, number: int) -> nn.Sequential:
    return nn.Sequential(*(Residual(width) for _ in range(number)))
