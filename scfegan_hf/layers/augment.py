"""Augmentation of what a discriminator sees, real and generated alike, through which gradients flow (Zhao et al. 2020,
Differentiable Augmentation for Data-Efficient GAN Training). Random numbers are PyTorch's own."""

import torch
from torch import Tensor
from torch.nn import functional as F


def augment(images: Tensor, color: bool = True, shift: float = 0.125, cut: float = 0.5) -> Tensor:
    """Pictures (N, C, H, W) in [-1, 1], each changed by numbers of its own: brightness, saturation and contrast, moved by
    up to ``shift`` of its sides (black comes in), and a square of ``cut`` of its sides made grey."""
    images = _recoloured(images) if color else images
    images = _moved(images, shift) if shift else images
    return _cut_out(images, cut) if cut else images


def _each(images: Tensor, low: float, high: float) -> Tensor:
    return low + (high - low) * torch.rand(len(images), 1, 1, 1, device=images.device, dtype=images.dtype)


def _recoloured(images: Tensor) -> Tensor:
    images = images + _each(images, -0.5, 0.5)
    grey = images.mean(1, keepdim=True)
    images = grey + (images - grey) * _each(images, 0, 2)
    mean = images.mean((1, 2, 3), keepdim=True)
    return mean + (images - mean) * _each(images, 0.5, 1.5)


def _moved(images: Tensor, share: float) -> Tensor:
    count, _, height, width = images.shape
    far = (int(height * share + 0.5), int(width * share + 0.5))
    padded = F.pad(images, (far[1], far[1], far[0], far[0]), value=-1.0)
    rows, columns = (torch.randint(0, 2 * side + 1, (count, 1, 1), device=images.device) for side in far)
    rows = rows + torch.arange(height, device=images.device)[:, None]  # (N, H, 1)
    columns = columns + torch.arange(width, device=images.device)  # (N, 1, W)
    number = torch.arange(count, device=images.device)[:, None, None]
    return padded.permute(0, 2, 3, 1)[number, rows, columns].permute(0, 3, 1, 2)


def _cut_out(images: Tensor, share: float) -> Tensor:
    """The square's middle is anywhere in the picture, so that a part of it may lie outside."""
    count, _, height, width = images.shape

    def inside(length: int) -> Tensor:  # (N, length): whether a row or column crosses the square
        middle = torch.randint(0, length, (count, 1), device=images.device)
        return (torch.arange(length, device=images.device) - middle).abs() < length * share / 2

    square = inside(height)[:, None, :, None] & inside(width)[:, None, None, :]
    return images.masked_fill(square, 0.0)
