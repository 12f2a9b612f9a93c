"""One erased eye or brow from the other one, mirrored: a candidate beside the network's own.

The mirrored photograph is laid over the hole by the landmarks around it, moved to where it agrees best with the network's
answer, and bent so that lids, pupil and brow lie where the answer has them, which the drawn lines have shaped. Its broad tones
are the answer's. It is refused where it would not go on outside the hole: glasses, hair over an eye, light from one side,
faces turned aside.
"""

import cv2
import numpy as np

from scfegan_hf.data.pictures import bounds
from scfegan_hf.editing.looks import FaceLooks, is_profile
from scfegan_hf.editing.octaves import blur, grey
from scfegan_hf.editing.seam import join
from scfegan_hf.faces.landmarks import LEFT_BROW, LEFT_EYE, PUPILS, RIGHT_BROW, RIGHT_EYE

# The point of the other half of the face for each of the 98: contour, brows, nose, eyes, lips, pupils.
OTHER_SIDE = np.array(
    [
        *(*range(32, -1, -1), *range(46, 41, -1), *range(50, 46, -1), *range(37, 32, -1), *range(41, 37, -1)),
        *(*range(51, 55), *range(59, 54, -1), *range(72, 67, -1), *range(75, 72, -1), *range(64, 59, -1), *range(67, 64, -1)),
        *(*range(82, 75, -1), *range(87, 82, -1), *range(92, 87, -1), *range(95, 92, -1), 97, 96),
    ]
)
SIDES = (
    (*range(LEFT_BROW.start, LEFT_BROW.stop), *range(LEFT_EYE.start, LEFT_EYE.stop), PUPILS[0]),
    (*range(RIGHT_BROW.start, RIGHT_BROW.stop), *range(RIGHT_EYE.start, RIGHT_EYE.stop), PUPILS[1]),
)
# All lengths below in distances between the eyes.
NEAR = 0.9  # how far away landmarks count for where the picture is laid
SMALL = 60  # pixels between the eyes at which it is moved to where it agrees best
# Pixels of that size; and sizes, of which all but the first, where the landmarks have it, must be this much more alike.
MOVES, SIZES, MORE_ALIKE = np.arange(-5, 6, 1), (1.0, 0.92, 1.08), 0.02
BEND, MOST_BENT = 0.09, 0.15
TONES, COLORS = 0.06, 0.025
RING = 0.16
SEAM = 0.02  # as `join` counts the network's pixels
# Gates: correlation with the answer, what of the source must be known, and the misfit around the hole in grey levels.
LEAST_ALIKE, LEAST_KNOWN, MOST_MISFIT = 0.6, 0.98, 24.0


def with_mirrored_features(
    photo: np.ndarray, answer: np.ndarray, hole: np.ndarray, boxes: list[tuple[int, int, int, int]], looks: FaceLooks
) -> np.ndarray | None:
    """The answer with mirrored eyes and brows in each of the hole's boxes that wants one; None if none does.

    photo and answer: uint8 RGB (H, W, 3), alike outside the hole, bool (H, W); boxes: of `hole_groups`.
    """
    result, some = answer.copy(), False
    for box in boxes:
        frame = looks.nearest(photo, box)
        if frame is None:
            continue
        points = looks.look(answer, frame)[1]
        own = np.zeros_like(hole)
        own[box[1] : box[3], box[0] : box[2]] = hole[box[1] : box[3], box[0] : box[2]]
        mirrored = mirrored_feature(photo, answer, own, points, hole)
        if mirrored is None:
            continue
        window = _window(own, 8)
        joined = join(mirrored[window], photo[window], own[window], SEAM * _apart(points))
        result[window] = cv2.copyTo(np.rint(joined.clip(0, 255)).astype(np.uint8), own[window].astype(np.uint8), result[window])
        some = True
    return result if some else None


def mirrored_feature(
    photo: np.ndarray, answer: np.ndarray, hole: np.ndarray, points: np.ndarray, unknown: np.ndarray | None = None
) -> np.ndarray | None:
    """The answer with the mirrored photograph in and around the hole, float32 (H, W, 3); None where that would not do.

    photo and answer: uint8 RGB (H, W, 3), answer equal to the photograph outside the hole; hole: bool (H, W); points:
    landmarks (98, 2) of the face in the answer; unknown: bool (H, W), all holes, if there are more.
    """
    if erased_side(hole, points) is None or is_profile(points):
        return None
    unknown, apart = hole if unknown is None else unknown, _apart(points)
    placed = _placed(hole, points, apart)
    placed = _moved(photo, answer, hole, placed, apart)
    if placed is None:
        return None
    window = _window(hole, round((RING + 3 * TONES) * apart))
    x, y = _bent(hole, points, placed, apart, window)
    mirrored = cv2.remap(photo, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE).astype(np.float32)
    erased = cv2.remap(unknown.astype(np.float32), x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    here = hole[window]
    if (erased[here] == 0).mean() < LEAST_KNOWN:
        return None
    toned = mirrored + _tones(answer[window] - mirrored, apart)
    reach = max(round(RING * apart / 2), 1)
    near = cv2.dilate(here.astype(np.uint8), cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1,) * 2)) > 0
    misfit = cv2.GaussianBlur(np.abs(toned - photo[window]).mean(2), (0, 0), max(0.01 * apart, 0.5))[near & ~unknown[window]]
    if not misfit.size or np.quantile(misfit, 0.95) > MOST_MISFIT:
        return None
    result = answer.astype(np.float32)
    result[window] = toned
    return result


