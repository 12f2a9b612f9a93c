"""What each hole of a photograph is to be filled by, from what the annotator sees around it.

Few pixels wide: from both sides. Background, cloth, hair, or a spot on skin, with nothing drawn: copies of the same. Drawn
where no face is near: the drawn colours between the drawn walls. All else: the network, which knows faces and nothing else.
"""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from scfegan_hf.conditioning import context_square
from scfegan_hf.data.pictures import resize_lines
from scfegan_hf.editing.holes import hole_groups
from scfegan_hf.editing.seam import membrane
from scfegan_hf.editing.texture_fill import texture_fill
from scfegan_hf.faces.annotate import bundled
from scfegan_hf.faces.regions import REGIONS

# Half the width of what is thin, in pixels, and in a photograph's longer sides: the larger counts.
THIN, THIN_SHARE = 4.0, 0.003
CROSSINGS = 0.02  # of a piece may be thicker, up to twice: where two scratches cross
LOOK_SIDE = 128  # at which regions are looked at; hair, skin and cloth are told apart as well as at twice that
CONTEXT, WIDE_CONTEXT = 4.0, 10.0  # sides of what is looked at, in longer sides of the hole
ALL_OF_IT = 0.96  # of a hole and its rim: the rest are frayed borders of regions
SPOT = 1 / 8  # a hole on skin up to this part of the photograph may be a spot
SPOT_RIM = 2  # pixels next to a spot that have something of it
FAR = 0.08  # of the look's side: as near to a face as this is for the network
TILE = 256
# Roughness next to a thin hole, by that a little further away: of what nothing happened to, and of what rings.
CLEAN, RINGING = 1.25, 1.45
TELEA_RADIUS = 3

PLAIN = tuple(REGIONS.index(name) for name in ("background", "clothes"))
HAIR = (REGIONS.index("hair"),)
SKIN = (REGIONS.index("skin"), REGIONS.index("ears"))


@dataclass(frozen=True)
class Part:
    """Part of a photograph's hole. kind: copy, walls or network; mask: bool (H, W); avoid: bool (H, W), no source of copies;
    rim: how many pixels around it are not to be relied on."""

    kind: str
    mask: np.ndarray
    avoid: np.ndarray | None = None
    rim: int = 0


