"""Perceptual and style loss on features of an ImageNet network (Jo & Park 2019, eq. 3.2 and 3.3); see models/features.py.

Features of different networks differ in scale by orders of magnitude, so losses are *relative*: each layer's difference is
divided by the mean size of the photograph's own features there. What differs still (number of layers, how much of a blur
each sees) is measured once by `loss_scales`, and taken out. That makes one set of weights serve all networks. Features:
lists of (N, C, H, W).
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

# Relative losses of SqueezeNet's ImageNet weights for `reference_pair`: the scale that sigma and gamma are set for.
# `python benchmarks/perceptual_scales.py` prints them anew.
REFERENCE_PERCEPTUAL, REFERENCE_STYLE = 2.4120, 2.4982


def perceptual_loss(features: list[Tensor], target: list[Tensor], relative: bool = True) -> Tensor:
    """Sum over layers of the mean absolute difference of features (one half of eq. 3.2)."""
    return sum(_difference(x, y.detach(), relative) for x, y in zip(features, target, strict=True))


def feature_sizes(target: list[Tensor]) -> list[Tensor]:
    """Mean size of each sample's features in each layer, (N, 1, 1, 1), by which relative losses divide."""
    return [layer.detach().abs().mean((1, 2, 3), keepdim=True, dtype=torch.float32).clamp_min(1e-8) for layer in target]


def reference_pair(count: int = 4, side: int = 128) -> tuple[Tensor, Tensor]:
    """Pictures (count, 3, side, side) in [-1, 1] and the same blurred; the same in every call.

    Noise with amplitudes that fall by the 1.5th power of frequency, and colours that mostly go together: on it networks
    stand to each other as they do on faces and their fill (docs/history).
    """
    generator = torch.Generator().manual_seed(0)
    frequency = torch.hypot(torch.fft.fftfreq(side)[:, None], torch.fft.rfftfreq(side)[None]).clamp_min(1 / side)
    waves = torch.fft.rfft2(torch.randn(count, 3, side, side, generator=generator)) / frequency**1.5
    picture = torch.fft.irfft2(waves, s=(side, side))
    gray = picture.mean(1, keepdim=True)
    picture = gray + 0.3 * (picture - gray)
    picture = (0.35 * picture / picture.std((1, 2, 3), keepdim=True)).clamp(-1, 1)
    return picture, F.interpolate(F.avg_pool2d(picture, 4), size=(side, side), mode="bilinear")


@torch.no_grad()
def loss_scales(network: nn.Module) -> tuple[float, float]:
    """Measured factors of relative perceptual and style losses, by which `reference_pair` costs the same on any network.

    They are 1 for SqueezeNet's ImageNet weights. Raises ValueError for weights that do not see the blur.
    """
    picture, blurred = (network(images) for images in reference_pair())
    perceptual, style = perceptual_loss(blurred, picture).item(), style_loss(blurred, picture).item()
    if not (0 < perceptual < float("inf") and 0 < style < float("inf")):
        raise ValueError("The perceptual weights do not tell a picture from a blurred one; the file is damaged.")
    return REFERENCE_PERCEPTUAL / perceptual, REFERENCE_STYLE / style


def gram_matrix(features: Tensor) -> Tensor:
    """(N, C, H, W) to (N, C, C): channel products over positions, divided by C*H*W, fp32 (eq. 3.3)."""
    with torch.autocast(features.device.type, enabled=False):
        flat = features.float().flatten(2)  # (N, C, HW)
        return _Products.apply(flat) / (flat.shape[1] * flat.shape[2])


class _Products(torch.autograd.Function):
    """X X' whose gradient takes one product in place of two, since both factors are the same."""

    @staticmethod
    def forward(ctx, flat: Tensor) -> Tensor:
        ctx.save_for_backward(flat)
        return flat @ flat.mT

    @staticmethod
    def backward(ctx, gradient: Tensor) -> Tensor:
        (flat,) = ctx.saved_tensors
        return (gradient + gradient.mT) @ flat


def style_loss(features: list[Tensor], target: list[Tensor], relative: bool = True) -> Tensor:
    """Sum over layers of the mean absolute difference of Gram matrices (eq. 3.3)."""
    pairs = [(gram_matrix(x), gram_matrix(y.detach())) for x, y in zip(features, target, strict=True)]
    return sum(_difference(x, y, relative) for x, y in pairs)


def _difference(x: Tensor, y: Tensor, relative: bool) -> Tensor:
    """Mean absolute difference; ``relative`` divides each sample by the mean size of its own target."""
    axes = tuple(range(1, x.ndim))  # no flatten: it would copy channels-last features
    difference = (x - y).abs().mean(axes, dtype=torch.float32)
    if relative:
        difference = difference / y.abs().mean(axes, dtype=torch.float32).clamp_min(1e-8)
    return difference.mean()
