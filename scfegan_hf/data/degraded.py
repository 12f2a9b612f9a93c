"""Samples of sharp pictures and of the small, blurred, noisy, compressed ones that photographs of them could be."""

import io
import math

import numpy as np
import torch
from PIL import Image, ImageFilter

from scfegan_hf.formats import load, open_picture

MOST_SHRUNK = 2.5  # of a training crop's picture: sharper than its own pixels are, and faces of more sizes


def degraded_sample(row: dict, n: int, other=None, *, side: int, crop: int, crops: int, scale: int, seed: int) -> dict:
    """The n-th sample of a decoded row: "image" (K, 3, s, s) and "small" (K, 3, s / scale, s / scale) in [-1, 1].

    In training (``other`` is given) K = ``crops`` squares of s = ``crop`` pixels from anywhere in the picture; else the
    picture's middle square as one of s = ``side``, made smaller by bicubic means alone, as benchmarks do.
    """
    picture = Image.fromarray(row["image"] if row["image"].ndim == 3 else np.repeat(row["image"][..., None], 3, 2))
    rng = np.random.default_rng((seed, 8, n))
    if other is None:
        pairs = [_pair(middle(picture, side), scale, None)]
    else:
        pairs = [_pair(random_crop(picture, crop, rng), scale, rng) for _ in range(crops)]
    return {name: torch.stack(part) for name, part in zip(("image", "small"), zip(*pairs, strict=True), strict=True)}


def middle(picture: Image.Image, side: int) -> Image.Image:
    """The middle square of a picture as one of ``side``."""
    edge = min(picture.size)
    left, top = (picture.width - edge) // 2, (picture.height - edge) // 2
    return picture.resize((side, side), Image.Resampling.LANCZOS, (left, top, left + edge, top + edge))


def random_crop(picture: Image.Image, side: int, rng: np.random.Generator) -> Image.Image:
    """A square from anywhere, turned left to right half the time, shrunk up to MOST_SHRUNK times, enlarged only where the
    picture is smaller than ``side``."""
    most = max(min(min(picture.size) / side, MOST_SHRUNK), 1.0)
    edge = min(side * math.exp(rng.uniform(0, math.log(most))), *picture.size)
    left, top = (rng.uniform(0, length - edge) for length in picture.size)
    square = picture.resize((side, side), Image.Resampling.LANCZOS, (left, top, left + edge, top + edge))
    return square.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if rng.random() < 0.5 else square


def degrade(picture: Image.Image, scale: int, rng: np.random.Generator) -> Image.Image:
    """A picture ``scale`` times smaller: half of them by bicubic means alone, the others as cameras and sites leave them,
    blurred, shrunk in one of three ways, noisy, and compressed as JPEG."""
    size = (picture.width // scale, picture.height // scale)
    if rng.random() < 0.5:
        return picture.resize(size, Image.Resampling.BICUBIC)
    if rng.random() < 0.6:
        picture = picture.filter(ImageFilter.GaussianBlur(rng.uniform(0.2, 0.75 * scale)))
    way = (Image.Resampling.BICUBIC, Image.Resampling.BOX, Image.Resampling.LANCZOS)[rng.integers(3)]
    small = np.asarray(picture.resize(size, way), np.float32)
    if rng.random() < 0.6:
        own = rng.standard_normal((*small.shape[:2], 1 if rng.random() < 0.5 else 3))
        small = small + own * rng.uniform(0.5, 8)
    small = Image.fromarray(np.clip(np.round(small), 0, 255).astype(np.uint8))
    if rng.random() < 0.7:
        file = io.BytesIO()
        small.save(file, "JPEG", quality=int(rng.integers(40, 96)))
        small = load(open_picture(file.getvalue(), "JPEG"))
    return small


def _pair(sharp: Image.Image, scale: int, rng: np.random.Generator | None) -> tuple[torch.Tensor, torch.Tensor]:
    size = (sharp.width // scale, sharp.height // scale)
    small = sharp.resize(size, Image.Resampling.BICUBIC) if rng is None else degrade(sharp, scale, rng)
    return tuple(torch.from_numpy(np.asarray(each, np.float32).transpose(2, 0, 1) / 127.5 - 1) for each in (sharp, small))
