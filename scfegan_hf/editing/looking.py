"""What is seen in a photograph without an edit: its faces, lines to start a drawing from, the part of a face at a pixel."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from scfegan_hf.editing.photos import PictureLike, read_photo

if TYPE_CHECKING:
    from scfegan_hf.editing.looks import FaceLooks


@cache
def looks() -> FaceLooks:
    """Faces by the annotator that the package carries, remembered by all pipelines of the process."""
    from scfegan_hf.editing.looks import FaceLooks
    from scfegan_hf.faces.annotate import bundled

    return FaceLooks(bundled())


def trace(image: PictureLike, level: int = 60) -> np.ndarray:
    """Lines of a photograph to start a drawing from: uint8 (H, W), 255 = line. A higher ``level`` keeps fewer."""
    import cv2

    from scfegan_hf.data.pictures import resize_lines
    from scfegan_hf.faces.annotate import bundled
    from scfegan_hf.faces.strokes import equalize, line_strength, sketch_at_level, smooth_colors

    rgb = read_photo(image).rgb
    height, width = rgb.shape[:2]
    scale = min(1.0, 768 / max(height, width))  # finer than this are pores, not lines
    small = cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else rgb
    strength = line_strength(smooth_colors(small), bundled().edges(equalize(small)))
    lines = sketch_at_level(strength, level, min_pixels=max(small.shape[:2]) // 25)
    return resize_lines(lines, (width, height)) * 255


def part(image: PictureLike, point: tuple[int, int]) -> tuple[str, np.ndarray]:
    """The part of a face at a pixel (x, y), to be masked by a click: its name and a mask, uint8 (H, W), 255 = part.

    Names: eye, brow, nose, mouth, ear, hair, face, clothes, background. Raises ValueError where no face is found.
    """
    from scfegan_hf.faces.annotate import bundled

    name, mask = bundled().part(read_photo(image).rgb, *point)
    return name, mask * 255
