"""A painter of photographs in the style of another picture, in one pass: a network whose norms another network sets from the
style (Dumoulin et al. 2017; Ghiasi et al. 2017, Exploring the Structure of a Real-Time, Arbitrary Neural Artistic Stylization
Network), for tensor units: pixels folded two by two, most of the work at an eighth of the size."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from scfegan_hf.layers.gated import LEAK
from scfegan_hf.models.hub import HubNetwork

STRIDE = 8  # sides of photographs are multiples of it
Window = tuple[float, float, float, float]  # x0, y0, x1, y1 as parts of a picture's sides


class StylePainter(nn.Module, HubNetwork, pipeline_tag="image-to-image", tags=["style-transfer", "portrait"]):
    """Photographs (N, 3, H, W) in [-1, 1] to paintings of the same layout, sides being multiples of STRIDE.

    ``width``: channels at half the size, doubled at a quarter and an eighth; ``blocks``: residual blocks at an eighth;
    ``z_size``: numbers that a style is; ``names``: styles that the network knows by name, kept as ``styles`` (len, z_size).
    """

    def __init__(self, width: int = 32, blocks: int = 5, z_size: int = 64, names: Sequence[str] = ()):
        super().__init__()
        self.names = tuple(names)
        self.register_buffer("styles", torch.zeros(len(self.names), z_size))
        self.reader = StyleReader(width, z_size)
        fine, middle, coarse = width, 2 * width, 4 * width
        self.fold = StyledConv(12, fine, z_size)
        self.to_quarter = StyledConv(fine, middle, z_size, stride=2)
        self.to_eighth = StyledConv(middle, coarse, z_size, stride=2)
        self.blocks = nn.ModuleList(StyledBlock(coarse, z_size) for _ in range(blocks))
        self.from_eighth, self.from_quarter = StyledConv(coarse, middle, z_size), StyledConv(middle, fine, z_size)
        self.from_half = StyledConv(fine, fine // 2, z_size)
        self.last = nn.Conv2d(fine // 2, 3, 3, padding=1, padding_mode="reflect")

    def style(self, picture: Tensor) -> Tensor:
        """The styles (N, z_size) of pictures (N, 3, S, S) in [-1, 1], S of 64 or more; 128 is what it learned from."""
        return self.reader(picture)

    def forward(self, photograph: Tensor, style: Tensor, window: Window | None = None) -> Tensor:
        """``window``: the part of the picture, as parts of its sides, over which norms are taken: a face's frame, so that a
        wide background does not decide how its skin is painted. None is the whole picture."""
        with_style = (style, window)
        half = self.fold(F.pixel_unshuffle(photograph, 2), *with_style)
        quarter = self.to_quarter(half, *with_style)
        deep = self.to_eighth(quarter, *with_style)
        for block in self.blocks:
            deep = block(deep, *with_style)
        x = self.from_eighth(enlarged(deep), *with_style) + quarter
        x = self.from_quarter(enlarged(x), *with_style) + half
        return torch.tanh(self.last(self.from_half(enlarged(x), *with_style)))


def enlarged(x: Tensor) -> Tensor:
    """(N, C, H, W) to (N, C, 2H, 2W), each pixel four times: convolved after that it leaves no checkerboard."""
    return F.interpolate(x, scale_factor=2.0, mode="nearest")


class StyledConv(nn.Module):
    """3x3 convolution, then a norm over each picture whose scales and shifts the style sets, then a leaky rectifier."""

    def __init__(self, before: int, after: int, z_size: int, stride: int = 1, rectified: bool = True):
        super().__init__()
        self.conv = nn.Conv2d(before, after, 3, stride, 1, padding_mode="reflect", bias=False)
        self.set = nn.Linear(z_size, 2 * after)
        self.slope = LEAK if rectified else 1.0

    def forward(self, x: Tensor, style: Tensor, window: Window | None = None) -> Tensor:
        scale, shift = self.set(style)[..., None, None].chunk(2, dim=1)  # (N, C, 1, 1) each
        return F.leaky_relu(normalized(self.conv(x), window) * (1 + scale) + shift, self.slope)


def normalized(x: Tensor, window: Window | None = None) -> Tensor:
    """(N, C, H, W) of mean 0 and deviation 1 in each channel, over a ``window`` or over all of it."""
    if window is None:
        return F.instance_norm(x)
    height, width = x.shape[-2:]
    left, right = (min(max(round(part * width), 0), width) for part in window[::2])
    top, bottom = (min(max(round(part * height), 0), height) for part in window[1::2])
    seen = x[..., top : max(bottom, top + 1), left : max(right, left + 1)].float().flatten(2)
    mean, deviation = seen.mean(2), (seen.var(2, unbiased=False) + 1e-5).sqrt()
    return (x - mean[..., None, None].to(x.dtype)) / deviation[..., None, None].to(x.dtype)


class StyledBlock(nn.Module):
    """x + two styled convolutions of x (He et al. 2016)."""

    def __init__(self, channels: int, z_size: int):
        super().__init__()
        self.first = StyledConv(channels, channels, z_size)
        self.second = StyledConv(channels, channels, z_size, rectified=False)

    def forward(self, x: Tensor, style: Tensor, window: Window | None = None) -> Tensor:
        return x + self.second(self.first(x, style, window), style, window)


class StyleReader(nn.Module):
    """Pictures (N, 3, S, S) to styles (N, z_size), from means and deviations of features at four sizes: what, not where."""

    def __init__(self, width: int, z_size: int):
        super().__init__()
        widths = [3, width, 2 * width, 4 * width, 4 * width]
        self.levels = nn.ModuleList(nn.Conv2d(before, after, 3, 2, 1) for before, after in pairwise(widths))
        self.hidden = nn.Linear(2 * sum(widths[1:]), 4 * width)
        self.last = nn.Linear(4 * width, z_size)

    def forward(self, picture: Tensor) -> Tensor:
        x, seen = picture, []
        for level in self.levels:
            x = F.leaky_relu(level(x), LEAK)
            flat = x.float().flatten(2)
            seen += [flat.mean(2), (flat.var(2, unbiased=False) + 1e-6).sqrt()]
        return self.last(F.leaky_relu(self.hidden(torch.cat(seen, 1)), LEAK))
