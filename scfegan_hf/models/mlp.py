"""A generator and a discriminator of fully connected layers (Goodfellow et al. 2014, Generative Adversarial Nets)."""

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from scfegan_hf.layers.gated import LEAK
from scfegan_hf.models.hub import HubNetwork


class MLPGenerator(nn.Module, HubNetwork, pipeline_tag="unconditional-image-generation", tags=["gan"]):
    """Noise (N, ``z_size``) to pictures (N, ``channels``, R, R) in [-1, 1], R being ``resolution``.

    Batch norm after each layer of ``hidden``; with ``output_norm`` before the last tanh too. Noise of deviation 1 comes in and
    is multiplied by ``deviation``.
    """

    added_later = ("deviation",)

    def __init__(
        self,
        z_size: int = 100,
        hidden: Sequence[int] = (256, 512, 1024),
        resolution: int = 28,
        channels: int = 1,
        output_norm: bool = False,
        deviation: float = 1.0,
    ):
        super().__init__()
        self.z_size, self.shape, self.deviation = z_size, (channels, resolution, resolution), deviation
        layers: list[nn.Module] = []
        for before, after in pairwise((z_size, *hidden)):
            layers += [nn.Linear(before, after, bias=False), nn.BatchNorm1d(after), nn.ReLU()]
        pixels = channels * resolution**2
        norm = [nn.BatchNorm1d(pixels)] if output_norm else []
        layers += [nn.Linear((z_size, *hidden)[-1], pixels, bias=not norm), *norm, nn.Tanh()]
        self.layers = nn.Sequential(*layers)

    def forward(self, z: Tensor) -> Tensor:
        return self.layers(self.deviation * z).unflatten(1, self.shape)


class MLPDiscriminator(nn.Module, HubNetwork, pipeline_tag="image-classification", tags=["gan"]):
    """Pictures (N, ``channels``, R, R) in [-1, 1] to logits (N, 1), large for real ones.

    ``dropout`` of each hidden layer's outputs; with ``norm`` batch norm of them and of the logit in its place. ``leak``:
    slope of the rectifiers below zero.
    """

    def __init__(
        self,
        hidden: Sequence[int] = (1024, 512, 256),
        resolution: int = 28,
        channels: int = 1,
        dropout: float = 0.3,
        norm: bool = False,
        leak: float = LEAK,
    ):
        super().__init__()
        layers: list[nn.Module] = [nn.Flatten()]
        for before, after in pairwise((channels * resolution**2, *hidden)):
            layers.append(nn.Linear(before, after, bias=not norm))
            layers += [nn.BatchNorm1d(after), nn.LeakyReLU(leak)] if norm else [nn.LeakyReLU(leak), nn.Dropout(dropout)]
        layers += [nn.Linear(hidden[-1], 1, bias=not norm), *([nn.BatchNorm1d(1)] if norm else [])]
        self.layers = nn.Sequential(*layers)

    def forward(self, image: Tensor) -> Tensor:
        return self.layers(image)
