"""Where nothing is drawn on a face, its colours are guessed from the rest of it."""

import numpy as np
import pytest
from skimage.data import astronaut

from scfegan_hf import FaceEditPipeline
from scfegan_hf.editing.candidates import GUESSES, alike
from scfegan_hf.editing.guess import Guesser
from scfegan_hf.editing.looking import looks
from scfegan_hf.faces.landmarks import LEFT_EYE, RIGHT_EYE

PHOTO = np.ascontiguousarray(astronaut()[:300, 100:400])


@pytest.fixture(scope="module")
def eyes() -> np.ndarray:
    """A box over both eyes."""
    _, points = looks().look(PHOTO, looks().frames(PHOTO)[0])
    around = np.concatenate([points[LEFT_EYE], points[RIGHT_EYE]])
    (x0, y0), (x1, y1) = np.floor(around.min(0)).astype(int) - 6, np.ceil(around.max(0)).astype(int) + 6
    hole = np.zeros(PHOTO.shape[:2], bool)
    hole[y0:y1, x0:x1] = True
    return hole


def test_colours_are_those_of_the_face_not_of_what_was_erased(eyes):
    erased = PHOTO.copy()
    erased[eyes] = (0, 255, 0)
    frame = Guesser.of(PHOTO, eyes, None, looks()).frame
    guesses = [Guesser(photo, eyes, None, frame)() for photo in (PHOTO, erased)]
    assert np.array_equal(*(colors for colors, _ in guesses)) and (guesses[0][1] == eyes).all()
    error = np.abs(guesses[0][0].astype(int) - PHOTO)[eyes].mean()
    flat = np.abs(np.median(PHOTO[eyes], 0) - PHOTO[eyes]).mean()
    assert error < 0.8 * flat


def test_pupils_are_where_they_belong(eyes):
    """A guess is darker at both pupils than between them."""
    colors, _ = Guesser.of(PHOTO, eyes, None, looks())()
    _, points = looks().look(PHOTO, looks().frames(PHOTO)[0])
    left, right = (np.round(points[group].mean(0)).astype(int) for group in (LEFT_EYE, RIGHT_EYE))
    middle = (left + right) // 2
    grey = colors.astype(int).mean(2)
    assert max(grey[y, x] for x, y in (left, right)) + 10 < grey[middle[1], middle[0]]


def test_what_is_no_part_of_a_face_is_not_guessed(eyes):
    corner = np.zeros_like(eyes)
    corner[240:290, 10:60] = True
    assert Guesser.of(PHOTO, corner, None, looks()) is None
    assert Guesser.of(PHOTO, np.zeros_like(eyes), None, looks()) is None
    assert Guesser.of(np.full_like(PHOTO, 200), eyes, None, looks()) is None


@pytest.fixture(scope="module")
def pipe() -> FaceEditPipeline:
    return FaceEditPipeline.from_pretrained(device="cpu")


def test_several_guesses_are_several_answers(pipe, eyes):
    result = pipe(PHOTO, eyes, num_candidates=4)
    assert len(result.images) >= 3 and set(result.labels) <= {choice.label for choice in GUESSES}
    pictures = [np.asarray(image.convert("RGB")) for image in result.images]
    assert not any(alike(pictures[a], pictures[b], eyes) for a in range(len(pictures)) for b in range(a))
    assert all((picture[~eyes] == PHOTO[~eyes]).all() for picture in pictures)


def test_another_seed_is_another_guess_and_the_same_the_same(pipe, eyes):
    first, again, other = (np.asarray(pipe(PHOTO, eyes, seed=seed).image.convert("RGB")) for seed in (7, 7, 8))
    assert (first == again).all() and not alike(first, other, eyes)


def test_nothing_is_guessed_where_that_is_not_wanted(pipe, eyes, monkeypatch):
    asked = []
    monkeypatch.setattr(Guesser, "of", lambda *given: asked.append(given))
    pipe(PHOTO, eyes, guess=False)
    assert not asked
    pipe(PHOTO, eyes)
    assert len(asked) == 1
