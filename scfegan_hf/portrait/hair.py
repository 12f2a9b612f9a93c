"""The hair of a face found once, and given any colour: what a dab of that colour on it does (editing/recolor.py)."""

from dataclasses import dataclass

import cv2
import numpy as np

from scfegan_hf.editing.parts import Box
from scfegan_hf.editing.recolor import blended, meant_parts
from scfegan_hf.faces.regions import REGIONS
from scfegan_hf.portrait.faces import AlignedFace

LEAST_HAIR = 0.015  # share of a face's crop that hair has to be for a colour to be worth it


@dataclass(frozen=True)
class Hair:
    """box: x0, y0, x1, y1 in the photograph; there a matte, float32 from 0 to 1, and the dab, bool, that means this hair."""

    box: Box
    matte: np.ndarray
    dab: np.ndarray

    def color(self, rgb: np.ndarray, color: tuple[int, int, int]) -> None:
        """Give it a colour (red, green, blue) in the photograph, uint8 (H, W, 3), in place."""
        x0, y0, x1, y1 = self.box
        paint = np.full((*self.dab.shape, 3), color, np.uint8)
        rgb[y0:y1, x0:x1] = blended(rgb[y0:y1, x0:x1], self.matte, paint, self.dab)


def find_hair(rgb: np.ndarray, face: AlignedFace) -> Hair | None:
    """The hair of a face of the photograph, uint8 (H, W, 3); None where too little is seen."""
    spot = _thick_of(face)
    if spot is None:
        return None
    dab = np.zeros(rgb.shape[:2], np.uint8)
    cv2.circle(dab, *spot, 1, -1)
    ((box, matte, painted, _),) = meant_parts(rgb, rgb, dab > 0)
    x0, y0, x1, y1 = box
    return Hair(box, matte, painted[y0:y1, x0:x1])


def _thick_of(face: AlignedFace) -> tuple[tuple[int, int], int] | None:
    """A disc in the thick of a face's hair, its centre (x, y) and radius in pixels of the photograph; None without hair."""
    hair = (face.regions == REGIONS.index("hair")).astype(np.uint8)
    if hair.mean() < LEAST_HAIR:
        return None
    depth = cv2.distanceTransform(cv2.copyMakeBorder(hair, 1, 1, 1, 1, cv2.BORDER_CONSTANT), cv2.DIST_L2, 5)[1:-1, 1:-1]
    y, x = np.unravel_index(int(depth.argmax()), depth.shape)
    x0, y0, x1, _ = face.box
    scale = (x1 - x0) / hair.shape[1]
    return (int(x0 + (x + 0.5) * scale), int(y0 + (y + 0.5) * scale)), max(int(depth[y, x] * scale * 0.5), 1)
