"""Doodles of faces: what they show of a face, and how a drawing is read."""

import cv2
import numpy as np
import pytest

from scfegan_hf.editing.drawn.doodles import doodle, measure, mouth
from scfegan_hf.editing.drawn.scrawls import MARGIN, framed, render
from scfegan_hf.faces.landmarks import INNER_LIPS, MOUTH_CORNERS
from scfegan_hf.faces.regions import REGIONS

HAIR = REGIONS.index("hair")


@pytest.fixture
def points(face_points) -> np.ndarray:
    """In pixels of a square of 256."""
    return face_points * 256


@pytest.fixture
def regions(points) -> np.ndarray:
    """Skin where the points are, and above them."""
    regions = np.zeros((256, 256), np.uint8)
    low, high = points.min(0).astype(int), points.max(0).astype(int)
    regions[low[1] - (high[1] - low[1]) // 3 : high[1], low[0] : high[0]] = REGIONS.index("skin")
    return regions


def bends(points: np.ndarray, regions: np.ndarray) -> float:
    """How far the middle of drawn mouths lies below their ends, in the mean of fifty."""
    face, below = measure(points, regions), []
    for seed in range(50):
        curve = mouth(face, np.random.default_rng(seed))[0]
        below.append(curve[len(curve) // 2, 1] - (curve[0, 1] + curve[-1, 1]) / 2)
    return float(np.mean(below)) / face.unit


def test_a_mouth_bends_as_the_face_does(points, regions):
    smiling, sad = points.copy(), points.copy()
    lift = 0.08 * np.ptp(points[:33, 0])
    smiling[INNER_LIPS, 1] += lift
    smiling[list(MOUTH_CORNERS), 1] -= lift
    sad[list(MOUTH_CORNERS), 1] += lift
    assert bends(smiling, regions) > 0.03 > -0.01 > bends(sad, regions)


def test_hair_is_drawn_only_where_there_is_some(points, regions):
    rng = np.random.default_rng
    bald = measure(points, regions)
    low, high = points.min(0).astype(int), points.max(0).astype(int)
    maned = regions.copy()
    maned[: high[1], : low[0]] = maned[: high[1], high[0] :] = HAIR
    long = measure(points, maned)

    def width(face) -> float:
        strokes = [np.concatenate(doodle(face, rng(seed))) for seed in range(30)]
        return float(np.mean([np.ptp(stroke[:, 0]) / face.unit for stroke in strokes]))

    assert width(long) > 1.15 * width(bald)


def test_glasses_and_beards_are_always_drawn(points, regions):
    face = measure(points, regions)

    def strokes(**wears) -> float:
        return float(np.mean([len(doodle(face, np.random.default_rng(seed), **wears)) for seed in range(60)]))

    assert strokes(glasses=True) > strokes() + 2.5 and strokes(beard=True) > strokes() + 1


def test_a_rendered_doodle_fills_its_square_and_reads_back_as_itself(points, regions):
    strokes = doodle(measure(points, regions), np.random.default_rng(1))
    picture = render(strokes, 2.0)
    rows, cols = np.flatnonzero(picture.max(1) > 64), np.flatnonzero(picture.max(0) > 64)
    assert max(np.ptp(rows), np.ptp(cols)) == pytest.approx(96 * (1 - 2 * MARGIN), abs=3)
    large = np.zeros((700, 900), np.uint8)
    drawing = render(strokes, 2.0 * 480 / 96, 480)
    large[150:630, 300:780] = drawing
    smooth = [cv2.GaussianBlur(each.astype(np.float32), (0, 0), 1.5).ravel() for each in (picture, framed(large))]
    assert np.corrcoef(*smooth)[0, 1] > 0.9


def test_an_empty_drawing_is_refused():
    with pytest.raises(ValueError, match="next to nothing"):
        framed(np.zeros((100, 100), np.uint8))