@dataclass(frozen=True)
class Plan:
    """How a hole is to be filled: its thin parts are; copies come next; ``parts`` are for the drawn walls and the network."""

    rgb: np.ndarray
    hole: np.ndarray
    unseen: np.ndarray | None
    copies: list[Part]
    parts: list[Part]

    @classmethod
    def of(cls, photo: np.ndarray, hole: np.ndarray, unseen: np.ndarray | None, drawn: np.ndarray) -> "Plan":
        """``photo``: uint8 (H, W, 3), left as it is; ``hole``, ``drawn`` (lines and colours) and ``unseen`` (what is not known
        either, or None): bool (H, W)."""
        rgb = photo.copy()
        hole = fill_thin(rgb, hole, drawn, unseen)
        parts = parts_of(rgb, hole, drawn)
        rest = [part for part in parts if part.kind != "copy"]
        return cls(rgb, hole, unseen, [part for part in parts if part.kind == "copy"], rest)

    @cached_property
    def seen(self) -> np.ndarray:
        """The photograph, grey where nothing is known."""
        return self.rgb if self.unseen is None else np.where(self.unseen[..., None], np.uint8(128), self.rgb)

    def boxes(self, *kinds: str) -> list[tuple[int, int, int, int]]:
        """The bounds, x0, y0, x1, y1, of what is worked at a time in the parts of these ``kinds``."""
        return [box for part in self.parts if part.kind in kinds for box in hole_groups(part.mask)]

    def begun(self, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """The photograph with all filled that needs no drawing and no network, and what is left of the hole."""
        rgb, left = self.rgb.copy(), self.hole.copy()
        for part in self.copies:
            copy_into(rgb, part, left if self.unseen is None else left | self.unseen, seed)
            left &= ~part.mask
        return rgb, left


def fill_thin(rgb: np.ndarray, hole: np.ndarray, drawn: np.ndarray, unseen: np.ndarray | None = None) -> np.ndarray:
    """Fill what is thin and not drawn in, in place; returns what of the hole is left, bool (H, W)."""
    width = max(THIN, THIN_SHARE * max(hole.shape))
    marks = hole.astype(np.uint8)
    depth = cv2.distanceTransform(np.pad(marks, 1, mode="edge"), cv2.DIST_L2, 3)[1:-1, 1:-1]
    _, pieces = cv2.connectedComponents(marks, connectivity=8)
    sizes, deep = (np.bincount(pieces[where], minlength=pieces.max() + 1) for where in (hole, depth > width))
    thick = deep > CROSSINGS * sizes
    thick[pieces[(depth > 2 * width) | (drawn & hole)]] = thick[0] = True
    thin = ~thick[pieces]
    if not thin.any():
        return hole.copy()
    known = ~hole if unseen is None else ~(hole | unseen)
    doubt, source, margin = _doubt(rgb, thin, known), rgb.copy(), int(4 * width) + 8
    for top in range(0, hole.shape[0], TILE):
        for left in range(0, hole.shape[1], TILE):
            tile = np.s_[top : top + TILE, left : left + TILE]
            y, x = max(top - margin, 0), max(left - margin, 0)
            view = np.s_[y : top + TILE + margin, x : left + TILE + margin]
            if not thin[tile].any() or not known[view].any():
                continue
            flowed = _across(source[view], known[view], doubt)[top - y :, left - x :][:TILE, :TILE]
            rgb[tile][thin[tile]] = np.rint(flowed.clip(0, 255)).astype(np.uint8)[thin[tile]]
    return hole & ~thin


def _doubt(rgb: np.ndarray, thin: np.ndarray, known: np.ndarray) -> float:
    """From 0 to 1, how little the pixels next to thin holes are to be relied on: a JPEG of a scratch has rings around it."""
    apart = cv2.distanceTransform(1 - thin.astype(np.uint8), cv2.DIST_L2, 3)
    share = cv2.blur(known.astype(np.float32), (5, 5))
    mean = cv2.blur(rgb * known[..., None].astype(np.float32), (5, 5)) / np.maximum(share, 1e-3)[..., None]
    rough = np.abs(rgb - mean).mean(2)
    next_to_it, further = known & (apart < 1.2), known & (apart > 3.3) & (apart < 6)
    if not next_to_it.any() or not further.any():
        return 0.0
    ratio = rough[next_to_it].mean() / max(rough[further].mean(), 0.5)
    return float(np.clip((ratio - CLEAN) / (RINGING - CLEAN), 0, 1))


def _across(rgb: np.ndarray, known: np.ndarray, doubt: float) -> np.ndarray:
    """Float32 (H, W, 3): Telea's fill and a membrane, whose mean is nearer to the truth than either, most of the time.

    In ``doubt`` of the pixels next to the hole it is Telea's, which reads further ones, and a membrane that leaves them out.
    """
    picture = rgb.astype(np.float32)
    flowed = membrane(picture, known)
    clean = np.rint(flowed).astype(np.uint8)  # OpenCV's Telea takes slopes from the erased pixels too
    marched = cv2.inpaint(clean, (~known).astype(np.uint8), TELEA_RADIUS, cv2.INPAINT_TELEA).astype(np.float32)
    result = marched + (1 - doubt) / 2 * (flowed - marched)
    sure = cv2.erode(known.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    if doubt > 0 and sure.any():
        result += doubt / 4 * (membrane(picture, sure) - marched)
    return result


def parts_of(rgb: np.ndarray, hole: np.ndarray, drawn: np.ndarray) -> list[Part]:
    """The parts of a hole (H, W) in the order in which to fill them. ``drawn``: bool (H, W), lines and colours."""
    if hole.all():
        return [Part("network", hole)]
    copied, walled, left = [], np.zeros_like(hole), np.zeros_like(hole)
    for x0, y0, x1, y1 in hole_groups(hole) if hole.any() else ():
        own = np.zeros_like(hole)
        own[y0:y1, x0:x1] = hole[y0:y1, x0:x1]
        part = _part(rgb, own, (x0, y0, x1, y1), bool((drawn & own).any()))
        if part.kind == "copy":
            copied.append(part)
            left |= own & ~part.mask
        else:
            (walled if part.kind == "walls" else left)[own] = True
    rest = [Part(kind, mask) for kind, mask in (("walls", walled), ("network", left)) if mask.any()]
    return [*copied, *rest]


def copy_into(rgb: np.ndarray, part: Part, hole: np.ndarray, seed: int) -> None:
    """Fill a part in place. ``hole``: all that is not known yet, bool (H, W)."""
    x0, y0, x1, y1 = _around(part.mask, 1.2)
    view = np.s_[y0:y1, x0:x1]
    avoid = None if part.avoid is None else part.avoid[view]
    unknown = hole[view] | part.mask[view]
    if part.rim:
        unknown = cv2.dilate(unknown.astype(np.uint8), np.ones((2 * part.rim + 1,) * 2, np.uint8)) > 0
    filled = texture_fill(rgb[view], unknown, avoid, seed)
    rgb[view][part.mask[view]] = filled[part.mask[view]]


def _around(mask: np.ndarray, times: float) -> tuple[int, int, int, int]:
    x, y, w, h = cv2.boundingRect(mask.astype(np.uint8))
    reach = max(round(times * max(w, h)), 64)
    return max(x - reach, 0), max(y - reach, 0), min(x + w + reach, mask.shape[1]), min(y + h + reach, mask.shape[0])


def _part(rgb: np.ndarray, own: np.ndarray, box: tuple[int, int, int, int], drawn: bool) -> Part:
    look = Look.of(rgb, own, box, CONTEXT)
    if drawn:
        return Part("walls" if look.share(PLAIN) >= ALL_OF_IT else "network", own)
    for group in (PLAIN, HAIR):
        if look.share(group) >= ALL_OF_IT:
            return Part("copy", own, look.others(group, own.shape))
    if max(box[2] - box[0], box[3] - box[1]) <= SPOT * max(own.shape):
        wide = Look.of(rgb, own, box, WIDE_CONTEXT)
        if wide.share(SKIN) >= ALL_OF_IT:
            return Part("copy", own, wide.others(SKIN, own.shape), SPOT_RIM)
    far = own & look.far_from_faces(own.shape)
    if far.sum() > 0.15 * own.sum():
        return Part("copy", far, look.others(PLAIN, own.shape))
    return Part("network", own)


@dataclass(frozen=True)
class Look:
    """Regions uint8 (LOOK_SIDE, LOOK_SIDE) of a square of the photograph around a hole, and where in it the hole is."""

    labels: np.ndarray
    hole: np.ndarray
    square: tuple[int, int, int, int]

    @classmethod
    def of(cls, rgb: np.ndarray, own: np.ndarray, box: tuple[int, int, int, int], context: float) -> "Look":
        height, width = own.shape
        x0, y0, x1, y1 = context_square(box, height, width, context, LOOK_SIDE // 2)
        side = max(x1 - x0, y1 - y0)
        fill = [0, side - (y1 - y0), 0, side - (x1 - x0), cv2.BORDER_REFLECT]
        size = (LOOK_SIDE, LOOK_SIDE)
        shrunk = cv2.resize(cv2.copyMakeBorder(rgb[y0:y1, x0:x1], *fill), size, interpolation=cv2.INTER_AREA)
        marks = cv2.copyMakeBorder(own[y0:y1, x0:x1].astype(np.uint8), *fill[:4], cv2.BORDER_CONSTANT)
        return cls(bundled().labels(shrunk), resize_lines(marks, size) > 0, (x0, y0, x0 + side, y0 + side))

    def share(self, group: tuple[int, ...]) -> float:
        """Of the hole and its rim."""
        rim = max(2, round(0.1 * np.sqrt(self.hole.sum())))
        place = cv2.dilate(self.hole.astype(np.uint8), np.ones((2 * rim + 1,) * 2, np.uint8)) > 0
        return float(np.isin(self.labels[place], group).mean())

    def others(self, group: tuple[int, ...], shape: tuple[int, int]) -> np.ndarray:
        """Where something else than the group is seen, with some air; bool of the photograph's shape."""
        apart = ~np.isin(self.labels, group)
        return self._placed(cv2.dilate(apart.astype(np.uint8), np.ones((3, 3), np.uint8)), shape, False)

    def far_from_faces(self, shape: tuple[int, int]) -> np.ndarray:
        """Background and clothes, but for what is close to anything else; bool of the photograph's shape."""
        near = ~np.isin(self.labels, PLAIN)
        near = cv2.morphologyEx(near.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
        reach = 2 * round(FAR * LOOK_SIDE) + 1
        near = cv2.dilate(near, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach)))
        return self._placed(1 - near, shape, False)

    def _placed(self, marks: np.ndarray, shape: tuple[int, int], outside: bool) -> np.ndarray:
        x0, y0, x1, y1 = self.square
        large = cv2.resize(marks, (x1 - x0, y1 - y0), interpolation=cv2.INTER_NEAREST) > 0
        result = np.full(shape, outside)
        result[y0:y1, x0:x1] = large[: shape[0] - y0, : shape[1] - x0]
        return result
