"""Semantic inpainting (Yeh et al. 2017): the code from which a generator of faces makes what is seen around a hole.

Sought is a likely code whose picture agrees with the photograph, above all close to the hole; its picture, joined to the
photograph by Poisson's equation, fills the hole. Any generator with codes will do: `Codes` is what is asked of it.
Pictures are (N, 3, R, R) in [-1, 1], holes (N, 1, R, R) in {0, 1} with 1 = hole, codes (N, C).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from scfegan_hf.editing.devices import computing_dtype
from scfegan_hf.editing.guess import SEEN, TOUCHED, Guesser
from scfegan_hf.editing.looking import looks
from scfegan_hf.editing.made_faces import BUNDLED_FACES
from scfegan_hf.editing.marks import read_mask
from scfegan_hf.editing.photos import PictureLike, read_photo
from scfegan_hf.editing.result import EditResult
from scfegan_hf.editing.seam import membrane
from scfegan_hf.editing.tint import tint_of
from scfegan_hf.models.dcgan import DCGANDiscriminator, DCGANGenerator
from scfegan_hf.models.face_generator import NOISE, FaceGenerator
from scfegan_hf.models.face_prior import FacePrior, read_prior

WINDOW = 7 / 64  # side of the window around a pixel, of the picture's (Yeh et al. 2017, section 3.2)
TRIED = 256  # codes that a start without an encoder is chosen from
MOST_STEPS = 10_000


@dataclass(frozen=True)
class How:
    """``steps`` of Adam at ``rate``; ``prior``: weight of the prior loss; ``far``: what a pixel counts that has none of the
    hole in its window, where one wholly within would count 1."""

    steps: int
    rate: float
    prior: float
    far: float = 0.0


class Codes(Protocol):
    """A generator as the search sees it."""

    side: int  # R
    limit: float  # to which codes are clipped
    how: How  # to search, where nothing else is said

    def pictures(self, codes: Tensor) -> Tensor: ...

    def start(self, seen: Tensor, holes: Tensor, draw: np.random.Generator | None) -> Tensor:
        """Codes to begin with: always the same, or with ``draw`` others."""
        ...

    def unlikeliness(self, codes: Tensor, pictures: Tensor) -> Tensor:
        """The prior loss (N,)."""
        ...


class FaceCodes:
    """The package's faces: codes of eigenfaces and a photograph of them. The start is the likeliest code, one linear solve; the
    prior loss is the Gaussian's."""

    limit = 4.0
    how = How(steps=24, rate=0.05, prior=0.05, far=0.1)

    def __init__(self, generator: FaceGenerator, prior: FacePrior):
        self.generator, self.prior = generator.eval().requires_grad_(False), prior
        self.side = generator.scale * prior.resolution
        self.noise = torch.randn(1, NOISE, prior.resolution, prior.resolution, generator=torch.Generator().manual_seed(0))

    @classmethod
    def from_pretrained(cls, path_or_repo_id: str | Path | None = None, **kwargs) -> "FaceCodes":
        """From a folder or the Hub, or (None) the weights that the package carries; by default in bfloat16 on CPUs that have
        instructions for it. Errors of `HubNetwork.from_pretrained`."""
        kwargs.setdefault("dtype", computing_dtype(torch.device("cpu")))
        return cls(FaceGenerator.from_pretrained(path_or_repo_id or BUNDLED_FACES, **kwargs), read_prior())

    def pictures(self, codes: Tensor) -> Tensor:
        coarse, kind = self.prior.pictures(codes), next(self.generator.parameters()).dtype
        return self.generator(coarse.to(kind), self.noise.expand(len(codes), -1, -1, -1)).float()

    def start(self, seen: Tensor, holes: Tensor, draw: np.random.Generator | None) -> Tensor:
        """The likeliest codes, or with ``draw`` some of those that may be."""
        side, codes = self.prior.resolution, []
        for picture, hole in zip(seen, holes, strict=True):
            small = cv2.resize(picture.permute(1, 2, 0).numpy(), (side, side), interpolation=cv2.INTER_AREA)
            gone = cv2.resize(hole[0].float().numpy(), (side, side), interpolation=cv2.INTER_AREA) > TOUCHED
            codes.append(self.prior.guessed_codes(small, gone, draw))
        return torch.stack(codes).clone()

    def unlikeliness(self, codes: Tensor, pictures: Tensor) -> Tensor:
        return 0.5 * codes.square().mean(1)


