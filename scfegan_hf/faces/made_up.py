"""Samples of faces made up as another face is: the reference is painted, so the truth is known (faces/makeup.py).

A sample is a function of (seed, n) alone. Reads the columns image, regions and landmarks of what `scfegan prepare` wrote.
"""

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import torch

from scfegan_hf.faces.close import CloseFace, close_face
from scfegan_hf.faces.makeup import Look, Tint, changes, fine_detail, smoothed
from scfegan_hf.faces.makeup_places import LAYERS, Places
from scfegan_hf.faces.rows import decode_face
from scfegan_hf.faces.samples import MIRROR
from scfegan_hf.faces.warp import bend_onto

COLUMNS = ("image", "regions", "landmarks")
OFTEN = {"lips": 0.85, "shadow": 0.8, "liner": 0.6, "blush": 0.65, "foundation": 0.4}
REMOVED, CHANGED = 0.2, 0.15  # shares of samples whose source comes made up: to be cleaned, to be made up otherwise
# Four looks that are far from bare, for validation.
STRONG = (
    Look(Tint((170, 20, 45), 0.9, 0.55), Tint((90, 60, 50), 0.6, 0.6), Tint((15, 10, 10)), Tint((220, 110, 110))),
    Look(Tint((200, 70, 110), 0.8, 0.25), Tint((110, 80, 150), 0.8, 0.4), Tint((15, 10, 10), 0.8, 0.5), Tint((230, 120, 140))),
    Look(Tint((90, 20, 50), 0.9, 0.8), Tint((30, 60, 90), 0.9, 0.5), Tint((5, 5, 5)), None, Tint((225, 180, 150))),
    Look(Tint((215, 110, 90), 0.7, 0.2), Tint((200, 150, 90), 0.8, 0.0), None, Tint((230, 130, 100), 0.5)),
)


def decode_landmarked(row: dict) -> dict:
    """`decode_face`; raises ValueError for a row without landmarks, which is passed over like an unreadable one."""
    face = decode_face(row)
    if len(face["landmarks"]) != 98:
        raise ValueError("the face has no landmarks")
    return face


def close_square(row: dict, resolution: int, mirrored: bool = False) -> CloseFace:
    """The close square of a decoded row, whose photograph is aligned as FFHQ is."""
    image, regions, points, size = row["image"], row["regions"], row["landmarks"], row["image"].shape[0]
    if mirrored:
        image, regions = np.ascontiguousarray(image[:, ::-1]), np.ascontiguousarray(regions[:, ::-1])
        points = (points * (-1, 1) + (size - 1, 0)).astype(np.float32)[MIRROR]
    frame = np.array([[0, 0], [0, size], [size, size], [size, 0]], np.float32)
    return close_face(image, regions, points, frame, resolution)


