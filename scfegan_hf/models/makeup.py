"""Make-up carried from one face to another (BeautyGAN, Li et al. 2018), as a few numbers for each layer and place.

The network looks at a small square, and answers a coarse grid of colour changes for each layer of make-up. Enlarged and
multiplied by the layers' masks they are added to the photograph at its own size: background and detail stay by construction.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from scfegan_hf.layers.gated import LEAK
from scfegan_hf.layers.unet import FoldedUNet
from scfegan_hf.models.hub import HubNetwork

PICTURES = 7  # channels beside the masks: source 3, reference bent onto it 3, plane of "remove" 1
NUMBERS = 4  # of each layer at each place: a shift of red, green and blue, and how much of the fine detail is added


class MakeupTransfer(nn.Module, HubNetwork, pipeline_tag="image-to-image", tags=["makeup-transfer", "beautygan", "faces"]):
    """(N, 7 + layers, H, W), see `assemble_makeup`, to a grid (N, layers, 4, H / fold, W / fold) of changes that starts near
    zero; sides divisible by ``stride``.

    ``widths``, ``encoder_blocks``, ``dilations`` and ``decoder_blocks`` are those of a `FoldedUNet`, which also gets what a
    small network of ``hidden`` units makes of the mean colours under the masks, and adds to what that one says of the whole
    face. ``resolution``: side of the squares that the pipeline works at. Raises ValueError for numbers that do not fit.
    """

    ranges = {
        "layers": (1, 64), "widths": (1, 1024), "encoder_blocks": (0, 16), "dilations": (1, 64), "decoder_blocks": (0, 16),
        "fold": (1, 16), "hidden": (1, 4096), "resolution": (16, 4096),
    }  # fmt: skip

    def __init__(
        self,
        layers: int = 5,
        widths: Sequence[int] = (32, 64, 128),
        encoder_blocks: Sequence[int] = (1, 2),
        dilations: Sequence[int] = (1, 2, 1),
        decoder_blocks: Sequence[int] = (2, 1),
        fold: int = 4,
        hidden: int = 64,
        resolution: int = 192,
    ):
        super().__init__()
        self.layers, self.fold, self.resolution = layers, fold, resolution
        self.stride = fold * 2 ** (len(widths) - 1)
        if resolution % self.stride:
            raise ValueError(f"resolution must be divisible by {self.stride}, not {resolution}")
        self.means = nn.Sequential(
            nn.Linear(6 * layers + 1, hidden), nn.LeakyReLU(LEAK), nn.Linear(hidden, hidden), nn.LeakyReLU(LEAK)
        )
        self.whole = nn.Linear(hidden, NUMBERS * layers)
        inputs = (PICTURES + layers) * fold**2 + hidden
        # The pixels come folded, so that the answer stays as coarse.
        self.unet = FoldedUNet(inputs, NUMBERS * layers, widths, encoder_blocks, dilations, decoder_blocks, fold=1)
        with torch.no_grad():
            self.whole.weight.mul_(0.1)
            self.whole.bias.zero_()

    def forward(self, x: Tensor) -> Tensor:
        """Raises ValueError for another number of channels or another size."""
        if x.ndim != 4 or x.shape[1] != PICTURES + self.layers:
            raise ValueError(f"This network takes (N, {PICTURES + self.layers}, H, W), not {tuple(x.shape)}.")
        if x.shape[2] % self.stride or x.shape[3] % self.stride or not x.numel():
            raise ValueError(f"Height and width must be divisible by {self.stride}, not {tuple(x.shape[2:])}.")
        told = self.means(mean_colors(x))  # (N, hidden)
        folded = F.pixel_unshuffle(x, self.fold)
        planes = told[..., None, None].expand(-1, -1, *folded.shape[2:])
        grid = self.unet(torch.cat([folded, planes], 1)) + self.whole(told)[..., None, None]
        return grid.unflatten(1, (self.layers, NUMBERS))


def assemble_makeup(source: Tensor, reference: Tensor, remove: Tensor, masks: Tensor) -> Tensor:
    """The network's input: pictures (N, 3, H, W) in [-1, 1], ``remove`` (N, 1, H, W) 1 where make-up is to be taken off, where
    the reference counts for nothing, and soft masks (N, layers, H, W)."""
    return torch.cat([source, reference * (1 - remove), remove, masks], 1)


def mean_colors(x: Tensor) -> Tensor:
    """Of an assembled input, the mean colours of source and reference under each mask, and the flag (N, 6 * layers + 1).

    Under a mask without pixels the mean is grey.
    """
    pictures, remove, masks = x[:, :6], x[:, 6:7], x[:, PICTURES:]
    sums = torch.einsum("nlhw,nchw->nlc", masks, pictures)
    weights = masks.sum((2, 3))[..., None]
    means = sums / weights.clamp_min(1e-3)
    return torch.cat([means.flatten(1), remove.mean((2, 3))], 1)


def makeup_changes(grid: Tensor, masks: Tensor, detail: Tensor) -> Tensor:
    """What each layer adds to a picture of any size: (N, layers, 3, H, W), 0 outside the masks.

    grid: (N, layers, 4, h, w), the network's answer; masks (N, layers, H, W); detail (N, 3, H, W), the picture's fine detail.
    """
    size = masks.shape[-2:]
    large = F.interpolate(grid.flatten(1, 2), size, mode="bilinear", align_corners=False).unflatten(1, grid.shape[1:3])
    return masks[:, :, None] * (large[:, :, :3] + large[:, :, 3:] * detail[:, None])
