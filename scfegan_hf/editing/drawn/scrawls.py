"""Strokes as an unsteady hand draws them, and drawings as networks see them. Strokes are float32 (N, 2) as x, y."""

from collections.abc import Sequence

import cv2
import numpy as np

SIDE = 96  # pixels of a doodle as networks see it
MARGIN = 0.06  # of the side, free around the strokes
BITS = 4  # of a pixel's fraction in which corners are given to OpenCV
Strokes = list[np.ndarray]


def displaced(strokes: Strokes, unit: float, rng: np.random.Generator, most: float) -> Strokes:
    """All of them moved together, by some ``most`` of the head's width."""
    move = rng.normal(0, most * unit, 2)
    return [stroke + move for stroke in strokes]


def misdrawn(strokes: Strokes, unit: float, rng: np.random.Generator) -> Strokes:
    """Strokes as an unsteady hand draws them in a hurry: turned, stretched, trembling, and not quite closed."""
    turn, shear = rng.normal(0, 0.07), rng.normal(0, 0.06)
    stretch = np.diag([rng.uniform(0.85, 1.15), 1.0])
    matrix = stretch @ np.array([[np.cos(turn), -np.sin(turn) + shear], [np.sin(turn), np.cos(turn)]])
    shaky = unit * rng.uniform(0.002, 0.016)
    drawn = []
    for stroke in strokes:
        path = resampled(np.asarray(stroke, np.float32), int(np.clip(length(stroke) / (0.04 * unit), 3, 90)))
        waves = np.zeros_like(path)
        at = np.linspace(0, 1, len(path))[:, None]
        for frequency in (1.0, 2.3, 4.1):
            waves += rng.normal(0, 1, (1, 2)) * np.sin(2 * np.pi * (frequency * at + rng.random((1, 2)))) / frequency
        drawn.append(((path + shaky * waves) @ matrix.T).astype(np.float32))
    return drawn


def resampled(stroke: np.ndarray, count: int) -> np.ndarray:
    """``count`` places along a stroke, evenly."""
    steps = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(stroke, axis=0).T))])
    at = np.linspace(0, steps[-1], count)
    return np.stack([np.interp(at, steps, stroke[:, k]) for k in (0, 1)], 1).astype(np.float32)


def length(stroke: np.ndarray) -> float:
    """Of the line through its places."""
    return float(np.hypot(*np.diff(np.asarray(stroke), axis=0).T).sum())


def render(strokes: Sequence[np.ndarray], width: float = 1.6, side: int = SIDE) -> np.ndarray:
    """uint8 (side, side), white lines of ``width`` pixels on black, in the middle and as large as `framed` leaves a drawing."""
    low = np.min([stroke.min(0) for stroke in strokes], 0)
    high = np.max([stroke.max(0) for stroke in strokes], 0)
    scale = side * (1 - 2 * MARGIN) / max(float((high - low).max()), 1e-6)
    fine = 4
    layer = np.zeros((side * fine, side * fine), np.uint8)
    places = [((stroke - (low + high) / 2) * scale + side / 2) * fine for stroke in strokes]
    corners = [np.round(place * 2**BITS).astype(np.int32) for place in places]
    cv2.polylines(layer, corners, False, 255, max(round(width * fine), 1), cv2.LINE_8, BITS)
    return cv2.resize(layer, (side, side), interpolation=cv2.INTER_AREA)


def framed(ink: np.ndarray, side: int = SIDE) -> np.ndarray:
    """Any drawing, ink uint8 (H, W) on 0, as `render` has them: cut to what is drawn, square, and ``side`` pixels large.

    Raises ValueError for a drawing with nothing in it.
    """
    rows, cols = np.flatnonzero(ink.max(1) > 64), np.flatnonzero(ink.max(0) > 64)
    if len(rows) < 2 or len(cols) < 2:
        raise ValueError("There is next to nothing in the drawing: draw the outline of a face, eyes, nose and mouth.")
    drawn = ink[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1]
    scale = side * (1 - 2 * MARGIN) / max(drawn.shape)
    size = [max(round(length * scale), 1) for length in drawn.shape[::-1]]
    # Lines keep about one width, whatever size they were drawn at.
    grown = max(round(1.6 / scale / 2) * 2 - 1, 1)
    thin = cv2.distanceTransform((drawn > 64).astype(np.uint8), cv2.DIST_L2, 3).max() * 2 < grown
    drawn = cv2.dilate(drawn, np.ones((grown, grown), np.uint8)) if thin and grown > 1 else drawn
    small = cv2.resize(drawn, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    result = np.zeros((side, side), np.uint8)
    top, left = (side - size[1]) // 2, (side - size[0]) // 2
    result[top : top + size[1], left : left + size[0]] = small
    return result
