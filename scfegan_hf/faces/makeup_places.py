"""Where make-up goes on a face: a soft mask for each layer, from 98 landmarks and a region map.

Masks are feathered in proportion to the face. Points are x, y in pixels of the picture.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from scfegan_hf.faces.landmarks import CONTOUR, INNER_LIPS, LEFT_EYE, NOSE, OUTER_LIPS, RIGHT_EYE
from scfegan_hf.faces.regions import REGIONS

LAYERS = ("lips", "shadow", "liner", "blush", "foundation")
# Upper lid and the brow's lower edge above it, from the outer corner to the inner one.
EYES = ((LEFT_EYE, (60, 61, 62, 63, 64), (33, 41, 40, 39, 38)), (RIGHT_EYE, (72, 71, 70, 69, 68), (46, 47, 48, 49, 50)))
# A cheek: outer corner of the eye, corner of the mouth, contour beside them, side of the nose.
CHEEKS = ((60, 76, 5, 55), (72, 82, 27, 59))
FACE = ("skin", "nose", "brows", "eyes", "iris", "lips", "mouth", "ears")
WING = 4  # of the 24 steps along the lid
FAINT = 1 / 255  # of a mask, which would change nothing
LEAST_APART = 8.0  # pixels between the eyes below which a face cannot be made up


@dataclass(frozen=True)
class Places:
    """masks: float32 (5, H, W) in [0, 1], in the order of LAYERS; apart: pixels between the eyes."""

    masks: np.ndarray
    apart: float

    def mask(self, layer: str) -> np.ndarray:
        """One layer's (H, W)."""
        return self.masks[LAYERS.index(layer)]


def places(points: np.ndarray, regions: np.ndarray) -> Places:
    """Where each layer goes, from landmarks (98, 2) and regions (H, W), labels of REGIONS, of one face.

    Lips without the inside of an open mouth, lids without the eyeball, nothing on hair, cloth and background. Raises ValueError
    without landmarks, and for a face so small that its lids are no pixel wide.
    """
    if len(points) != 98:
        raise ValueError("Make-up needs the 98 landmarks of a face.")
    between = points[LEFT_EYE].mean(0) - points[RIGHT_EYE].mean(0)
    # Of a head turned aside the eyes come near each other, its height stays.
    height = np.hypot(*(points[16] - points[51]))
    apart = max(float(np.hypot(*between)), 0.62 * float(height))
    if apart < LEAST_APART:
        raise ValueError(f"A face of {apart:.0f} pixels between the eyes is too small for make-up. Enlarge the photograph.")
    here = _Painter(regions.shape, apart)
    face = here.soften(np.isin(regions, [REGIONS.index(name) for name in FACE]).astype(np.float32), 0.02)
    eyeballs = np.maximum(*(here.polygon(_smooth(points[eye]), 0.01) for eye, _, _ in EYES))
    mouth = here.polygon(_smooth(points[INNER_LIPS]), 0.01) * _openness(points, apart)
    lips = here.polygon(_smooth(points[OUTER_LIPS]), 0.014) * (1 - mouth)
    brows = here.soften((regions == REGIONS.index("brows")).astype(np.float32), 0.02)
    masks = {
        "lips": lips * face,
        "shadow": _shadow(here, points) * (1 - eyeballs) * (1 - 0.8 * brows) * face,
        "liner": _liner(here, points) * (1 - eyeballs) * face,
    }
    skin = here.soften(np.isin(regions, [REGIONS.index("skin"), REGIONS.index("nose")]).astype(np.float32), 0.02)
    bare = skin * (1 - eyeballs) * (1 - here.polygon(_smooth(points[OUTER_LIPS]), 0.02)) * (1 - brows)
    masks["blush"] = _blush(here, points) * bare
    masks["foundation"] = _whole(here, points) * bare
    stacked = np.stack([masks[layer] for layer in LAYERS]).clip(0, 1)
    stacked[stacked < FAINT] = 0
    return Places(stacked, apart)