class DCGANCodes:
    """A DCGAN that `train_accelerate.py dcgan` trained: noise in [-1, 1], and its discriminator's opinion as the prior loss.
    The start is the best of TRIED draws."""

    limit = 1.0
    how = How(steps=300, rate=0.03, prior=0.003)  # Yeh et al. 2017 weigh the prior so

    def __init__(self, generator: DCGANGenerator, discriminator: DCGANDiscriminator):
        self.generator, self.discriminator = (network.eval().requires_grad_(False) for network in (generator, discriminator))
        self.side = generator.resolution

    @classmethod
    def from_pretrained(cls, path_or_repo_id: str | Path, **kwargs) -> "DCGANCodes":
        """From a run's folder or the Hub; errors of `HubNetwork.from_pretrained`."""
        networks = (
            DCGANGenerator.from_pretrained(path_or_repo_id, **kwargs),
            DCGANDiscriminator.from_pretrained(path_or_repo_id, subfolder="discriminator", **kwargs),
        )
        return cls(*networks)

    def pictures(self, codes: Tensor) -> Tensor:
        return self.generator(codes)

    def start(self, seen: Tensor, holes: Tensor, draw: np.random.Generator | None) -> Tensor:
        numbers = np.random.default_rng(0) if draw is None else draw
        tried = torch.from_numpy(numbers.uniform(-1, 1, (TRIED, self.generator.z_size)).astype(np.float32))
        with torch.no_grad():
            pictures = torch.cat([self.pictures(part) for part in tried.split(32)])
        weights = context_weights(holes, self.how.far)
        best = [context_loss(pictures, *each).argmin() for each in zip(seen[:, None], weights[:, None], strict=True)]
        return tried[torch.stack(best)]

    def unlikeliness(self, codes: Tensor, pictures: Tensor) -> Tensor:
        """log(1 - D(G(z)))."""
        return -F.softplus(self.discriminator(pictures)[:, 0])


KINDS = {"faces": FaceCodes, "dcgan": DCGANCodes}
CARRIED = ("faces",)  # by the package


