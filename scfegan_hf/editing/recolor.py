"""Recolouring: dabs of colour change the parts of a face that they lie on, and keep the structure in them.

What a dab means is the part of the face under it: iris, lips, teeth, a brow, hair, beard. On skin, and where there is no
face, it means the mask; on skin without a mask the dab itself, a spot.
"""

import cv2
import numpy as np
from PIL import Image

from scfegan_hf.editing.marks import Mask, read_color, read_mask
from scfegan_hf.editing.parts import Box, Part, lightest, part_matte, part_under
from scfegan_hf.editing.photos import PictureLike, read_photo
from scfegan_hf.editing.seen import find_faces
from scfegan_hf.editing.tones import shifted, to_lab

SAME_COLOR = 12.0  # distance in Lab up to which pixels of a dab are one colour
SMOOTH = 0.05  # width of what is detail, in sides of a square as large as the part


def recolor_photo(
    image: PictureLike,
    mask: PictureLike | None,
    sketch: PictureLike | None,
    color: PictureLike | None,
    *,
    invert: bool = False,
) -> tuple[Image.Image, tuple[str, ...]]:
    """``image`` with its parts in the colours of ``color``, inside ``mask`` if there is one, and notes on the photograph.

    See `FaceEditPipeline`. A greyscale photograph comes back in RGB, tinted where it was painted, as hand-coloured prints
    are. ValueError that says what to do, for a sketch too: structure is kept, so lines mean nothing here.
    """
    if sketch is not None:
        raise ValueError('Recolouring keeps what is there and takes no lines. Leave the sketch out, or use mode="redraw".')
    if color is None:
        raise ValueError("Recolouring needs a colour picture: RGBA, opaque where a colour is wanted.")
    photo = read_photo(image)
    size = photo.rgb.shape[:2]
    paint, painted = read_color(color, size, turned=photo.turned)
    inside = None if mask is None else read_mask(mask, size, turned=photo.turned, invert=invert)
    return photo.with_pixels(recolor(photo.rgb, paint, painted, inside)), photo.notes


def recolor(rgb: np.ndarray, paint: np.ndarray, painted: np.ndarray, mask: Mask | None = None) -> np.ndarray:
    """The photograph with its parts in the painted colours, uint8 (H, W, 3), bit for bit as it was where no part is.

    rgb, paint uint8 (H, W, 3); painted bool (H, W); nothing changes outside the mask. ValueError that says what to do: for
    no colours (inside the mask), and without a mask for a dab that lies on no part of a face.
    """
    result = rgb.copy()
    for (x0, y0, x1, y1), matte, dabs, most in meant_parts(rgb, paint, painted, mask):
        crop = np.s_[y0:y1, x0:x1]
        result[crop] = blended(result[crop], matte, paint[crop], dabs[crop], most)
    return result


def meant_parts(
    rgb: np.ndarray, paint: np.ndarray, painted: np.ndarray, mask: Mask | None = None
) -> list[tuple[Box, np.ndarray, np.ndarray, float]]:
    """The parts that are painted on: of each the box x0, y0, x1, y1, its matte there, float32 from 0 to 1 and 0 outside the
    mask, its dabs, bool (H, W), and the lightness that it may be given. Arguments and errors are those of `recolor`; the
    paint's colour counts for eyes and teeth alone."""
    hole = None if mask is None else mask.hole
    painted = painted if hole is None else painted & hole
    if not painted.any():
        raise ValueError("Paint a colour on what is to have it" + ("." if hole is None else ", inside the mask."))
    faces = find_faces(rgb, painted)
    meant: dict[Part, np.ndarray] = {}
    _, pieces = cv2.connectedComponents(painted.astype(np.uint8), connectivity=8)
    for number in range(1, int(pieces.max()) + 1):
        dab = pieces == number
        part = part_under(rgb, paint, dab, faces, hole is None)
        meant[part] = meant.get(part, False) | dab
    parts = []
    for part, dabs in meant.items():
        (x0, y0, x1, y1), matte = part_matte(rgb, part, faces, paint, dabs, hole)
        crop = np.s_[y0:y1, x0:x1]
        if not (matte > 0.5).any():
            raise ValueError(f"The {part.name} under the colour cannot be told from what is around it. Redraw it instead.")
        if mask is not None:
            matte = matte * limit(mask, crop)
        parts.append(((x0, y0, x1, y1), matte, dabs, lightest(rgb, part, faces)))
    return parts


