"""Perceptual and style loss on features of an ImageNet network (Jo & Park 2019, eq. 3.2 and 3.3).

Two networks: VGG-16 with torchvision's tensor names, as published, and SqueezeNet 1.0, which costs a twentieth.
Both are small modules of our own that read safetensors. Their features differ in scale by orders of magnitude, so
losses are *relative*: each layer's difference is divided by the mean size of the photograph's own features there.
What differs still (number of layers, how much of a blur each sees) is measured when weights are read, and taken out by
`loss_scales`. That makes one set of weights serve both networks. Features: lists of (N, C, H, W).
"""

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

VGG16_REPOSITORY = "timm/vgg16.tv_in1k"
# Relative losses of SqueezeNet's ImageNet weights for `reference_pair`: the scale that sigma and gamma are set for.
# `python benchmarks/perceptual_scales.py` prints them anew.
REFERENCE_PERCEPTUAL, REFERENCE_STYLE = 2.4120, 2.4982


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
        hidden, found = ((image + 1) / 2 - self.mean) / self.std, []
        for block in self.BLOCKS:
            for index in block:
                hidden = F.relu(self.features[str(index)](hidden))
            hidden = F.max_pool2d(hidden, 2)
            found.append(hidden)
        return found


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
        hidden, found = (image.flip(1) + 1) * 127.5 - self.mean, []  # BGR
        for name in ("conv1", *self.FIRES):
            hidden = getattr(self, name)(hidden)
            if name == "conv1":
                hidden = F.relu(hidden)
            if name in self.TAKEN:
                found.append(hidden)
            if name in self.POOL_AFTER:
                hidden = F.max_pool2d(hidden, 3, stride=2, ceil_mode=True)
        return found


FEATURE_NETWORKS = {"vgg16": VGG16Features, "squeezenet": SqueezeNetFeatures}


def feature_network(name: str, weights: str | Path | None) -> nn.Module:
    """The frozen feature network ``name`` with pretrained ``weights`` (a safetensors file).

    None fetches VGG-16 from the Hub; SqueezeNet has no default. Random weights cannot come about: every tensor must be
    in the file. Attribute `loss_scales`: what that function measured on it. Raises ValueError or FileNotFoundError that
    say what to give.
    """
    if name not in FEATURE_NETWORKS:
        raise ValueError(f"perceptual must be one of {', '.join(FEATURE_NETWORKS)}, not {name!r}")
    if weights is None:
        if name != "vgg16":
            raise ValueError(f"Give --perceptual_weights FILE (safetensors) for {name}; it has no default source.")
        from huggingface_hub import hf_hub_download
        from huggingface_hub.errors import HfHubHTTPError

        try:
            weights = hf_hub_download(VGG16_REPOSITORY, "model.safetensors")
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
    network.loss_scales = loss_scales(network)
    return network


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
