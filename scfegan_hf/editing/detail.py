"""The detail pass: gives an enlarged answer of the network the texture that it lacks, from the photograph around it.

The network works on some 200 pixels; enlarged to a photograph its answer has no pores, no strands and no grain. Three layers
make up for it, octave by octave, each adding only what energy is missing: the photograph's own detail, copied from places that
look alike in the same kind of region (`offsets`); in hair, streaks along its flow (`strands`); and grain, as the photograph
has it where it is smoothest.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from scfegan_hf.editing import octaves, offsets, strands
from scfegan_hf.editing.looks import FaceLooks, is_profile
from scfegan_hf.faces.regions import REGIONS

# Kinds of regions that share a texture. Eyes and the inside of a mouth are not textures: they have grain alone.
KINDS = {
    "background": ("background",),
    "skin": ("skin", "nose", "ears"),
    "hair": ("hair",),
    "clothes": ("clothes",),
    "brows": ("brows",),
    "lips": ("lips",),
    "inside": ("eyes", "iris", "mouth"),
}
NAMES = tuple(KINDS)
KIND_OF_REGION = np.array([next(i for i, n in enumerate(NAMES) if region in KINDS[n]) for region in REGIONS], np.uint8)
BACKGROUND, SKIN, HAIR, CLOTHES, BROWS, LIPS, INSIDE = range(len(NAMES))

COARSEST = 2.0  # network pixels: coarser detail is the network's own
AROUND, MOST_AROUND = 0.9, 320  # what is looked at around a hole, in holes; at most this many network pixels a side
# Copies have at most this many times the energy that is usual in their region, which is what prevents ghosts.
MOST = {HAIR: 2.0, BROWS: 2.0}
MOST_OTHERS = 1.8
# And no value of more than this many times its root: rims of glasses, lashes and wrinkles would come along onto skin. What is
# as coarse there as the network's pixels is more often such a thing than pores, and counts by half.
MOST_VALUE, MOST_VALUE_OTHERS, COARSE_SKIN = 2.2, 3.5, 0.5
# Misfit up to which a copy counts in full; hair must lie as the answer has it.
TRUSTED = {HAIR: 80.0}
TRUSTED_OTHERS = 250.0
BORROWED = 500.0  # for lips that take the skin's texture: another colour, but teeth that are called lips have none
# Streaks: parts of the energy that is usual in hair, finest octave first, and what is usual where no hair is to be seen
# (medians over 20 prepared faces of 1024 pixels, of the square of the brightness).
STREAKS = (0.9, 0.9, 0.7, 0.4, 0.25, 0.2)
USUAL_HAIR = (0.0006, 0.002, 0.004, 0.006, 0.008, 0.008)
DIRECTED = 0.2  # coherence of what is labelled hair: hats and wool have less, and get no streaks
GRAIN_SHARE = 0.1  # grain is the energy that a tenth of the region stays below
DARKEST = 8.0  # grey levels: energies are compared relative to the brightness, which is taken to be at least this
SAMPLES, ENOUGH = 15000, 40  # that a picture's texture is judged by, and that one kind needs
MOST_GAIN = 3.0  # of copies, where layers of them cancel out
LARGEST = 5_000_000  # pixels of a hole's bounds that get texture


def window_around(box: tuple[int, int, int, int], size: tuple[int, int], scale: float) -> tuple[int, int, int, int]:
    """The part of a photograph of ``size`` (height, width) that a hole in ``box`` is given texture from: x0, y0, x1, y1."""
    x0, y0, x1, y1 = box
    longer = max(x1 - x0, y1 - y0)
    reach = int(min(AROUND * longer, max((MOST_AROUND * scale - longer) / 2, 0.35 * longer)) + 8)
    return max(x0 - reach, 0), max(y0 - reach, 0), min(x1 + reach, size[1]), min(y1 + reach, size[0])


def too_large(box: tuple[int, int, int, int]) -> bool:
    """Whether a hole with these bounds is more than a machine's memory should be asked to give texture: it takes about 200
    bytes a pixel."""
    return (box[2] - box[0]) * (box[3] - box[1]) > LARGEST


def detailed(
    answer: np.ndarray,
    crop: tuple[int, int, int, int],
    box: tuple[int, int, int, int],
    photo: np.ndarray,
    hole: np.ndarray,
    lines: np.ndarray,
    scale: float,
    looks: FaceLooks,
    seed: int = 0,
) -> np.ndarray:
    """The ``answer`` (float32, of the size of ``crop``) with texture where the hole in ``box`` is.

    photo: uint8 RGB (H, W, 3); hole and lines: bool (H, W), all holes and drawn lines; crop and box: x0, y0, x1, y1 in the
    photograph; scale: its pixels to one of the network.
    """
    frame = looks.nearest(photo, box)
    around = window_around(box, photo.shape[:2], scale)
    whole = _union(around, crop) if frame is None else _union(_union(around, crop), _bounds(frame, photo.shape[:2]))
    part = np.s_[whole[1] : whole[3], whole[0] : whole[2]]
    picture = photo[part].copy()
    inner = np.s_[crop[1] - whole[1] : crop[3] - whole[1], crop[0] - whole[0] : crop[2] - whole[0]]
    inside = hole[part][inner].astype(np.uint8)
    picture[inner] = cv2.copyTo(np.clip(np.rint(answer), 0, 255).astype(np.uint8), inside, picture[inner])
    regions, textured = np.zeros(picture.shape[:2], np.uint8), True
    if frame is not None:
        regions, points = looks.look(picture, frame - np.float32(whole[:2]))
        textured = not is_profile(points)
    window = np.s_[around[1] - whole[1] : around[3] - whole[1], around[0] - whole[0] : around[2] - whole[0]]
    local = (box[0] - around[0], box[1] - around[1], box[2] - around[0], box[3] - around[1])
    layers = (hole[part][window], regions[window], lines[part][window])
    added = add_detail(picture[window].astype(np.float32), *layers, local, scale, seed, textured)
    result = answer.copy()
    result[box[1] - crop[1] : box[3] - crop[1], box[0] - crop[0] : box[2] - crop[0]] += added
    return result


def _union(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    return min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])


def _bounds(frame: np.ndarray, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """The part of a photograph of ``size`` (height, width) that a frame lies in."""
    limits = size[::-1]
    low, high = np.clip(np.floor(frame.min(0)), 0, limits), np.clip(np.ceil(frame.max(0)), 0, limits)
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def add_detail(
    picture: np.ndarray,
    hole: np.ndarray,
    regions: np.ndarray,
    lines: np.ndarray,
    box: tuple[int, int, int, int],
    scale: float,
    seed: int = 0,
    textured: bool = True,
) -> np.ndarray:
    """What to add in ``box`` (x0, y0, x1, y1): float32 (h, w, 3), in grey levels.

    picture: float32 RGB (H, W, 3), a `window_around` the hole with the enlarged answer in it; hole: bool (H, W), all that
    is not the photograph; regions: uint8 (H, W), labels of REGIONS in the picture; lines: bool (H, W), drawn ones; scale:
    pixels of the picture to one of the network; textured: False where regions are not to be relied on, for grain alone.
    """
    scene = _Scene(picture, ~hole, KIND_OF_REGION[regions], lines, box, max(scale, 1.0))
    rng = np.random.default_rng(seed)
    makers = (_copied, _streaked, _grain) if textured else (_grain,)
    layers = [layer for layer in (make(scene, rng) for make in makers) if layer is not None]
    added = np.zeros_like(scene.here(picture))
    for octave in range(len(scene.sigmas)):
        energy = scene.here(scene.energies[octave])
        for layer in layers:
            missing = np.maximum(layer.wanted[octave] - energy, 0) * layer.share
            gain = np.minimum(np.sqrt(missing / np.maximum(layer.energies[octave], 1e-6)), layer.most_gain)
            added += layer.textures[octave] * gain[..., None]
            energy = energy + gain * gain * layer.energies[octave]
    return added


@dataclass(frozen=True)
class _Scene:
    """A picture with the answer in it, and what its octaves show."""

    picture: np.ndarray
    known: np.ndarray
    kinds: np.ndarray
    lines: np.ndarray
    box: tuple[int, int, int, int]
    scale: float

    def here(self, array: np.ndarray) -> np.ndarray:
        """The box's part of an array."""
        x0, y0, x1, y1 = self.box
        return array[y0:y1, x0:x1]

    @cached_property
    def top(self) -> float:
        return max(COARSEST * self.scale, 2 * octaves.FINEST)

    @cached_property
    def sigmas(self) -> list[float]:
        return octaves.sigmas(self.top)

    @cached_property
    def _split(self) -> tuple[list[np.ndarray], np.ndarray]:
        return octaves.octaves(octaves.grey(self.picture), self.top)

    @cached_property
    def light(self) -> np.ndarray:
        """Brightness (H, W), at least DARKEST."""
        return np.maximum(self._split[1], DARKEST)

    def light_of(self, kind: int) -> np.ndarray:
        """Brightness of one kind alone around each pixel of the box: dark hair is dark at its border with the sky too."""
        weight = (self.here(self.kinds) == kind).astype(np.float32)
        sum_of_light = octaves.blur(self.here(octaves.grey(self.picture)) * weight, self.top)
        return np.maximum(sum_of_light / (octaves.blur(weight, self.top) + 1e-3), DARKEST)

    @cached_property
    def energies(self) -> list[np.ndarray]:
        """By octave, the local energy of brightness (H, W), of the answer in the hole and of the photograph around it."""
        hole = ~self.known
        return [octaves.local_energy(band, sigma, hole) for band, sigma in zip(self._split[0], self.sigmas, strict=True)]

    @cached_property
    def samples(self) -> tuple[slice, slice, np.ndarray]:
        """Every so manieth row and column, and which of these pixels are known and not burnt out."""
        step = max(int(np.sqrt(self.known.size / SAMPLES)), 1)
        every = slice(None, None, step)
        known = cv2.erode(self.known.astype(np.uint8), np.ones((7, 7), np.uint8))[every, every] > 0
        light = self.light[every, every]
        return every, every, known & (light > DARKEST) & (light < 250)

    def usual(self, kind: int, quantile: float, relative: bool) -> list[float] | None:
        """By octave, a quantile of the energies in the known part of a kind; None where there is too little of it."""
        rows, columns, known = self.samples
        chosen = known & (self.kinds[rows, columns] == kind)
        if chosen.sum() < ENOUGH:
            return None
        light = self.light[rows, columns][chosen] ** 2 if relative else 1.0
        return [float(np.quantile(energy[rows, columns][chosen] / light, quantile)) for energy in self.energies]


