"""The second stage of a cascade: a small U-Net that adds fine detail to the generator's enlarged answer.

DeepFillv2 (Yu et al. 2019) and HiFill (Yi et al. 2020) fill holes in two stages too: shape first, then detail.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from scfegan_hf.layers.gated import LEAK
from scfegan_hf.models.hub import HubNetwork

IN_CHANNELS = 10  # completed image 3, sketch 1, colour 3, mask 1, noise 1, flag of colour 1


class Residual(nn.Module):
    """x + conv(rectified(conv(rectified(x)))), both 3x3 (He et al. 2016, Identity Mappings). Starts near x."""

    def __init__(self, channels: int):
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        with torch.no_grad():
            self.second.weight.mul_(0.1)
            self.second.bias.zero_()

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(F.leaky_relu(self.first(F.leaky_relu(x, LEAK)), LEAK))


class FaceRefiner(nn.Module, HubNetwork, pipeline_tag="image-to-image", tags=["face-editing", "inpainting"]):
    """(N, 10, H, W), see `conditioning.assemble_refinement`, to a picture (N, 3, H, W), about [-1, 1]; sides divisible by
    ``stride``.

    The answer is the completed image of the first three channels plus a residual that starts near zero. Pixels are folded
    into channels ``fold`` by ``fold`` at the start, so that no convolution runs at full size; ``widths`` are those of the
    stages from there on, each half as large as the one before, with ``encoder_blocks`` and ``decoder_blocks`` at all but the
    last, which has ``deepest``. Skips are added. ``resolution``: side of the squares that the pipeline works at, twice that
    of the generator. Raises ValueError for numbers that do not fit.
    """

    ranges = {
        "widths": (1, 1024), "encoder_blocks": (0, 16), "deepest": (0, 16), "decoder_blocks": (0, 16), "fold": (1, 16),
        "resolution": (16, 4096),
    }  # fmt: skip

    def __init__(
        self,
        widths: Sequence[int] = (64, 128, 128),
        encoder_blocks: Sequence[int] = (0, 1),
        deepest: int = 2,
        decoder_blocks: Sequence[int] = (1, 1),
        fold: int = 4,
        resolution: int = 384,
    ):
        super().__init__()
        if not len(encoder_blocks) == len(decoder_blocks) == len(widths) - 1:
            raise ValueError(f"encoder_blocks and decoder_blocks need {len(widths) - 1} numbers each for {len(widths)} stages")
        self.in_channels = IN_CHANNELS
        self.fold, self.resolution, self.stride = fold, resolution, fold * 2 ** (len(widths) - 1)
        if resolution % (2 * self.stride):
            raise ValueError(f"resolution must be divisible by {2 * self.stride}, not {resolution}")
        steps = list(pairwise(widths))
        self.stem = nn.Conv2d(IN_CHANNELS * fold**2, widths[0], 3, padding=1)
        self.encoder = nn.ModuleList(_blocks(width, n) for width, n in zip(widths[:-1], encoder_blocks, strict=True))
        self.down = nn.ModuleList(nn.Conv2d(fine, coarse, 2, stride=2) for fine, coarse in steps)
        self.deepest = _blocks(widths[-1], deepest)
        self.up = nn.ModuleList(nn.Conv2d(coarse, 4 * fine, 1) for fine, coarse in reversed(steps))
        backwards = zip(reversed(widths[:-1]), reversed(decoder_blocks), strict=True)
        self.decoder = nn.ModuleList(_blocks(width, n) for width, n in backwards)  # coarse to fine
        self.head = nn.Conv2d(widths[0], 3 * fold**2, 3, padding=1)
        with torch.no_grad():
            self.head.weight.mul_(0.01)
            self.head.bias.zero_()

    def forward(self, x: Tensor) -> Tensor:
        """Raises ValueError for another number of channels or another size."""
        if x.ndim != 4 or x.shape[1] != IN_CHANNELS:
            raise ValueError(f"This refiner takes (N, {IN_CHANNELS}, H, W), not {tuple(x.shape)}.")
        if x.shape[2] % self.stride or x.shape[3] % self.stride or not x.numel():
            raise ValueError(f"Height and width must be divisible by {self.stride}, not {tuple(x.shape[2:])}. Pad the input.")
        skips, hidden = [], self.stem(F.pixel_unshuffle(x, self.fold))
        for blocks, down in zip(self.encoder, self.down, strict=True):
            skips.append(blocks(hidden))
            hidden = down(skips[-1])
        hidden = self.deepest(hidden)
        for up, blocks in zip(self.up, self.decoder, strict=True):
            hidden = blocks(skips.pop() + F.pixel_shuffle(up(hidden), 2))
        return x[:, :3] + F.pixel_shuffle(self.head(F.leaky_relu(hidden, LEAK)), self.fold)


def _blocks(width: int, number: int) -> nn.Sequential:
    return nn.Sequential(*(Residual(width) for _ in range(number)))
