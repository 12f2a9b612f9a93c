"""What faces look like at 64 pixels, as a Gaussian (eigenfaces; Turk & Pentland 1991), and what that says of an erased part.

A guess takes one linear solve: the mean of the Gaussian given the pixels that are seen, or a draw from it.
"""

from collections.abc import Iterable
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from scfegan_hf.models.hub import HubNetwork

BUNDLED_PRIOR = Path(__file__).parents[1] / "weights" / "prior"
BOLD = 0.7  # of the deviation of draws: further out lie odd colours
LEVELS = 127  # of a byte with a sign, in which components are kept


class FacePrior(nn.Module, HubNetwork, pipeline_tag="image-to-image", tags=["eigenfaces", "inpainting"]):
    """Mean and principal components of faces in the FFHQ frame, RGB in [-1, 1], ``resolution`` pixels a side.

    Faces were seen mirrored too, so each component is even or odd from left to right, and its left half is kept alone, in
    bytes. ``noise``: variance of what the components do not hold, and of faces that lie a little beside the frame.
    """

    def __init__(self, resolution: int = 64, components: int = 600, noise: float = 0.05):
        super().__init__()
        self.resolution, self.noise = resolution, noise
        self.register_buffer("mean", torch.zeros(resolution, resolution, 3))
        self.register_buffer("halves", torch.zeros(components, resolution, resolution // 2, 3, dtype=torch.int8))
        self.register_buffer("scales", torch.ones(components))  # of the bytes
        self.register_buffer("odd", torch.zeros(components, dtype=torch.int8))
        self.register_buffer("variances", torch.ones(components))
        self.unfolded: Tensor | None = None
        self.multiplied: Tensor | None = None

    @property
    def basis(self) -> Tensor:
        """(pixels and colours, components), float32, orthonormal but for rounding."""
        if self.unfolded is None or self.unfolded.device != self.mean.device:
            with torch.inference_mode(False), torch.no_grad():  # it outlasts a guess, and others differentiate by codes
                left = self.halves.float() * (self.scales.float() / LEVELS)[:, None, None, None]
                sign = (1 - 2 * self.odd.float())[:, None, None, None]
                self.unfolded = torch.cat([left, sign * left.flip(2)], 2).flatten(1).T.contiguous()
        return self.unfolded

    @property
    def products(self) -> Tensor:
        """Of the basis' columns with each other, (components, components): a unit matrix but for rounding."""
        if self.multiplied is None or self.multiplied.device != self.mean.device:
            with torch.inference_mode(False), torch.no_grad():
                self.multiplied = self.basis.T @ self.basis
        return self.multiplied

    def codes(self, pictures: Tensor) -> Tensor:
        """(N, 3, R, R) in [-1, 1] to what the Gaussian sees in them (N, components): numbers of variance 1 among faces."""
        apart = (pictures.float().permute(0, 2, 3, 1) - self.mean.float()).flatten(1)
        variances = self.variances.float()
        return apart @ self.basis * (variances.sqrt() / (variances + self.noise))

    def pictures(self, codes: Tensor) -> Tensor:
        """Codes (N, components) to pictures (N, 3, R, R), about [-1, 1]; normal codes are draws of faces."""
        flat = self.mean.float().flatten() + codes.float() * self.variances.float().sqrt() @ self.basis.T
        return flat.unflatten(1, self.mean.shape).permute(0, 3, 1, 2)

    @torch.inference_mode()
    def guess(self, face: np.ndarray, unknown: np.ndarray, draw: np.random.Generator | None = None) -> np.ndarray:
        """Float32 (R, R, 3) in [-1, 1]: a ``face`` float32 (R, R, 3) with what is ``unknown`` bool (R, R) guessed.

        It is the likeliest one, or with ``draw`` one of those that may be. What is known comes back as the Gaussian has it.
        """
        weights = self._weights(face, unknown, draw)
        return (self.mean.float().flatten() + self.basis @ weights).unflatten(0, face.shape).numpy()

    @torch.inference_mode()
    def guessed_codes(self, face: np.ndarray, unknown: np.ndarray, draw: np.random.Generator | None = None) -> Tensor:
        """The codes (components,) of what `guess` answers, as `pictures` takes them."""
        return self._weights(face, unknown, draw) / self.variances.float().sqrt().clamp_min(1e-12)

    def _weights(self, face: np.ndarray, unknown: np.ndarray, draw: np.random.Generator | None) -> Tensor:
        """How much of each column of `basis` is in a guess (components,)."""
        basis, variances = self.basis, self.variances.float()
        hidden = torch.from_numpy(np.repeat(unknown.ravel(), 3))
        apart = torch.from_numpy(np.ascontiguousarray(face, np.float32)).flatten() - self.mean.float().flatten()
        erased = basis[hidden]
        # What the seen pixels say is all that there is, less what the erased ones would have said.
        precision = (self.products - erased.T @ erased) / self.noise + torch.diag(1 / variances)
        root = torch.linalg.cholesky(precision.double()).float()
        said = basis.T @ torch.where(hidden, 0.0, apart) / self.noise
        weights = torch.cholesky_solve(said[:, None], root)[:, 0]
        if draw is not None:
            normal = torch.from_numpy(draw.standard_normal(len(variances)).astype(np.float32))
            weights = weights + BOLD * torch.linalg.solve_triangular(root.T, normal[:, None], upper=True)[:, 0]
        return weights


@cache
def read_prior(path_or_repo_id: str | None = None) -> FacePrior:
    """Eigenfaces from a folder or the Hub, or (None) those that the package carries; read once."""
    return FacePrior.from_pretrained(path_or_repo_id or BUNDLED_PRIOR)


def save_untrained_prior(folder: Path) -> str:
    """Write eigenfaces of noise, four of 32 pixels, for tiny trainings; the folder's name."""
    noise = np.random.default_rng(0).integers(0, 256, (8, 32, 32, 3)).astype(np.uint8)
    fit_prior(noise, 4).save_pretrained(folder)
    return str(folder)


def fit_prior(faces: Iterable[np.ndarray], components: int = 600, noise: float = 0.05) -> FacePrior:
    """The prior of ``faces``, uint8 (R, R, 3) in the FFHQ frame, each seen mirrored too. Raises ValueError for too few."""
    plain = np.stack([np.asarray(face, np.float32) / 127.5 - 1 for face in faces])
    if len(plain) < components:
        raise ValueError(f"{components} components want as many faces at least, not {len(plain)}.")
    # Even and odd parts of mirrored pairs do not mix, so each has components of its own.
    even, odd = ((plain + sign * plain[:, :, ::-1]) / 2 for sign in (1, -1))
    mean = even.mean(0)
    found = []
    for number, part in enumerate((even - mean, odd)):
        flat = part.reshape(len(part), -1)
        values, vectors = np.linalg.eigh(flat @ flat.T / len(flat))
        for value, vector in zip(values[::-1][:components], vectors.T[::-1][:components], strict=True):
            found.append((float(value), number, (flat.T @ vector) / np.sqrt(max(value * len(flat), 1e-12))))
    found.sort(key=lambda each: -each[0])
    side = plain.shape[1]
    prior = FacePrior(side, components, noise)
    halves = np.stack([vector.reshape(side, side, 3)[:, : side // 2] for _, _, vector in found[:components]])
    scales = np.abs(halves).max((1, 2, 3))
    prior.mean.copy_(torch.from_numpy(mean))
    prior.halves.copy_(torch.from_numpy(np.rint(halves / scales[:, None, None, None] * LEVELS).astype(np.int8)))
    prior.scales.copy_(torch.from_numpy(scales))
    prior.odd.copy_(torch.tensor([number for _, number, _ in found[:components]], dtype=torch.int8))
    prior.variances.copy_(torch.tensor([value for value, _, _ in found[:components]]))
    return prior
