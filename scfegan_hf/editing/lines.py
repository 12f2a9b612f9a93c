"""Faces from lines and dabs of colour alone, by a network that learned from photographs and their lines (models/pix2pix.py)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from scfegan_hf.editing.devices import computing_dtype, usable_device
from scfegan_hf.editing.photos import PictureLike, open_any
from scfegan_hf.editing.pipeline import BUNDLED_WEIGHTS
from scfegan_hf.editing.result import EditResult
from scfegan_hf.formats import load

if TYPE_CHECKING:
    import torch

    from scfegan_hf.editing.enlarging import PhotoEnlarging
    from scfegan_hf.models.pix2pix import LinesToFace

BUNDLED_LINES = BUNDLED_WEIGHTS / "lines"
SIDE = 512  # of the faces that it gives
MOST_FACES = 4
FEWEST = 40  # pixels of lines or colours, of 128 x 128


class FaceFromLines:
    """Makes faces of drawings; see `__call__`."""

    def __init__(self, network: LinesToFace, enlarging: PhotoEnlarging | None = None, device: str | torch.device | None = None):
        """``network`` computes in the dtype it has, on ``device`` (default: the first GPU, else the CPU). ``enlarging`` makes
        its answers larger; None: as they are."""
        import torch

        default = "cuda" if torch.cuda.is_available() else "cpu"
        self.device = usable_device(default if device is None else device)
        self.network = network.to(self.device, memory_format=torch.channels_last).eval().requires_grad_(False)
        self.enlarging = enlarging

    @classmethod
    def from_pretrained(
        cls,
        path_or_repo_id: str | Path | None = None,
        device: str | torch.device | None = None,
        dtype: torch.dtype | str | None = None,
        enlarge: bool = True,
        **kwargs,
    ) -> FaceFromLines:
        """From a folder or Hub repository, or (None) from the weights that the package carries.

        ``dtype`` to compute in: by default bfloat16 on CPUs that have instructions for it, float32 elsewhere. ``enlarge``: make
        faces of 128 pixels four times as large by the package's `PhotoEnlarging`. ``kwargs`` and errors are those of
        `HubNetwork.from_pretrained`.
        """
        from scfegan_hf.editing.enlarging import PhotoEnlarging
        from scfegan_hf.models.pix2pix import LinesToFace

        network = LinesToFace.from_pretrained(path_or_repo_id or BUNDLED_LINES, dtype=dtype or "float32", **kwargs)
        made = cls(network, PhotoEnlarging.from_pretrained(device=device, dtype=dtype) if enlarge else None, device)
        if dtype is None:
            made.network.to(computing_dtype(made.device))
        return made

    def __call__(
        self, lines: PictureLike, color: PictureLike | None = None, *, seed: int = 0, num_faces: int = 1
    ) -> EditResult:
        """Faces of a drawing: PIL images, 512x512 (the network's own size without ``enlarging``).

        lines: a picture with dark lines on white, light ones on black, or opaque ones on nothing; its middle square is the
        face's frame, the head filling most of it. color: RGBA of the same shape, painted where it is opaque. ``num_faces``,
        1 to 4: what is not drawn differs a little. The same ``seed`` gives the same faces. Raises ValueError that says what
        to do, also for a drawing with next to nothing in it.
        """
        import cv2
        import torch

        check_numbers(seed, num_faces)
        side = self.network.resolution
        drawn = read_lines(lines, side)
        paint, painted = read_paint(color, side)
        if np.maximum(drawn, painted).sum() * 128**2 < FEWEST * side**2:
            raise ValueError("There is next to nothing in the drawing: draw the outline of a face, eyes, nose and mouth.")
        kind = next(self.network.parameters()).dtype
        known = np.concatenate([drawn[None], paint.transpose(2, 0, 1) * painted, painted[None]]).astype(np.float32)
        faces = []
        for number in range(num_faces):
            generator = torch.Generator().manual_seed(seed + number)
            noise = torch.randn(1, side, side, generator=generator)
            with torch.inference_mode():
                given = torch.cat([torch.from_numpy(known), noise])[None].to(self.device, kind)
                answer = self.network(given)[0].float().clamp(-1, 1)
            rgb = ((answer + 1) * 127.5).round().byte().permute(1, 2, 0).cpu().numpy()
            face = Image.fromarray(rgb)
            if self.enlarging is not None:
                face = Image.fromarray(cv2.GaussianBlur(rgb, (3, 3), 0))  # its pixels come two by two, which an enlarger sees
                face = self.enlarging(face, 4).image.resize((SIDE, SIDE), Image.Resampling.LANCZOS)
            face.info["generated"] = True
            faces.append(face)
        return EditResult(faces, (), [f"face {number + 1}" for number in range(num_faces)])


def check_numbers(seed: int, num_faces: int) -> None:
    """Raises ValueError, naming it, for a number out of range."""
    if not 0 <= seed < 2**63 - MOST_FACES:
        raise ValueError(f"seed must be a whole number from 0 to 2**63 - {MOST_FACES + 1}, not {seed}.")
    if not 1 <= num_faces <= MOST_FACES:
        raise ValueError(f"num_faces must be between 1 and {MOST_FACES}, not {num_faces}.")


def read_lines(source: PictureLike, side: int) -> np.ndarray:
    """Lines as float32 (side, side), 1 where there is one: what differs from the ground, which is most of the picture.

    Raises ValueError for what is no picture.
    """
    import cv2

    lines = (_middle(read_ink(source, "drawing")) > 96).astype(np.uint8)
    reach = max(round(lines.shape[0] / side), 1)
    if reach > 1:  # no thin line vanishes
        lines = cv2.dilate(lines, np.ones((reach, reach), np.uint8))
    return cv2.resize(lines, (side, side), interpolation=cv2.INTER_NEAREST).astype(np.float32)


def read_paint(source: PictureLike | None, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Colours (side, side, 3) in [-1, 1] and where they are, float32 (side, side). ValueError for a picture that is opaque all
    over."""
    import cv2

    if source is None:
        return np.zeros((side, side, 3), np.float32), np.zeros((side, side), np.float32)
    rgba = cv2.resize(_middle(_rgba(source, "color")), (side, side), interpolation=cv2.INTER_NEAREST)
    painted = (rgba[..., 3] > 127).astype(np.float32)
    if painted.all():
        raise ValueError("The color must be RGBA and transparent where nothing is painted.")
    return rgba[..., :3].astype(np.float32) / 127.5 - 1, painted


def read_ink(source: PictureLike, name: str) -> np.ndarray:
    """How dark each place is drawn, uint8 (H, W): what differs from the ground, which is most of the picture.

    Raises ValueError, with the ``name`` in it, for what is no picture or too small a one.
    """
    import cv2

    rgba = _rgba(source, name)
    alpha = rgba[..., 3]
    if (alpha < 128).mean() > 0.2:
        return alpha
    light = cv2.cvtColor(rgba[..., :3], cv2.COLOR_RGB2GRAY)
    return 255 - light if np.median(light) > 127 else light


def _rgba(source: PictureLike, name: str) -> np.ndarray:
    image = Image.fromarray(source) if isinstance(source, np.ndarray) else load(open_any(source, name), name)
    if min(image.size) < 64:
        raise ValueError(f"The {name} is {image.width}x{image.height}. Give one of at least 64x64 pixels.")
    return np.asarray(image.convert("RGBA"))


def _middle(picture: np.ndarray) -> np.ndarray:
    """The middle square of a picture."""
    edge = min(picture.shape[:2])
    top, left = (picture.shape[0] - edge) // 2, (picture.shape[1] - edge) // 2
    return picture[top : top + edge, left : left + edge]
