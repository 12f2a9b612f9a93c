"""SC-FEGAN's generator and discriminator (Jo & Park 2019, section 3.2 and appendix A)."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

from scfegan_hf.conditioning import FILLS
from scfegan_hf.layers.gated import LEAK, GatedConv2d, GatedUpsample
from scfegan_hf.layers.unet import FoldedUNet
from scfegan_hf.models.hub import HubNetwork
from scfegan_hf.models.residual import ResidualUNet

# Width of each stage as a multiple of the first one's.
ENCODER_WIDTHS = (1, 2, 4, 8, 8, 8, 8)
ENCODER_KERNELS = (7, 5, 5, 3, 3, 3, 3)
TAGS = ["face-editing", "inpainting", "sketch", "gan", "sc-fegan"]  # on the Hub

PRESETS = {
    "paper": dict(
        width=64, stages=7, dilations=[2, 4, 8, 16], norm="lrn", gate="full", upsample_gate="self", upsample_kernel=5,
        head_width=3, fill="none", color_flag=False, resolution=512,
    ),
    "compact": dict(
        layout="residual", width=32, stages=4, encoder_blocks=[0, 1, 2], dilations=[1, 1, 1], decoder_blocks=[1, 2, 2],
        norm=None, gate="single", fill="walls", color_flag=True, resolution=256,
    ),
    "plain": dict(
        width=32, stages=5, dilations=[1, 2, 2, 1], norm=None, gate="single", upsample_gate="self", upsample_kernel=4,
        head_width=12, fill="walls", color_flag=True, resolution=256,
    ),
    "folded": dict(
        layout="folded", widths=[96, 192, 256, 256], stages=5, encoder_blocks=[0, 1, 1], dilations=[1, 2, 1],
        decoder_blocks=[2, 2, 1], attention=2, norm=None, gate="single", fill="walls", color_flag=True, resolution=384,
    ),
}  # fmt: skip


class SCFEGANGenerator(nn.Module, HubNetwork, pipeline_tag="image-to-image", tags=TAGS):
    """U-Net of gated convolutions: the assembled input (see `conditioning.assemble`) to an image in [-1, 1].

    Making one, from arguments, a preset or saved weights, makes a `PublishedGenerator`, a `ResidualGenerator` or a
    `FoldedGenerator`, which ``layout`` tells: the paper's layers, or those of models/residual.py or layers/unet.py.

    With a ``fill`` other than "none" the first three channels hold the filled photograph, and the network predicts a
    residual to it that starts near zero. ``stages`` halvings, the first of ENCODER_WIDTHS, lead to gated convolutions
    of ``dilations``. ``resolution`` is the side of the squares that the pipeline works at. Any height and width
    divisible by ``stride``, 2 to the power of ``stages``.
    """

    ranges = {
        "width": (1, 512), "stages": (2, len(ENCODER_WIDTHS)), "dilations": (1, 64), "upsample_kernel": (1, 15),
        "head_width": (1, 512), "resolution": (16, 4096), "encoder_blocks": (0, 16), "decoder_blocks": (0, 16),
        "widths": (1, 1024), "attention": (0, 16),
    }  # fmt: skip
    added_later = ("layout", "encoder_blocks", "decoder_blocks", "widths", "attention")  # absent from what was saved before

    def __new__(cls, *args, **arguments):
        kind = LAYOUTS.get(arguments.get("layout", "published"), cls) if cls is SCFEGANGenerator else cls
        return super().__new__(kind, *args, **arguments)

    def __init__(
        self,
        width: int = 64,
        stages: int = 7,
        dilations: Sequence[int] = (2, 4, 8, 16),
        norm: str | None = "lrn",
        gate: str = "full",
        upsample_gate: str = "self",
        upsample_kernel: int = 5,
        head_width: int = 3,
        fill: str = "none",
        color_flag: bool = False,
        resolution: int = 512,
        layout: str = "published",
        encoder_blocks: Sequence[int] = (),
        decoder_blocks: Sequence[int] = (),
        widths: Sequence[int] = (),
        attention: int = 0,
    ):
        super().__init__()
        if layout not in LAYOUTS:
            raise ValueError(f"layout must be one of {tuple(LAYOUTS)}, not {layout!r}")
        if not isinstance(self, LAYOUTS[layout]):
            raise ValueError(f"A {type(self).__name__} has another layout than {layout!r}. Make it as a SCFEGANGenerator.")
        if fill not in FILLS:
            raise ValueError(f"fill must be one of {FILLS}, not {fill!r}")
        if not 2 <= stages <= len(ENCODER_WIDTHS):
            raise ValueError(f"stages must be between 2 and {len(ENCODER_WIDTHS)}, not {stages}")
        self.fill, self.color_flag, self.resolution, self.stride = fill, color_flag, resolution, 2**stages
        if resolution % self.stride:
            raise ValueError(f"resolution must be divisible by {self.stride} for {stages} stages, not {resolution}")
        self.in_channels = 10 if color_flag else 9
        if layout == "folded":
            self._make_layers(widths, encoder_blocks, dilations, decoder_blocks, attention)
            return
        widths = [multiple * width for multiple in ENCODER_WIDTHS[:stages]]
        up = (upsample_gate, upsample_kernel, head_width)
        self._make_layers(widths, dilations, norm, gate, up, (encoder_blocks, decoder_blocks))

    @classmethod
    def preset(cls, name: str, **overrides) -> "SCFEGANGenerator":
        """A generator with fresh weights: "paper" as published, "folded" as released, "compact" and "plain" its forerunners."""
        if name not in PRESETS:
            raise ValueError(f"No preset {name!r}; there are {', '.join(PRESETS)}.")
        return cls(**{**PRESETS[name], **overrides})

    def forward(self, x: Tensor) -> Tensor:
        """(N, 9 or 10, H, W) to (N, 3, H, W). Raises ValueError for another number of channels or another size."""
        if x.ndim != 4 or x.shape[1] != self.in_channels:
            raise ValueError(f"This generator takes (N, {self.in_channels}, H, W), not {tuple(x.shape)}.")
        if x.shape[2] % self.stride or x.shape[3] % self.stride or not x.numel():
            raise ValueError(f"Height and width must be divisible by {self.stride}, not {tuple(x.shape[2:])}. Pad the input.")
        if self.fill == "none":
            return torch.tanh(self.unbounded(x))
        return x[:, :3] + 2 * torch.tanh(self.unbounded(x))  # the distance between any two images is at most 2


class PublishedGenerator(SCFEGANGenerator):
    """The paper's chain of gated convolutions down and up (Jo & Park 2019, figure 3); see `SCFEGANGenerator`.

    It has no use for ``encoder_blocks`` and ``decoder_blocks``.
    """

    def _make_layers(self, widths, dilations, norm, gate, up, blocks) -> None:
        upsample_gate, upsample_kernel, head_width = up
        skips = [self.in_channels]
        encoder = []
        for index, (width, kernel) in enumerate(zip(widths, ENCODER_KERNELS, strict=False)):
            encoder.append(GatedConv2d(skips[-1], width, kernel, stride=2, norm=norm if index else None, gate=gate))
            skips.append(width)
        self.encoder = nn.ModuleList(encoder)

        channels = skips.pop()
        self.bottleneck = nn.Sequential(
            *(GatedConv2d(channels, channels, 3, dilation=dilation, norm=norm, gate=gate) for dilation in dilations)
        )

        upsample, merge = [], []
        for width in reversed(widths[:-1]):
            upsample.append(GatedUpsample(channels, width, upsample_kernel, norm=norm, gate=upsample_gate))
            merge.append(GatedConv2d(skips.pop() + width, width, 3, norm=norm, gate=gate))
            channels = width
        upsample.append(GatedUpsample(channels, head_width, upsample_kernel, norm=norm, gate=upsample_gate))
        merge.append(GatedConv2d(skips.pop() + head_width, 3, 3, norm=None, gate=gate, activation=False))
        self.upsample, self.merge = nn.ModuleList(upsample), nn.ModuleList(merge)
        if self.fill != "none":
            with torch.no_grad():
                self.merge[-1].conv.weight[:3].mul_(0.01)  # the answer starts as the fill itself

    def unbounded(self, x: Tensor) -> Tensor:
        """What tanh makes an answer of, (N, 3, H, W)."""
        skips, hidden = [], x
        for stage in self.encoder:
            skips.append(hidden)
            hidden = stage(hidden)
        hidden = self.bottleneck(hidden)
        for up, merge in zip(self.upsample, self.merge, strict=True):
            hidden = merge(torch.cat([skips.pop(), up(hidden)], dim=1))
        return hidden


class ResidualGenerator(SCFEGANGenerator):
    """Blocks of models/residual.py: ``encoder_blocks`` and ``decoder_blocks`` on the way down and up, from fine to coarse, and
    those of ``dilations`` deepest; see `SCFEGANGenerator`.

    It has no use for ``upsample_gate``, ``upsample_kernel`` and ``head_width``.
    """

    def _make_layers(self, widths, dilations, norm, gate, up, blocks) -> None:
        encoder_blocks, decoder_blocks = blocks
        self.residual = ResidualUNet(self.in_channels, widths, encoder_blocks, dilations, decoder_blocks, norm, gate)

    def unbounded(self, x: Tensor) -> Tensor:
        """What tanh makes an answer of, (N, 3, H, W)."""
        return self.residual(x)


class FoldedGenerator(SCFEGANGenerator):
    """Residual blocks on pixels folded four by four, see `FoldedUNet`: ``widths`` of the stages from there on, one fewer than
    ``stages``, and ``attention`` among the deepest blocks; see `SCFEGANGenerator`.

    It has no gates, and no use for ``width``, ``norm``, ``gate`` and what the published layers alone have.
    """

    def _make_layers(self, widths, encoder_blocks, dilations, decoder_blocks, attention) -> None:
        if 2 ** (len(widths) + 1) != self.stride:
            raise ValueError(f"A folded generator of {len(widths)} widths has {len(widths) + 1} stages.")
        self.unet = FoldedUNet(self.in_channels, 3, widths, encoder_blocks, dilations, decoder_blocks, attention=attention)

    def unbounded(self, x: Tensor) -> Tensor:
        """What tanh makes an answer of, (N, 3, H, W)."""
        return self.unet(x)


LAYOUTS = {"published": PublishedGenerator, "residual": ResidualGenerator, "folded": FoldedGenerator}


DISCRIMINATOR_WIDTHS = (1, 2, 4, 4, 4, 4)


class SCFEGANDiscriminator(nn.Module, HubNetwork, pipeline_tag="image-classification", tags=TAGS):
    """SN-PatchGAN (Yu et al. 2019, section 3.2): every value of the last feature map judges one patch; no sigmoid.

    Input: image 3, sketch 1, colour 3, mask 1 as (N, 8, H, W). Output: (N, 4*width, H/64, W/64).
    """

    ranges = {"width": (1, 512), "kernel_size": (1, 15)}

    def __init__(self, width: int = 64, kernel_size: int = 5):
        super().__init__()
        channels = [8, *(multiple * width for multiple in DISCRIMINATOR_WIDTHS)]
        self.layers = nn.ModuleList(
            spectral_norm(nn.Conv2d(before, after, kernel_size, stride=2, padding=kernel_size // 2))
            for before, after in pairwise(channels)
        )

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers[:-1]:
            x = F.leaky_relu(layer(x), LEAK)
        return self.layers[-1](x)
