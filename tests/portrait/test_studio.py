"""The chain on the astronaut's photograph: what each wish changes, in one go, and wishes that mean nothing."""

import numpy as np
import pytest
from PIL import Image, ImageDraw
from skimage.data import astronaut

from scfegan_hf import Look, Studio, studio
from scfegan_hf.cli import main
from scfegan_hf.editing.tones import to_lab
from scfegan_hf.faces.regions import REGIONS
from scfegan_hf.portrait.faces import aligned_faces

RED = "#c01818"


@pytest.fixture(scope="module")
def chain() -> Studio:
    return Studio()


def hair_of(photo: np.ndarray) -> np.ndarray:
    face = aligned_faces(photo)[0]
    x0, y0, x1, y1 = face.box
    hair = np.zeros(photo.shape[:2], bool)
    large = Image.fromarray((face.regions == REGIONS.index("hair")).astype(np.uint8) * 255).resize((x1 - x0, y1 - y0))
    hair[y0:y1, x0:x1] = np.asarray(large) > 127
    return hair


def test_hair_takes_a_colour_and_all_else_stays(chain):
    photo = astronaut()
    result = chain(photo, hair=RED)
    after = np.asarray(result.image)
    assert result.labels == ["hair coloured"] and ((after != photo).any(2) == result.mask).all()
    hair = hair_of(photo)
    redness = [to_lab(picture[hair].astype(np.float32)[None])[0, :, 1].mean() for picture in (photo, after)]
    assert redness[1] > redness[0] + 20 and result.mask[hair].mean() > 0.7
    assert result.mask[~hair].mean() < 0.1


def test_the_whole_chain_is_its_parts(chain):
    """Make-up below, hair above, and twice the size with the mask in step."""
    photo = astronaut()[:300, 100:400]
    look = Look(lips="#a00030", blush="#e0607a")
    result = studio(photo, look=look, hair=RED, upscale=2)
    assert result.image.size == (600, 600) and result.mask.shape == (600, 600)
    assert result.labels == ["made up, hair coloured, 2 times as large"]
    made_up, both = chain(photo, look=look), chain(photo, look=look, hair=RED)
    assert (both.mask == result.mask[::2, ::2]).all() and (both.mask | made_up.mask == both.mask).all()
    plain = np.asarray(chain.enlarging(both.image, 2).image)
    assert np.array_equal(np.asarray(result.image), plain)


def test_a_pair_of_faces_each_gets_its_own(chain):
    pair = np.concatenate([astronaut()[:256, 96:352]] * 2, axis=1)
    largest, both = chain(pair, hair=RED), chain(pair, hair=RED, face="all")
    assert any("2 faces" in note for note in largest.notes) and both.notes == ()
    halves = [mask[:, half].mean() for mask in (largest.mask, both.mask) for half in (np.s_[:256], np.s_[256:])]
    assert min(halves[:2]) < 0.01 and min(halves[2:]) > 0.05


def test_a_doodle_becomes_a_face_and_goes_through_the_chain(chain, tmp_path):
    doodle = Image.new("RGB", (200, 200), "white")
    draw = ImageDraw.Draw(doodle)
    draw.ellipse([30, 20, 170, 190], outline="black", width=4)
    for x in (75, 115):
        draw.ellipse([x, 80, x + 10, 92], fill="black")
    draw.arc([70, 100, 130, 155], 20, 160, fill="black", width=4)
    plain, red = chain(doodle, start="doodle", seed=3), chain(doodle, start="doodle", seed=3, look=Look(lips="#a00030"))
    assert plain.image.size == (512, 512) and plain.labels == ["made of doodle"] and not plain.mask.any()
    assert len(aligned_faces(np.asarray(plain.image))) == 1
    changed = (np.asarray(plain.image) != np.asarray(red.image)).any(2)
    assert 0.001 < changed.mean() < 0.05 and red.labels == ["made of doodle, made up"]
    doodle.save(tmp_path / "doodle.png")
    main(["studio", str(tmp_path / "doodle.png"), "--from", "doodle", "--seed", "3", "-o", str(tmp_path / "face.png")])
    assert np.array_equal(np.asarray(Image.open(tmp_path / "face.png").convert("RGB")), np.asarray(plain.image))


@pytest.mark.parametrize(
    ("wishes", "words"),
    [
        ({}, "Ask for something"),
        ({"start": "sketch"}, "start must be one of photo, lines, doodle"),
        ({"upscale": 3}, "upscale must be 1, 2 or 4"),
        ({"hair": "ginger-ish"}, "A colour is"),
        ({"hair": (1, 2)}, "A colour is"),
        ({"hair": (0, 0, 256)}, "A colour is"),
        ({"look": Look(lips="#a00030"), "remove_makeup": True}, "Give one of a reference"),
    ],
)
def test_wishes_that_mean_nothing_are_told(chain, wishes, words):
    with pytest.raises(ValueError, match=words):
        chain(astronaut(), **wishes)


def test_without_a_face_or_hair_it_says_so(chain):
    grey = np.full((200, 200, 3), 128, np.uint8)
    with pytest.raises(ValueError, match="No face was found"):
        chain(grey, hair=RED)


def test_the_command_changes_a_photograph_and_a_folder(tmp_path, capsys):
    photos = tmp_path / "photos"
    photos.mkdir()
    Image.fromarray(astronaut()[:300, 100:400]).save(photos / "one.png")
    wishes = ["--lips", "#a00030", "--hair", RED]
    assert main(["studio", str(photos / "one.png"), *wishes, "-o", str(tmp_path / "out.png")]) == 0
    assert main(["studio", str(photos), *wishes, "-o", str(tmp_path / "all")]) == 0
    assert "1 photographs changed" in capsys.readouterr().out
    one, same = (np.asarray(Image.open(path)) for path in (tmp_path / "out.png", tmp_path / "all" / "one.png"))
    assert np.array_equal(one, same) and (one != astronaut()[:300, 100:400]).any()
    assert main(["studio", str(photos / "one.png"), "-o", str(tmp_path / "none.png")]) == 1
    assert "Ask for something" in capsys.readouterr().err and not (tmp_path / "none.png").exists()
