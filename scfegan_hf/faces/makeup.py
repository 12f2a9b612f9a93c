"""Make-up painted on a face whose landmarks and regions are known: five layers of colour, each within a soft mask.

A layer is a change that is added to the photograph: a shift of colour that follows the face's own light, and more or less of
its fine detail. So layers can be switched and weighed singly, pores and creases stay, and what lies outside the masks is as
it was, bit for bit. Pictures are uint8 RGB (H, W, 3), changes float32 in levels of 255.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import cv2
import numpy as np
from PIL import ImageColor

from scfegan_hf.faces.makeup_places import Places

# What can be switched, and the layers that it means.
GROUPS = {"lips": ("lips",), "eyes": ("shadow", "liner"), "cheeks": ("blush",), "foundation": ("foundation",)}
ORDER = ("foundation", "blush", "shadow", "liner", "lips")  # in which layers are laid on
LIDS = ("shadow", "liner")
OPAQUE = ("liner",)  # what takes as much light off everywhere, and not by the face's own light
SMOOTH = 0.06  # of the distance between the eyes: what is finer counts as detail
STRONG = 20.0  # levels from which on detail is an edge, and no longer a pore or a spot


@dataclass(frozen=True)
class Tint:
    """One layer's colour, RGB of 0 to 255 or a name or "#rrggbb" as CSS has them, and how it lies on the face.

    strength: how far the skin's chroma goes to the colour's; cover: how far its lightness does; gloss: from -1, without fine
    detail, to 1, with twice as much. What is None is as usual for the layer (USUAL). Raises ValueError for a colour that is
    none and numbers out of range.
    """

    color: tuple[int, int, int] | str
    strength: float | None = None
    cover: float | None = None
    gloss: float | None = None

    def __post_init__(self):
        color = self.color
        if isinstance(color, str):
            try:
                color = ImageColor.getcolor(color, "RGB")
            except ValueError:
                raise ValueError(f'{color!r} is no colour. Give a name such as crimson, or "#b0203a".') from None
        if len(color) != 3 or not all(0 <= value <= 255 for value in color):
            raise ValueError(f"A colour is red, green and blue from 0 to 255, not {color!r}.")
        object.__setattr__(self, "color", tuple(int(value) for value in color))
        for name, low in (("strength", 0.0), ("cover", 0.0), ("gloss", -1.0)):
            value = getattr(self, name)
            if value is not None and not low <= value <= 1:
                raise ValueError(f"{name} of a tint lies from {low:g} to 1, not {value!r}.")

    def on(self, layer: str) -> "Tint":
        """The same with the layer's usual numbers in place of None."""
        usual = USUAL[layer]
        return replace(self, **{name: value for name, value in usual.items() if getattr(self, name) is None})


USUAL = {
    "lips": {"strength": 0.8, "cover": 0.5, "gloss": 0.15},
    "shadow": {"strength": 0.5, "cover": 0.35, "gloss": 0.0},
    "liner": {"strength": 0.8, "cover": 0.85, "gloss": 0.0},
    "blush": {"strength": 0.35, "cover": 0.05, "gloss": 0.0},
    "foundation": {"strength": 0.25, "cover": 0.1, "gloss": -0.45},
}


@dataclass(frozen=True)
class Look:
    """The tints of a face, by layer; None leaves a layer out. A colour in place of a `Tint` stands for its usual one."""

    lips: Tint | None = None
    shadow: Tint | None = None
    liner: Tint | None = None
    blush: Tint | None = None
    foundation: Tint | None = None

    def __post_init__(self):
        for layer, tint in self.tints().items():
            if not isinstance(tint, Tint):
                object.__setattr__(self, layer, Tint(tint))

    def only(self, layers: Sequence[str]) -> "Look":
        """The same with these layers alone."""
        return Look(**{layer: tint for layer, tint in self.tints().items() if layer in layers})

    def tints(self) -> dict[str, Tint]:
        """Those that there are."""
        pairs = ((field.name, getattr(self, field.name)) for field in fields(self))
        return {layer: tint for layer, tint in pairs if tint is not None}


def layers_of(parts) -> tuple[str, ...]:
    """The layers of some GROUPS, of all for None. Raises ValueError for other names, and for none at all."""
    names = tuple(GROUPS) if parts is None else (parts,) if isinstance(parts, str) else tuple(parts)
    unknown = [name for name in names if name not in GROUPS]
    if unknown or not names:
        raise ValueError(f"Parts to make up are {', '.join(GROUPS)}, not {', '.join(map(repr, unknown)) or 'none'}.")
    return tuple(layer for group in GROUPS if group in names for layer in GROUPS[group])


