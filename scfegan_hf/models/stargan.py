"""Attributes of a face changed by numbers (StarGAN, Choi et al. 2018), as a bending of the face and a little paint.

The network looks at a small square and at how far each attribute is to move. Its answer is enlarged onto the photograph at its
own size: most of a smile is geometry, so that skin keeps its detail, and what is not seen yet (teeth) is painted.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from scfegan_hf.layers.unet import FoldedUNet
from scfegan_hf.models.hub import HubNetwork

ATTRIBUTES = ("smile", "age", "features")
FLOW, SHADE, PAINT, COVER = slice(0, 2), slice(2, 5), slice(5, 8), slice(8, 9)  # channels of the answer
FAR = 0.2  # of the square's side, the farthest that a pixel may come from
RIM = (0.5, 0.52, 0.46, 0.47)  # centre x, y and half axes of the oval that may change, in parts of the square
COARSE = 8  # pixels of the square to a cell of flow and shade, which are smooth, so that what is fine is painted
FADE = 0.22  # of the oval's radius, over which changes fade


class AttributeChange(nn.Module, HubNetwork, pipeline_tag="image-to-image", tags=["stargan", "face-attributes", "faces"]):
    """Close squares of faces (N, 3, H, W) in [-1, 1] and steps (N, 3), in the order of ATTRIBUTES, each about -1 to 1, to an
    answer (N, 9, H, W) for `change_face`; sides divisible by ``stride``. No step at all is answered by no change.

    ``widths`` to ``decoder_blocks`` are those of a `FoldedUNet`. ``resolution``: side of the squares that the pipeline works
    at. Raises ValueError for numbers that do not fit.
    """

    ranges = {
        "widths": (1, 1024), "encoder_blocks": (0, 16), "dilations": (1, 64), "decoder_blocks": (0, 16), "fold": (1, 16),
        "resolution": (16, 4096),
    }  # fmt: skip

    def __init__(
        self,
        widths: Sequence[int] = (48, 96, 128),
        encoder_blocks: Sequence[int] = (1, 2),
        dilations: Sequence[int] = (1, 2, 1),
        decoder_blocks: Sequence[int] = (2, 1),
        fold: int = 4,
        resolution: int = 128,
    ):
        super().__init__()
        self.resolution = resolution
        self.unet = FoldedUNet(3 + len(ATTRIBUTES), COVER.stop, widths, encoder_blocks, dilations, decoder_blocks, fold)
        self.stride = math.lcm(self.unet.stride, COARSE)
        if resolution % self.stride:
            raise ValueError(f"resolution must be divisible by {self.stride}, not {resolution}")
        with torch.no_grad():
            self.unet.head.bias.view(COVER.stop, -1)[COVER] = -1

    def forward(self, face: Tensor, steps: Tensor) -> Tensor:
        """Raises ValueError for other numbers of channels or another size."""
        if face.ndim != 4 or face.shape[1] != 3 or steps.shape != (len(face), len(ATTRIBUTES)):
            raise ValueError(f"This network takes (N, 3, H, W) and (N, 3), not {tuple(face.shape)} and {tuple(steps.shape)}.")
        if face.shape[2] % self.stride or face.shape[3] % self.stride or not face.numel():
            raise ValueError(f"Height and width must be divisible by {self.stride}, not {tuple(face.shape[2:])}.")
        planes = steps[..., None, None].expand(-1, -1, *face.shape[2:])
        raw = self.unet(torch.cat([face, planes], 1)).float()
        size = steps.float().abs().amax(1).clamp(max=1)[:, None, None, None]
        oval = rim(face.shape[-1], face.device)
        smooth = F.interpolate(F.avg_pool2d(raw[:, : SHADE.stop], COARSE), raw.shape[2:], mode="bilinear") * size * oval
        flow, shade = FAR * torch.tanh(smooth[:, FLOW]), smooth[:, SHADE]
        return torch.cat([flow, shade, face + raw[:, PAINT], raw[:, COVER].sigmoid() * size * oval], 1)


def rim(side: int, device: torch.device | None = None) -> Tensor:
    """How far each place of a square may change (side, side): 1 within an oval, fading to 0 at its rim."""
    at = (torch.arange(side, device=device) + 0.5) / side
    x, y, across, down = RIM
    radius = (((at[None] - x) / across).square() + ((at[:, None] - y) / down).square()).sqrt()
    fade = ((1 - radius) / FADE).clamp(0, 1)
    return fade * fade * (3 - 2 * fade)


def change_face(face: Tensor, answer: Tensor) -> Tensor:
    """The square (N, 3, H, W) as the network's ``answer`` changes it: bent, shaded, and painted over where nothing was."""
    height, width = face.shape[-2:]
    ys = (torch.arange(height, device=face.device) + 0.5) / height * 2 - 1
    xs = (torch.arange(width, device=face.device) + 0.5) / width * 2 - 1
    places = torch.stack(torch.meshgrid(xs, ys, indexing="xy"), -1)  # (H, W, 2)
    where = places + 2 * answer[:, FLOW].permute(0, 2, 3, 1)
    bent = F.grid_sample(face.float(), where, padding_mode="border", align_corners=False)
    cover = answer[:, COVER]
    return (bent + answer[:, SHADE]) * (1 - cover) + answer[:, PAINT] * cover
