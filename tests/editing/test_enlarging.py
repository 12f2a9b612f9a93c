"""Photographs enlarged: sizes, tiles, light, transparency, tints and metadata, and what is refused."""

import numpy as np
import pytest
import torch
from PIL import Image
from skimage.data import astronaut

from scfegan_hf import PhotoEnlarging
from scfegan_hf.cli import main
from scfegan_hf.editing import enlarging
from scfegan_hf.models.enlarger import PhotoEnlarger


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> str:
    """A tiny network whose residual is no longer next to nothing."""
    torch.manual_seed(1)
    network = PhotoEnlarger(width=8, blocks=2)
    with torch.no_grad():
        network.head.weight.mul_(30)
    folder = tmp_path_factory.mktemp("enlarger")
    network.save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="module")
def enlarge(weights) -> PhotoEnlarging:
    return PhotoEnlarging.from_pretrained(weights, device="cpu", dtype="float32")


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    return np.ascontiguousarray(astronaut()[:150, 160:290])


@pytest.mark.parametrize("scale", enlarging.SCALES)
def test_it_is_as_many_times_as_large_and_keeps_its_light(enlarge, photo, scale):
    large = np.asarray(enlarge(photo, scale).image)
    assert large.shape == (150 * scale, 130 * scale, 3)
    blocks = large.reshape(150, scale, 130, scale, 3).mean((1, 3))
    assert np.abs(blocks - photo).mean() < 6


def test_tiles_leave_no_trace(enlarge, photo, monkeypatch):
    whole = np.asarray(enlarge(photo, 4).image).astype(int)
    monkeypatch.setattr(enlarging, "TILE", 64)
    tiled = np.asarray(enlarge(photo, 4).image).astype(int)
    assert np.abs(whole - tiled).max() <= 1  # a margin of 16 holds what two blocks reach


def test_transparency_grey_and_metadata_stay(enlarge, photo):
    alpha = np.full(photo.shape[:2], 255, np.uint8)
    alpha[:40] = 0
    image = Image.fromarray(np.dstack([photo, alpha]))
    image.info["dpi"] = (300.0, 300.0)
    large = enlarge(image, 2).image
    assert large.mode == "RGBA" and large.info["dpi"] == (300.0, 300.0)
    seen = np.asarray(large)[..., 3]
    assert (seen[:70] == 0).all() and (seen[90:] == 255).all()
    assert enlarge(Image.fromarray(photo).convert("L"), 2).image.mode == "L"


def test_the_command_enlarges_one_or_a_folder(weights, photo, tmp_path, capsys):
    (tmp_path / "photos").mkdir()
    for name in ("a.jpg", "b.png"):
        Image.fromarray(photo).save(tmp_path / "photos" / name)
    arguments = ["enlarge", "--model", weights, "--scale", "4"]
    assert main([*arguments, str(tmp_path / "photos" / "a.jpg"), "-o", str(tmp_path / "one.png")]) == 0
    with Image.open(tmp_path / "one.png") as image:
        assert image.size == (520, 600) and "Edited" in image.text["Comment"]
    assert main([*arguments, str(tmp_path / "photos"), "-o", str(tmp_path / "out"), "--format", "webp"]) == 0
    assert "2 photographs enlarged, 0 were there already, 0 left out" in capsys.readouterr().out
    assert sorted(path.name for path in (tmp_path / "out").glob("*.webp")) == ["a.webp", "b.webp"]


def test_what_cannot_be_enlarged_is_refused_in_words(enlarge, photo, tmp_path, weights, capsys):
    with pytest.raises(ValueError, match="scale must be 2 or 4, not 3"):
        enlarge(photo, 3)
    with pytest.raises(ValueError, match="3000x3000 enlarged 4 times is more than 100 megapixels"):
        enlarge(np.zeros((3000, 3000, 3), np.uint8), 4)
    with pytest.raises(ValueError, match="at least 64x64"):
        enlarge(photo[:20], 2)
    assert main(["enlarge", str(tmp_path / "none.png"), "--model", weights, "-o", str(tmp_path / "out.png")]) == 1
    assert "There is no photo at" in capsys.readouterr().err


def test_the_network_takes_pictures_alone():
    with pytest.raises(ValueError, match=r"takes pictures \(N, 3, H, W\), not \(1, 4, 16, 16\)"):
        PhotoEnlarger(width=8, blocks=1)(torch.zeros(1, 4, 16, 16))


def test_before_it_has_learned_it_is_the_bicubic_enlargement():
    torch.manual_seed(0)
    picture = torch.rand(1, 3, 16, 16) * 2 - 1
    bicubic = torch.nn.functional.interpolate(picture, scale_factor=4, mode="bicubic", align_corners=False)
    with torch.no_grad():
        assert (PhotoEnlarger()(picture) - bicubic).abs().max() < 0.1
