"""Training samples of faces in the FFHQ frame with a hole and a hasty drawing in it, small; see models/face_drafter.py."""

from dataclasses import replace

import cv2
import numpy as np
import torch

from scfegan_hf.data.samples import Other, Sample
from scfegan_hf.editing.drawn.drawing import HAND, Hand
from scfegan_hf.editing.drawn.samples import Holes, donor_of, whole_sample
from scfegan_hf.faces.align import ffhq_frame

SCALE = 4  # pixels a side of the photograph to one of the sample
TOUCHED = 0.02  # of a small pixel may be erased before it counts as unknown
MISPLACED = 0.012  # of the frame, standard deviation by which a drawing lies beside what it means
MISSIZED = 0.06  # the same of its size, in parts of itself
# People who draw on a face mean its features, and dab what they mean.
HASTY = replace(HAND, drawn=0.65, features=0.65, whitened=0.6, no_color=0.25, color_map=0.04)
EXACT = 0.3  # share of drawings that lie where they should


def make_draft(
    row: dict[str, np.ndarray],
    n: int,
    other: Other | None = None,
    *,
    side: int,
    fine: int,
    seed: int,
    holes: Holes,
    hand: Hand = HASTY,
) -> Sample:
    """The n-th sample of a decoded face: "image" (3, SCALE side, SCALE side) and what `small_layers` gives.

    A face without landmarks has no hole. Without ``other``, for validation, the drawing lies where it should.
    """
    rng = np.random.default_rng((seed, 14, n))
    row = framed_row(row, SCALE * side)
    made = whole_sample(row, rng, other is not None, donor_of(row, n, other, seed) if other else None, holes, hand)
    image, hole = made["image"], made["mask"] > 0
    drawing = [made["sketch"] > 0, made["color"], made["color_mask"] > 0]
    if other is not None and rng.random() > EXACT:
        drawing = misplaced(drawing, hole, rng)
    layers = small_layers(image, hole, *drawing, side, fine)
    tensors = {name: torch.from_numpy(_channels_first(layer)) for name, layer in layers.items()}
    return {**tensors, "image": torch.from_numpy(_channels_first(image.astype(np.float32) / 127.5 - 1))}


def small_layers(
    image: np.ndarray, hole: np.ndarray, lines: np.ndarray, color: np.ndarray, painted: np.ndarray, side: int, fine: int
) -> dict[str, np.ndarray]:
    """What the network takes, float32 of ``side`` pixels: "seen" (the photograph, -1 to 1, where it is known), "mask",
    "color", "dabbed", and "sketch" of ``fine`` times as many; from uint8 (S, S, 3) and bool (S, S) of a multiple of it."""
    size = (side, side)
    seen = cv2.resize(np.where(hole[..., None], np.uint8(128), image), size, interpolation=cv2.INTER_AREA)
    gone = (cv2.resize(hole.astype(np.float32), size, interpolation=cv2.INTER_AREA) > TOUCHED).astype(np.uint8)
    gone = cv2.dilate(gone, np.ones((3, 3), np.uint8))
    painted = painted & hole
    dabbed = cv2.resize(painted.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    mixed = cv2.resize(np.where(painted[..., None], color, 0).astype(np.float32), size, interpolation=cv2.INTER_AREA)
    mixed = mixed / np.maximum(dabbed, 1e-6)[..., None] / 127.5 - 1
    thick = cv2.dilate((lines & hole).astype(np.uint8), np.ones((2, 2), np.uint8)).astype(np.float32)
    return {
        "seen": seen.astype(np.float32) / 127.5 - 1,
        "mask": gone.astype(np.float32),
        "color": np.where(dabbed[..., None] > 0, mixed, 0).astype(np.float32),
        "dabbed": dabbed,
        "sketch": cv2.resize(thick, (fine * side, fine * side), interpolation=cv2.INTER_AREA),
    }


def framed_row(row: dict[str, np.ndarray], side: int) -> dict[str, np.ndarray]:
    """A decoded face in its FFHQ frame, all its pictures of ``side`` pixels; whole where there are no landmarks."""
    points, target = row["landmarks"], np.float32([[0, 0], [0, side], [side, side]])
    size = row["image"].shape[0]
    corners = ffhq_frame(points) if len(points) else np.float32([[0, 0], [0, size], [size, size]])
    matrix = cv2.getAffineTransform(np.ascontiguousarray(corners[:3], np.float32), target)

    def warp(name: str, array: np.ndarray) -> np.ndarray:
        how = cv2.INTER_NEAREST if name in ("regions", "color") else cv2.INTER_LINEAR
        return cv2.warpAffine(array, matrix, (side, side), flags=how, borderMode=cv2.BORDER_REFLECT_101)

    framed = {name: warp(name, array) for name, array in row.items() if name != "landmarks"}
    return {**framed, "landmarks": points @ matrix[:, :2].T.astype(np.float32) + matrix[:, 2].astype(np.float32)}


def misplaced(drawing: list[np.ndarray], hole: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
    """Lines, colours and where they are painted, moved and stretched together about the hole's middle."""
    side = hole.shape[0]
    middle = np.argwhere(hole).mean(0)[::-1]
    matrix = np.diag(np.exp(rng.normal(0, MISSIZED, 2)))
    move = middle - matrix @ middle + rng.normal(0, MISPLACED * side, 2)
    matrix = np.column_stack([matrix, move])
    moved = [cv2.warpAffine(layer.astype(np.uint8), matrix, (side, side), flags=cv2.INTER_NEAREST) for layer in drawing]
    return [moved[0] > 0, moved[1], moved[2] > 0]


def _channels_first(layer: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(layer.transpose(2, 0, 1) if layer.ndim == 3 else layer[None], np.float32)
