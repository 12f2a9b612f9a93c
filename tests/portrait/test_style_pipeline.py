"""Photographs painted in a style: by name, like a picture, by strength, and what is refused."""

import numpy as np
import pytest
from PIL import Image
from skimage.data import astronaut, coffee

from scfegan_hf import StylePipeline
from scfegan_hf.editing.tones import to_lab
from scfegan_hf.portrait.style import NO_FACE, style_and_strength


@pytest.fixture(scope="module")
def pipe() -> StylePipeline:
    return StylePipeline.from_pretrained(device="cpu")


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    return astronaut()[:320, 60:380]


def test_every_style_it_knows_paints_its_own_way(pipe, photo):
    results = {name: np.asarray(pipe(photo, name).image).astype(int) for name in pipe.names}
    assert {"painterly", "golden", "teal", "noir", "neon", "blue"} <= set(results)
    for name, result in results.items():
        assert result.shape == photo.shape and np.abs(result - photo).mean() > 4
        others = [np.abs(result - other).mean() for key, other in results.items() if key != name]
        assert min(others) > 3
    assert to_lab(results["noir"].astype(np.float32))[..., 0].mean() < to_lab(photo.astype(np.float32))[..., 0].mean()


def test_strength_goes_from_the_photograph_itself(pipe, photo):
    none, half, whole = (np.asarray(pipe(photo, "golden", strength=part).image).astype(int) for part in (0, 0.5, 1))
    assert (none == photo).all()
    assert 0.3 < np.abs(half - photo).mean() / np.abs(whole - photo).mean() < 0.7
    assert not pipe(photo, "golden", strength=0).mask.any() and pipe(photo, "golden").mask.all()


def test_a_picture_is_painted_like_another(pipe, photo, tmp_path):
    Image.fromarray(coffee()).save(tmp_path / "coffee.png")
    brown, by_array = pipe(photo, str(tmp_path / "coffee.png")), pipe(photo, coffee())
    assert brown.labels == ["painted like a picture"]
    assert np.array_equal(np.asarray(brown.image), np.asarray(by_array.image))
    blue = np.zeros((90, 120, 3), np.uint8)
    blue[..., 2] = np.arange(120) * 2
    warmth = [np.asarray(pipe(photo, style).image).astype(int)[..., [0, 2]].mean((0, 1)) for style in (coffee(), blue)]
    assert warmth[0][0] - warmth[0][1] > warmth[1][0] - warmth[1][1] + 5


def test_detail_is_the_photographs_at_any_size(pipe, photo):
    large = np.asarray(Image.fromarray(photo).resize((1600, 1600), Image.Resampling.BICUBIC)).copy()
    large[::8, ::8] = 255 - large[::8, ::8]  # detail that no small picture holds
    result = np.asarray(pipe(large, "golden", strength=0.3).image).astype(int)
    around = (slice(8, -8, 8), slice(8, -8, 8))
    steps = [np.abs(picture[around] - np.roll(picture, 3, 0)[around]).mean() for picture in (large.astype(int), result)]
    assert steps[1] > 0.7 * steps[0]


def test_without_a_face_the_whole_picture_is_painted(pipe):
    result = pipe(coffee(), "teal")
    assert NO_FACE in result.notes and np.abs(np.asarray(result.image).astype(int) - coffee()).mean() > 5


def test_transparency_stays(pipe, photo):
    alpha = np.full(photo.shape[:2], 90, np.uint8)
    result = pipe(Image.fromarray(np.dstack([photo, alpha])), "blue").image
    assert result.mode == "RGBA" and (np.asarray(result)[..., 3] == 90).all()


@pytest.mark.parametrize(
    ("style", "strength", "words"),
    [("cubist", 1.0, "A style is one of painterly"), ("teal", 1.2, "from 0 to 1"), ("teal", True, "from 0 to 1")],
)
def test_what_is_no_style_is_told(pipe, photo, style, strength, words):
    with pytest.raises(ValueError, match=words):
        pipe(photo, style, strength=strength)


def test_a_tiny_photograph_is_refused(pipe):
    with pytest.raises(ValueError, match="at least"):
        pipe(np.zeros((8, 40, 3), np.uint8), "teal")


def test_a_style_and_its_strength_are_one_word():
    assert style_and_strength("painterly=.7") == ("painterly", 0.7)
    assert style_and_strength("my picture.png") == ("my picture.png", 1.0)
    with pytest.raises(ValueError, match="painterly="):
        style_and_strength("painterly=much")
