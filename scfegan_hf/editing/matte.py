"""Soft mattes of the parts of a face: how much of each pixel is iris, lips, brow or hair.

A part's rough region says what surely belongs to it and what surely does not. Between the two the photograph decides: a
local linear model of the colours (guided filter; He, Sun & Tang 2013) is fitted to the sure pixels alone and applied to
the others. Irises are circles (Daugman 1993) within the lids, without pupil and catchlight.
"""

from dataclasses import dataclass

import cv2
import numpy as np

# Sides above this are matted at this size; the fitted colour model is then applied to the photograph's own pixels.
WORK = 640
SMOOTH = 1e-4  # variance of the guide, in [0, 1], below which an edge is not one
UNLIKE = 5.0  # times commoner is a colour around a part than in it, from which on it is not taken to belong to it
GAPS = 0.15  # distances between the eyes from the border of hair up to which there is background between locks
LEAST_DARKER = 8.0  # lightness that brows are darker than skin by, for their hairs to be told from it
HINT = 0.5  # weight of a pixel that only its colour speaks against


@dataclass(frozen=True)
class Band:
    """How far a region's border may be wrong, inwards and outwards, in distances between the eyes."""

    inside: float
    outside: float
    loose: float = 0.0  # of hair: width of locks that are not sure to be hair; what is between them is looked at


BANDS = {"lips": Band(0.03, 0.03), "teeth": Band(0.02, 0.02), "brow": Band(0.02, 0.05), "hair": Band(0.06, 0.1, 0.06)}


def region_matte(rgb: np.ndarray, region: np.ndarray, apart: float, band: Band, unsure: np.ndarray | None = None) -> np.ndarray:
    """float32 (H, W) in [0, 1] for a part of a crop: rgb (H, W, 3) uint8, its rough region (H, W) bool.

    ``apart``: distance between the eyes in pixels of the crop. ``unsure`` bool (H, W): pixels beyond the region of which
    colours alone shall tell.
    """
    height, width = region.shape
    scale = min(1.0, WORK / max(height, width))
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    guide = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    rough = cv2.resize(region.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.5
    unit = apart * scale
    beyond = cv2.distanceTransform(1 - rough.astype(np.uint8), cv2.DIST_L2, 5)
    depth = cv2.distanceTransform(_without_spikes(rough, band.loose * unit), cv2.DIST_L2, 5)
    inside = max(band.inside * unit, 1.0)
    around = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * round(2 * inside) + 1,) * 2)
    border = np.minimum(inside, 0.5 * cv2.dilate(depth, around))  # what is thin has a sure core too
    outside = max(band.outside * unit, 1.0)
    core, rest = depth > border, beyond > outside
    if unsure is not None:
        rest &= cv2.resize(unsure.astype(np.float32), size, interpolation=cv2.INTER_AREA) < 0.5
    strange = np.zeros_like(core)
    if band.loose:  # deep inside it would be gloss
        strange = _unlike(guide, core, rest) & (depth < GAPS * unit)
    sure = np.where(strange & ~rest, HINT, core | rest).astype(np.float32)
    radius = max(round(2 * max(inside, outside)), 2)
    slope, offset, trust = colour_model(guide, (core & ~strange).astype(np.float32), sure, radius)
    plain = np.clip(2 * depth / np.maximum(border, 1), 0, 1) * ~strange
    reach = np.clip(1 - beyond / outside, 0, 1)
    if scale < 1:
        slope, offset, trust, plain, reach = (
            cv2.resize(layer, (width, height), interpolation=cv2.INTER_LINEAR) for layer in (slope, offset, trust, plain, reach)
        )
        guide = rgb.astype(np.float32) / 255
    share = np.clip((np.einsum("hwc,hwc->hw", slope, guide) + offset - 0.25) / 0.6, 0, 1)
    return np.minimum(trust * share + (1 - trust) * plain, reach)


def _without_spikes(region: np.ndarray, width: float) -> np.ndarray:
    side = 2 * round(width / 2) + 1
    return cv2.morphologyEx(region.astype(np.uint8), cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))