@dataclass(frozen=True)
class Change:
    """What is added to a picture, 0 outside the masks: ``shift``, float32 (H, W, 3) in levels, and ``gain``, float32 (H, W),
    of its fine detail. Both may be enlarged with a picture, since neither holds detail of its own."""

    shift: np.ndarray
    gain: np.ndarray

    def on(self, detail: np.ndarray) -> np.ndarray:
        """The change of a picture with this `fine_detail`, float32 (H, W, 3)."""
        return self.shift + self.gain[..., None] * detail

    def __add__(self, other: "Change") -> "Change":
        return Change(self.shift + other.shift, self.gain + other.gain)


def changes(image: np.ndarray, look: Look, places: Places) -> dict[str, Change]:
    """What each layer of a look adds to a picture, by ORDER; one without a place is left out.

    A layer lies on those before it: black liner is black on blue shadow too.
    """
    base, below = smoothed(image, places.apart), np.zeros(image.shape, np.float32)
    changed = {}
    for layer, tint in sorted(look.tints().items(), key=lambda pair: ORDER.index(pair[0])):
        mask, tint = places.mask(layer), tint.on(layer)
        total = float(mask.sum())
        if total < 1e-3:
            continue
        here = _bounds(mask)
        within, smooth = mask[here][..., None], base[here] + below[here]
        # Of the part as it is: the smoothed one has its surroundings in it.
        mean = _mean(_lab(image[here] + below[here]), mask[here], layer in LIDS)
        if layer in OPAQUE:
            smooth = cv2.cvtColor(mean[None, None], cv2.COLOR_LAB2RGB) * 255
        share = np.float32((tint.strength * tint.cover, tint.strength, tint.strength))
        shift = (_lab(np.uint8([[tint.color]]))[0, 0] - mean) * share
        shifted = np.clip(cv2.cvtColor(_lab(smooth) + shift, cv2.COLOR_LAB2RGB), 0, 1) * 255
        change = Change(np.zeros(image.shape, np.float32), np.float32(tint.gloss) * mask)
        change.shift[here] = within * (shifted - smooth)
        below += change.shift
        changed[layer] = change
    return changed


def painted(image: np.ndarray, look: Look, places: Places, strength: float = 1.0) -> np.ndarray:
    """A face made up, uint8 (H, W, 3). ``strength``: 0 changes nothing, 1 is the look."""
    changed = changes(image, look, places)
    if not changed:
        return image.copy()
    detail = fine_detail(image, smoothed(image, places.apart))
    added = sum(change.on(detail) for change in changed.values())
    return np.clip(np.rint(image + np.float32(strength) * added), 0, 255).astype(np.uint8)


def smoothed(image: np.ndarray, apart: float) -> np.ndarray:
    """A picture without its fine detail, float32; ``apart``: pixels between the eyes."""
    sigma = max(SMOOTH * apart, 0.6)
    shrink = max(int(sigma / 4), 1)  # wide blurs are made on a smaller picture
    height, width = image.shape[:2]
    small = image.astype(np.float32)
    if shrink > 1:
        size = (max(width // shrink, 1), max(height // shrink, 1))
        small = cv2.resize(small, size, interpolation=cv2.INTER_AREA)
    blurred = cv2.GaussianBlur(small, (0, 0), sigma / shrink, borderType=cv2.BORDER_REPLICATE)
    return cv2.resize(blurred, (width, height), interpolation=cv2.INTER_LINEAR) if shrink > 1 else blurred


def fine_detail(image: np.ndarray, base: np.ndarray) -> np.ndarray:
    """What a picture has beside its `smoothed` one, less edges: pores, spots and small creases, float32 (H, W, 3)."""
    detail = image - base
    light = detail @ np.float32((0.299, 0.587, 0.114))
    return detail * np.exp(-np.square(light / STRONG) / 2)[..., None]


def _mean(lab: np.ndarray, mask: np.ndarray, skin_alone: bool) -> np.ndarray:
    """The mean colour within a mask; with ``skin_alone`` of the lighter half, since the darker one is lashes."""
    if skin_alone:
        inside = mask > 0.3 * mask.max()
        mask = mask * (lab[..., 0] >= np.median(lab[..., 0][inside]))
    return (lab * mask[..., None]).sum((0, 1)) / max(float(mask.sum()), 1e-3)


def _lab(rgb: np.ndarray) -> np.ndarray:
    """CIELAB, float32 (H, W, 3), of RGB in levels, cut off where there are no such."""
    return cv2.cvtColor(np.clip(rgb.astype(np.float32) / 255, 0, 1), cv2.COLOR_RGB2LAB)


def _bounds(mask: np.ndarray) -> tuple[slice, slice]:
    """Rows and columns of what is not 0."""
    sides = []
    for axis in (1, 0):
        there = np.flatnonzero(mask.any(axis))
        sides.append(slice(int(there[0]), int(there[-1]) + 1))
    return sides[0], sides[1]
