"""Drawings from photographs: sketched lines and colour maps, as a user would give them (Jo & Park 2019, section 3.1).

All arrays are numpy, HxW or HxWx3, RGB, uint8 unless said otherwise. A *line strength* map is uint8, one pixel
wide lines on 0, where the value is how strongly the photograph supports the line: a threshold on it chooses the
level of detail, so that one map serves sparse and dense drawing.
"""

from collections.abc import Callable

import cv2
import numpy as np

# Thresholds on line strength, from few lines to many. Chosen on learned edges by eye: sparse keeps contours of
# face, eyes, lips and hair; dense keeps single locks.
SKETCH_LEVELS = {"sparse": 140, "medium": 75, "dense": 42}

EdgeFunction = Callable[[np.ndarray], np.ndarray]


def equalize(image: np.ndarray) -> np.ndarray:
    """Contrast-limited histogram equalisation of the lightness, so that edges in shadow count too."""
    lab = cv2.cvtColor(image, cv2.COLOR_RGB2LAB)
    lab[..., 0] = cv2.createCLAHE(clipLimit=2.0, tileGridSize=(8, 8)).apply(lab[..., 0])
    return cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)


def canny_edges(image: np.ndarray) -> np.ndarray:
    """Soft edges without any network: Canny at three smoothing scales, averaged. Float32 in [0, 1]."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    edges = np.zeros(grey.shape, np.float32)
    for weight, sigma in ((0.2, 1.0), (0.3, 2.0), (0.5, 3.0)):
        smooth = cv2.GaussianBlur(grey, (0, 0), sigma)
        edges += weight * cv2.GaussianBlur(cv2.Canny(smooth, 30, 80).astype(np.float32) / 255, (0, 0), 1.0) * 2.5
    return np.clip(edges, 0, 1)


def thin(edges: np.ndarray) -> np.ndarray:
    """Ridges of a soft edge map, one pixel wide, carrying the map's value.

    Non-maximum suppression across the ridge, whose direction is the Hessian's eigenvector of strongest negative
    curvature. ``edges``: float32 HxW in [0, 1]; returns uint8 line strength.
    """
    smooth = cv2.GaussianBlur(edges, (0, 0), 1.0)
    xx = cv2.Sobel(smooth, cv2.CV_32F, 2, 0)
    yy = cv2.Sobel(smooth, cv2.CV_32F, 0, 2)
    xy = cv2.Sobel(smooth, cv2.CV_32F, 1, 1)
    angle = 0.5 * np.arctan2(2 * xy, xx - yy) + np.pi / 2  # eigenvector of the smaller (negative) eigenvalue
    dx, dy = np.cos(angle), np.sin(angle)
    cols, rows = np.meshgrid(np.arange(edges.shape[1], dtype=np.float32), np.arange(edges.shape[0], dtype=np.float32))
    curvature = (xx + yy) / 2 - np.hypot((xx - yy) / 2, xy)  # the smaller eigenvalue
    keep = (smooth > 0.02) & (curvature < -0.01)
    for step in (-1.0, 1.0):
        beside = cv2.remap(smooth, cols + step * dx, rows + step * dy, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        keep &= smooth >= beside
    # Strength from the unsmoothed map around the ridge: thin lines are not weakened by the smoothing above.
    strength = cv2.dilate(edges, np.ones((3, 3), np.uint8))
    return np.where(keep, np.clip(strength * 255, 0, 255), 0).astype(np.uint8)


def drop_small(lines: np.ndarray, min_pixels: int) -> np.ndarray:
    """Remove connected groups of fewer than ``min_pixels`` line pixels. ``lines``: uint8, non-zero = line."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats((lines > 0).astype(np.uint8), connectivity=8)
    keep = stats[:, cv2.CC_STAT_AREA] >= min_pixels
    keep[0] = False  # the background
    return np.where(keep[labels], lines, 0).astype(np.uint8) if count > 1 else np.zeros_like(lines)


def line_strength(image: np.ndarray, edges: np.ndarray | None = None, learned: bool = True, min_pixels: int = 8) -> np.ndarray:
    """Lines one pixel wide, specks dropped: uint8 line strength of the photograph's size.

    ``edges``: soft edges of the equalised photograph, float32 in [0, 1]; None takes Canny's. ``learned`` edges leave out
    what is finer than objects (irises, lashes, locks); Canny's lines join them at a fifth of their strength, where only
    the densest levels of detail reach.
    """
    if edges is None:
        edges, learned = canny_edges(equalize(image)), False
    strength = thin(edges)
    if learned:
        strength = np.maximum(strength, thin(canny_edges(equalize(image))) // 5)
    return drop_small(strength, min_pixels)


def sketch_at_level(strength: np.ndarray, threshold: int, min_pixels: int = 12) -> np.ndarray:
    """Binary sketch (uint8 0/1) with the lines of at least ``threshold``, extended along their weaker continuation.

    Hysteresis: a group of pixels of at least half the threshold stays if any of them reaches the threshold, so
    lines do not break into dashes.
    """
    weak = (strength >= max(threshold // 2, 1)).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(weak, connectivity=8)
    strong = np.zeros(count, bool)
    strong[np.unique(labels[strength >= threshold])] = True
    strong &= stats[:, cv2.CC_STAT_AREA] >= min_pixels
    strong[0] = False
    return strong[labels].astype(np.uint8)


def smooth_colors(image: np.ndarray) -> np.ndarray:
    """Median filter of size 3, then 20 passes of a bilateral filter (section 3.1 of the paper)."""
    smooth = cv2.medianBlur(image, 3)
    for _ in range(20):
        smooth = cv2.bilateralFilter(smooth, 5, 20, 5)
    return smooth


def color_map(image: np.ndarray, regions: np.ndarray) -> np.ndarray:
    """Median colour of every connected part of every region. ``regions``: uint8 HxW labels. Returns uint8 HxWx3."""
    smooth = smooth_colors(image)
    result = np.zeros_like(smooth)
    for label in np.unique(regions):
        count, parts = cv2.connectedComponents((regions == label).astype(np.uint8))
        order = np.argsort(parts, axis=None, kind="stable")
        bounds = np.searchsorted(parts.ravel()[order], np.arange(count + 1))
        for part in range(1, count):
            pixels = order[bounds[part] : bounds[part + 1]]
            result.reshape(-1, 3)[pixels] = np.median(smooth.reshape(-1, 3)[pixels], axis=0)
    return result
