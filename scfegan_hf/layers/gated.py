"""Gated convolutions (Yu et al. 2019, Free-Form Image Inpainting with Gated Convolution, section 3.1)."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from scfegan_hf.layers.norms import make_norm

LEAK = 0.2  # slope of the leaky ReLU, as published
GATES = ("full", "single")
UPSAMPLE_GATES = ("self", "conv")


class GatedConv2d(nn.Module):
    """LeakyReLU(norm(conv(x))) * sigmoid(gate(x)); the gate sees the same input and is not normalised.

    One convolution yields features and gate together. ``gate``: "full" has one gate a channel, as published;
    "single" one for all channels of a pixel, which halves the work. Without ``activation`` (last layer) features are
    neither normalised nor rectified. Sides shrink by ``stride`` when they are divisible by it.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        *,
        stride: int = 1,
        dilation: int = 1,
        norm: str | None = "lrn",
        gate: str = "full",
        activation: bool = True,
    ):
        super().__init__()
        if gate not in GATES:
            raise ValueError(f"gate must be one of {GATES}, not {gate!r}")
        self.split = [out_channels, out_channels if gate == "full" else 1]
        padding = dilation * (kernel_size - 1) // 2
        self.conv = nn.Conv2d(in_channels, sum(self.split), kernel_size, stride, padding, dilation)
        self.norm = make_norm(norm if activation else None, out_channels)
        self.leak = LEAK if activation else 1.0
        initialize(self.conv, out_channels, self.leak)

    def forward(self, x: Tensor) -> Tensor:
        features, gate = torch.split(self.conv(x), self.split, dim=1)
        return F.leaky_relu(self.norm(features), self.leak) * torch.sigmoid(gate)


class GatedUpsample(nn.Module):
    """Twice the size by a transposed convolution, gated.

    ``gate``: "self" is the published form, which gates its own activated output, y * sigmoid(y), with one set of
    weights; "conv" has a gate of its own.
    """

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int = 5, *, norm: str | None = "lrn", gate: str = "self"
    ):
        super().__init__()
        if gate not in UPSAMPLE_GATES:
            raise ValueError(f"upsample_gate must be one of {UPSAMPLE_GATES}, not {gate!r}")
        self.own_gate = gate == "conv"
        padding = (kernel_size - 1) // 2
        self.conv = nn.ConvTranspose2d(
            in_channels,
            out_channels * (2 if self.own_gate else 1),
            kernel_size,
            stride=2,
            padding=padding,
            output_padding=2 * padding + 2 - kernel_size,
        )
        self.norm = make_norm(norm, out_channels)
        self.split = [out_channels, out_channels] if self.own_gate else [out_channels]
        initialize(self.conv, out_channels, LEAK, taps=kernel_size**2 / 4)

    def forward(self, x: Tensor) -> Tensor:
        parts = torch.split(self.conv(x), self.split, dim=1)
        features = F.leaky_relu(self.norm(parts[0]), LEAK)
        return features * torch.sigmoid(parts[1] if self.own_gate else features)


def initialize(conv: nn.Module, features: int, leak: float, taps: float | None = None) -> None:
    """He initialisation of the features (He et al. 2015, eq. 10), doubled since a gate starts near one half.

    Gates start with weights a tenth of that, all of them nearly half open.
    """
    transposed = isinstance(conv, nn.ConvTranspose2d)
    fan_in = conv.in_channels * (taps or conv.kernel_size[0] * conv.kernel_size[1])
    spread = 2 * (2 / ((1 + leak**2) * fan_in)) ** 0.5
    with torch.no_grad():
        conv.weight.normal_(0, spread)
        (conv.weight[:, features:] if transposed else conv.weight[features:]).mul_(0.1)
        conv.bias.zero_()
