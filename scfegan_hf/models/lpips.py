"""Networks of LPIPS (Zhang et al. 2018): AlexNet's or VGG-16's features with the weights that people's judgements gave them."""

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional as F


class LPIPSFeatures(nn.Module):
    """Rectified convolutions, named as torchvision names them, for images (N, 3, H, W) in [-1, 1].

    ``heads`` weigh the channels of the layers that are looked at as LPIPS 0.1 does, see `losses/lpips.py`.
    """

    CONVOLUTIONS: dict[int, tuple[int, ...]]  # torchvision's number: channels in, out, kernel, stride, padding
    TAKEN: tuple[int, ...]  # numbers of those whose features are the layers
    POOL_BEFORE: dict[int, int]  # numbers of those with a pool of this side before them, stride 2

    def __init__(self):
        super().__init__()
        self.features = nn.ModuleDict(
            {str(i): nn.Conv2d(*size[:3], stride=size[3], padding=size[4]) for i, size in self.CONVOLUTIONS.items()}
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
        for index in self.CONVOLUTIONS:
            if index in self.POOL_BEFORE:
                hidden = F.max_pool2d(hidden, self.POOL_BEFORE[index], stride=2)
            hidden = F.relu(self.features[str(index)](hidden))
            if index in self.TAKEN:
                layers.append(hidden)
        return layers


class AlexNetFeatures(LPIPSFeatures):
    """The five rectified convolutions of AlexNet (Krizhevsky 2014), strides 4, 8, 16, 16, 16, for 63 pixels or more."""

    CHANNELS = (64, 192, 384, 256, 256)
    CONVOLUTIONS = {
        0: (3, 64, 11, 4, 2), 3: (64, 192, 5, 1, 2), 6: (192, 384, 3, 1, 1), 8: (384, 256, 3, 1, 1), 10: (256, 256, 3, 1, 1),
    }  # fmt: skip
    TAKEN, POOL_BEFORE = (0, 3, 6, 8, 10), {3: 3, 6: 3}


class VGG16Layers(LPIPSFeatures):
    """The last rectified convolutions before the five pools of VGG-16 (Simonyan & Zisserman 2015), strides 1 to 16."""

    CHANNELS = (64, 128, 256, 512, 512)
    CONVOLUTIONS = {
        0: (3, 64, 3, 1, 1), 2: (64, 64, 3, 1, 1), 5: (64, 128, 3, 1, 1), 7: (128, 128, 3, 1, 1), 10: (128, 256, 3, 1, 1),
        12: (256, 256, 3, 1, 1), 14: (256, 256, 3, 1, 1), 17: (256, 512, 3, 1, 1), 19: (512, 512, 3, 1, 1),
        21: (512, 512, 3, 1, 1), 24: (512, 512, 3, 1, 1), 26: (512, 512, 3, 1, 1), 28: (512, 512, 3, 1, 1),
    }  # fmt: skip
    TAKEN, POOL_BEFORE = (2, 7, 14, 21, 28), {5: 2, 10: 2, 17: 2, 24: 2}


def lpips_network(weights: str | Path | None, kind: type[LPIPSFeatures] = AlexNetFeatures) -> LPIPSFeatures:
    """The frozen network from a safetensors file with torchvision's names and "lpips.0.weight" to "lpips.4.weight".

    Raises FileNotFoundError or ValueError that say what to give; every tensor must be in the file.
    """
    name = {AlexNetFeatures: "AlexNet", VGG16Layers: "VGG-16"}[kind]
    if weights is None or not Path(weights).is_file():
        raise FileNotFoundError(f"No {name} weights with LPIPS's heads at {weights}. Give a safetensors file of both.")
    try:
        stored = load_file(weights)
    except SafetensorError as error:
        raise ValueError(f"{weights} is not a safetensors file ({error}).") from error
    network = kind()
    names = {key: f"lpips.{key[4:]}.weight" if key.startswith("head") else key for key in network.state_dict()}
    for key, value in network.state_dict().items():
        if names[key] not in stored or stored[names[key]].shape != value.shape:
            raise ValueError(f"{weights} are not {name}'s with LPIPS's heads: {names[key]} is missing or of another shape.")
    network.load_state_dict({key: stored[name].float() for key, name in names.items()})
    return network.requires_grad_(False).eval()


def save_untrained(path: str | Path) -> str:
    """Write AlexNet with random weights and heads under the names of the published ones, for tiny trainings; its path."""
    network = AlexNetFeatures()
    tensors = {f"features.{key}": value for key, value in network.features.state_dict().items()}
    tensors |= {f"lpips.{number}.weight": torch.rand_like(head) for number, head in enumerate(network.heads)}
    save_file({name: value.half() for name, value in tensors.items()}, path)
    return str(path)
