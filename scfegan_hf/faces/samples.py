"""Samples for the annotator: prepared faces at any place, size, turn and light, with the teachers' answers moved along.

Reads the columns image, edges, regions and landmarks of what `scfegan prepare` wrote. A sample is a function of
(seed, n) alone.
"""

import cv2
import numpy as np
import torch

from scfegan_hf.data.pictures import apply_tone, tone_curve
from scfegan_hf.faces.regions import REGIONS

COLUMNS = ("image", "edges", "regions", "landmarks")


def _mirror() -> np.ndarray:
    """Which of the 98 WFLW points each becomes when the face is mirrored."""
    order = np.arange(98)
    order[:33] = np.arange(33)[::-1]
    pairs = [
        *zip(range(33, 38), range(46, 41, -1), strict=True), *zip(range(38, 42), range(50, 46, -1), strict=True),
        (55, 59), (56, 58), *zip(range(60, 65), range(72, 67, -1), strict=True),
        (65, 75), (66, 74), (67, 73), (76, 82), (77, 81), (78, 80), (83, 87), (84, 86), (88, 92), (89, 91), (93, 95), (96, 97),
    ]  # fmt: skip
    for one, other in pairs:
        order[one], order[other] = other, one
    return order


MIRROR = _mirror()


def make_annotated(row: dict, n: int, other=None, *, resolution: int, seed: int) -> dict[str, torch.Tensor]:
    """The n-th sample, from a decoded face; without ``other``, for validation, moved and turned mildly in its own light.

    A dict: image (3, R, R) in [-1, 1], edges (1, R, R) in [0, 1], regions (R, R) labels of REGIONS as int64, known (R, R) 0
    where the labels are made up, points (98, 2) in parts of the frame, inside (98,) 1 where a point lies in it.
    """
    return annotator_sample(row, resolution, np.random.default_rng((seed, 2, n)), augment=other is not None)


def annotator_sample(row: dict, resolution: int, rng: np.random.Generator, augment: bool = True) -> dict[str, torch.Tensor]:
    """One sample of a decoded row."""
    size = row["image"].shape[0]
    mirrored = bool(augment and rng.random() < 0.5)
    matrix = _placement(size, resolution, rng, augment, mirrored)

    def warp(array: np.ndarray, how: int, border: int) -> np.ndarray:
        return cv2.warpAffine(array, matrix, (resolution, resolution), flags=how, borderMode=border)

    image = warp(_shrunk(row["image"], matrix), cv2.INTER_LINEAR, cv2.BORDER_REFLECT_101)
    edges = warp(_shrunk(row["edges"], matrix), cv2.INTER_LINEAR, cv2.BORDER_REFLECT_101)
    regions = warp(row["regions"], cv2.INTER_NEAREST, cv2.BORDER_CONSTANT)
    known = warp(np.ones((size, size), np.uint8), cv2.INTER_NEAREST, cv2.BORDER_CONSTANT)
    # Around the prepared square lies its mirror image while that shows no second face, else a blur of it or one colour.
    if abs(np.linalg.det(matrix[:, :2])) ** 0.5 * size < 0.8 * resolution or rng.random() < 0.3:
        blurred = cv2.GaussianBlur(image, (0, 0), resolution / 12)
        outside = known == 0
        image[outside] = blurred[outside] if rng.random() < 0.6 else rng.integers(0, 256, 3)
        edges[outside] = 0
        known[:] = 1
    if augment:
        image = _photographed(apply_tone(tone_curve(rng, strength=2.0), image), rng)
    points = np.zeros((98, 2), np.float32)
    inside = np.zeros(98, np.float32)
    if len(row["landmarks"]):
        moved = row["landmarks"] @ matrix[:, :2].T + matrix[:, 2]
        points = ((moved[MIRROR] if mirrored else moved) / resolution).astype(np.float32)
        inside = ((points >= 0) & (points <= 1)).all(1).astype(np.float32)
    return {
        "image": torch.from_numpy(image.transpose(2, 0, 1).astype(np.float32) / 127.5 - 1),
        "edges": torch.from_numpy(edges[None].astype(np.float32) / 255),
        "regions": torch.from_numpy(np.minimum(regions, len(REGIONS) - 1).astype(np.int64)),
        "known": torch.from_numpy(known.astype(np.float32)),
        "points": torch.from_numpy(points),
        "inside": torch.from_numpy(inside),
    }


def _placement(size: int, resolution: int, rng: np.random.Generator, augment: bool, mirrored: bool) -> np.ndarray:
    """The similarity (2, 3) from the prepared square to the sample: from two fifths of the sample's side to twice it."""
    if augment:
        part = np.exp(rng.uniform(np.log(0.4), np.log(1.9)))
        angle = np.deg2rad(rng.normal(0, 14) if rng.random() < 0.8 else rng.uniform(-60, 60))
        # A small face may be anywhere, of a large one the middle stays in view.
        shift = rng.uniform(-1, 1, 2) * (0.5 * max(1 - part, 0) + 0.12 * part)
        stretch = np.exp(rng.normal(0, 0.04))
    else:
        part, angle = rng.uniform(0.6, 1.1), np.deg2rad(rng.normal(0, 8))
        shift, stretch = rng.uniform(-0.08, 0.08, 2), 1.0
    scale = part * resolution / size
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turn = np.diag([stretch * (-1 if mirrored else 1), 1 / stretch]) @ turn
    centre = (0.5 + shift) * resolution - turn @ np.array([size / 2, size / 2])
    return np.column_stack([turn, centre])


def _shrunk(array: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Blurred as far as the placement shrinks, so that fine patterns do not alias."""
    shrink = 1 / np.sqrt(abs(np.linalg.det(matrix[:, :2])))
    return cv2.GaussianBlur(array, (0, 0), 0.4 * shrink) if shrink > 1.3 else array


def _photographed(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Light from a side, blur, noise, compression, no colour: each now and then."""
    side = image.shape[0]
    if rng.random() < 0.3:
        corner = rng.normal(0, 0.5, (2, 2)).astype(np.float32)
        light = np.exp(cv2.resize(corner, (side, side), interpolation=cv2.INTER_LINEAR))[..., None]
        image = np.clip(image * light, 0, 255).astype(np.uint8)
    if rng.random() < 0.2:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.5, 1.6))
    if rng.random() < 0.25:
        noise = rng.standard_normal((side, side, 1), dtype=np.float32) * rng.uniform(2, 14)
        image = np.clip(image + noise, 0, 255).astype(np.uint8)
    if rng.random() < 0.2:
        quality = int(rng.integers(25, 80))
        image = cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR)
    if rng.random() < 0.08:
        image = np.repeat(image.mean(2, keepdims=True).astype(np.uint8), 3, 2)
    return image
