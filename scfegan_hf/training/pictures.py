"""Sheets of validation pictures."""

from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from scfegan_hf.files import replacing


def save_sheet(rows: dict[str, Tensor], path: Path) -> None:
    """Write a PNG with one row per title; each value is (N, 3, H, W) in [-1, 1]."""
    grid = torch.cat([torch.cat(list(images.float().cpu()), dim=2) for images in rows.values()], dim=1)
    array = ((grid.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).permute(1, 2, 0).numpy()
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as partial:
        Image.fromarray(array).save(partial, format="PNG")
