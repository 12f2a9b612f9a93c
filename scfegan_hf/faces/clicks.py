"""What a click on a face means: parts by name, told from the annotator's regions and landmarks alone.

The annotator knows skin, hair and clothes; what is neck and what is worn on the head follows from where they lie. Regions are
uint8 (H, W) labels of REGIONS, landmarks float32 (98, 2) as x, y in pixels. site/engine/parts.js does the same.
"""

import cv2
import numpy as np

from scfegan_hf.faces.landmarks import CONTOUR, LEFT_BROW, LEFT_EYE, RIGHT_BROW, RIGHT_EYE
from scfegan_hf.faces.regions import REGIONS

# Labels of what the annotator has no names for, after its own.
LABELS = (*REGIONS, "neck", "hat")
# Parts that a click can mean, and the labels that make them.
PARTS = {
    "eye": ("eyes", "iris"),
    "brow": ("brows",),
    "nose": ("nose",),
    "mouth": ("lips", "mouth"),
    "ear": ("ears",),
    "hair": ("hair",),
    "hat": ("hat",),
    "face": ("skin",),
    "neck": ("neck",),
    "clothes": ("clothes",),
    "background": ("background",),
}
# Air around a part, in distances between the eyes: a person circles a feature generously, but not hair or background.
MARGINS = {"eye": 0.14, "brow": 0.1, "nose": 0.1, "mouth": 0.14, "ear": 0.1}
OTHER_MARGIN = 0.03
# In distances between the eyes, from the middle between them: skin below the jaw by NECK[0], and not above NECK[1], is neck.
NECK = (0.06, 0.6)
# A hat is what is above the brows, no further aside and up than this, if so much of hair and cloth there is cloth.
HAT_REACH, HAT_SHARE = (1.7, 2.4), 0.25


def place_in_face(points: np.ndarray, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pixels' places across and down a face, in distances between the eyes from the middle between them."""
    left, right = points[LEFT_EYE].mean(0), points[RIGHT_EYE].mean(0)
    (cx, cy), (ux, uy) = (left + right) / 2, (right - left) / float(((right - left) ** 2).sum())
    return (x - cx) * ux + (y - cy) * uy, (y - cy) * ux - (x - cx) * uy


def with_beyond(regions: np.ndarray, wide: np.ndarray, inside: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Regions of a face's frame, gone on with outside it (``inside`` is False) by those of a wider look.

    Hair out there is hair where it hangs together with hair in the frame; else cloth below the mouth, and background above.
    """
    hair, features = (
        REGIONS.index("hair"),
        [REGIONS.index(name) for name in ("brows", "eyes", "iris", "nose", "lips", "mouth", "ears")],
    )
    both = np.where(inside, regions, np.where(np.isin(wide, features), REGIONS.index("skin"), wide))
    _, pieces = cv2.connectedComponents((both == hair).astype(np.uint8), connectivity=8)
    loose = (both == hair) & ~np.isin(pieces, np.unique(pieces[(both == hair) & inside]))
    y, x = np.nonzero(loose)
    _, down = place_in_face(points, x, y)
    both[y, x] = np.where(down > 1, REGIONS.index("clothes"), REGIONS.index("background"))
    return both.astype(np.uint8)


def with_neck_and_hat(regions: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Labels of LABELS, uint8 (H, W): regions with neck and hat told from skin, hair and clothes."""
    skin, hair, clothes = (REGIONS.index(name) for name in ("skin", "hair", "clothes"))
    out, (height, width) = regions.copy(), regions.shape
    y, x = np.mgrid[:height, :width].astype(np.float64)
    across, down = place_in_face(points.astype(np.float64), x, y)
    jaw = np.stack(place_in_face(points.astype(np.float64), *points[CONTOUR].astype(np.float64).T))
    jaw = jaw[:, np.argsort(jaw[0], kind="stable")]
    out[(regions == skin) & (down > NECK[1]) & (down > np.interp(across, *jaw) + NECK[0])] = LABELS.index("neck")
    brows = np.concatenate([points[LEFT_BROW], points[RIGHT_BROW]]).astype(np.float64).mean(0)
    brow = float(place_in_face(points.astype(np.float64), *brows)[1])
    above = (down < brow) & (down > -HAT_REACH[1]) & (abs(across) < HAT_REACH[0])
    cloth, strands = above & (regions == clothes), above & (regions == hair)
    if cloth.sum() >= HAT_SHARE * (cloth.sum() + strands.sum()):
        out[cloth | strands] = LABELS.index("hat")
    else:
        out[cloth] = hair  # the annotator's patches in grey and curly hair
    return out


def part_at(regions: np.ndarray, points: np.ndarray, x: int, y: int) -> tuple[str, np.ndarray]:
    """Name (of PARTS) and mask, uint8 (H, W) 0/1, of the part at pixel (x, y) of a face."""
    labels = with_neck_and_hat(regions, points)
    name = next(part for part, names in PARTS.items() if LABELS[labels[y, x]] in names)
    chosen = np.isin(labels, [LABELS.index(each) for each in PARTS[name]]).astype(np.uint8)
    _, pieces = cv2.connectedComponents(chosen, connectivity=8)
    mask = (pieces == pieces[y, x]).astype(np.uint8)
    apart = float(np.hypot(*(points[LEFT_EYE].mean(0) - points[RIGHT_EYE].mean(0))))
    reach = round(MARGINS.get(name, OTHER_MARGIN) * apart)
    if reach:
        mask = cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1,) * 2))
    return name, mask
