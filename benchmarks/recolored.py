"""Eight photographs, a hasty dab on each, and what mode="recolor" makes of it: docs/pictures/recolor.jpg.

python benchmarks/recolored.py ../shared/data --out docs/pictures/recolor.jpg
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from scfegan_hf.conditioning import context_square
from scfegan_hf.data.pictures import bounds
from scfegan_hf.editing.photos import read_photo
from scfegan_hf.editing.recolor import recolor_photo
from scfegan_hf.editing.seen import Face, find_faces
from scfegan_hf.faces.landmarks import LEFT_EYE, OUTER_LIPS, PUPILS, RIGHT_EYE

# Photograph, part, colour.
CASES = (
    ("london-lab/010-neutral.jpg", "eyes", (98, 124, 84)),
    ("london-lab/025-neutral.jpg", "lips", (170, 30, 45)),
    ("london-lab/030-neutral.jpg", "hair", (140, 55, 30)),
    ("portraits-cc0/male-80.jpg", "hair", (150, 150, 150)),
    ("london-lab/091-neutral.jpg", "eyes", (96, 60, 36)),
    ("portraits-cc0/female-0.jpg", "lips", (100, 30, 70)),
    ("portraits-cc0/female-60.jpg", "hair", (200, 165, 110)),
    ("london-lab/120-neutral.jpg", "lips", (196, 140, 120)),
)
TILE, COLUMNS = 180, 2


def dabs(photo: np.ndarray, face: Face, part: str, color: tuple[int, int, int]) -> np.ndarray:
    """RGBA: a stroke on each of the part's pieces, a little beside their middle."""
    layer, unit = np.zeros((*photo.shape[:2], 4), np.uint8), face.apart
    if part == "hair":
        hair = face.region("hair").astype(np.uint8)
        hair[int(face.points[list(PUPILS), 1].max()) :] = 0
        depth = cv2.distanceTransform(hair, cv2.DIST_L2, 5)
        places, length, width = [np.unravel_index(depth.argmax(), depth.shape)[::-1]], 0.2, 0.12
    elif part == "lips":
        places, length, width = [face.points[OUTER_LIPS][8:11].mean(0) - (0, 0.05 * unit)], 0.12, 0.06
    else:
        places, length, width = [face.points[eye].mean(0) for eye in (LEFT_EYE, RIGHT_EYE)], 0.06, 0.07
    for x, y in places:
        ends = [(round(x + sign * length * unit), round(y + sign * 0.03 * unit)) for sign in (-1, 1)]
        cv2.line(layer, *ends, (*color, 255), max(round(width * unit), 2))
    return layer


def row(path: Path, part: str, color: tuple[int, int, int]) -> np.ndarray:
    """Photograph, dab, result: the surroundings of what changed."""
    photo = read_photo(path).rgb
    face = find_faces(photo, np.ones(photo.shape[:2], bool))[0]
    layer = dabs(photo, face, part, color)
    result = np.asarray(recolor_photo(photo, None, None, layer)[0])
    painted = np.where(layer[..., 3:] > 0, layer[..., :3], photo)
    x0, y0, x1, y1 = context_square(bounds((result != photo).any(2)), *photo.shape[:2], 1.25, round(1.2 * face.apart))
    side = (TILE, TILE)
    crops = (np.ascontiguousarray(picture[y0:y1, x0:x1]) for picture in (photo, painted, result))
    return np.hstack(
        [cv2.resize(crop, side, interpolation=cv2.INTER_AREA if x1 - x0 > TILE else cv2.INTER_CUBIC) for crop in crops]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder with london-lab and portraits-cc0")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    rows = [row(options.data / name, part, color) for name, part, color in CASES]
    count = len(rows) // COLUMNS
    sheet = np.hstack([np.vstack(rows[start : start + count]) for start in range(0, len(rows), count)])
    Image.fromarray(sheet).save(options.out, quality=80)


if __name__ == "__main__":
    main()
