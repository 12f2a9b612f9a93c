"""Smiles of the astronaut: what moves, what stays, and what is refused."""

import time

import numpy as np
import pytest
from PIL import Image
from skimage.data import astronaut

from scfegan_hf import AttributePipeline, studio
from scfegan_hf.cli import main


@pytest.fixture(scope="module")
def pipe() -> AttributePipeline:
    return AttributePipeline.from_pretrained(device="cpu")


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    return astronaut()[:320, 60:380]


@pytest.mark.parametrize("smile", [-1, 1])
def test_a_face_changes_and_all_around_it_stays(pipe, photo, smile):
    result = pipe(photo, smile=smile)
    after = np.asarray(result.image)
    changed = (after != photo).any(2)
    assert result.labels == ["smiling more" if smile > 0 else "smiling less"] and not changed[~result.mask].any()
    assert changed.mean() > 0.02 and result.mask.mean() < 0.4
    assert np.abs(after.astype(int) - photo)[result.mask].mean() > 0.5


def test_more_changes_more(pipe, photo):
    looked = pipe.look(photo)
    apart = [np.abs(np.asarray(pipe(looked, smile=part).image).astype(int) - photo).mean() for part in (-0.25, -1)]
    assert 0 < apart[0] < 0.8 * apart[1]


def test_what_was_looked_at_is_answered_the_same_and_soon(pipe, photo):
    looked = pipe.look(photo)
    start = time.perf_counter()
    result = pipe(looked, smile=-0.5)
    assert time.perf_counter() - start < 2
    assert np.array_equal(np.asarray(result.image), np.asarray(pipe(photo, smile=-0.5).image))


def test_a_grey_photograph_stays_grey(pipe, photo):
    grey = np.asarray(Image.fromarray(photo).convert("L").convert("RGB"))
    after = np.asarray(pipe(grey, smile=1).image)
    assert (after[..., 0] == after[..., 1]).all() and (after != grey).any()


@pytest.mark.parametrize(
    ("wish", "words"),
    [({}, "other than 0"), *(({"smile": value}, "smile lies from") for value in (1.5, True, "x", float("nan")))],
)
def test_what_cannot_be_is_told(pipe, photo, wish, words):
    with pytest.raises(ValueError, match=words):
        pipe(photo, **wish)


def test_without_a_face_it_says_so(pipe):
    with pytest.raises(ValueError, match="No face"):
        pipe(np.full((200, 200, 3), 128, np.uint8), smile=1)


def test_the_studio_and_the_commands_do_the_same(pipe, photo, tmp_path, capsys):
    Image.fromarray(photo).save(tmp_path / "one.png")
    expected = np.asarray(pipe(photo, smile=-0.8).image)
    assert np.array_equal(np.asarray(studio(photo, smile=-0.8).image), expected)
    for command in ("smile", "studio"):
        assert main([command, str(tmp_path / "one.png"), "--smile", "-0.8", "-o", str(tmp_path / "out.png")]) == 0
        assert np.array_equal(np.asarray(Image.open(tmp_path / "out.png")), expected)
    assert main(["smile", str(tmp_path / "one.png"), "-o", str(tmp_path / "none.png")]) == 1
    assert "other than 0" in capsys.readouterr().err
