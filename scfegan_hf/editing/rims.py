"""Masks that are too tight: where an edge of what is to go runs along just outside the border, a rim of it would stay."""

import cv2
import numpy as np

from scfegan_hf.editing.marks import Mask

MOST_GROWTH = 200  # pixels
REACH = 4  # steps outwards in which a remnant is looked for; a step is a pixel, or more in a large photograph
STEP = 1200  # pixels of the longer side to a step
FURTHER = 9  # steps; what is beyond REACH is what the surroundings are like
# A change outwards is an edge of the erased if it is this many times what the surroundings have, and this many levels more.
TIMES, LEVELS = 2.0, 4.0
LEAST_BORDER = 24  # pixels; of less nothing can be said


def too_tight_by(rgb: np.ndarray, hole: np.ndarray) -> int:
    """By how many pixels a mask, bool (H, W), should grow so that no rim of what it covers is left; 0 to 4 steps.

    ``rgb``: uint8 (H, W, 3). The mean change from each distance outside the border to the next is compared with that of
    what lies further out.
    """
    step = max(1, round(max(hole.shape) / STEP))
    x, y, w, h = cv2.boundingRect(hole.astype(np.uint8))
    margin = (FURTHER + 3) * step
    view = np.s_[max(y - margin, 0) : y + h + margin, max(x - margin, 0) : x + w + margin]
    inside, picture = hole[view].astype(np.uint8), rgb[view].astype(np.float32)
    apart = cv2.distanceTransform(1 - inside, cv2.DIST_L2, 5)
    down, right = cv2.Sobel(apart, -1, 0, 1, ksize=3), cv2.Sobel(apart, -1, 1, 0, ksize=3)
    length = np.sqrt(down * down + right * right)
    # Sides of the hole that face each other have no outside of their own between them.
    rows, cols = np.nonzero((apart > 0) & (apart < 1.2) & (length > 4))
    if len(rows) < LEAST_BORDER:
        return 0
    down, right = down[rows, cols] / length[rows, cols], right[rows, cols] / length[rows, cols]
    steps = np.arange(FURTHER + 1, dtype=np.float32)[:, None] * step
    at = [(right * steps + cols).astype(np.float32), (down * steps + rows).astype(np.float32)]
    walk = cv2.remap(picture, *at, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)  # (steps, border, 3)
    outside = cv2.remap(apart, *at, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE) > 0.6 * steps
    change = np.abs(np.diff(walk, axis=0)).mean(2)
    valid = outside[1:]
    mean = (change * valid).sum(1) / np.maximum(valid.sum(1), 1)
    usual = float(np.median(mean[REACH:]))
    edges = np.flatnonzero(mean[:REACH] > TIMES * usual + LEVELS)
    return int(edges[-1] + 1) * step if len(edges) else 0


def fitted(
    rgb: np.ndarray, mask: Mask, unseen: np.ndarray | None, grow: int | str
) -> tuple[Mask, np.ndarray | None, tuple[str, ...]]:
    """The mask as asked for; what besides it is not known, bool (H, W) or None: ``unseen`` and the rim that a tight mask
    leaves; and a sentence if it stays tight.

    ``grow``: pixels, or "auto". A feathered mask is taken to fade over its rim, and is grown only as asked. ValueError for
    another ``grow``.
    """
    if grow != "auto" and (isinstance(grow, str) or not 0 <= grow <= MOST_GROWTH):
        raise ValueError(f'grow must be a number of pixels from 0 to {MOST_GROWTH}, or "auto", not {grow!r}.')
    tight = too_tight_by(rgb, mask.hole) if mask.weight is None and grow in (0, "auto") else 0
    by = tight if grow == "auto" else grow
    rim = grown(mask.hole, tight) & ~mask.hole if tight > by else None
    if by:
        mask = Mask(grown(mask.hole, by), None if mask.weight is None else cv2.dilate(mask.weight, _round(by)))
    if rim is None:
        return mask, unseen, ()
    note = f"An edge runs along the mask {tight} pixels outside it, so a rim of what was there stays: grow the mask by {tight}."
    return mask, rim if unseen is None else rim | unseen, (note,)


def grown(hole: np.ndarray, pixels: int) -> np.ndarray:
    """A mask, bool (H, W), and all within so many pixels of it."""
    if pixels <= 0:
        return hole
    return cv2.dilate(hole.astype(np.uint8), _round(pixels)) > 0


def _round(radius: int) -> np.ndarray:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1,) * 2)
