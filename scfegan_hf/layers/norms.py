"""Normalisations across channels: local response normalisation (Krizhevsky et al. 2012, section 3.3) and RMS."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

# TensorFlow's defaults with the published bias: depth radius 5, alpha 1, beta 0.5, bias 5e-5.
LRN_RADIUS, LRN_BIAS = 5, 5e-5


def local_response_norm(x: Tensor, radius: int = LRN_RADIUS, bias: float = LRN_BIAS) -> Tensor:
    """x / sqrt(bias + sum of squares over the 2*radius+1 nearest channels), in fp32. (N, C, H, W) to the same.

    The windowed sum is built by doubling: sums of 1, 2, 4 and 8 shifted slices give that of 11 in five additions,
    where a pooling over a channel axis costs more than the convolution before it.
    """
    squares = F.pad(x.float().square(), (0, 0, 0, 0, radius, radius))  # (N, C + 2 radius, H, W)
    channels, window = x.shape[1], 2 * radius + 1
    total, taken, sums, width = None, 0, squares, 1
    while width <= window:  # sums[:, c] = squares[:, c : c + width].sum(1)
        if window & width:
            part = sums[:, taken : taken + channels]
            total, taken = part if total is None else total + part, taken + width
        if 2 * width <= window:
            sums = sums[:, :-width] + sums[:, width:]
        width *= 2
    return (x.float() * torch.rsqrt(total + bias)).to(x.dtype)


def local_response_norm_reference(x: Tensor, radius: int = LRN_RADIUS, bias: float = LRN_BIAS) -> Tensor:
    """The slow twin of `local_response_norm`, by PyTorch's own function, whose alpha is divided by the size."""
    size = 2 * radius + 1
    return F.local_response_norm(x.float(), size, alpha=float(size), beta=0.5, k=bias).to(x.dtype)


class LocalResponseNorm(nn.Module):
    """`local_response_norm` as a layer; it has no parameters."""

    def forward(self, x: Tensor) -> Tensor:
        return local_response_norm(x)


class ReferenceLocalResponseNorm(nn.Module):
    """`local_response_norm_reference` as a layer, for tests and benchmarks."""

    def forward(self, x: Tensor) -> Tensor:
        return local_response_norm_reference(x)


class ChannelRMSNorm(nn.Module):
    """Every pixel's channels divided by their root mean square and scaled per channel, in fp32."""

    def __init__(self, channels: int):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(channels, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        mean_square = x.float().square().mean(1, keepdim=True)
        return (x * (torch.rsqrt(mean_square + 1e-6) * self.scale)).to(x.dtype)


def make_norm(name: str | None, channels: int) -> nn.Module:
    """The layer called ``name``: "lrn", "lrn_reference", "rms" or None. Raises ValueError for another."""
    if name is None:
        return nn.Identity()
    if name == "lrn":
        return LocalResponseNorm()
    if name == "lrn_reference":
        return ReferenceLocalResponseNorm()
    if name == "rms":
        return ChannelRMSNorm(channels)
    raise ValueError(f'norm must be "lrn", "lrn_reference", "rms" or None, not {name!r}')