@dataclass(frozen=True)
class _Layer:
    """By octave: a texture (h, w, 3), its energy and the energy that is wanted; and where it counts, 0 to 1 (h, w)."""

    textures: Sequence[np.ndarray]
    energies: Sequence[np.ndarray | float]
    wanted: Sequence[np.ndarray]
    share: np.ndarray | float
    most_gain: float = np.inf


def _copied(scene: _Scene, rng: np.random.Generator) -> _Layer | None:
    """The photograph's own detail."""
    kinds, borrowed = scene.kinds, np.zeros_like(scene.known)
    if scene.usual(LIPS, 0.5, True) is None:  # lips that are erased altogether take the skin's
        borrowed = kinds == LIPS
        kinds = np.where(borrowed, SKIN, kinds).astype(np.uint8)
    copies = offsets.choose(scene.picture, ~scene.known, kinds, scene.box, scene.scale, rng)
    if copies is None:
        return None
    x, y = copies.sources()
    height, width = scene.known.shape
    x, y = x.clip(0, width - 1), y.clip(0, height - 1)
    here = scene.here(kinds)
    trusted = copies.spread(_trust(copies, kinds, scene.kinds), scene.box)
    trusted *= scene.here(scene.kinds) != INSIDE
    residual = scene.picture - octaves.blur(scene.picture, scene.top)
    textures, _ = octaves.octaves(copies.copy(residual, scene.box), scene.top)
    wanted = [copies.spread(energy[y, x], scene.box) for energy in scene.energies]
    for kind in np.unique(here):
        usual, inside = scene.usual(kind, 0.5, True), here == kind
        light = scene.light_of(kind)[inside]
        for octave, energy in enumerate(usual or ()):
            most = MOST.get(int(kind), MOST_OTHERS) * energy * light**2
            if kind == SKIN and scene.sigmas[octave] > scene.scale:
                most *= COARSE_SKIN
            limit = (MOST_VALUE if kind == SKIN else MOST_VALUE_OTHERS) * np.sqrt(most)[:, None]
            wanted[octave][inside] = np.minimum(wanted[octave][inside], most)
            textures[octave][inside] = np.clip(textures[octave][inside], -limit, limit)
    energies = [
        octaves.local_energy(octaves.grey(texture), sigma) for texture, sigma in zip(textures, scene.sigmas, strict=True)
    ]
    return _Layer(textures, energies, wanted, trusted * trusted, MOST_GAIN)


