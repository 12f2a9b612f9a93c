"""Sheets of validation pictures."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from scfegan_hf.files import replacing

STRIP = 14  # pixels for the title above each row
SMALL = 64  # pictures of smaller sides are enlarged


def save_sheet(rows: dict[str, Tensor], path: Path) -> None:
    """Write a PNG with one row per title, which stands above it; each value is (N, 3, H, W) in [-1, 1]."""
    parts = []
    for title, images in rows.items():
        row = torch.cat(list(images.float().cpu()), dim=2)
        row = ((row.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).permute(1, 2, 0).numpy()
        factor = max(SMALL // images.shape[-2], 1)
        row = row.repeat(factor, 0).repeat(factor, 1)
        parts += [_strip(title, row.shape[1]), row]
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as partial:
        Image.fromarray(np.concatenate(parts)).save(partial, format="PNG", pnginfo=None)


def _strip(title: str, width: int) -> np.ndarray:
    """A title in black on white, (STRIP, width, 3)."""
    strip = Image.new("RGB", (width, STRIP), "white")
    ImageDraw.Draw(strip).text((2, 1), title, fill="black", font=ImageFont.load_default())
    return np.asarray(strip)
