"""Convolutional generators and discriminators of pictures from noise (Radford et al. 2016, Unsupervised Representation
Learning with Deep Convolutional GANs): as published in 5x5 convolutions of stride 2, and ours."""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from scfegan_hf.layers.gated import LEAK
from scfegan_hf.layers.norms import ChannelRMSNorm
from scfegan_hf.models.hub import HubNetwork

LAYOUTS = ("published", "resize")
START = 4  # side at which pictures begin


def halvings(resolution: int) -> int:
    """How often a side is doubled from START. Raises ValueError unless it is a power of two of at least 8."""
    steps = (resolution // START).bit_length() - 1
    if steps < 1 or START * 2**steps != resolution:
        raise ValueError(f"resolution must be a power of two of at least {2 * START}, not {resolution}")
    return steps


def _check(layout: str) -> None:
    if layout not in LAYOUTS:
        raise ValueError(f"layout must be one of {LAYOUTS}, not {layout!r}")


class DCGANGenerator(nn.Module, HubNetwork, pipeline_tag="unconditional-image-generation", tags=["gan", "dcgan"]):
    """Noise (N, ``z_size``) to pictures (N, 3, R, R) in [-1, 1], R being ``resolution``.

    ``width``: channels at the last level but one; twice as many at each coarser one, ``widest`` times at most. ``layout``:
    "published" is transposed 5x5 convolutions of stride 2, batch norm and rectifiers; "resize" doubles pixels and convolves
    3x3, whose taps reach all pixels alike and leave no checkerboard, with norms that do not mix samples.
    """

    def __init__(self, z_size: int = 100, width: int = 64, resolution: int = 64, layout: str = "resize", widest: int = 8):
        super().__init__()
        _check(layout)
        steps = halvings(resolution)
        self.z_size, self.resolution = z_size, resolution
        widths = [width * min(2**step, widest) for step in reversed(range(steps))]
        self.first = nn.Linear(z_size, widths[0] * START**2)
        if layout == "published":
            self.levels = nn.Sequential(nn.BatchNorm2d(widths[0]), nn.ReLU(), *self._transposed([*widths, 3]))
            self.apply(published_start)
        else:
            doublings = [Doubling(before, after) for before, after in pairwise([*widths, width])]
            self.levels = nn.Sequential(*doublings, nn.Conv2d(width, 3, 3, padding=1))

    @staticmethod
    def _transposed(widths: list[int]) -> list[nn.Module]:
        layers: list[nn.Module] = []
        for before, after in pairwise(widths):
            last = after == widths[-1]  # the picture, which has neither norm nor rectifier
            layers.append(nn.ConvTranspose2d(before, after, 5, 2, 2, output_padding=1, bias=last))
            layers += [] if last else [nn.BatchNorm2d(after), nn.ReLU()]
        return layers

    def forward(self, z: Tensor) -> Tensor:
        return torch.tanh(self.levels(self.first(z).unflatten(1, (-1, START, START))))


class Doubling(nn.Module):
    """(N, in, H, W) to (N, out, 2H, 2W): each pixel becomes four, then two 3x3 convolutions after norm and rectifier."""

    def __init__(self, before: int, after: int):
        super().__init__()
        self.norm, self.conv = ChannelRMSNorm(before), nn.Conv2d(before, after, 3, padding=1)
        self.second_norm, self.second = ChannelRMSNorm(after), nn.Conv2d(after, after, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.interpolate(F.leaky_relu(self.norm(x), LEAK), scale_factor=2.0, mode="nearest")
        x = self.conv(x)
        return x + self.second(F.leaky_relu(self.second_norm(x), LEAK))


class DCGANDiscriminator(nn.Module, HubNetwork, pipeline_tag="image-classification", tags=["gan", "dcgan"]):
    """Pictures (N, 3, R, R) in [-1, 1], R being ``resolution``, to logits (N, 1), large for real ones.

    ``width``: channels of the first level, doubled at each further one, ``widest`` times at most. ``layout``: "published" is
    5x5 convolutions of stride 2, batch norm but at the first, and a layer of 64; "resize" is 3x3 convolutions and means of
    2x2 pixels without norms, which penalties of its gradient want.
    """

    def __init__(self, width: int = 64, resolution: int = 64, layout: str = "resize", widest: int = 8):
        super().__init__()
        _check(layout)
        widths = [width * min(2**step, widest) for step in range(halvings(resolution))]
        pixels = widths[-1] * START**2
        if layout == "published":
            layers: list[nn.Module] = []
            for number, (before, after) in enumerate(pairwise([3, *widths])):
                norm = [nn.BatchNorm2d(after)] if number else []
                layers += [nn.Conv2d(before, after, 5, 2, 2, bias=not norm), *norm, nn.LeakyReLU(LEAK)]
            self.layers = nn.Sequential(*layers, nn.Flatten(), nn.Linear(pixels, 64), nn.LeakyReLU(LEAK), nn.Linear(64, 1))
            self.apply(published_start)
        else:
            halved = [Halving(before, after) for before, after in pairwise([widths[0], *widths])]
            head = [nn.LeakyReLU(LEAK), nn.Flatten(), nn.Linear(pixels, 1, bias=False)]  # pairs of logits have no use for one
            self.layers = nn.Sequential(nn.Conv2d(3, widths[0], 3, padding=1), *halved, *head)

    def forward(self, image: Tensor) -> Tensor:
        return self.layers(image)


class Halving(nn.Module):
    """(N, in, H, W) to (N, out, H/2, W/2): two 3x3 convolutions beside a 1x1, all of means of 2x2 pixels."""

    def __init__(self, before: int, after: int):
        super().__init__()
        self.first, self.second = nn.Conv2d(before, after, 3, padding=1), nn.Conv2d(after, after, 3, padding=1)
        self.beside = nn.Conv2d(before, after, 1)

    def forward(self, x: Tensor) -> Tensor:
        small = F.avg_pool2d(x, 2)
        deep = F.avg_pool2d(self.first(F.leaky_relu(x, LEAK)), 2)
        return (self.beside(small) + self.second(F.leaky_relu(deep, LEAK))) * 0.5**0.5


def published_start(module: nn.Module) -> None:
    """Weights from N(0, 0.02), scales of norms from N(1, 0.02), as published."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
        nn.init.normal_(module.weight, 0.0, 0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
