"""ImageNet networks whose features losses and judges look at: VGG-16 and SqueezeNet 1.0, read from safetensors.

Small modules of our own. VGG-16 has torchvision's tensor names, SqueezeNet Caffe's; the latter costs a twentieth. Features
are lists of (N, C, H, W), for images (N, 3, H, W) in [-1, 1].
"""

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

VGG16_REPOSITORY = "timm/vgg16.tv_in1k"
VGG16_REVISION = "b8d8aa2dd860af9233c8c67385a8097fd6c35d3f"  # that others pin too; the Hub was out of reach here


class VGG16Features(nn.Module):
    """pool1, pool2 and pool3 of VGG-16 (Simonyan & Zisserman 2015) for images in [-1, 1]."""

    # Indices in torchvision's `features` of the convolutions before each of the first three pools.
    BLOCKS = ((0, 2), (5, 7), (10, 12, 14))
    # For models/projected.py: channels of each layer, stride of its head, weight of its logits in the generator's loss.
    CHANNELS, HEAD_STRIDES, HEAD_WEIGHTS = (64, 128, 256), (2, 1, 1), (1.0, 0.25, 0.06)

    def __init__(self):
        super().__init__()
        widths = (64, 128, 256)
        channels, self.features = 3, nn.ModuleDict()
        for block, width in zip(self.BLOCKS, widths, strict=True):
            for index in block:
                self.features[str(index)] = nn.Conv2d(channels, width, 3, padding=1)
                channels = width
        self.register_buffer("mean", torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1), persistent=False)

    def forward(self, image: Tensor) -> list[Tensor]:
        hidden, layers = ((image + 1) / 2 - self.mean) / self.std, []
        for block in self.BLOCKS:
            for index in block:
                hidden = F.relu(self.features[str(index)](hidden))
            hidden = F.max_pool2d(hidden, 2)
            layers.append(hidden)
        return layers


class Fire(nn.Module):
    """Squeeze to few channels, expand by 1x1 and 3x3 side by side (Iandola et al. 2016, section 3.2)."""

    def __init__(self, in_channels: int, squeeze: int, expand: int):
        super().__init__()
        self.conv1x1_1 = nn.Conv2d(in_channels, squeeze, 1)
        self.conv1x1_2 = nn.Conv2d(squeeze, expand, 1)
        self.conv3x3_2 = nn.Conv2d(squeeze, expand, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        squeezed = F.relu(self.conv1x1_1(x))
        return torch.cat([F.relu(self.conv1x1_2(squeezed)), F.relu(self.conv3x3_2(squeezed))], dim=1)


class SqueezeNetFeatures(nn.Module):
    """conv1, fire3, fire5 and fire8 of SqueezeNet 1.0 (strides 2, 4, 8, 8) for images in [-1, 1]; Caffe's colours."""

    FIRES = {
        "fire2": (96, 16, 64), "fire3": (128, 16, 64), "fire4": (128, 32, 128), "fire5": (256, 32, 128),
        "fire6": (256, 48, 192), "fire7": (384, 48, 192), "fire8": (384, 64, 256),
    }  # fmt: skip
    POOL_AFTER = ("conv1", "fire4")
    TAKEN = ("conv1", "fire3", "fire5", "fire8")
    # As above; the weights bring the gradients of all layers' logits to about one size at the picture.
    CHANNELS, HEAD_STRIDES, HEAD_WEIGHTS = (96, 128, 256, 512), (2, 1, 1, 1), (1.0, 0.25, 0.06, 0.03)

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 96, 7, stride=2)
        for name, sizes in self.FIRES.items():
            setattr(self, name, Fire(*sizes))
        self.register_buffer("mean", torch.tensor([104.0, 117.0, 123.0]).view(1, 3, 1, 1), persistent=False)

    def forward(self, image: Tensor) -> list[Tensor]:
        hidden, layers = (image.flip(1) + 1) * 127.5 - self.mean, []  # BGR
        for name in ("conv1", *self.FIRES):
            hidden = getattr(self, name)(hidden)
            if name == "conv1":
                hidden = F.relu(hidden)
            if name in self.TAKEN:
                layers.append(hidden)
            if name in self.POOL_AFTER:
                hidden = F.max_pool2d(hidden, 3, stride=2, ceil_mode=True)
        return layers


FEATURE_NETWORKS = {"vgg16": VGG16Features, "squeezenet": SqueezeNetFeatures}


def feature_network(name: str, weights: str | Path | None) -> nn.Module:
    """The frozen feature network ``name`` with pretrained ``weights`` (a safetensors file).

    None fetches VGG-16 from the Hub; SqueezeNet has no default. Random weights cannot come about: every tensor must be
    in the file. Raises ValueError or FileNotFoundError that say what to give.
    """
    if name not in FEATURE_NETWORKS:
        raise ValueError(f"perceptual must be one of {', '.join(FEATURE_NETWORKS)}, not {name!r}")
    if weights is None:
        if name != "vgg16":
            raise ValueError(f"Give --perceptual_weights FILE (safetensors) for {name}; it has no default source.")
        from huggingface_hub import hf_hub_download
        from huggingface_hub.errors import HfHubHTTPError

        try:
            weights = hf_hub_download(VGG16_REPOSITORY, "model.safetensors", revision=VGG16_REVISION)
        except (OSError, HfHubHTTPError) as error:
            raise FileNotFoundError(
                f"VGG-16 could not be fetched from {VGG16_REPOSITORY}. Give a file with --perceptual_weights, or connect once."
            ) from error
    if not Path(weights).is_file():
        raise FileNotFoundError(f"No perceptual weights at {weights}.")
    network = FEATURE_NETWORKS[name]()
    try:
        stored = load_file(weights)
    except SafetensorError as error:
        raise ValueError(f"{weights} is not a safetensors file ({error}).") from error
    needed = network.state_dict()
    missing = [key for key in needed if key not in stored or stored[key].shape != needed[key].shape]
    if missing:
        raise ValueError(f"{weights} are not weights of {name}: {missing[0]} is missing or of another shape.")
    network.load_state_dict({key: stored[key].float() for key in needed})
    network.requires_grad_(False).eval()
    return network
