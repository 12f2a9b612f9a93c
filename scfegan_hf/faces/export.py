"""The annotator as a graph for ONNX: what it sees, with all that follows it and needs no photograph."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from scfegan_hf.faces.annotate import FACE_SIDE, FINER
from scfegan_hf.models.annotator import Annotator, positions

INPUTS, OUTPUTS = ["picture", "grid"], ["edges", "labels", "points", "peak"]
# Sides that may differ from one call to the next.
DYNAMIC = {"picture": {2: "height", 3: "width"}, "grid": {0: "rows", 1: "columns"}}


class Look(nn.Module):
    """An `Annotator` and what `FaceAnnotator` makes of its answer."""

    def __init__(self, network: Annotator):
        super().__init__()
        self.network = network

    def forward(self, picture: Tensor, grid: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """``picture`` (1, 3, H, W) in [-1, 1], sides divisible by the network's stride; ``grid`` (h, w) of any values.

        Returns edges (H, W) in [0, 1]; labels uint8 (h, w), the regions at the grid's size; points (L, 2) as x, y in parts of
        the picture; peak (1,), how sharply they are seen. Whoever wants no labels gives a grid of one value.
        """
        seen = self.network(picture)
        points, peaks = positions(seen.heat)
        finer = F.interpolate(seen.regions, size=grid.shape, mode="bilinear")
        return seen.edges[0, 0].sigmoid(), finer[0].argmax(0).to(torch.uint8), points[0], peaks.mean(1)


def examples() -> tuple[Tensor, Tensor]:
    """Inputs of the sizes that faces are looked at in."""
    return torch.zeros(1, 3, FACE_SIDE, FACE_SIDE), torch.zeros(FACE_SIDE * FINER, FACE_SIDE * FINER)