def makeup_sample(row: dict, n: int, other: Callable | None = None, *, resolution: int, seed: int, train: bool) -> dict:
    """The n-th sample: a face, and another one's make-up bent onto it.

    A dict, R = ``resolution``, pictures in [-1, 1]: source and truth (3, R, R); reference (3, R, R), 0 where make-up is to be
    removed; remove (1, R, R), 1 there; masks (5, R, R) of LAYERS; detail (3, R, R), the source's fine detail; changes
    (5, 3, R, R), what each layer adds, as the pictures.
    """
    rng = np.random.default_rng((seed, 20, n))
    face = close_square(row, resolution, train and rng.random() < 0.5)
    reference = other and other(lambda rows, own: rng.integers(len(rows), size=8).tolist())
    # In a stream's first sample there is no other face yet: its own one, mirrored.
    model = close_square(reference or row, resolution, not reference or (train and rng.random() < 0.5))
    kind = rng.random() if train else 1.0 if n % 5 else 0.0
    worn = random_look(rng) if kind < REMOVED + CHANGED else Look()
    wanted = Look() if kind < REMOVED else random_look(rng) if train else STRONG[n % len(STRONG)]
    if not train and kind < REMOVED:
        worn = STRONG[n // 5 % len(STRONG)]
    before, after = (_stacked(face.image, look, face.places) for look in (worn, wanted))
    source = np.clip(np.rint(face.image + before.sum(0)), 0, 255)
    truth = np.clip(np.rint(face.image + after.sum(0)), 0, 255)
    if kind < REMOVED:
        shown = np.full_like(source, 127.5)
    else:
        made = np.clip(model.image + _stacked(model.image, wanted, model.places).sum(0), 0, 255)
        shown = bend_onto(_in_other_light(made, rng) if train else made, model.points, face.points, (resolution,) * 2)
    detail = fine_detail(source, smoothed(source, face.places.apart))
    pictures = {"source": source, "truth": truth, "reference": shown}
    return {
        **{name: _tensor(picture / np.float32(127.5) - 1) for name, picture in pictures.items()},
        "remove": torch.full((1, resolution, resolution), float(kind < REMOVED)),
        "masks": torch.from_numpy(face.places.masks),
        "detail": _tensor(detail / np.float32(127.5)),
        "changes": _tensor((after - before) / np.float32(127.5)),
    }


def random_look(rng: np.random.Generator) -> Look:
    """Colours as people wear them and some that they do not, each layer as often as OFTEN says."""
    chosen = {layer: rng.random() < share for layer, share in OFTEN.items()}
    hue = rng.uniform(0, 360) if rng.random() < 0.15 else rng.normal(12, 22)  # of pinks, reds and corals
    tints = {
        "lips": (_color(rng.uniform(18, 66), rng.uniform(15, 66), hue), (0.5, 0.95), (0.1, 0.8), (-0.3, 0.5)),
        "shadow": (_color(rng.uniform(15, 80), rng.uniform(4, 45), rng.uniform(0, 360)), (0.3, 0.95), (0, 0.6), (-0.2, 0.2)),
        "liner": (_color(rng.uniform(2, 30), rng.uniform(0, 20), rng.uniform(0, 360)), (0.5, 1), (0.3, 0.95), (0, 0)),
        "blush": (_color(rng.uniform(48, 72), rng.uniform(25, 60), rng.normal(22, 18)), (0.15, 0.6), (0, 0.15), (0, 0)),
        "foundation": (
            _color(rng.uniform(40, 84), rng.uniform(14, 30), rng.normal(58, 8)),
            (0.05, 0.4),
            (0, 0.15),
            (-0.9, -0.2),
        ),
    }
    look = Look()
    for layer, (color, *ranges) in tints.items():
        numbers = [rng.uniform(*each) for each in ranges]
        if chosen[layer]:
            look = replace(look, **{layer: Tint(color, *numbers)})
    return look


def _color(light: float, chroma: float, hue: float) -> tuple[int, ...]:
    """RGB of a colour in Lab; hue in degrees, red at about 40."""
    angle = np.deg2rad(hue)
    lab = np.float32([[[light, chroma * np.cos(angle), chroma * np.sin(angle)]]])
    return tuple(int(value) for value in np.rint(np.clip(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)[0, 0], 0, 1) * 255))


def _in_other_light(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Half of the references a little lighter, darker, warmer or cooler, as another lamp and camera would show them."""
    if rng.random() < 0.5:
        return image
    gains = np.exp(rng.normal(0, 0.08) + rng.normal(0, 0.025, 3)).astype(np.float32)
    return np.clip(image * gains, 0, 255)


def _stacked(image: np.ndarray, look: Look, where: Places) -> np.ndarray:
    """What a look adds by layer, as one array (5, H, W, 3)."""
    stacked = np.zeros((len(LAYERS), *image.shape), np.float32)
    if look.tints():
        detail = fine_detail(image, smoothed(image, where.apart))
        for layer, change in changes(image, look, where).items():
            stacked[LAYERS.index(layer)] = change.on(detail)
    return stacked


def _tensor(array: np.ndarray) -> torch.Tensor:
    """Channels first: (..., H, W, 3) to (..., 3, H, W)."""
    return torch.from_numpy(np.ascontiguousarray(np.moveaxis(array, -1, -3), np.float32))