class _Painter:
    """Draws masks (H, W) whose softness is said in distances between the eyes."""

    def __init__(self, shape: tuple[int, int], apart: float):
        self.shape, self.apart = shape, apart

    def soften(self, mask: np.ndarray, soft: float) -> np.ndarray:
        sigma = soft * self.apart
        shrink = int(sigma / 4)  # wide blurs are made on a smaller picture
        if shrink < 2:
            return cv2.GaussianBlur(mask, (0, 0), max(sigma, 0.3))
        height, width = mask.shape
        small = cv2.resize(mask, (max(width // shrink, 1), max(height // shrink, 1)), interpolation=cv2.INTER_AREA)
        return cv2.resize(cv2.GaussianBlur(small, (0, 0), sigma / shrink), (width, height), interpolation=cv2.INTER_LINEAR)

    def polygon(self, points: np.ndarray, soft: float) -> np.ndarray:
        mask = np.zeros(self.shape, np.uint8)
        # Sixteenths of a pixel, less the half by which cv2's pixel centres are off.
        cv2.fillPoly(mask, [np.round(points * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
        return self.soften(mask.astype(np.float32) / 255, soft)


def _smooth(points: np.ndarray, between: int = 6, closed: bool = True) -> np.ndarray:
    """A curve through points (N, 2), by Catmull and Rom (1974), with ``between`` steps from each to the next."""
    around = np.concatenate([points[-1:], points, points[:2]] if closed else [points[:1], points, points[-1:]])
    t = np.linspace(0, 1, between, endpoint=False, dtype=np.float32)[None, :, None]
    a, b, c, d = (around[n : len(around) - 3 + n, None] for n in range(4))
    curve = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
    curve = curve.reshape(-1, 2)
    return curve if closed else np.concatenate([curve, points[-1:]])


def _openness(points: np.ndarray, apart: float) -> float:
    """From 0, lips on lips, to 1, open so far that what lies between them is no lip."""
    inner = points[INNER_LIPS]
    gap = np.hypot(*(inner[1:4] - inner[[7, 6, 5]]).T).mean() / apart
    return float(np.clip((gap - 0.02) / 0.04, 0, 1))


def _shadow(here: _Painter, points: np.ndarray) -> np.ndarray:
    """From the upper lid up to two thirds of the way to the brow, the fainter the higher, and a little beyond the corner."""
    mask = np.zeros(here.shape, np.float32)
    for eye, lid, brow in EYES:
        lid, brow = points[list(lid)], points[list(brow)]
        outward = lid[0] - points[eye].mean(0)
        lid = np.concatenate([lid[:1] + 0.3 * outward + 0.3 * (brow[0] - lid[0]), lid])
        brow = np.concatenate([brow[:1], brow])
        for share, weight in ((0.32, 0.45), (0.5, 0.35), (0.66, 0.2)):
            upper = lid + (brow - lid) * np.float32([0.6, 0.9, 1, 1, 0.9, 0.5])[:, None] * share
            ring = np.concatenate([_smooth(lid, closed=False), _smooth(upper, closed=False)[::-1]])
            mask += weight * here.polygon(ring, 0.03)
    return np.minimum(mask, 1)


def _liner(here: _Painter, points: np.ndarray) -> np.ndarray:
    """Along the upper lid, thicker towards the outer corner, and a short wing beyond it."""
    mask = np.zeros(here.shape, np.float32)
    for eye, lid, brow in EYES:
        curve = _smooth(points[list(lid)], closed=False)
        middle = points[eye].mean(0)
        outward = points[lid[0]] - middle
        up = points[list(brow)].mean(0) - middle
        up /= max(float(np.hypot(*up)), 1e-3)
        thick = here.apart * np.interp(np.linspace(0, 1, len(curve)), (0, 0.25, 1), (0.045, 0.04, 0.016))
        tip = curve[0] + 0.34 * outward + 0.09 * here.apart * up
        below = curve[WING:] - 0.008 * here.apart * up  # the wing rises from the lid before it comes to the corner
        ring = np.concatenate([tip[None], curve + thick[:, None].astype(np.float32) * up, below[::-1]])
        mask = np.maximum(mask, here.polygon(ring, 0.008))
    return mask


def _blush(here: _Painter, points: np.ndarray) -> np.ndarray:
    """Soft ellipses on the cheeks, rising towards the temples; narrower on the side that a head is turned to."""
    height, width = here.shape
    y, x = np.mgrid[:height, :width].astype(np.float32)
    mask = np.zeros(here.shape, np.float32)
    up = points[51] - points[16]
    for corner, mouth, contour, nose in CHEEKS:
        side = points[contour] - points[nose]
        centre = points[nose] + 0.6 * side
        level = 0.58 * points[corner] + 0.42 * points[mouth]
        unit = up / max(float(np.hypot(*up)), 1e-3)
        centre = centre + unit * float((level - centre) @ unit)
        along = side + 0.22 * up
        long = 0.28 * float(np.hypot(*along))
        along = along / max(float(np.hypot(*along)), 1e-3)
        across = np.array([-along[1], along[0]])
        dx, dy = x - centre[0], y - centre[1]
        far = np.square((dx * along[0] + dy * along[1]) / max(long, 1)) + np.square(
            (dx * across[0] + dy * across[1]) / (0.155 * here.apart)
        )
        mask = np.maximum(mask, np.exp(-0.5 * far) * (far < 9))
    return mask


def _whole(here: _Painter, points: np.ndarray) -> np.ndarray:
    """The face within its contour and up to the hair."""
    contour = points[CONTOUR]
    up = points[NOSE][0] - points[16]
    rise = np.linspace(0, 1, 9, dtype=np.float32)[1:-1, None]
    across = contour[-1] + (contour[0] - contour[-1]) * rise
    arch = across + up * (0.95 * np.sqrt(np.clip(1 - (2 * rise - 1) ** 2, 0, 1)))
    ring = np.concatenate([contour, arch])
    inward = ring.mean(0) + (ring - ring.mean(0)) * 0.97
    return here.polygon(_smooth(inward.astype(np.float32), 3), 0.07)