def _unlike(guide: np.ndarray, core: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """Pixels whose colour is far commoner around a part than in it: background between locks, bool (H, W)."""
    lab = cv2.cvtColor(guide, cv2.COLOR_RGB2LAB)
    cells = [(lab[..., n] / 8 + shift).clip(0, 31).astype(np.int64) for n, shift in enumerate((0, 16, 16))]
    cells = np.ravel_multi_index(cells, (32,) * 3)
    here, there = (
        cv2.GaussianBlur(np.bincount(cells[where], minlength=32**3).reshape(32, 32, 32).astype(np.float32), (3, 3), 0).ravel()
        / max(int(where.sum()), 1)
        for where in (core, rest)
    )
    return (there > UNLIKE * here + 1e-4)[cells]


def colour_model(guide: np.ndarray, share: np.ndarray, weight: np.ndarray, radius: int) -> tuple[np.ndarray, ...]:
    """Around each pixel the slope (H, W, 3) and offset (H, W) with which the guide's colours explain ``share`` best.

    guide float32 (H, W, 3) in [0, 1]; share (H, W) is heeded where ``weight`` (H, W) is not 0. The third array (H, W) is how
    far that is to be trusted, 0 to 1: the square of the part of the share's variance that is explained.
    """

    def mean(values: np.ndarray) -> np.ndarray:
        return cv2.boxFilter(values, -1, (2 * radius + 1,) * 2, borderType=cv2.BORDER_REFLECT)

    total = mean(weight) + 1e-6
    center = mean(guide * weight[..., None]) / total[..., None]
    level = mean(share * weight) / total
    spread = np.empty((*share.shape, 3, 3), np.float32)
    for i in range(3):
        for j in range(i, 3):
            both = mean(guide[..., i] * guide[..., j] * weight) / total - center[..., i] * center[..., j]
            spread[..., i, j] = spread[..., j, i] = both
    spread += SMOOTH * np.eye(3, dtype=np.float32)
    common = mean(guide * (share * weight)[..., None]) / total[..., None] - center * level[..., None]
    slope = np.linalg.solve(spread, common[..., None])[..., 0]
    offset = level - np.einsum("hwc,hwc->hw", slope, center)
    varied = level - level**2  # variance of a share that is 0 or 1
    explained = np.where(varied > 0.01, np.einsum("hwc,hwc->hw", slope, common) / np.maximum(varied, 0.01), 1)
    # Windows that see many sure pixels speak louder than those that see few.
    radius = max(radius // 2, 1)
    heard = mean(total)
    slope, offset = mean(slope * total[..., None]) / heard[..., None], mean(offset * total) / heard
    return slope, offset, (np.clip(mean(explained * total) / heard, 0, 1) ** 2).astype(np.float32)


def strands(light: np.ndarray, matte: np.ndarray, apart: float) -> np.ndarray:
    """The matte of a brow without the skin between its hairs: ``light`` (H, W) is the crop's lightness, 0 to 100."""
    skin = (matte < 0.05).astype(np.float32)
    sigma = max(0.1 * apart, 2.0)
    around = cv2.GaussianBlur(light * skin, (0, 0), sigma) / (cv2.GaussianBlur(skin, (0, 0), sigma) + 1e-6)
    inside = matte > 0.8
    darker = around - light
    depth = float(np.percentile(darker[inside], 85)) if inside.any() else 0.0
    return matte * np.clip(darker / (0.4 * depth), 0, 1) if depth > LEAST_DARKER else matte


def iris_matte(light: np.ndarray, opening: np.ndarray, center: tuple[float, float], radius: float, target: float) -> np.ndarray:
    """float32 (H, W): the iris of an eye, without pupil, catchlight and what the lids cover.

    light: lightness (H, W) of the crop, 0 to 100; opening (H, W) in [0, 1]: how much of a pixel is between the lids;
    center and radius: a guess of the iris, in pixels; target: the lightness it is to have. Where it becomes lighter its dark
    rim stays, which light irises have too.
    """
    smooth = cv2.GaussianBlur(light, (0, 0), max(0.06 * radius, 0.6))
    x, y, radius = _circle(smooth, center, radius)
    distance = np.hypot(*(axis - at for axis, at in zip(np.indices(light.shape, np.float32)[::-1], (x, y), strict=True)))
    soft = max(0.12 * radius, 1.0)
    pupil = _pupil(smooth, x, y, radius)
    ring = np.clip((distance - pupil) / soft + 0.5, 0, 1) * opening
    shown = light[(distance < 0.9 * radius) & (ring > 0.5)]
    if not shown.size:
        return np.zeros_like(light)
    own = float(np.median(shown))
    rim = 0.35 if target > own + 10 else 0.12
    disc = np.clip((radius + 0.5 * soft - distance) / max(rim * radius, 1.0), 0, 1)
    glint = np.clip((smooth - max(own + 18, target)) / 20, 0, 1)
    return (disc * ring * (1 - glint)).astype(np.float32)


ANGLES = np.radians([*range(-40, 41, 8), *range(140, 221, 8)])  # left and right, where no lid covers the iris


def _rise(light: np.ndarray, x, y, radius, step: float) -> np.ndarray:
    """How much lighter it is just outside circles than just inside, by angle; x, y, radius of one shape."""
    places = [
        np.stack([x[..., None] + r[..., None] * np.cos(ANGLES), y[..., None] + r[..., None] * np.sin(ANGLES)])
        for r in (radius - step, radius + step)
    ]
    inner, outer = (
        cv2.remap(
            light, *place.astype(np.float32).reshape(2, -1, len(ANGLES)), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        for place in places
    )
    return (outer - inner).reshape(*x.shape, len(ANGLES)).clip(-20, 20)


def _circle(light: np.ndarray, center: tuple[float, float], radius: float) -> tuple[float, float, float]:
    """The circle with the sharpest rise of lightness outwards near a guess."""
    moves, sizes = np.linspace(-0.35, 0.35, 15) * radius, np.linspace(0.75, 1.3, 12) * radius
    x, y, r = np.meshgrid(center[0] + moves, center[1] + moves, sizes, indexing="ij")
    away = np.hypot(x - center[0], y - center[1]) / radius + np.abs(r / radius - 1)
    score = _rise(light, x, y, r, max(0.1 * radius, 1.0)).mean(-1) - 3 * away
    best = np.unravel_index(score.argmax(), score.shape)
    return float(x[best]), float(y[best]), float(r[best])


def _pupil(light: np.ndarray, x: float, y: float, radius: float) -> float:
    """Radius of the pupil; in irises too dark to tell it from, what it usually is."""
    sizes = np.linspace(0.28, 0.55, 10) * radius
    rises = _rise(light, np.full_like(sizes, x), np.full_like(sizes, y), sizes, max(0.08 * radius, 1.0))
    rises = np.median(rises, axis=-1)  # a catchlight is on a few angles only
    return float(sizes[rises.argmax()]) if rises.max() > 3 else 0.36 * radius
