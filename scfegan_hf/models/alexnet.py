"""AlexNet's features (Krizhevsky 2014) with the heads of LPIPS (Zhang et al. 2018)."""

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F


class AlexNetFeatures(nn.Module):
    """The five rectified convolutions of AlexNet (strides 4, 8, 16, 16, 16) for images in [-1, 1] of 63 pixels or more.

    Tensor names are torchvision's. ``heads`` weigh channels as LPIPS 0.1 does, see `losses/lpips.py`.
    """

    CHANNELS = (64, 192, 384, 256, 256)
    INDICES = (0, 3, 6, 8, 10)
    POOL_BEFORE = (3, 6)

    def __init__(self):
        super().__init__()
        sizes = ((3, 64, 11, 4, 2), (64, 192, 5, 1, 2), (192, 384, 3, 1, 1), (384, 256, 3, 1, 1), (256, 256, 3, 1, 1))
        self.features = nn.ModuleDict(
            {str(i): nn.Conv2d(*size[:3], stride=size[3], padding=size[4]) for i, size in zip(self.INDICES, sizes, strict=True)}
        )
        for number, channels in enumerate(self.CHANNELS):
            self.register_buffer(f"head{number}", torch.ones(1, channels, 1, 1))
        self.register_buffer("shift", torch.tensor([-0.030, -0.088, -0.188]).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("scale", torch.tensor([0.458, 0.448, 0.450]).view(1, 3, 1, 1), persistent=False)

    @property
    def heads(self) -> list[Tensor]:
        """Weights (1, C, 1, 1) of the channels, by layer."""
        return [getattr(self, f"head{number}") for number in range(len(self.CHANNELS))]

    def forward(self, image: Tensor) -> list[Tensor]:
        hidden, layers = (image - self.shift) / self.scale, []
        for index in self.INDICES:
            if index in self.POOL_BEFORE:
                hidden = F.max_pool2d(hidden, 3, stride=2)
            hidden = F.relu(self.features[str(index)](hidden))
            layers.append(hidden)
        return layers


def lpips_network(weights: str | Path | None) -> AlexNetFeatures:
    """The frozen network from a safetensors file with torchvision's names and "lpips.0.weight" to "lpips.4.weight".

    Raises FileNotFoundError or ValueError that say what to give; every tensor must be in the file.
    """
    if weights is None or not Path(weights).is_file():
        raise FileNotFoundError(f"No AlexNet weights with LPIPS's heads at {weights}. Give a safetensors file of both.")
    try:
        stored = load_file(weights)
    except SafetensorError as error:
        raise ValueError(f"{weights} is not a safetensors file ({error}).") from error
    network = AlexNetFeatures()
    names = {key: f"lpips.{key[4:]}.weight" if key.startswith("head") else key for key in network.state_dict()}
    for key, value in network.state_dict().items():
        if names[key] not in stored or stored[names[key]].shape != value.shape:
            raise ValueError(f"{weights} are not AlexNet's with LPIPS's heads: {names[key]} is missing or of another shape.")
    network.load_state_dict({key: stored[name].float() for key, name in names.items()})
    return network.requires_grad_(False).eval()
