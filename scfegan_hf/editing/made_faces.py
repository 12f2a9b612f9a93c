"""Faces that do not exist: of nothing, and of doodles, by eigenfaces and a network that makes photographs of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from scfegan_hf.editing.devices import computing_dtype, usable_device
from scfegan_hf.editing.lines import SIDE, check_numbers, read_ink
from scfegan_hf.editing.photos import PictureLike
from scfegan_hf.editing.pipeline import BUNDLED_WEIGHTS
from scfegan_hf.editing.result import EditResult

if TYPE_CHECKING:
    import torch

    from scfegan_hf.editing.enlarging import PhotoEnlarging
    from scfegan_hf.models.doodle_encoder import DoodleEncoder
    from scfegan_hf.models.face_generator import FaceGenerator
    from scfegan_hf.models.face_prior import FacePrior

BUNDLED_FACES, BUNDLED_DOODLE = BUNDLED_WEIGHTS / "faces", BUNDLED_WEIGHTS / "doodle"
BOLD, BOLD_DOODLE = 0.7, 0.6  # of the deviation of draws: of nothing, and of what a doodle leaves open


class FaceSampler:
    """Makes faces of nothing; see `__call__`."""

    def __init__(
        self,
        generator: FaceGenerator,
        prior: FacePrior,
        enlarging: PhotoEnlarging | None = None,
        device: str | torch.device | None = None,
    ):
        """``generator`` computes in the dtype it has, on ``device`` (default: the first GPU, else the CPU), of draws of
        ``prior``. ``enlarging`` makes its answers larger; None: as they are."""
        import torch

        default = "cuda" if torch.cuda.is_available() else "cpu"
        self.device = usable_device(default if device is None else device)
        self.generator = generator.to(self.device, memory_format=torch.channels_last).eval().requires_grad_(False)
        self.prior, self.enlarging = prior, enlarging

    @classmethod
    def from_pretrained(
        cls,
        path_or_repo_id: str | Path | None = None,
        device: str | torch.device | None = None,
        dtype: torch.dtype | str | None = None,
        enlarge: bool = True,
        prior: str | None = None,
        **kwargs,
    ) -> FaceSampler:
        """From a folder or Hub repository, or (None) from the weights that the package carries.

        ``dtype`` to compute in: by default bfloat16 on CPUs that have instructions for it, float32 elsewhere. ``enlarge``: to
        512 pixels by the package's `PhotoEnlarging`. ``prior``: folder or repository of the eigenfaces that it was trained
        with, None for the package's. ``kwargs`` and errors are those of `HubNetwork.from_pretrained`.
        """
        from scfegan_hf.editing.enlarging import PhotoEnlarging
        from scfegan_hf.models.face_generator import FaceGenerator
        from scfegan_hf.models.face_prior import read_prior

        generator = FaceGenerator.from_pretrained(path_or_repo_id or BUNDLED_FACES, dtype=dtype or "float32", **kwargs)
        enlarging = PhotoEnlarging.from_pretrained(device=device, dtype=dtype) if enlarge else None
        sampler = cls(generator, read_prior(prior), enlarging, device)
        if dtype is None:
            sampler.generator.to(computing_dtype(sampler.device))
        return sampler

    def __call__(self, *, seed: int = 0, num_faces: int = 1, boldness: float = BOLD) -> EditResult:
        """``num_faces`` faces, 1 to 4, PIL images of 512x512 (four times the eigenfaces' size without ``enlarging``).

        The same ``seed`` gives the same faces, and the seeds of several follow each other. ``boldness``, 0 to 1: how far from
        the mean face they may be (truncation: Brock et al. 2019, section 3.1). Raises ValueError for numbers out of range.
        """
        import torch

        check_numbers(seed, num_faces)
        check_boldness(boldness)
        codes = [torch.randn(self.prior.variances.numel(), generator=generator_of(seed + n)) for n in range(num_faces)]
        images = self.photographs(boldness * torch.stack(codes), seed)
        return EditResult(images, (), [f"face {number + 1}" for number in range(num_faces)])

    def photographs(self, codes: torch.Tensor, seed: int) -> list[Image.Image]:
        """Photographs of codes (N, components) of the eigenfaces."""
        faces = []
        for pixels in self.pixels(codes, seed):
            face = Image.fromarray(pixels)
            if self.enlarging is not None:
                scale = 2 if 2 * face.width >= SIDE else 4
                face = self.enlarging(face, scale).image.resize((SIDE, SIDE), Image.Resampling.LANCZOS)
            face.info["generated"] = True
            faces.append(face)
        return faces

    def pixels(self, codes: torch.Tensor, seed: int) -> list[np.ndarray]:
        """The same as the generator makes them: uint8 (H, W, 3) each."""
        import torch

        from scfegan_hf.models.face_generator import NOISE

        made, kind = [], next(self.generator.parameters()).dtype
        for number, coarse in enumerate(self.prior.pictures(codes)):
            noise = torch.randn(1, NOISE, *coarse.shape[1:], generator=generator_of(seed + number))
            with torch.inference_mode():
                answer = self.generator(coarse[None].to(self.device, kind), noise.to(self.device, kind))[0].float().clamp(-1, 1)
            made.append(((answer + 1) * 127.5).round().byte().permute(1, 2, 0).cpu().numpy())
        return made


class FaceFromDoodle:
    """Makes faces of doodles; see `__call__`."""

    def __init__(self, encoder: DoodleEncoder, sampler: FaceSampler):
        """``encoder`` says what a doodle means, on the CPU, and ``sampler`` makes photographs of it."""
        self.encoder, self.sampler = encoder.float().eval().requires_grad_(False), sampler

    @classmethod
    def from_pretrained(
        cls,
        path_or_repo_id: str | Path | None = None,
        device: str | torch.device | None = None,
        dtype: torch.dtype | str | None = None,
        enlarge: bool = True,
        faces: str | Path | None = None,
        prior: str | None = None,
        **kwargs,
    ) -> FaceFromDoodle:
        """From a folder or Hub repository, or (None) from the weights that the package carries.

        ``faces``: where the generator is, as `FaceSampler.from_pretrained` takes it, and so are ``device`` to ``prior``.
        ``kwargs`` and errors are those of `HubNetwork.from_pretrained`.
        """
        from scfegan_hf.models.doodle_encoder import DoodleEncoder

        encoder = DoodleEncoder.from_pretrained(path_or_repo_id or BUNDLED_DOODLE, **kwargs)
        return cls(encoder, FaceSampler.from_pretrained(faces, device, dtype, enlarge, prior))

    def __call__(self, doodle: PictureLike, *, seed: int = 0, num_faces: int = 1, boldness: float = BOLD_DOODLE) -> EditResult:
        """``num_faces`` faces, 1 to 4, that a doodle may mean; all else as `FaceSampler` has it.

        doodle: a picture with dark lines on white, light ones on black, or opaque ones on nothing, anywhere in it and of any
        size: a face from the front, drawn in some seconds. ``boldness`` 0 gives the likeliest face. Raises ValueError that
        says what to do, also for a drawing with next to nothing in it.
        """
        import torch

        from scfegan_hf.editing.drawn.scrawls import framed

        check_numbers(seed, num_faces)
        check_boldness(boldness)
        lines = framed(read_ink(doodle, "doodle"), self.encoder.resolution).astype(np.float32) / 255
        draws = []
        for number in range(num_faces):
            codes = self.encoder.draw(torch.from_numpy(lines)[None, None], boldness, generator_of(seed + number))
            draws.append(codes[0])
        images = self.sampler.photographs(torch.stack(draws), seed)
        return EditResult(images, (), [f"face {number + 1}" for number in range(num_faces)])


def check_boldness(boldness: float) -> None:
    """Raises ValueError for one out of range."""
    if not 0 <= boldness <= 1:
        raise ValueError(f"boldness must be between 0 and 1, not {boldness}.")


def generator_of(seed: int) -> torch.Generator:
    """PyTorch's random numbers by ``seed``."""
    import torch

    return torch.Generator().manual_seed(seed)
