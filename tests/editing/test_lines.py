"""Faces from drawings: how lines and colours are read, what differs by seed, and what is refused."""

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from scfegan_hf import FaceFromLines
from scfegan_hf.cli import main
from scfegan_hf.editing.enlarging import PhotoEnlarging
from scfegan_hf.editing.lines import read_lines, read_paint
from scfegan_hf.models.enlarger import PhotoEnlarger
from scfegan_hf.models.pix2pix import LinesToFace, PatchDiscriminator, PublishedUNet


def doodle(side: int = 256, ink: str = "black", ground: str = "white", mode: str = "RGB") -> Image.Image:
    """A head with eyes and a mouth."""
    image = Image.new(mode, (side, side), ground)
    draw, unit, width = ImageDraw.Draw(image), side / 256, max(side // 85, 1)
    for box in ((50, 30, 206, 236), (88, 100, 112, 112), (144, 100, 168, 112), (100, 170, 156, 190)):
        draw.ellipse([value * unit for value in box], outline=ink, width=width)
    return image


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> str:
    torch.manual_seed(2)
    network = LinesToFace((8, 8), (1, 1), resolution=64)
    with torch.no_grad():
        network.head.weight.mul_(20)
    folder = tmp_path_factory.mktemp("lines")
    network.save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="module")
def face(weights) -> FaceFromLines:
    return FaceFromLines.from_pretrained(weights, device="cpu", dtype="float32", enlarge=False)


def test_lines_are_the_same_whatever_they_are_drawn_in():
    expected = read_lines(doodle(), 64)
    assert 0.05 < expected.mean() < 0.25 and set(np.unique(expected)) == {0, 1}
    assert np.array_equal(read_lines(doodle(ink="white", ground="black"), 64), expected)
    assert np.array_equal(read_lines(doodle(ink="#15171c", ground="#00000000", mode="RGBA"), 64), expected)
    assert np.array_equal(read_lines(doodle(mode="L"), 64), expected)
    assert np.array_equal(read_lines(np.asarray(doodle()), 64), expected)
    wide = Image.new("RGB", (400, 256), "white")
    wide.paste(doodle(), (72, 0))
    assert np.array_equal(read_lines(wide, 64), expected)  # the middle square


def test_a_line_of_one_pixel_does_not_vanish_when_it_is_made_small():
    image = Image.new("L", (1024, 1024), 255)
    ImageDraw.Draw(image).line([(100, 513), (900, 513)], fill=0, width=1)
    assert read_lines(image, 128)[60:70, 20:110].any(0).all()


def test_colours_are_read_where_they_are_opaque():
    color = np.zeros((256, 256, 4), np.uint8)
    color[100:140, 60:120] = (255, 0, 51, 255)
    paint, painted = read_paint(Image.fromarray(color), 64)
    assert painted[30, 20] == 1 and painted[5, 5] == 0
    assert np.allclose(paint[30, 20], (1, -1, -0.6))
    with pytest.raises(ValueError, match="transparent where nothing is painted"):
        read_paint(np.full((80, 80, 3), 9, np.uint8), 64)


def test_faces_follow_seed_and_drawing(face):
    one, again = face(doodle(), seed=3, num_faces=2), face(doodle(), seed=3, num_faces=2)
    assert [image.size for image in one.images] == [(64, 64)] * 2 and one.labels == ["face 1", "face 2"]
    first, second = (np.asarray(image) for image in one.images)
    assert np.array_equal(first, again.images[0]) and (first != second).any()
    assert np.array_equal(np.asarray(face(doodle(), seed=4).image), second)  # the next seed's first face
    other = doodle()
    ImageDraw.Draw(other).line([(60, 220), (190, 220)], fill="black", width=6)
    assert (np.asarray(face(other, seed=3).image) != first).any()


def test_faces_are_enlarged(face):
    torch.manual_seed(0)
    made = FaceFromLines(face.network, PhotoEnlarging(PhotoEnlarger(width=8, blocks=1), device="cpu"), device="cpu")
    assert made(doodle()).image.size == (512, 512)


def test_bad_drawings_and_numbers_are_refused_in_words(face, tmp_path):
    for empty in (Image.new("RGB", (256, 256), "white"), Image.new("L", (256, 256)), np.zeros((256, 256, 4), np.uint8)):
        with pytest.raises(ValueError, match="next to nothing in the drawing"):
            face(empty)
    with pytest.raises(ValueError, match="at least 64x64"):
        face(doodle(48))
    with pytest.raises(ValueError, match="num_faces must be between 1 and 4, not 5"):
        face(doodle(), num_faces=5)
    with pytest.raises(ValueError, match="seed must be a whole number"):
        face(doodle(), seed=-1)
    with pytest.raises(FileNotFoundError, match="There is no drawing at"):
        face(tmp_path / "none.png")


def test_the_command_makes_faces(weights, tmp_path, capsys):
    doodle().save(tmp_path / "lines.png")
    out = tmp_path / "face.png"
    assert main(["face", str(tmp_path / "lines.png"), "--model", weights, "--small", "--seed", "2", "-o", str(out)]) == 0
    with Image.open(out) as image:
        assert image.size == (64, 64) and "generated" in image.text["Comment"].lower()
    assert main(["face", str(tmp_path / "none.png"), "--model", weights, "--small", "-o", str(out)]) == 1
    assert "There is no drawing at" in capsys.readouterr().err


def test_the_published_networks_have_the_papers_layers():
    """Isola et al. 2017, appendix 6.1: eight levels to one pixel, 64 to 512 channels; patches of 70x70, logits 30x30."""
    generator, judge = PublishedUNet(64, 256), PatchDiscriminator(64)
    assert [layer[-1 if n == 0 else 1].out_channels for n, layer in enumerate(generator.down)] == [64, 128, 256, *[512] * 5]
    assert sum(type(layer).__name__ == "AlwaysDropout" for layer in generator.modules()) == 3
    assert generator(torch.zeros(2, 6, 256, 256)).shape == (2, 3, 256, 256)
    assert judge(torch.zeros(1, 8, 256, 256)).shape == (1, 1, 30, 30)
    picture = torch.zeros(1, 8, 256, 256, requires_grad=True)
    judge.eval()(picture)[0, 0, 15, 15].backward()
    rows = picture.grad.abs().sum((0, 1, 3)).nonzero()
    assert rows.max() - rows.min() + 1 == 70
    once, twice = generator.eval()(torch.ones(1, 6, 256, 256)), generator(torch.ones(1, 6, 256, 256))
    assert not torch.equal(once, twice)  # dropout is its noise
