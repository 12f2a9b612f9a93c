"""What a drawing on a photograph of a face means, at the size of eigenfaces: a coarse picture to make a photograph of."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from scfegan_hf.layers.unet import FoldedUNet
from scfegan_hf.models.hub import HubNetwork

FINE = 2  # pixels of drawn lines to one of the picture


class FaceDrafter(nn.Module, HubNetwork, pipeline_tag="image-to-image", tags=["inpainting", "sketch", "faces"]):
    """Faces in the FFHQ frame with a hole, what is guessed there by what is around it, and what is drawn there, to what they
    are to be: (N, 3, R, R) in about [-1, 1], R divisible by ``stride``; outside the hole as they were.

    ``widths`` to ``attention`` are those of a `FoldedUNet`.
    """

    ranges = {
        "widths": (1, 1024), "encoder_blocks": (0, 16), "dilations": (1, 64), "decoder_blocks": (0, 16), "attention": (0, 16),
    }  # fmt: skip

    def __init__(
        self,
        widths: Sequence[int] = (64, 128, 192),
        encoder_blocks: Sequence[int] = (1, 1),
        dilations: Sequence[int] = (1, 1, 1),
        decoder_blocks: Sequence[int] = (2, 2),
        attention: int = 2,
    ):
        super().__init__()
        blocks = (encoder_blocks, dilations, decoder_blocks)
        self.unet = FoldedUNet(8 + FINE**2, 3, widths, *blocks, fold=2, attention=attention)
        self.stride = self.unet.stride

    def forward(self, guess: Tensor, mask: Tensor, color: Tensor, dabbed: Tensor, sketch: Tensor) -> Tensor:
        """``guess`` (N, 3, R, R): the face, and in the hole what is guessed. ``mask`` (N, 1, R, R): 1 in the hole. ``color``
        (N, 3, R, R) in [-1, 1], counts by ``dabbed`` (N, 1, R, R) in [0, 1]. ``sketch`` (N, 1, FINE R, FINE R), lines 1 on 0.

        Raises ValueError for other sizes.
        """
        n, _, height, width = guess.shape
        sizes = {"guess": (n, 3, height, width), "mask": (n, 1, height, width), "color": (n, 3, height, width),
                 "dabbed": (n, 1, height, width), "sketch": (n, 1, FINE * height, FINE * width)}  # fmt: skip
        for name, given in zip(sizes, (guess, mask, color, dabbed, sketch), strict=True):
            if tuple(given.shape) != sizes[name]:
                raise ValueError(f"{name} is {[*given.shape]} where {[*sizes[name]]} is wanted.")
        if height % self.stride or width % self.stride:
            raise ValueError(f"Height and width must be divisible by {self.stride}, not {height} and {width}.")
        lines = F.pixel_unshuffle(sketch * F.interpolate(mask, scale_factor=FINE), FINE)
        drawn = dabbed * mask
        answer = self.unet(torch.cat([guess, mask, color * drawn, drawn, lines], 1))
        return guess + mask * answer
