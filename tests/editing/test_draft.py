"""A drawing on a face is answered by what it means, and to the letter where that is asked for."""

import cv2
import numpy as np
import pytest
from skimage.data import astronaut

from scfegan_hf import FaceEditPipeline
from scfegan_hf.editing.candidates import DRAFTS, alike
from scfegan_hf.editing.draft import TRACED, Draft, broad_dabs, in_color, joined, traced
from scfegan_hf.editing.guess import SEEN, Guesser
from scfegan_hf.editing.looking import looks
from scfegan_hf.faces.landmarks import LEFT_BROW, LEFT_EYE, OUTER_LIPS, PUPILS, RIGHT_BROW, RIGHT_EYE

PHOTO = np.ascontiguousarray(astronaut()[:300, 100:400])


@pytest.fixture(scope="module")
def points() -> np.ndarray:
    return looks().look(PHOTO, looks().frames(PHOTO)[0])[1]


@pytest.fixture(scope="module")
def drawing(points) -> tuple[np.ndarray, ...]:
    """A hole over both eyes, lids and rings drawn in a hurry, and green dabs for the irises: hole, lines, paint, painted."""
    hole, lines, painted = (np.zeros(PHOTO.shape[:2], np.uint8) for _ in range(3))
    around = np.concatenate([points[LEFT_EYE], points[RIGHT_EYE]])
    (x0, y0), (x1, y1) = np.floor(around.min(0)).astype(int) - 6, np.ceil(around.max(0)).astype(int) + 6
    hole[y0:y1, x0:x1] = 1
    for group, pupil in ((LEFT_EYE, PUPILS[0]), (RIGHT_EYE, PUPILS[1])):
        cv2.polylines(lines, [np.round(points[group] + 1).astype(np.int32)], True, 1, 2)
        cv2.circle(painted, np.round(points[pupil]).astype(int).tolist(), 3, 1, -1)
    paint = np.zeros_like(PHOTO)
    paint[painted > 0] = (40, 190, 60)
    return hole > 0, lines > 0, paint, painted > 0


def test_a_draft_is_a_drawing_of_the_hole(drawing):
    hole, lines, paint, painted = drawing
    guesser = Guesser.of(PHOTO, hole, None, looks())
    drawn, colors, given = Draft(guesser, lines, paint, painted)()
    assert (given == hole).all() and drawn.any() and not (drawn & ~hole).any()
    erased = PHOTO.copy()
    erased[hole] = (255, 0, 255)  # what was there does not count
    again = Draft(Guesser(erased, hole, None, guesser.frame), lines, paint, painted)()
    assert all((one == two).all() for one, two in zip((drawn, given), (again[0], again[2]), strict=True))
    assert (again[1][hole] == colors[hole]).all()


def test_hair_and_brows_are_taken_as_they_are_drawn(points):
    brows = points[LEFT_BROW][:, 1].min()
    fringe = np.zeros(PHOTO.shape[:2], bool)
    fringe[int(brows) - 40 : int(brows) - 4, 70:150] = True
    assert Guesser.of(PHOTO, fringe, None, looks()) is not None
    assert Guesser.of(PHOTO, fringe, None, looks(), drawn=True) is None
    for group in (LEFT_BROW, RIGHT_BROW):
        brow = np.zeros(PHOTO.shape[:2], np.uint8)
        cv2.polylines(brow, [np.round(points[group]).astype(np.int32)], True, 1, 6)
        assert Guesser.of(PHOTO, brow > 0, None, looks(), drawn=True) is None
    mouth = np.zeros(PHOTO.shape[:2], np.uint8)
    cv2.fillPoly(mouth, [np.round(points[OUTER_LIPS]).astype(np.int32)], 1)
    assert Guesser.of(PHOTO, mouth > 0, None, looks(), drawn=True) is not None


def test_irises_have_the_hue_of_dabs_wherever_the_draft_has_them(drawing, points):
    hole, lines, _paint, painted = drawing
    low = np.roll(painted, 4, axis=0)  # a hasty hand
    lower = np.where(low[..., None], np.uint8([40, 190, 60]), np.uint8(0))
    guesser = Guesser.of(PHOTO, hole, None, looks())
    with_dabs, without = (Draft(guesser, lines, lower, where)()[1] for where in (low, np.zeros_like(low)))
    greener = (with_dabs.astype(int) @ (-1, 2, -1)) - (without.astype(int) @ (-1, 2, -1))
    assert greener.max() > 50
    rows, columns = np.nonzero(greener > 25)
    eyes = np.stack([points[group].mean(0) for group in (LEFT_EYE, RIGHT_EYE)])
    nearest = np.min([np.hypot(columns - x, rows - y) for x, y in eyes], 0)
    assert nearest.max() < 10  # not where the dabs were


