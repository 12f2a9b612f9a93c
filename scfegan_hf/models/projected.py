"""A discriminator of frozen features instead of pixels (Sauer et al. 2021, Projected GANs Converge Faster)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

from scfegan_hf.layers.gated import LEAK
from scfegan_hf.models.hub import HubNetwork

PIXELS = 12  # channels of the pixels folded two by two, as `judged` has them


class ProjectedDiscriminator(nn.Module, HubNetwork, pipeline_tag="image-classification", tags=["gan"]):
    """One small head of spectrally normalised convolutions for each layer of a frozen feature network.

    ``channels``: channels of the layers, fine to coarse; ``strides``: 1 or 2 for each, what its head shrinks by;
    ``last_bias``: of logits, which says nothing where only their differences count (`pair_loss`). A head
    sees features of unit mean size (divided by the photograph's own mean size per sample and layer, see
    losses/perceptual.py) and the hole. It costs little beside the features, which the perceptual loss needs anyway.
    """

    ranges = {"channels": (1, 4096), "strides": (1, 2), "width": (1, 1024)}
    added_later = ("last_bias",)

    def __init__(
        self,
        channels: Sequence[int] = (96, 128, 256, 512),
        strides: Sequence[int] = (2, 1, 1, 1),
        width: int = 64,
        last_bias: bool = True,
    ):
        super().__init__()
        if len(channels) != len(strides):
            raise ValueError(f"channels and strides must be of one length, not {len(channels)} and {len(strides)}")
        self.heads = nn.ModuleList(
            nn.Sequential(
                spectral_norm(nn.Conv2d(before + 1, width, 1)),
                nn.LeakyReLU(LEAK),
                spectral_norm(nn.Conv2d(width, width, 4 if stride == 2 else 3, stride, 1)),
                nn.LeakyReLU(LEAK),
                spectral_norm(nn.Conv2d(width, 1, 3, padding=1, bias=last_bias)),
            )
            for before, stride in zip(channels, strides, strict=True)
        )

    def forward(self, features: Sequence[Tensor], scales: Sequence[Tensor], mask: Tensor) -> list[Tensor]:
        """Layers (N, C, H, W), their mean sizes (N, 1, 1, 1) and the hole (N, 1, H0, W0) to logits (N, 1, h, w) a layer."""
        logits = []
        for head, layer, scale in zip(self.heads, features, scales, strict=True):
            hole = F.adaptive_avg_pool2d(mask, layer.shape[-2:]).to(layer.dtype)
            logits.append(head(torch.cat([layer / scale.to(layer.dtype), hole], dim=1)))
        return logits


def judged(picture: Tensor, features: Sequence[Tensor], layers: Sequence[int]) -> list[Tensor]:
    """What heads see of a picture (N, 3, H, W): its pixels folded two by two, and some ``layers`` of its features."""
    return [F.pixel_unshuffle(picture, 2), *(features[layer] for layer in layers)]