def _trust(copies: offsets.Copies, kinds: np.ndarray, own: np.ndarray) -> np.ndarray:
    """How far each cell's copy is believed, 0 to 1; colours of what is borrowed are another's and do not count."""
    height, width = own.shape
    cells = np.ix_(np.round(copies.y).astype(int).clip(0, height - 1), np.round(copies.x).astype(int).clip(0, width - 1))
    limit = np.full(copies.misfit.shape, TRUSTED_OTHERS)
    for kind, value in TRUSTED.items():
        limit[kinds[cells] == kind] = value
    limit[kinds[cells] != own[cells]] = BORROWED
    somewhere = copies.misfit < 0.95 * offsets.NOWHERE
    trust = somewhere * np.exp(-np.maximum(copies.misfit - limit, 0) / limit)
    return cv2.blur(trust, (3, 3), borderType=cv2.BORDER_REPLICATE) * somewhere


def _streaked(scene: _Scene, rng: np.random.Generator) -> _Layer | None:
    """Streaks of hair; None without hair in the hole, or where what is called hair has no direction, as a hat."""
    hairy = (scene.kinds == HAIR) & ~scene.known
    if not scene.here(hairy).any():
        return None
    tensor = strands.structure(scene.picture, scene.lines, scene.scale)
    usual = scene.usual(HAIR, 0.5, True)
    if usual is not None:
        hair = cv2.resize(((scene.kinds == HAIR) & scene.known).astype(np.uint8), tensor.shape[1::-1]) > 0
        if hair.any() and np.median(strands.coherence(tensor)[hair]) < DIRECTED:
            return None
    hair = (scene.here(scene.kinds) == HAIR).astype(np.float32)
    picture, soft = scene.here(scene.picture), cv2.GaussianBlur(hair, (0, 0), scene.scale)
    within = octaves.blur(hair, scene.top)[..., None] + 1e-3  # colours of the hair alone, not of the sky behind it
    color = octaves.blur(picture * hair[..., None], scene.top) / within
    light = np.maximum(octaves.grey(color), DARKEST)
    along = [scene.here(part) for part in strands.flow(tensor, scene.known.shape)]
    bands, _ = octaves.octaves(strands.strands(*along, scene.scale, rng), scene.top)
    wanted = [
        STREAKS[min(octave, len(STREAKS) - 1)]
        * (USUAL_HAIR[min(octave, len(USUAL_HAIR) - 1)] if usual is None else usual[octave])
        * light**2
        for octave in range(len(bands))
    ]
    tint, share = color / light[..., None], np.clip(2 * soft - 1, 0, 1)
    return _Layer([band[..., None] * tint for band in bands], [max(float(band.var()), 1e-6) for band in bands], wanted, share)


def _grain(scene: _Scene, rng: np.random.Generator) -> _Layer:
    """Noise as strong, octave by octave, as where the photograph is smoothest: the camera's or the film's."""
    here = scene.here(scene.kinds)
    noise = rng.standard_normal(here.shape).astype(np.float32)
    bands, _ = octaves.octaves(noise, scene.top)
    wanted = [np.zeros(here.shape, np.float32) for _ in bands]
    floors = {kind: scene.usual(kind, GRAIN_SHARE, False) for kind in range(len(NAMES))}
    least = np.min([floor for floor in floors.values() if floor] or [[0.0] * len(bands)], axis=0)
    for kind in np.unique(here):
        own = None if kind == INSIDE else floors[kind]  # even a tenth of an eye or a mouth is lashes and edges, no grain
        for octave, energy in enumerate(own or least):
            wanted[octave][here == kind] = energy
    textures = [np.repeat(band[..., None], 3, axis=2) for band in bands]
    return _Layer(textures, [float(band.var()) for band in bands], wanted, 1.0)