def limit(mask: Mask, crop) -> np.ndarray:
    """How far a mask lets a crop change, 0 to 1: as softly as it was drawn, over two pixels where that was hard."""
    inside = np.pad(mask.hole[crop].astype(np.uint8), 1, mode="edge")
    ramp = np.clip(cv2.distanceTransform(inside, cv2.DIST_L2, 3)[1:-1, 1:-1] / 2, 0, 1)
    return ramp if mask.weight is None else ramp * mask.weight[crop] / 255


def blended(rgb: np.ndarray, matte: np.ndarray, paint: np.ndarray, dabs: np.ndarray, most: float = 100.0) -> np.ndarray:
    """A crop with the colours of its dabs, as far as the matte says; those lighter than ``most`` as in less light."""
    there = matte > 1 / 512
    if not there.any():
        return rgb
    # Where a pixel is part and something else, only what is of the part changes: seen at its full share, nearby.
    full = matte**4
    radius = max(round(0.02 * max(rgb.shape[:2])), 2)
    near = cv2.blur(rgb * full[..., None], (2 * radius + 1,) * 2) / (cv2.blur(full, (2 * radius + 1,) * 2)[..., None] + 1e-3)
    own = np.clip(rgb * matte[..., None] + near * (1 - matte[..., None]), 0, 255)[there]
    lab, weight = to_lab(own[None])[0], matte[there].astype(np.float64)
    base = smooth(lab[:, 0], matte, there)
    change = np.zeros_like(own)
    for color, share in colors(paint, dabs, there):
        lit = color * min(most / max(float(color[0]), 1e-6), 1.0)
        change += share[:, None] * (shifted(lab, base, weight**4 * share, lit) - own)
    result = rgb.copy()
    result[there] = np.rint(np.clip(rgb[there] + weight[:, None] * change, 0, 255))
    return result


def smooth(light: np.ndarray, matte: np.ndarray, there: np.ndarray) -> np.ndarray:
    """Lightness (N,) of the pixels ``there`` without its detail, from the part's own pixels alone."""
    sigma = max(SMOOTH * float(np.sqrt(matte.sum())), 2.0)
    whole = np.zeros_like(matte)
    whole[there] = light * matte[there]
    return (cv2.GaussianBlur(whole, (0, 0), sigma)[there] / (cv2.GaussianBlur(matte, (0, 0), sigma)[there] + 1e-6)).astype(
        float
    )


def colors(paint: np.ndarray, dabs: np.ndarray, there: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """The dabs' colours (Lab) and each one's share (N,) of the pixels ``there``: of several the nearest counts most."""
    lab, left, dabs_by_color = to_lab(paint), dabs.copy(), []
    while left.sum() > 0.05 * dabs.sum():
        away = np.linalg.norm(lab - np.median(lab[left], 0), axis=-1)  # of two colours by halves that is neither
        color = lab[np.unravel_index(np.where(left, away, np.inf).argmin(), left.shape)]
        alike = left & (np.linalg.norm(lab - color, axis=-1) < SAME_COLOR)
        dabs_by_color.append((np.median(lab[alike], 0), alike))
        left &= ~alike
    far = [
        cv2.distanceTransform((~alike).astype(np.uint8), cv2.DIST_L2, 5)[there].astype(np.float64) for _, alike in dabs_by_color
    ]
    near = [1 / (distance + 1) ** 2 for distance in far]
    return [(color, each / sum(near)) for (color, _), each in zip(dabs_by_color, near, strict=True)]
