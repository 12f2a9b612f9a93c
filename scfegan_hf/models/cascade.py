"""Generator and refiner as one network, which answers like a generator of twice the resolution."""

import logging
from pathlib import Path

import torch
from huggingface_hub.errors import LocalEntryNotFoundError
from torch import Tensor, nn

from scfegan_hf.conditioning import assemble, assemble_refinement, halved
from scfegan_hf.models.hub import CONFIG, fetch
from scfegan_hf.models.refiner import IN_CHANNELS, FaceRefiner
from scfegan_hf.models.scfegan import SCFEGANGenerator

REFINER = "refiner"  # where a release keeps its refiner
log = logging.getLogger(__name__)


class FaceCascade(nn.Module):
    """The assembled input at the refiner's resolution, not filled (N, 10, H, W), to a picture (N, 3, H, W).

    The hole is filled at half the size, where the generator answers. Raises ValueError for a refiner that does not work at
    twice the generator's resolution.
    """

    fill, color_flag, in_channels = "none", True, IN_CHANNELS

    def __init__(self, generator: SCFEGANGenerator, refiner: FaceRefiner):
        super().__init__()
        if refiner.resolution != 2 * generator.resolution:
            raise ValueError(
                f"The refiner works at {refiner.resolution} pixels, not at twice the generator's {generator.resolution}."
            )
        self.generator, self.refiner = generator, refiner
        self.resolution, self.stride = refiner.resolution, max(refiner.stride, 2 * generator.stride)

    def forward(self, x: Tensor) -> Tensor:
        """Raises ValueError for another number of channels or another size, as both networks do."""
        return self.refiner(refiner_input(self.generator, *parts_of(x)))


def load_editor(source: str | Path, refiner: str | Path | bool = True, **options) -> SCFEGANGenerator | FaceCascade:
    """The network that edits, from a folder or Hub repository: the generator, with its refiner where there is one.

    ``refiner``: True for the one in ``REFINER`` of ``source``, if any; False for none; else the folder or repository of
    another. ``options`` and errors are those of `HubNetwork.from_pretrained`; ValueError for two that do not fit.
    """
    generator = SCFEGANGenerator.from_pretrained(source, **options)
    if refiner is False:
        return generator
    if refiner is not True:
        return FaceCascade(generator, FaceRefiner.from_pretrained(refiner, **options)).eval()
    try:
        fetch(str(source), f"{REFINER}/{CONFIG}", **{name: value for name, value in options.items() if name != "dtype"})
    except FileNotFoundError as error:
        if isinstance(error.__cause__, LocalEntryNotFoundError):
            log.warning("Whether %s has a refiner could not be asked, so the generator edits alone.", source)
        return generator
    return FaceCascade(generator, FaceRefiner.from_pretrained(source, subfolder=REFINER, **options)).eval()


def parts_of(x: Tensor) -> tuple[Tensor, ...]:
    """Image, mask, sketch, colour, its mask and noise of an assembled input (N, 10, H, W)."""
    if x.ndim != 4 or x.shape[1] != IN_CHANNELS:
        raise ValueError(f"This network takes (N, {IN_CHANNELS}, H, W), not {tuple(x.shape)}.")
    image, sketch, color, mask, noise, color_mask = torch.split(x, [3, 1, 3, 1, 1, 1], dim=1)
    return image, mask, sketch, color, color_mask, noise


def refiner_input(
    generator: nn.Module, image: Tensor, mask: Tensor, sketch: Tensor, color: Tensor, color_mask: Tensor, noise: Tensor
) -> Tensor:
    """What the generator makes of these at half the size, enlarged, and the drawing: (N, 10, H, W)."""
    parts = (image, mask, sketch * mask, color, color_mask * mask)  # before a half pixel joins what is beside the hole
    small = assemble(*halved(*parts), (noise * mask)[..., ::2, ::2], fill=generator.fill, color_flag=generator.color_flag)
    return assemble_refinement(generator(small.to(image.dtype)), *parts, noise)  # the fill is of float32
