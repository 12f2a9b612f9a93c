"""Ages and features of the astronaut: what moves, what stays, and what is refused."""

import cv2
import numpy as np
import pytest
from PIL import Image
from skimage.data import astronaut

from scfegan_hf import AgePipeline, studio
from scfegan_hf.cli import main
from scfegan_hf.editing.metadata import SOFTWARE
from scfegan_hf.editing.octaves import blur, grey
from scfegan_hf.models.prototypes import FacePrototypes
from scfegan_hf.portrait.faces import largest


@pytest.fixture(scope="module")
def pipe() -> AgePipeline:
    return AgePipeline.from_pretrained()


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    return astronaut()[:320, 60:380]


@pytest.fixture(scope="module")
def looked(pipe, photo):
    return pipe.look(photo)


def apart(result, photo: np.ndarray) -> float:
    return float(np.abs(np.asarray(result.image).astype(int) - photo).mean())


@pytest.mark.parametrize(
    ("wish", "label"),
    [
        ({"age": -20}, "younger"),
        ({"age": 20}, "older"),
        ({"features": -1}, "more feminine features"),
        ({"age": 5, "features": 1.0}, "older, more masculine features"),
    ],
)
def test_a_face_changes_and_all_around_it_stays(pipe, photo, looked, wish, label):
    result = pipe(looked, **wish)
    changed = (np.asarray(result.image) != photo).any(2)
    assert result.labels == [label] and not changed[~result.mask].any()
    assert changed.mean() > 0.02 and result.mask.mean() < 0.4
    assert np.abs(np.asarray(result.image).astype(int) - photo)[result.mask].mean() > 0.5


def test_more_changes_more(pipe, photo, looked):
    for name, most in (("age", 20), ("age", -20), ("features", 1), ("features", -1)):
        assert 0 < apart(pipe(looked, **{name: most / 4}), photo) < 0.6 * apart(pipe(looked, **{name: most}), photo)


def test_years_give_wrinkles_and_take_them(pipe, photo, looked):
    face = largest(looked.faces)
    x0, y0, x1, y1 = face.box
    skin = np.zeros(photo.shape[:2], bool)
    skin[y0:y1, x0:x1] = face.places.mask("foundation") > 0.9

    def roughness(picture: np.ndarray) -> float:
        light = grey(picture.astype(np.float32))
        return float(np.abs(light - blur(light, 2.0))[skin].mean())

    younger, older = (roughness(np.asarray(pipe(looked, age=age).image)) for age in (-20, 20))
    assert younger < roughness(photo) < older


def test_a_larger_photograph_is_changed_alike(pipe, photo):
    large = np.asarray(Image.fromarray(photo).resize((1280, 1280), Image.Resampling.BICUBIC))

    def change(picture: np.ndarray) -> np.ndarray:
        apart = np.asarray(pipe(picture, age=20).image).astype(np.float32) - picture
        return cv2.resize(apart, (80, 80), interpolation=cv2.INTER_AREA)

    one, other = change(photo), change(large)
    assert np.abs(one - other).mean() < 0.5 * np.abs(one).mean()


def test_what_was_looked_at_is_answered_the_same(pipe, photo, looked):
    assert np.array_equal(np.asarray(pipe(looked, age=-7).image), np.asarray(pipe(photo, age=-7).image))


def test_a_grey_photograph_stays_grey(pipe, photo):
    shades = np.asarray(Image.fromarray(photo).convert("L").convert("RGB"))
    after = np.asarray(pipe(shades, age=12, features=0.5).image)
    assert (after[..., 0] == after[..., 1]).all() and (after != shades).any()


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({}, "other than 0"),
        *(({"age": value}, "age lies from -20 to 20") for value in (21, True, "x", float("nan"))),
        *(({"features": value}, "features lies from -1 to 1") for value in (-1.5, None)),
    ],
)
def test_what_cannot_be_is_told(pipe, looked, wish, words):
    with pytest.raises(ValueError, match=words):
        pipe(looked, **wish)


def test_without_a_face_it_says_so(pipe):
    with pytest.raises(ValueError, match="No face"):
        pipe(np.full((200, 200, 3), 128, np.uint8), age=5)


def test_the_studio_and_the_command_do_the_same_and_say_that_it_was_edited(pipe, photo, looked, tmp_path):
    Image.fromarray(photo).save(tmp_path / "one.png")
    expected = np.asarray(pipe(looked, age=-5, features=0.5).image)
    assert np.array_equal(np.asarray(studio(looked, age=-5, features=0.5).image), expected)
    wish = ["--age", "-5", "--features", "0.5"]
    assert main(["studio", str(tmp_path / "one.png"), *wish, "-o", str(tmp_path / "out.png")]) == 0
    saved = Image.open(tmp_path / "out.png")
    assert np.array_equal(np.asarray(saved), expected) and saved.info["Software"] == SOFTWARE


def test_with_a_smile_both_are_done(photo, looked):
    both = studio(looked, age=10, smile=-0.8)
    assert both.labels == ["older, smiling less"]
    for one in (studio(looked, age=10), studio(looked, smile=-0.8)):
        assert both.mask[one.mask].mean() > 0.95 and (np.asarray(both.image) != np.asarray(one.image)).any()


def test_prototypes_of_nothing_change_nothing(pipe, photo, looked):
    nothing = FacePrototypes(8, 4, 8)
    nothing.points.copy_(pipe.prototypes.points)
    result = AgePipeline(nothing)(looked, age=20, features=-1)
    assert np.array_equal(np.asarray(result.image), photo) and not result.mask.any()
