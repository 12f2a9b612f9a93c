"""Figures of one edit: obedience to the drawing, the seam, what changed outside (closeness: evaluation/closeness.py).

Pictures are uint8 RGB (H, W, 3), masks and sketches bool (H, W). Distances in pixels are meant for faces of 512 pixels.
Where a figure has no meaning (no line, no colour) it is NaN.
"""

import cv2
import numpy as np

REACH = 2  # pixels by which an edge may miss the line
DAB = 9  # side of the square over which colours are averaged, about the thinnest stroke of the tasks
SEAM_REACH = 4  # pixels on both sides of the border; the pipeline's own seam is 4 wide in a whole-face edit


def edges(picture: np.ndarray) -> np.ndarray:
    """Canny's edges after a light blur, bool (H, W).

    The thresholds are a compromise, measured on 20 edits of four faces: lower ones find edges near any line (the
    photograph itself then has an F1 of 0.74 for another face's drawing), higher ones miss lines that are there.
    """
    grey = cv2.GaussianBlur(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), (0, 0), 1.0)
    return cv2.Canny(grey, 20, 60) > 0


def near(lines: np.ndarray, reach: int = REACH) -> np.ndarray:
    """The pixels within ``reach`` of a line, bool (H, W)."""
    return cv2.dilate(lines.astype(np.uint8), cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1,) * 2)) > 0


def explained_share(result_edges: np.ndarray, sketch: np.ndarray, mask: np.ndarray) -> float:
    """Share of the edge pixels ``result_edges`` in the hole that lie within REACH of a line; NaN without any edge."""
    here = result_edges & mask
    return float(near(sketch & mask)[here].mean()) if here.any() else float("nan")


def sketch_obedience(result_edges: np.ndarray, sketch: np.ndarray, mask: np.ndarray, typical: float = 1.0) -> dict[str, float]:
    """Precision, recall and F1 of ``result_edges`` against the lines drawn in the hole.

    Recall: share of drawn pixels with an edge within REACH. Precision: `explained_share` in parts of ``typical``, at
    most 1, where ``typical`` is that of the photograph for the lines traced from it: pores and hair that nobody draws
    are no disobedience, and a result without them is no better for it. Without any edge precision is 0.
    """
    if not (sketch & mask).any():
        return dict.fromkeys(("sketch_precision", "sketch_recall", "sketch_f1"), float("nan"))
    precision = min(float(np.nan_to_num(explained_share(result_edges, sketch, mask))) / typical, 1.0)
    recall = float(near(result_edges)[sketch & mask].mean())
    f1 = 2 * precision * recall / max(precision + recall, 1e-12)
    return {"sketch_precision": precision, "sketch_recall": recall, "sketch_f1": f1}


def color_obedience(result: np.ndarray, color: np.ndarray, painted: np.ndarray) -> float:
    """Mean CIEDE2000 between the result and the painted colours, where painted.

    Both are averaged over squares of DAB pixels, painted pixels only: a stroke says which colour a place has, not that
    it has no pores.
    """
    from skimage.color import deltaE_ciede2000  # takes a second

    if not painted.any():
        return float("nan")
    weight = cv2.blur(painted.astype(np.float32), (DAB, DAB))[painted][:, None]

    def averaged(picture: np.ndarray) -> np.ndarray:
        lab = cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
        return cv2.blur(lab * painted[..., None], (DAB, DAB))[painted] / weight

    return float(deltaE_ciede2000(averaged(result), averaged(color)).mean())


def border_profiles(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """x and y (points, 2 * SEAM_REACH + 1) of lines across the hole's border, from outside to inside, float32.

    Points where the border is the frame's, or where a line would leave it, are left out.
    """
    inside = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 5)
    outside = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 5)
    depth = cv2.GaussianBlur(inside - outside, (0, 0), 1.5)
    step_x, step_y = cv2.Sobel(depth, cv2.CV_32F, 1, 0), cv2.Sobel(depth, cv2.CV_32F, 0, 1)
    rows, cols = np.nonzero(mask & (inside <= 1))
    length = np.hypot(step_x[rows, cols], step_y[rows, cols])
    rows, cols, length = rows[length > 1e-3], cols[length > 1e-3], length[length > 1e-3]
    offsets = np.arange(-SEAM_REACH, SEAM_REACH + 1, dtype=np.float32) - 0.5  # the border lies half a pixel outside
    x = cols[:, None] + offsets * (step_x[rows, cols] / length)[:, None]
    y = rows[:, None] + offsets * (step_y[rows, cols] / length)[:, None]
    height, width = mask.shape
    within = ((x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)).all(1)
    return x[within].astype(np.float32), y[within].astype(np.float32)


def border_jumps(picture: np.ndarray, profiles: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """How much a picture varies along each line across the border: range of its channels' values, (points,)."""
    if not len(profiles[0]):
        return np.zeros(0)
    # Slices, since OpenCV's warping counts rows in 16 bits.
    parts = [slice(start, start + 16384) for start in range(0, len(profiles[0]), 16384)]
    values = np.concatenate([cv2.remap(picture, *(p[part] for p in profiles), cv2.INTER_LINEAR) for part in parts])
    return np.ptp(values.astype(np.float32), axis=1).mean(1)


def seam_visibility(jumps: np.ndarray, photo_jumps: np.ndarray) -> float:
    """By how much `border_jumps` of a result exceed the photograph's own, relative to the mean of those.

    0: nowhere a larger jump than the photograph has at the same place. 1: as much again.
    """
    if not len(jumps):
        return float("nan")
    return float(np.maximum(jumps - photo_jumps, 0).mean() / max(photo_jumps.mean(), 1.0))


def changed_outside(result: np.ndarray, photo: np.ndarray, mask: np.ndarray) -> float:
    """Share of the pixels outside the hole that are not what they were; 0 unless something is broken."""
    if mask.all():
        return 0.0
    # Channel by channel, which OpenCV does ten times as fast as numpy's any() over the last axis.
    changed = [cv2.absdiff(result[..., channel], photo[..., channel]) for channel in range(3)]
    return float(np.count_nonzero(cv2.max(cv2.max(*changed[:2]), changed[2])[~mask]) / np.count_nonzero(~mask))
