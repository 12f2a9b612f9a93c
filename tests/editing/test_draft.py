"""A drawing on a face is answered by what it means, and to the letter where that is asked for."""

import cv2
import numpy as np
import pytest
from skimage.data import astronaut

from scfegan_hf import FaceEditPipeline
from scfegan_hf.editing.candidates import DRAFTS, alike
from scfegan_hf.editing.draft import Draft, colored
from scfegan_hf.editing.guess import Guesser
from scfegan_hf.editing.looking import looks
from scfegan_hf.faces.landmarks import LEFT_BROW, LEFT_EYE, PUPILS, RIGHT_EYE

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


def test_hair_is_taken_as_it_is_drawn(points):
    brows = points[LEFT_BROW][:, 1].min()
    fringe = np.zeros(PHOTO.shape[:2], bool)
    fringe[int(brows) - 40 : int(brows) - 4, 70:150] = True
    assert Guesser.of(PHOTO, fringe, None, looks()) is not None
    assert Guesser.of(PHOTO, fringe, None, looks(), drawn=True) is None


def test_dabs_say_the_hue_and_the_face_the_shading(drawing):
    hole, lines, paint, painted = drawing
    guesser = Guesser.of(PHOTO, hole, None, looks())
    with_dabs, without = (Draft(guesser, lines, paint, where)()[1] for where in (painted, np.zeros_like(painted)))
    greener = [float((picture[painted].astype(int) @ (-1, 2, -1)).mean()) for picture in (with_dabs, without)]
    assert greener[0] > greener[1] + 40
    far = hole & (cv2.dilate(painted.astype(np.uint8), np.ones((13, 13), np.uint8)) == 0)
    assert np.abs(with_dabs[far].astype(int) - without[far]).mean() < 12


def test_colour_keeps_what_is_light_and_dark():
    rng = np.random.default_rng(0)
    grain = cv2.GaussianBlur(rng.normal(0, 120, (64, 64)), (0, 0), 1.5)
    face = np.clip(140 + grain[..., None] + np.array([20, 0, -20]), 0, 255).astype(np.uint8)
    painted = np.zeros((64, 64), bool)
    painted[20:44, 20:44] = True
    result = colored(face, np.full_like(face, (60, 90, 200)), painted)
    inside = np.s_[26:38, 26:38]
    before, after = (cv2.cvtColor(picture, cv2.COLOR_RGB2LAB).astype(float) for picture in (face, result))
    assert np.corrcoef(before[inside][..., 0].ravel(), after[inside][..., 0].ravel())[0, 1] > 0.9
    wanted = cv2.cvtColor(np.uint8([[[60, 90, 200]]]), cv2.COLOR_RGB2LAB)[0, 0].astype(float)
    assert np.abs(after[inside][..., 1:].mean((0, 1)) - wanted[1:]).max() < 6
    assert (result[:14] == face[:14]).all() and colored(face, face, np.zeros_like(painted)) is face


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
