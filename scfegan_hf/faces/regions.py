"""A face divided into regions: skin, hair and clothes by an ONNX network given by path, the rest from 98 landmarks."""

import cv2
import numpy as np

from scfegan_hf.faces.landmarks import (
    CONTOUR,
    INNER_LIPS,
    LEFT_BROW,
    LEFT_EYE,
    NOSE,
    OUTER_LIPS,
    PUPILS,
    RIGHT_BROW,
    RIGHT_EYE,
)

# Labels of a region map, in the order of their numbers.
REGIONS = ("background", "skin", "hair", "clothes", "brows", "eyes", "iris", "nose", "lips", "mouth", "ears")

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def region_map(image: np.ndarray, points: np.ndarray | None, network=None) -> np.ndarray:
    """Labels of REGIONS, uint8 HxW. Without a network hair and clothes stay background; without points, no features."""
    height, width = image.shape[:2]
    result = np.zeros((height, width), np.uint8)
    if network is not None:
        small = cv2.resize(image, (512, 512), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        batch = ((small - IMAGENET_MEAN) / IMAGENET_STD).transpose(2, 0, 1)[None].astype(np.float32)
        masks = network.run(None, {network.get_inputs()[0].name: batch})[0][0]  # skin, clothes, hair
        for mask, name in zip(masks, ("skin", "clothes", "hair"), strict=True):
            result[cv2.resize(mask, (width, height)) > 0.5] = REGIONS.index(name)
    if points is None:
        return result

    def fill(name: str, polygon: np.ndarray) -> None:
        cv2.fillPoly(result, [np.round(polygon).astype(np.int32)], REGIONS.index(name))

    if network is None:
        fill("skin", np.concatenate([points[CONTOUR], points[RIGHT_BROW][:5][::-1], points[LEFT_BROW][:5][::-1]]))
    fill("nose", cv2.convexHull(points[NOSE])[:, 0])
    for group in (LEFT_BROW, RIGHT_BROW):
        fill("brows", points[group])
    for group, pupil in ((LEFT_EYE, PUPILS[0]), (RIGHT_EYE, PUPILS[1])):
        eye = np.zeros_like(result)
        cv2.fillPoly(eye, [np.round(points[group]).astype(np.int32)], 1)
        result[eye > 0] = REGIONS.index("eyes")
        # An iris is 11.7 mm wide, the opening of the lids about 30 mm.
        radius = 0.2 * np.hypot(*(points[group][4] - points[group][0]))
        iris = np.zeros_like(result)
        cv2.circle(iris, tuple(int(v) for v in np.round(points[pupil])), max(round(float(radius)), 1), 1, -1)
        result[(eye > 0) & (iris > 0)] = REGIONS.index("iris")
    fill("lips", points[OUTER_LIPS])
    fill("mouth", points[INNER_LIPS])
    return mark_ears(result, points)


def mark_ears(regions: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Call skin beside the face's contour, between eyes and mouth, ears; no teacher knows them. In place."""
    height, width = regions.shape
    eyes = np.stack([points[LEFT_EYE].mean(0), points[RIGHT_EYE].mean(0)])
    distance = float(np.hypot(*(eyes[1] - eyes[0])))
    if distance < 4:
        return regions
    contour = np.zeros_like(regions)
    cv2.fillPoly(contour, [cv2.convexHull(np.round(points).astype(np.int32))], 1)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    across = (eyes[1] - eyes[0]) / distance
    along = (x - eyes[0, 0]) * -across[1] + (y - eyes[0, 1]) * across[0]  # how far below the line of the eyes
    near_side = cv2.distanceTransform(1 - contour, cv2.DIST_L2, 3) < 0.4 * distance
    level = (along > -0.05 * distance) & (along < 0.85 * distance)  # temples are not ears
    regions[(regions == REGIONS.index("skin")) & (contour == 0) & near_side & level] = REGIONS.index("ears")
    return regions
