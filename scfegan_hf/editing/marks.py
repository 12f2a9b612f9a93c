"""Masks, sketches and painted colours, as drawing programs save them: what is marked, and how softly.

A mark is what lies above half of the picture's own range, so that JPEG noise, antialiased borders, a black that is not
quite black and the range of video do not count. A mask with a soft edge keeps it as a weight.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from scfegan_hf.data.pictures import bounds
from scfegan_hf.editing.photos import PictureLike, check_array, open_any, to_eight_bits
from scfegan_hf.formats import load, upright

# Parts of a mask's range at either end that are noise of a codec or of a canvas, not softness.
NOISE = 0.05
# Soft borders narrower than this many pixels are antialiasing; wider ones were feathered on purpose.
FEATHER = 3.0
# A thin line that falls between pixels is nowhere as strong as half, but this strong.
FAINT = 0.3
# A picture whose values lie this close together, and are more than two, is a canvas with noise on it.
LEAST_RANGE = 16


@dataclass(frozen=True)
class Mask:
    """hole: bool (H, W), what is repainted. weight: uint8 (H, W), share of the answer there, or None for 1 all over."""

    hole: np.ndarray
    weight: np.ndarray | None = None

    def soften(self, rgb: np.ndarray, photo: np.ndarray, unseen: np.ndarray | None) -> None:
        """Blend what was repainted, uint8 (H, W, 3), with the photograph by the weight, in place; not where nothing is seen."""
        if self.weight is None:
            return
        x0, y0, x1, y1 = bounds(self.hole)
        window = np.s_[y0:y1, x0:x1]
        weight = self.weight[window] * np.float32(1 / 255)
        if unseen is not None:
            weight[unseen[window]] = 1
        weight[~self.hole[window]] = 0
        mixed = photo[window] + (rgb[window].astype(np.float32) - photo[window]) * weight[..., None]
        rgb[window] = np.rint(mixed).astype(np.uint8)

    def opaque(self, alpha: np.ndarray | None) -> np.ndarray | None:
        """A photograph's transparency, uint8 (H, W), once this has been repainted: as opaque as the photograph is anywhere.

        None stays None.
        """
        if alpha is None:
            return None
        most = int(alpha.max()) or 255
        share = np.full_like(alpha, most) if self.weight is None else cv2.convertScaleAbs(self.weight, alpha=most / 255)
        return cv2.copyTo(cv2.max(alpha, share), self.hole.astype(np.uint8), alpha.copy())


def read_mask(source: PictureLike, size: tuple[int, int], *, turned: bool = False, invert: bool | None = None) -> Mask:
    """Where to repaint: above half of the mask's range, or its alpha's if some of it is transparent.

    ``size``: (height, width) of the photograph, which it must have. ``turned``: whether the photograph's orientation was
    applied; only then does the mask's own tag count. ``invert``: True repaints what is not marked; None refuses a mask
    that marks over half, False takes it. Raises ValueError.
    """
    values = _strength(source, "mask", size, turned)
    low, high = _range(values, "mask")
    hole = values > (low + high) / 2
    if invert:
        hole = ~hole
    elif invert is None and hole.mean() > 0.5:
        raise ValueError(
            f"The mask marks {hole.mean():.0%} of the picture to be repainted. If black is what to repaint in yours, invert "
            "it (invert=True, --invert); if so much is meant, say so (invert=False, --no-invert)."
        )
    if not hole.any():
        raise ValueError("The mask is empty: mark what is to be repainted in white on black.")
    table = np.clip(((np.arange(256) - low) / (high - low) - NOISE) / (1 - 2 * NOISE), 0, 1)
    weight = cv2.LUT(values, np.round(255 * (1 - table if invert else table)).astype(np.uint8))
    return Mask(hole, weight if _is_feathered(weight, hole) else None)


def read_sketch(source: PictureLike, size: tuple[int, int], *, turned: bool = False) -> np.ndarray:
    """Lines as bool (H, W), as wide as they were drawn; arguments and errors as of `read_mask`."""
    values = _strength(source, "sketch", size, turned)
    low, high = _range(values, "sketch")
    strong = values > (low + high) / 2
    if strong.mean() > 0.5:
        raise ValueError("The sketch marks over half of the picture as lines. Draw lines white on black; invert the sketch.")
    near = cv2.dilate(strong.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    return strong | (values > low + FAINT * (high - low)) & ~near


def read_color(source: PictureLike, size: tuple[int, int], *, turned: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Painted colours (H, W, 3) uint8 and where they are (H, W) bool, from an RGBA picture of the photograph's size.

    Painted is what is at least half as opaque as the most opaque dab: the soft rim of a brush is not.
    """
    if isinstance(source, np.ndarray):
        array = check_array(source, "color")
    else:
        image = _as_seen(source, "color", turned)
        transparent = "A" in image.getbands() or "transparency" in image.info
        array = np.asarray(image.convert("RGBA" if transparent else "RGB"))
    _check_same_size(array, "color", size)
    if array.ndim != 3 or array.shape[2] != 4:
        raise ValueError("The color picture must be RGBA: opaque where a colour was painted, transparent elsewhere.")
    alpha = array[..., 3]
    return np.ascontiguousarray(array[..., :3]), (alpha > 0) & (alpha >= alpha.max() / 2)


def _strength(source: PictureLike, name: str, size: tuple[int, int], turned: bool) -> np.ndarray:
    """How strongly each pixel is marked, uint8 (H, W): its alpha if that says anything, else its brightest channel."""
    if isinstance(source, np.ndarray):
        array = check_array(source, name)
    else:
        image = _as_seen(source, name, turned)
        if image.mode in ("P", "PA"):
            image = image.convert("RGBA")
        elif image.mode not in ("L", "LA", "RGB", "RGBA"):
            image = image.convert("L" if image.mode == "1" else "RGB")
        array = np.asarray(image)
    _check_same_size(array, name, size)
    if array.ndim == 2:
        return np.ascontiguousarray(array)
    *channels, last = cv2.split(array)
    if array.shape[2] in (2, 4) and last.min() < last.max():
        return last
    if array.shape[2] == 3:
        channels.append(last)
    for channel in channels[1:]:
        channels[0] = cv2.max(channels[0], channel)
    return channels[0]


def _range(values: np.ndarray, name: str) -> tuple[int, int]:
    """What unmarked and marked are in this picture; ValueError for a canvas on which nothing is."""
    levels = np.flatnonzero(cv2.calcHist([values], [0], None, [256], [0, 256]))
    low, high = int(levels[0]), int(levels[-1])
    if high - low < LEAST_RANGE and len(levels) > 2 and low < 128:
        raise ValueError(f"The {name} has values from {low} to {high} only: nothing is marked clearly. Mark in white on black.")
    if low >= 128 or low == high:  # marked all over, or nothing
        low = 0
    return low, max(high, 1)


def _is_feathered(weight: np.ndarray, hole: np.ndarray) -> bool:
    inside = hole.astype(np.uint8)
    border = cv2.countNonZero(inside) - cv2.countNonZero(cv2.erode(inside, cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))))
    return cv2.countNonZero(cv2.inRange(weight, 26, 229)) > FEATHER * max(border, 1)


def _as_seen(source: PictureLike, name: str, turned: bool):
    image = load(open_any(source, name), name)
    return to_eight_bits(upright(image) if turned else image, name)


def _check_same_size(array: np.ndarray, name: str, size: tuple[int, int]) -> None:
    if array.shape[:2] != size:
        raise ValueError(
            f"The {name} is {array.shape[1]}x{array.shape[0]} but the photo is {size[1]}x{size[0]}. "
            "Both must have the same size."
        )