def _tones(difference: np.ndarray, apart: float) -> np.ndarray:
    """What of a difference is broad; colours, which are the user's in an iris, are followed more closely than brightness."""
    light = grey(difference)
    colors = blur(difference - light[..., None], COLORS * apart)
    return colors + blur(light, TONES * apart)[..., None]


def _apart(points: np.ndarray) -> float:
    return float(np.hypot(*(points[LEFT_EYE].mean(0) - points[RIGHT_EYE].mean(0))))


def _window(hole: np.ndarray, margin: int) -> tuple[slice, slice]:
    x0, y0, x1, y1 = bounds(hole)
    return np.s_[max(y0 - margin, 0) : y1 + margin, max(x0 - margin, 0) : x1 + margin]


def erased_side(hole: np.ndarray, points: np.ndarray) -> int | None:
    """0 or 1 where an eye or a brow of that side (left or right in the picture) is mostly in the hole and none of the other."""
    height, width = hole.shape
    x, y = np.round(points).astype(int).T
    inside = hole[y.clip(0, height - 1), x.clip(0, width - 1)]
    groups = [(slice(s[0], s[0] + 9), slice(s[9], s[9] + 8)) for s in SIDES]
    erased = [[inside[group].mean() for group in side] for side in groups]
    for side in (0, 1):
        if max(erased[side]) > 0.7 and max(erased[1 - side]) == 0:
            return side
    return None


def _placed(hole: np.ndarray, points: np.ndarray, apart: float) -> np.ndarray:
    """Affine matrix (2, 3) from the photograph to its mirror image over the hole, by landmarks that are not erased."""
    height, width = hole.shape
    x, y = np.round(points).astype(int).T
    erased = hole[y.clip(0, height - 1), x.clip(0, width - 1)]
    use = ~erased & ~erased[OTHER_SIDE]
    target = points[use]
    x0, y0, x1, y1 = bounds(hole)
    centre = np.array([x0 + x1, y0 + y1]) / 2
    weight = np.exp(-((target - centre) ** 2).sum(1) / (2 * (NEAR * apart) ** 2)) + 1e-3
    root = np.sqrt(weight)[:, None]
    source = np.column_stack([points[OTHER_SIDE][use], np.ones(use.sum())])
    return np.linalg.lstsq(source * root, target * root, rcond=None)[0].T


def _moved(photo: np.ndarray, answer: np.ndarray, hole: np.ndarray, placed: np.ndarray, apart: float) -> np.ndarray | None:
    """The matrix moved and scaled a little to where the mirror image is most like the answer; None if it is never alike."""
    step = max(apart / SMALL, 1.0)
    x0, y0, x1, y1 = (edge + more for edge, more in zip(bounds(hole), (-4, -4, 4, 4), strict=True))
    size = max(int((x1 - x0) / step), 4), max(int((y1 - y0) / step), 4)

    def seen(picture: np.ndarray, matrix: np.ndarray) -> np.ndarray:
        into = np.array([[1 / step, 0, -x0 / step], [0, 1 / step, -y0 / step], [0, 0, 1]])
        whole = (into @ np.vstack([matrix, [0, 0, 1]]))[:2]
        return cv2.warpAffine(picture, whole, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)

    soft, plain = (blur(grey(picture.astype(np.float32)), step) for picture in (photo, answer))
    same = np.eye(2, 3)
    inside = seen(hole.astype(np.float32), same) > 0.5
    if inside.sum() < 16:
        return None
    target, centre = _standard(seen(plain, same)[inside]), np.array([x0 + x1, y0 + y1]) / 2
    best, best_matrix = LEAST_ALIKE, None
    for scale in SIZES:
        sized = placed * scale
        sized[:, 2] += centre * (1 - scale)
        for move in ((x, y) for y in MOVES for x in MOVES):
            matrix = sized.copy()
            matrix[:, 2] += np.array(move) * step
            alike = float((target * _standard(seen(soft, matrix)[inside])).mean()) - MORE_ALIKE * (scale != SIZES[0])
            if alike > best:
                best, best_matrix = alike, matrix
    return best_matrix


def _standard(values: np.ndarray) -> np.ndarray:
    return (values - values.mean()) / (values.std() + 1e-3)


def _bent(hole, points, placed, apart: float, window: tuple[slice, slice]) -> tuple[np.ndarray, np.ndarray]:
    """Where each pixel of the window comes from, x and y: the matrix, bent so that the other's points lie on the answer's."""
    height, width = hole.shape
    back = cv2.invertAffineTransform(placed)
    rows, columns = (np.arange(side, dtype=np.float32)[part] for side, part in zip(hole.shape, window, strict=True))
    x, y = np.meshgrid(columns, rows)
    source_x, source_y = (back[i, 0] * x + back[i, 1] * y + back[i, 2] for i in (0, 1))
    column, row = np.round(points).astype(int).T
    erased = hole[row.clip(0, height - 1), column.clip(0, width - 1)]
    chosen = [point for side in SIDES for point in side if erased[point]]
    off = points[OTHER_SIDE][chosen] - (points[chosen] @ back[:, :2].T + back[:, 2])
    off *= np.minimum(1, MOST_BENT * apart / np.maximum(np.hypot(*off.T), 1e-3))[:, None]
    total = np.full(x.shape, 1e-9, np.float32)
    bend = np.zeros((*x.shape, 2), np.float32)
    for (px, py), shift in zip(points[chosen], off, strict=True):
        weight = np.exp(-((x - px) ** 2 + (y - py) ** 2) / (2 * (BEND * apart) ** 2))
        total += weight
        bend += weight[..., None] * shift.astype(np.float32)
    bend *= ((1 - np.exp(-1.5 * total)) / total)[..., None]
    return (source_x + bend[..., 0]).astype(np.float32), (source_y + bend[..., 1]).astype(np.float32)
