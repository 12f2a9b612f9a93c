"""Normalisations across channels: local response normalisation (Krizhevsky et al. 2012, section 3.3) and RMS."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

# TensorFlow's defaults with the published bias: depth radius 5, alpha 1, beta 0.5, bias 5e-5.
LRN_RADIUS, LRN_BIAS = 5, 5e-5


def local_response_norm(x: Tensor, radius: int = LRN_RADIUS, bias: float = LRN_BIAS) -> Tensor:
    """x / sqrt(bias + sum of squares over the 2*radius+1 nearest channels), in fp32. (N, C, H, W) to the same.

    The windowed sum is a product with a band matrix of ones, a tenth of a 3x3 convolution's arithmetic, and the rest
    is done in place: a pooling over a channel axis, or a sum of shifted slices, takes many more passes over memory.
    Differentiable once.
    """
    device = x.device.type if torch.amp.is_autocast_available(x.device.type) else "cpu"
    with torch.autocast(device, enabled=False):
        return _LocalResponseNorm.apply(x.float(), radius, bias).to(x.dtype)


class _LocalResponseNorm(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x: Tensor, radius: int, bias: float) -> Tensor:
        scale = _window_sum(x.square(), radius, bias).rsqrt_()
        if not ctx.needs_input_grad[0]:
            return scale.mul_(x)
        ctx.save_for_backward(x, scale)
        ctx.radius = radius
        return x * scale

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, None, None]:
        x, scale = ctx.saved_tensors
        shared = (gradient * x).mul_(scale).mul_(scale).mul_(scale)
        return gradient * scale - _window_sum(shared, ctx.radius).mul_(x), None, None


def _window_sum(x: Tensor, radius: int, bias: float = 0.0) -> Tensor:
    """Sum over the channels within ``radius`` of each, plus ``bias``. (N, C, H, W) to a new tensor of the same shape."""
    channels = x.shape[1]
    position = torch.arange(channels, device=x.device)
    band = ((position[:, None] - position).abs() <= radius).float()  # (C, C), symmetric
    offset = x.new_full((channels,), bias)
    if x.device.type == "cpu":  # oneDNN's 1x1 convolution is twice as fast as its matrix product
        return F.conv2d(x, band[:, :, None, None], offset)
    # Convolutions on GPUs round to TF32 by default, matrix products do not.
    return F.linear(x.movedim(1, -1), band, offset).movedim(-1, 1)


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