def context_weights(holes: Tensor, far: float) -> Tensor:
    """(N, 1, R, R): of what is seen, the share that is erased in the window around a pixel, or ``far`` where that is less; sums
    to 1 for each picture. Raises ValueError for a hole that is all."""
    window = round(WINDOW * holes.shape[-1]) // 2 * 2 + 1
    share = F.avg_pool2d(holes, window, 1, window // 2)  # beyond the picture nothing is erased
    weights = share.clamp_min(far) * (1 - holes)
    sums = weights.sum((2, 3), keepdim=True)
    if (sums == 0).any():
        raise ValueError("Nothing is left of the face to go by. Mark less of it.")
    return weights / sums


def context_loss(pictures: Tensor, seen: Tensor, weights: Tensor) -> Tensor:
    """(N,): the mean absolute difference by ``weights``."""
    return ((pictures - seen).abs() * weights).sum((1, 2, 3)) / 3


def search(
    codes: Codes, seen: Tensor, holes: Tensor, how: How, draw: np.random.Generator | None = None
) -> Iterator[tuple[int, Tensor, Tensor]]:
    """Go from a start, step by step: numbers of steps from 0 to ``how.steps``, the codes there, and their pictures, all of
    what ``codes.pictures`` makes of them. What ``seen`` has in ``holes`` counts for nothing."""
    seen = seen * (1 - holes)
    weights = context_weights(holes, how.far)
    found = codes.start(seen, holes, draw).clamp(-codes.limit, codes.limit).requires_grad_(True)
    optimizer = torch.optim.Adam([found], how.rate)
    for step in range(how.steps + 1):
        with torch.enable_grad():
            pictures = codes.pictures(found)
            loss = context_loss(pictures, seen, weights) + how.prior * codes.unlikeliness(found, pictures)
        yield step, found.detach().clone(), pictures.detach().clamp(-1, 1)
        if step < how.steps:
            optimizer.zero_grad()
            loss.sum().backward()
            optimizer.step()
            with torch.no_grad():
                found.clamp_(-codes.limit, codes.limit)


class FaceSearch:
    """Fills an erased part of a face by a search; see `__call__`."""

    def __init__(self, codes: Codes):
        self.codes = codes

    @classmethod
    def from_pretrained(cls, path_or_repo_id: str | Path | None = None, kind: str = "faces", **kwargs) -> "FaceSearch":
        """The search in a generator of ``kind`` "faces" (None: the package's) or "dcgan" (a run's folder, or a repository).

        ``kwargs`` and errors are those of `HubNetwork.from_pretrained`. Raises ValueError for another kind, and a DCGAN from
        nowhere.
        """
        if kind not in KINDS:
            raise ValueError(f"A search goes through {' or '.join(KINDS)}, not {kind!r}.")
        if path_or_repo_id is None and kind not in CARRIED:
            raise ValueError(f"The package carries no {kind}: say which folder or repository has one.")
        return cls(KINDS[kind].from_pretrained(path_or_repo_id, **kwargs))

    def __call__(
        self,
        image: PictureLike,
        mask: PictureLike,
        *,
        seed: int = 0,
        steps: int | None = None,
        out_interval: int = 0,
        invert: bool | None = None,
    ) -> EditResult:
        """``image`` with what ``mask`` marks filled by a face that agrees with the rest, as in Yeh et al. (2017).

        Both are read as `FaceEditPipeline` reads them, and a photograph in one tint stays so. ``seed``: 0 begins with what is
        likeliest, others elsewhere. ``steps`` of the search: by
        default the generator's own. The first result is where they end; with ``out_interval`` those of so many steps each
        follow, from the start on. Raises ValueError that says what to do.
        """
        how = self.codes.how if steps is None else replace(self.codes.how, steps=steps)
        if not 0 <= how.steps <= MOST_STEPS or not 0 <= out_interval <= MOST_STEPS:
            raise ValueError(f"steps and out_interval must be whole numbers from 0 to {MOST_STEPS}.")
        photo = read_photo(image)
        marked = read_mask(mask, photo.rgb.shape[:2], turned=photo.turned, invert=invert)
        guesser = Guesser.of(photo.rgb, marked.hole, photo.unseen, looks())
        if guesser is None:
            raise ValueError("Nothing was found to go by: mark a part of a face whose eyes, nose or mouth can still be seen.")
        known = ~marked.hole if photo.unseen is None else ~(marked.hole | photo.unseen)
        tint, images = tint_of(photo.rgb, known), dict[int, Image.Image]()
        draw = np.random.default_rng(seed) if seed else None
        for step, face in search_photo(self.codes, guesser, how, draw):
            if step == how.steps or (out_interval and step % out_interval == 0):
                colors, where = guesser.placed(face)
                if (marked.hole & ~where).any():
                    raise ValueError("The mask reaches beyond the square around the face. Mark less.")
                rgb = poisson(colors, photo.rgb, marked.hole, known)
                if tint:
                    rgb[marked.hole] = tint(rgb[marked.hole])
                marked.soften(rgb, photo.rgb, photo.unseen)
                images[step] = photo.with_pixels(rgb, marked.opaque(photo.alpha))
        order = [how.steps, *(step for step in images if step != how.steps)]
        return EditResult([images[step] for step in order], photo.notes, [f"after {step} steps" for step in order])


def search_photo(
    codes: Codes, guesser: Guesser, how: How, draw: np.random.Generator | None = None
) -> Iterator[tuple[int, np.ndarray]]:
    """As `search`, for a part of a photograph: numbers of steps, and faces uint8 (SEEN, SEEN, 3) in its frame."""
    face, gone = guesser.framed(codes.side)
    seen = torch.from_numpy(face).permute(2, 0, 1)[None].float() / 127.5 - 1
    for step, _, pictures in search(codes, seen, torch.from_numpy(gone)[None, None].float(), how, draw):
        picture = ((pictures[0].permute(1, 2, 0) + 1) * 127.5).clamp(0, 255).numpy()
        yield step, np.rint(cv2.resize(picture, (SEEN, SEEN), interpolation=cv2.INTER_CUBIC).clip(0, 255)).astype(np.uint8)


def poisson(answer: np.ndarray, photo: np.ndarray, hole: np.ndarray, known: np.ndarray) -> np.ndarray:
    """The photograph uint8 (H, W, 3) with the gradients of ``answer``, of its size, in ``hole`` bool (H, W), and none of what
    it has there or is not ``known`` (Pérez et al. 2003, Poisson image editing, by Laplace's equation for the offset)."""
    rows, columns = np.nonzero(hole)
    if not len(rows):
        return photo.copy()
    window = np.s_[max(rows.min() - 1, 0) : rows.max() + 2, max(columns.min() - 1, 0) : columns.max() + 2]
    joined, own = photo.copy(), answer[window].astype(np.float32)
    if known[window].any():
        own += membrane(photo[window].astype(np.float32) - own, known[window])
    joined[hole] = np.rint(own.clip(0, 255)).astype(np.uint8)[hole[window]]
    return joined
