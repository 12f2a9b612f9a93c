"""Faces of nothing and of doodles: what differs by seed and by drawing, and what is refused."""

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from scfegan_hf import FaceFromDoodle, FaceSampler
from scfegan_hf.cli import main
from scfegan_hf.models.doodle_encoder import DoodleEncoder
from scfegan_hf.models.face_generator import FaceGenerator
from scfegan_hf.models.face_prior import fit_prior


def drawn(smile: int = 1, side: int = 256, at=(0, 0), mode: str = "RGB", ink="black", ground="white") -> Image.Image:
    """A head of 128 pixels with dots for eyes and a mouth that goes up or down."""
    image = Image.new(mode, (side, side), ground)
    draw, (x, y) = ImageDraw.Draw(image), at
    draw.ellipse([x + 10, y + 10, x + 138, y + 150], outline=ink, width=3)
    for eye in (50, 90):
        draw.ellipse([x + eye, y + 60, x + eye + 8, y + 68], fill=ink)
    start, end = (20, 160) if smile > 0 else (200, 340)
    draw.arc([x + 44, y + 80, x + 104, y + 130], start, end, fill=ink, width=3)
    return image


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> dict[str, str]:
    """Tiny networks that answer what they are given."""
    torch.manual_seed(3)
    root, rng = tmp_path_factory.mktemp("made"), np.random.default_rng(0)
    fit_prior(rng.integers(0, 256, (12, 32, 32, 3)).astype(np.uint8), 6).save_pretrained(root / "prior")
    generator = FaceGenerator((8, 32), (1,), (1,), (1,), attention=1, scale=2)
    encoder = DoodleEncoder((8, 8), 4, 6, 32)
    with torch.no_grad():
        generator.unet.head.weight.mul_(30)
        encoder.codes.weight.mul_(20)
        encoder.covariance.copy_(0.25 * torch.eye(6))
    generator.save_pretrained(root / "faces")
    encoder.save_pretrained(root / "doodle")
    return {name: str(root / name) for name in ("prior", "faces", "doodle")}


@pytest.fixture(scope="module")
def sampler(folders) -> FaceSampler:
    return FaceSampler.from_pretrained(folders["faces"], "cpu", "float32", False, folders["prior"])


@pytest.fixture(scope="module")
def doodler(folders) -> FaceFromDoodle:
    return FaceFromDoodle.from_pretrained(folders["doodle"], "cpu", "float32", False, folders["faces"], folders["prior"])


def apart(first: Image.Image, second: Image.Image) -> float:
    return float(np.abs(np.asarray(first, np.float32) - np.asarray(second, np.float32)).mean())


def test_seeds_follow_each_other_and_repeat(sampler):
    three = sampler(seed=4, num_faces=3)
    assert three.labels == ["face 1", "face 2", "face 3"] and [face.size for face in three.images] == [(64, 64)] * 3
    assert apart(three.images[1], sampler(seed=5).image) == 0 and apart(three.images[0], three.images[1]) > 5
    assert all(face.info["generated"] for face in three.images)


def test_the_boldness_is_how_far_a_face_lies_from_the_mean(sampler):
    mean = sampler(seed=1, boldness=0).image
    assert 0 < apart(mean, sampler(seed=1, boldness=0.3).image) < apart(mean, sampler(seed=1, boldness=1).image)


def test_a_doodle_counts_wherever_it_lies_and_whatever_it_is_drawn_in(doodler):
    face = doodler(drawn(), boldness=0).image
    moved = doodler(drawn(at=(90, 70)), boldness=0).image
    white = doodler(drawn(ink="white", ground="black"), boldness=0).image
    layer = doodler(drawn(mode="RGBA", ink="#15171c", ground="#00000000"), boldness=0).image
    assert max(apart(face, same) for same in (moved, white, layer)) < 0.2
    assert apart(face, doodler(drawn(smile=-1), boldness=0).image) > 1


def test_a_draw_goes_as_far_as_what_the_doodle_leaves_open(folders):
    encoder = DoodleEncoder.from_pretrained(folders["doodle"])
    doodles, chance = torch.rand(4000, 1, 32, 32)[:1].expand(4000, -1, -1, -1), torch.Generator().manual_seed(0)
    errors = encoder.eval().draw(doodles, 0.6, chance) - encoder.draw(doodles, 0.0, chance)
    torch.testing.assert_close(errors.std(0), torch.full((6,), 0.3), atol=0.02, rtol=0)


def test_the_covariance_becomes_that_of_the_errors():
    encoder, chance = DoodleEncoder((8, 8), 4, 3, 32), torch.Generator().manual_seed(0)
    mixing = torch.tensor([[1.0, 0, 0], [0.5, 0.2, 0], [0, 0, 0.1]])
    for _ in range(600):
        encoder.remember(torch.randn(64, 3, generator=chance) @ mixing.T)
    torch.testing.assert_close(encoder.covariance, mixing @ mixing.T, atol=0.05, rtol=0.05)


def test_what_is_no_doodle_or_number_is_refused(doodler, sampler):
    with pytest.raises(ValueError, match="next to nothing in the drawing"):
        doodler(Image.new("RGB", (200, 200), "white"))
    with pytest.raises(ValueError, match="doodle is 32x32"):
        doodler(Image.new("RGB", (32, 32), "white"))
    with pytest.raises(ValueError, match="boldness must be between 0 and 1"):
        sampler(boldness=1.5)
    with pytest.raises(ValueError, match="num_faces must be between 1 and 4"):
        doodler(drawn(), num_faces=5)
    with pytest.raises(ValueError, match=r"\(N, 3, R, R\)"):
        sampler.generator(torch.zeros(1, 3, 32, 32), torch.zeros(1, 2, 16, 16))


def test_the_bundled_weights_make_faces_by_the_command_line(tmp_path, capsys):
    drawn().save(tmp_path / "doodle.png")
    main(["doodle", str(tmp_path / "doodle.png"), "-n", "2", "-o", str(tmp_path / "face.png")])
    main(["sample", "--small", "--seed", "3", "-o", str(tmp_path / "made.png")])
    assert "face-2.png: face 2" in capsys.readouterr().out
    for name, side in (("face.png", 512), ("face-2.png", 512), ("made.png", 256)):
        with Image.open(tmp_path / name) as image:
            assert image.size == (side, side) and image.text["Comment"].startswith("Generated")