def test_broad_dabs_colour_and_small_ones_do_not():
    painted = np.zeros((128, 128), bool)
    painted[10:14, 10:30] = True
    painted[60:100, 40:70] = True
    broad = broad_dabs(painted)
    assert broad[60:100, 40:70].all() and broad.sum() == 40 * 30 and not broad_dabs(painted & ~broad).any()
    rng = np.random.default_rng(0)
    face = np.clip(150 + cv2.GaussianBlur(rng.normal(0, 60, (128, 128)), (0, 0), 1)[..., None] + np.zeros(3), 0, 255).astype(
        np.uint8
    )
    result = in_color(face, np.full_like(face, (50, 36, 30)), broad)
    inside = np.s_[66:94, 46:64]
    before, after = face[inside].astype(float).mean(2), result[inside].astype(float).mean(2)
    assert 40 < after.mean() < 85 and np.corrcoef(before.ravel(), after.ravel())[0, 1] > 0.7
    assert (result[:50] == face[:50]).all() and in_color(face, face, np.zeros_like(broad)) is face


@pytest.mark.parametrize("corner", [(0, 0), (250, 250), (0, 250)])
def test_lines_are_looked_for_in_and_near_the_hole(corner, drawing):
    """However small it is, and wherever."""
    face = cv2.resize(PHOTO, (SEEN, SEEN), interpolation=cv2.INTER_AREA)
    hole = np.zeros((SEEN, SEEN), bool)
    hole[corner[0] : corner[0] + 6, corner[1] : corner[1] + 6] = True
    assert traced(face, hole).shape == (TRACED, TRACED)
    eyes = cv2.resize(drawing[0].astype(np.uint8), (SEEN, SEEN), interpolation=cv2.INTER_NEAREST) > 0
    lines, inside = traced(face, eyes), cv2.resize(eyes.astype(np.uint8), (TRACED, TRACED)) > 0
    assert (lines & inside).sum() > 60
    assert not lines[cv2.distanceTransform((~inside).astype(np.uint8), cv2.DIST_L2, 5) > 110].any()


def test_a_draft_has_the_light_of_what_is_around_it():
    """A face that is too light everywhere, and lighter to the right, is as dark as what is seen of it."""
    rng = np.random.default_rng(0)
    seen = np.clip(90 + rng.normal(0, 6, (64, 64, 3)), 0, 255).astype(np.uint8)
    hole = np.zeros((64, 64), bool)
    hole[20:44, 20:44] = True
    face = np.clip(seen.astype(float) + 40 + np.linspace(0, 40, 64)[None, :, None], 0, 255).astype(np.uint8)
    seen[hole] = 128
    result = joined(face, seen, hole).astype(float)
    assert abs(result[hole].mean() - 90) < 3 and abs(result[20:44, 40:44].mean() - result[20:44, 20:24].mean()) < 5
    assert (joined(face, seen, np.ones_like(hole)) == face).all()


@pytest.fixture(scope="module")
def pipe() -> FaceEditPipeline:
    return FaceEditPipeline.from_pretrained(device="cpu")


def test_what_was_drawn_is_to_be_had_to_the_letter(pipe, drawing):
    hole, lines, paint, painted = drawing
    color = np.dstack([paint, painted.astype(np.uint8) * 255])
    both = pipe(PHOTO, hole, lines, color, num_candidates=2)
    assert both.labels == ["redrawn", "to the letter"] and set(both.labels) <= {choice.label for choice in DRAFTS}
    pictures = [np.asarray(image.convert("RGB")) for image in both.images]
    assert not alike(*pictures, hole) and all((picture[~hole] == PHOTO[~hole]).all() for picture in pictures)
    literal = pipe(PHOTO, hole, lines, color, guess=False, seed=1)  # a candidate's noise is of the seed and its number
    assert alike(np.asarray(literal.image.convert("RGB")), pictures[1], hole)
    again = pipe(PHOTO, hole, lines, color)
    assert (np.asarray(again.image.convert("RGB")) == pictures[0]).all()
