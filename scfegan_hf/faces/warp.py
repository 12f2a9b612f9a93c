"""One face bent onto another, by thin plates through their landmarks (Bookstein 1989). Points are x, y in pixels."""

import cv2
import numpy as np

from scfegan_hf.faces.landmarks import PUPILS

STIFF = 1e-3  # what a plate's bending costs, against points that it misses: landmarks are off by a pixel or two
GRID = 8  # pixels between the places where the plate is worked out; in between it is bent evenly
ASIDE = 1.5  # how far around the points, in their extent, the plate is held by a turn and a scale alone


def bend_onto(image: np.ndarray, points: np.ndarray, target: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """A picture (H, W) or (H, W, C) bent so that its ``points`` (98, 2) come to lie on ``target`` (98, 2), in a picture of
    ``shape`` (height, width); what lies beyond its border is reflected. Raises ValueError for points that are none of a face.
    """
    if points.shape != target.shape or points.shape[0] != 98:
        raise ValueError("Bending a face needs the 98 landmarks of both.")
    return cv2.remap(image, places_in(points, target, shape), None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)


def places_in(points: np.ndarray, target: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """For each pixel of a picture of ``shape`` (height, width) in which a face has the landmarks ``target`` (98, 2), where that
    place lies among ``points`` (98, 2): float32 (H, W, 2), in the units of ``points``."""
    height, width = shape
    columns, rows = np.arange(0, width + GRID, GRID), np.arange(0, height + GRID, GRID)
    grid = np.stack(np.meshgrid(columns, rows), -1).reshape(-1, 2).astype(np.float64)
    bent = thin_plate(*_held(target, points))(grid).reshape(len(rows), len(columns), 2).astype(np.float32)
    # Pixel x lies at x / GRID in the grid.
    at = np.stack(np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)), -1) / np.float32(GRID)
    return cv2.remap(bent, at, None, cv2.INTER_LINEAR)


def thin_plate(points: np.ndarray, values: np.ndarray):
    """The smoothest function of places that has about these ``values`` (N, C) at ``points`` (N, 2): (M, 2) to (M, C)."""
    centre, scale = points.mean(0), float(points.std()) or 1.0
    known = (points - centre) / scale
    count = len(known)
    system = np.zeros((count + 3, count + 3))
    system[:count, :count] = _plate(known, known) + STIFF * np.eye(count)
    system[:count, count:] = np.column_stack([np.ones(count), known])
    system[count:, :count] = system[:count, count:].T
    weights = np.linalg.solve(system, np.concatenate([values, np.zeros((3, values.shape[1]))]))

    def at(places: np.ndarray) -> np.ndarray:
        near = (places - centre) / scale
        return _plate(near, known) @ weights[:count] + np.column_stack([np.ones(len(near)), near]) @ weights[count:]

    return at


def _plate(places: np.ndarray, known: np.ndarray) -> np.ndarray:
    """r^2 log r between places (M, 2) and points (N, 2)."""
    squared = np.square(places[:, None] - known[None]).sum(-1)
    return 0.5 * squared * np.log(np.maximum(squared, 1e-12))


def _held(points: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Landmarks less the pupils, which look about, and a ring around them that only turns and scales."""
    still = np.delete(np.arange(len(points)), PUPILS)
    points, values = points[still].astype(np.float64), values[still].astype(np.float64)
    middle, mean = points.mean(0), values.mean(0)
    # Similarity by least squares in complex numbers: values = a * points + b.
    one, other = ((each - each.mean(0)) @ np.array([1, 1j]) for each in (points, values))
    turn = (np.conj(one) @ other) / max((np.conj(one) @ one).real, 1e-9)
    around = np.exp(2j * np.pi * np.arange(12) / 12) * ASIDE * np.abs(one).max()
    ring, held = around, around * turn
    return (
        np.concatenate([points, middle + np.column_stack([ring.real, ring.imag])]),
        np.concatenate([values, mean + np.column_stack([held.real, held.imag])]),
    )
