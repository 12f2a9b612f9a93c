"""Faces that do not exist: a draw of eigenfaces says roughly what, and a network makes a photograph of it."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from scfegan_hf.layers.unet import FoldedUNet
from scfegan_hf.models.hub import HubNetwork

NOISE = 2  # channels of normal noise beside the coarse picture


class FaceGenerator(nn.Module, HubNetwork, pipeline_tag="unconditional-image-generation", tags=["gan", "faces"]):
    """Coarse faces (N, 3, R, R), about [-1, 1], as `FacePrior.pictures` makes them, and normal noise (N, 2, R, R), to
    photographs (N, 3, ``scale`` R, ``scale`` R) in about [-1, 1]. R is divisible by ``stride``.

    ``widths`` to ``attention`` are those of a `FoldedUNet` that works at the coarse size. Raises ValueError for numbers that
    do not fit.
    """

    ranges = {
        "widths": (1, 1024), "encoder_blocks": (0, 16), "dilations": (1, 64), "decoder_blocks": (0, 16), "attention": (0, 16),
        "scale": (1, 16),
    }  # fmt: skip

    def __init__(
        self,
        widths: Sequence[int] = (64, 128, 192, 224),
        encoder_blocks: Sequence[int] = (1, 1, 1),
        dilations: Sequence[int] = (1, 1, 1),
        decoder_blocks: Sequence[int] = (2, 2, 2),
        attention: int = 2,
        scale: int = 4,
    ):
        super().__init__()
        blocks = (encoder_blocks, dilations, decoder_blocks)
        self.unet = FoldedUNet(3 + NOISE, 3 * scale**2, widths, *blocks, fold=1, attention=attention)
        self.scale, self.stride = scale, self.unet.stride

    def forward(self, coarse: Tensor, noise: Tensor) -> Tensor:
        """Raises ValueError for other numbers of channels or another size."""
        size = coarse.shape[2:]
        if coarse.ndim != 4 or coarse.shape[1] != 3 or noise.shape != (len(coarse), NOISE, *size):
            raise ValueError(
                f"This network takes (N, 3, R, R) and (N, {NOISE}, R, R), not {[*coarse.shape]} and {[*noise.shape]}."
            )
        if size[0] % self.stride or size[1] % self.stride or not coarse.numel():
            raise ValueError(f"Height and width must be divisible by {self.stride}, not {tuple(size)}.")
        enlarged = F.interpolate(coarse, scale_factor=self.scale, mode="bicubic", align_corners=False)
        return enlarged + F.pixel_shuffle(self.unet(torch.cat([coarse, noise.to(coarse.dtype)], 1)), self.scale)
