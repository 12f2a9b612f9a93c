"""Which part of a face a dab of colour means, and that part's matte in the photograph."""

from dataclasses import dataclass

import cv2
import numpy as np

from scfegan_hf.data.pictures import bounds
from scfegan_hf.editing.matte import BANDS, Band, iris_matte, region_matte, strands
from scfegan_hf.editing.seen import Face
from scfegan_hf.editing.tones import to_lab
from scfegan_hf.faces.landmarks import CONTOUR, LEFT_BROW, LEFT_EYE, PUPILS, RIGHT_BROW, RIGHT_EYE
from scfegan_hf.faces.regions import REGIONS

Box = tuple[int, int, int, int]  # x0, y0, x1, y1

# Regions by part, and the votes of a dab's pixel for it: a hasty dab on an eye covers the lids too.
PARTS = {
    "eye": (("eyes", "iris"), 3.0),
    "lips": (("lips",), 2.0),
    "teeth": (("mouth",), 1.0),
    "brow": (("brows",), 2.5),
    "hair": (("hair",), 1.0),
    "skin": (("skin", "nose", "ears"), 1.0),
    "elsewhere": (("background", "clothes"), 1.0),
}
SPOT = 0.15  # softness of a spot's or a mask's border in parts of its size
PIECE = 0.3  # of the largest piece of hair; smaller ones are cloth, or strangers'
IRIS = 0.58  # of the lightness of the white beside it, most that an iris is given: lighter ones glow
LEAST_WHITE = 12  # pixels of it, below which nothing is known of its light
TEETH = 0.1  # share of light pixels without red from which on the mouth is open


@dataclass(frozen=True)
class Part:
    """What a dab means: a name of PARTS, of which face (None: of none), and of two of a kind which one (0 left, 1 right)."""

    name: str
    face: int | None = None
    side: int = 0


def part_under(rgb: np.ndarray, paint: np.ndarray, dab: np.ndarray, faces: list[Face], maskless: bool) -> Part:
    """What a dab (H, W) bool of ``paint`` on a photograph means; ValueError if that takes a mask and there is none."""
    x0, y0, x1, y1 = bounds(dab)
    center = np.array([(x0 + x1) / 2, (y0 + y1) / 2])
    name, number = "elsewhere", None
    if faces:
        number = min(range(len(faces)), key=lambda n: float(np.hypot(*(faces[n].points.mean(0) - center))))
        under = faces[number].regions[y0:y1, x0:x1][dab[y0:y1, x0:x1]]
        share = np.bincount(under, minlength=len(REGIONS))
        votes = {part: weight * sum(share[REGIONS.index(each)] for each in labels) for part, (labels, weight) in PARTS.items()}
        name = max(votes, key=votes.get)
        if name == "teeth" and (not _like_teeth(paint[dab]) or teeth(rgb, faces[number]) is None):
            name = "lips"
    if name == "elsewhere":
        if maskless:
            raise ValueError(
                f"The colour at ({round(center[0])}, {round(center[1])}) lies on no part of a face that was found. "
                "Give a mask of what is to have it."
            )
        return Part(name)
    if name == "skin":
        return Part(name)
    points = faces[number].points
    if name in ("eye", "brow"):
        left, right = (LEFT_EYE, RIGHT_EYE) if name == "eye" else (LEFT_BROW, RIGHT_BROW)
        return Part(name, number, int(np.hypot(*(points[right].mean(0) - center)) < np.hypot(*(points[left].mean(0) - center))))
    return Part(name, number, int(name == "hair" and _in_beard(points, center)))


def teeth(rgb: np.ndarray, face: Face) -> np.ndarray | None:
    """Teeth, bool (H, W): what is lighter and less red than the lips between them. None where the mouth is closed.

    The annotator calls the inner side of closed full lips mouth too, so it cannot be asked.
    """
    lips, mouth = face.region("lips"), face.region("mouth")
    if not lips.any() or not mouth.any():
        return None
    light, red, _ = np.median(to_lab(rgb[lips][None])[0], 0)
    between = to_lab(rgb[mouth][None])[0]
    teeth = np.zeros_like(mouth)
    teeth[mouth] = (between[:, 0] > light + 3) & (between[:, 1] < red - 4)
    return teeth if teeth.sum() > TEETH * mouth.sum() else None


def _like_teeth(colors: np.ndarray) -> bool:
    """Whether somebody may want teeth in these colours (N, 3): light, and hardly coloured."""
    light, *chroma = np.median(to_lab(colors[None])[0], 0)
    return light > 55 and np.hypot(*chroma) < 30


def _in_beard(points: np.ndarray, point: np.ndarray) -> bool:
    inside = cv2.pointPolygonTest(points[CONTOUR].astype(np.float32)[:, None], tuple(map(float, point)), False) >= 0
    return inside and point[1] > points[list(PUPILS)][:, 1].max()


