"""What face a doodle means, in the codes of eigenfaces: the likeliest one, and what else it may be."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from scfegan_hf.layers.gated import LEAK
from scfegan_hf.layers.unet import Residual
from scfegan_hf.models.hub import HubNetwork

EMPHASIS = 2.5  # of how far the likeliest codes lie from the usual face: means of what doodles may mean are too shy
KNOWN = 0.01  # of the moments' memory that a batch renews
FLOOR = 1e-3  # least variance, so that the covariance has a root


class DoodleEncoder(nn.Module, HubNetwork, pipeline_tag="image-feature-extraction", tags=["sketch2face", "doodle", "faces"]):
    """Doodles (N, 1, ``resolution``, ``resolution``), lines 1 on 0, to codes (N, ``components``) of a `FacePrior`.

    ``widths`` are those of its stages, each half as large as the one before; ``neck``: channels that the last stage is narrowed
    to. What doodles leave open is a Gaussian of the covariance of its errors, which training keeps an account of (`remember`).
    """

    ranges = {"widths": (1, 1024), "neck": (1, 1024), "components": (1, 65_536), "resolution": (16, 1024)}

    def __init__(self, widths: Sequence[int] = (16, 48, 96, 160), neck: int = 48, components: int = 600, resolution: int = 96):
        super().__init__()
        self.resolution = resolution
        stride = 2 ** len(widths)
        if resolution % stride:
            raise ValueError(f"resolution must be divisible by {stride} for {len(widths)} stages, not {resolution}")
        steps = pairwise([1, *widths])
        self.stages = nn.Sequential(
            *(nn.Sequential(nn.Conv2d(a, b, 4, 2, 1), nn.LeakyReLU(LEAK), Residual(b)) for a, b in steps),
            nn.Conv2d(widths[-1], neck, 1),
            nn.LeakyReLU(LEAK),
        )
        self.codes = nn.Linear(neck * (resolution // stride) ** 2, components)
        self.register_buffer("covariance", torch.eye(components))

    def forward(self, doodles: Tensor) -> Tensor:
        """The likeliest codes. Raises ValueError for another size."""
        if doodles.ndim != 4 or tuple(doodles.shape[1:]) != (1, self.resolution, self.resolution):
            raise ValueError(f"This network takes (N, 1, {self.resolution}, {self.resolution}), not {tuple(doodles.shape)}.")
        hidden = F.dropout(self.stages(doodles).flatten(1), 0.2, self.training)
        return self.codes(hidden)

    @torch.no_grad()
    def remember(self, errors: Tensor) -> None:
        """Take errors (N, components) of a batch into the account."""
        with torch.autocast(errors.device.type, enabled=False):
            errors = errors.float()
            self.covariance.lerp_(errors.T @ errors / len(errors), KNOWN)

    @torch.no_grad()
    def draw(self, doodles: Tensor, boldness: float, generator: torch.Generator | None = None) -> Tensor:
        """Codes that the doodles may mean, what they say emphasised, with ``boldness`` times the deviation of what they leave
        open."""
        covariance = self.covariance.double()
        root = torch.linalg.cholesky(covariance + FLOOR * torch.eye(len(covariance), device=covariance.device)).float()
        normal = torch.randn(len(doodles), len(root), generator=generator).to(root)
        return EMPHASIS * self(doodles).float() + boldness * normal @ root.T
