"""Generator and refiner as one network, which answers like a generator of twice the resolution."""

import torch
from torch import Tensor, nn

from scfegan_hf.conditioning import assemble, assemble_refinement, halved
from scfegan_hf.models.refiner import IN_CHANNELS, FaceRefiner
from scfegan_hf.models.scfegan import SCFEGANGenerator


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
        image, sketch, color, mask, noise, color_mask = torch.split(x, [3, 1, 3, 1, 1, 1], dim=1)
        return self.refiner(refiner_input(self.generator, image, mask, sketch, color, color_mask, noise))


def refiner_input(
    generator: nn.Module, image: Tensor, mask: Tensor, sketch: Tensor, color: Tensor, color_mask: Tensor, noise: Tensor
) -> Tensor:
    """What the generator makes of these at half the size, enlarged, and the drawing: (N, 10, H, W)."""
    parts = (image, mask, sketch * mask, color, color_mask * mask)  # before a half pixel joins what is beside the hole
    small = assemble(*halved(*parts), (noise * mask)[..., ::2, ::2], fill=generator.fill, color_flag=generator.color_flag)
    return assemble_refinement(generator(small), *parts, noise)