def part_matte(
    rgb: np.ndarray, part: Part, faces: list[Face], paint: np.ndarray, dabs: np.ndarray, mask: np.ndarray | None
) -> tuple[Box, np.ndarray]:
    """The box (x0, y0, x1, y1) around a part that was painted by ``dabs``, and its matte there, float32 from 0 to 1."""
    if part.face is None:
        return _area_matte(rgb, dabs, mask)
    face = faces[part.face]
    if part.name == "eye":
        color = np.median(to_lab(paint[dabs][None])[0], 0)
        return _eye_matte(rgb, face, part.side, min(float(color[0]), lightest(rgb, part, faces)))
    region, unsure = face.region(*PARTS[part.name][0]), None
    if part.name == "brow":
        region &= _half(face.points, part.side, region.shape)
    elif part.name == "hair":
        region = _large_pieces(region & (_lower_face(face.points, region.shape) == bool(part.side)))
    elif part.name == "lips":
        mouth, bright = face.region("mouth"), teeth(rgb, face)
        if bright is None:
            region |= mouth
        else:
            unsure = mouth & ~bright
    band = BANDS[part.name]
    box = _box(region, band.outside * face.apart)
    crop, unsure = _cut(rgb, box), None if unsure is None else _cut(unsure, box)
    matte = region_matte(crop, _cut(region, box), face.apart, band, unsure)
    return box, strands(to_lab(crop)[..., 0], matte, face.apart) if part.name == "brow" else matte


def lightest(rgb: np.ndarray, part: Part, faces: list[Face]) -> float:
    """The lightness that a part may be given: an iris no more than IRIS of the white's beside it, or it glows."""
    if part.name != "eye" or part.face is None:
        return 100.0
    box = _eye_box(rgb, faces[part.face], part.side)
    white = _cut(faces[part.face].region("eyes"), box)
    if white.sum() < LEAST_WHITE:
        return 100.0
    return IRIS * float(np.quantile(to_lab(_cut(rgb, box))[..., 0][white], 0.75, method="lower"))


def _area_matte(rgb: np.ndarray, dabs: np.ndarray, mask: np.ndarray | None) -> tuple[Box, np.ndarray]:
    """Of the pieces of the mask that the dabs lie in; without a mask of the dabs."""
    region, band = dabs, Band(SPOT, SPOT)
    if mask is not None:
        _, pieces = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
        region, band = np.isin(pieces, np.unique(pieces[dabs])), Band(SPOT, 0)
    size = float(np.sqrt(region.sum()))
    box = _box(region, SPOT * size)
    return box, region_matte(_cut(rgb, box), _cut(region, box), size, band)


def _eye_matte(rgb: np.ndarray, face: Face, side: int, light: float) -> tuple[Box, np.ndarray]:
    """Of an iris that is to have the lightness ``light``."""
    width, box = _eye_width(face, side), _eye_box(rgb, face, side)
    opening = cv2.GaussianBlur(_cut(face.region("eyes", "iris"), box).astype(np.float32), (0, 0), max(0.03 * width, 0.6))
    center = tuple(face.points[PUPILS[side]] - box[:2])
    return box, iris_matte(to_lab(_cut(rgb, box))[..., 0], np.clip(2 * opening - 0.5, 0, 1), center, 0.2 * width, light)


def _eye_width(face: Face, side: int) -> float:
    ring = face.points[(LEFT_EYE, RIGHT_EYE)[side]]
    return float(np.hypot(*(ring[4] - ring[0])))


def _eye_box(rgb: np.ndarray, face: Face, side: int) -> Box:
    """Around an eye, half its width on every side."""
    ring, margin = face.points[(LEFT_EYE, RIGHT_EYE)[side]], 0.5 * _eye_width(face, side)
    low, high = np.floor(ring.min(0) - margin).astype(int), np.ceil(ring.max(0) + margin).astype(int)
    limit = (rgb.shape[1], rgb.shape[0])
    return (*np.clip(low, 0, limit).tolist(), *np.clip(high, 0, limit).tolist())


def _lower_face(points: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Where hair is beard: within the contour, below the eyes."""
    lower = np.zeros(shape, np.uint8)
    cv2.fillPoly(lower, [np.round(points[CONTOUR]).astype(np.int32)], 1)
    lower[: max(int(points[list(PUPILS)][:, 1].max()), 0)] = 0
    return lower > 0


def _half(points: np.ndarray, side: int, shape: tuple[int, ...]) -> np.ndarray:
    """The left (0) or the right (1) half of a face."""
    left, right = points[LEFT_BROW].mean(0), points[RIGHT_BROW].mean(0)
    x, y = np.meshgrid(np.arange(shape[1], dtype=np.float32), np.arange(shape[0], dtype=np.float32), sparse=True)
    across = (x - (left + right)[0] / 2) * (right - left)[0] + (y - (left + right)[1] / 2) * (right - left)[1]
    return (across > 0) == bool(side)


def _large_pieces(region: np.ndarray) -> np.ndarray:
    """Without the pieces that are small beside the largest."""
    _, pieces, stats, _ = cv2.connectedComponentsWithStats(region.astype(np.uint8), connectivity=8)
    area = stats[:, cv2.CC_STAT_AREA]
    large = area >= PIECE * area[1:].max(initial=0)
    large[0] = False
    return large[pieces]


def _box(region: np.ndarray, margin: float) -> Box:
    more = int(margin) + 4
    x0, y0, x1, y1 = bounds(region)
    return max(x0 - more, 0), max(y0 - more, 0), min(x1 + more, region.shape[1]), min(y1 + more, region.shape[0])


def _cut(layer: np.ndarray, box: Box) -> np.ndarray:
    return layer[box[1] : box[3], box[0] : box[2]]
