"""Photographs two or four times as wide and high, by a network that learned what faces look like close up (models/enlarger.py).

The photograph is enlarged in tiles, so that memory follows from the tile and not from the photograph.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from scfegan_hf.editing.devices import computing_dtype, usable_device
from scfegan_hf.editing.photos import PictureLike, read_photo
from scfegan_hf.editing.pipeline import BUNDLED_WEIGHTS
from scfegan_hf.editing.result import EditResult
from scfegan_hf.formats import MAX_PIXELS

if TYPE_CHECKING:
    import torch

    from scfegan_hf.models.enlarger import PhotoEnlarger

SCALES = (2, 4)
BUNDLED_ENLARGER = BUNDLED_WEIGHTS / "enlarger"
TILE = 192  # side in pixels of the photograph
MARGIN = 16  # pixels around a tile that are enlarged with it and thrown away


class PhotoEnlarging:
    """Enlarges photographs; see `__call__`."""

    def __init__(self, enlarger: PhotoEnlarger, device: str | torch.device | None = None):
        """``enlarger`` computes in the dtype it has, on ``device`` (default: the first GPU, else the CPU)."""
        import torch

        default = "cuda" if torch.cuda.is_available() else "cpu"
        self.device = usable_device(default if device is None else device)
        self.enlarger = enlarger.to(self.device, memory_format=torch.channels_last).eval().requires_grad_(False)

    @classmethod
    def from_pretrained(
        cls,
        path_or_repo_id: str | Path | None = None,
        device: str | torch.device | None = None,
        dtype: torch.dtype | str | None = None,
        **kwargs,
    ) -> PhotoEnlarging:
        """From a folder or Hub repository, or (None) from the weights that the package carries.

        ``dtype`` to compute in: by default bfloat16 on CPUs that have instructions for it, float32 elsewhere. ``kwargs`` and
        errors are those of `HubNetwork.from_pretrained`.
        """
        from scfegan_hf.models.enlarger import PhotoEnlarger

        network = PhotoEnlarger.from_pretrained(path_or_repo_id or BUNDLED_ENLARGER, dtype=dtype or "float32", **kwargs)
        enlarging = cls(network, device)
        if dtype is None:
            enlarging.enlarger.to(computing_dtype(enlarging.device))
        return enlarging

    def __call__(self, image: PictureLike, scale: int = 2) -> EditResult:
        """The photograph ``scale`` times, 2 or 4, as wide and high, with its transparency and metadata.

        PIL image, path, bytes or uint8 array. What is grey or of one tint stays so. Raises ValueError that says what to do
        for a photograph that cannot be read, and for a result of more than 100 megapixels.
        """
        import cv2

        from scfegan_hf.editing.tint import tint_of

        if scale not in SCALES:
            raise ValueError(f"scale must be 2 or 4, not {scale!r}.")
        photo = read_photo(image)
        height, width = photo.rgb.shape[:2]
        if height * width * scale**2 > MAX_PIXELS:
            raise ValueError(
                f"{width}x{height} enlarged {scale} times is more than {MAX_PIXELS // 1_000_000} megapixels. "
                "Enlarge a part of it, or less."
            )
        rgb = np.empty((height * scale, width * scale, 3), np.uint8)
        for y in range(0, height, TILE):
            for x in range(0, width, TILE):
                y1, x1 = min(y + TILE, height), min(x + TILE, width)
                rgb[y * scale : y1 * scale, x * scale : x1 * scale] = self._tile(photo.rgb, x, y, x1, y1, scale)
        tint = tint_of(photo.rgb, np.ones((height, width), bool) if photo.unseen is None else ~photo.unseen)
        if tint:
            rgb = tint(rgb)
        alpha = photo.alpha
        if alpha is not None:
            alpha = cv2.resize(alpha, (width * scale, height * scale), interpolation=cv2.INTER_CUBIC)
        return EditResult([photo.with_pixels(rgb, alpha)], photo.notes, ["enlarged"])

    def _tile(self, rgb: np.ndarray, x0: int, y0: int, x1: int, y1: int, scale: int) -> np.ndarray:
        import torch
        from torch.nn import functional as F

        from scfegan_hf.models.enlarger import SCALE

        top, left = max(y0 - MARGIN, 0), max(x0 - MARGIN, 0)
        around = rgb[top : y1 + MARGIN, left : x1 + MARGIN].copy()
        kind = next(self.enlarger.parameters()).dtype
        with torch.inference_mode():
            small = torch.from_numpy(around).to(self.device).permute(2, 0, 1)[None].to(kind) / 127.5 - 1
            large = self.enlarger(small).float()
            if scale < SCALE:
                large = F.avg_pool2d(large, SCALE // scale)
            large = ((large[0].clamp(-1, 1) + 1) * 127.5).round().byte().permute(1, 2, 0).cpu().numpy()
        rows, columns = (y0 - top) * scale, (x0 - left) * scale
        return large[rows : rows + (y1 - y0) * scale, columns : columns + (x1 - x0) * scale]
