"""Generator and refiner as one: its answer is what the two make one after the other, from what is outside the hole alone."""

import pytest
import torch

from scfegan_hf.conditioning import assemble
from scfegan_hf.models.cascade import FaceCascade, load_editor, refiner_input
from scfegan_hf.models.refiner import FaceRefiner
from scfegan_hf.models.scfegan import SCFEGANGenerator


@pytest.fixture
def cascade():
    return FaceCascade(
        SCFEGANGenerator.preset("plain", width=4, resolution=64), FaceRefiner(widths=(8, 8, 8), resolution=128)
    ).eval()


@pytest.fixture
def parts():
    generator = torch.Generator().manual_seed(0)
    image, color = (torch.rand(1, 3, 128, 128, generator=generator) * 2 - 1 for _ in range(2))
    sketch, color_mask = ((torch.rand(1, 1, 128, 128, generator=generator) < 0.05).float() for _ in range(2))
    mask = torch.zeros(1, 1, 128, 128)
    mask[..., 33:97, 30:91] = 1
    return image, mask, sketch, color, color_mask, torch.randn(1, 1, 128, 128, generator=generator)


@torch.no_grad()
def test_it_answers_as_training_has_the_two_answer(cascade, parts):
    given = assemble(*parts, fill=cascade.fill, color_flag=cascade.color_flag)
    trained = refiner_input(cascade.generator, *parts)
    hole = parts[1].expand(-1, 3, -1, -1) == 1
    torch.testing.assert_close(cascade(given)[hole], cascade.refiner(trained)[hole])


def test_what_is_in_the_hole_does_not_count(cascade, parts):
    image, mask, *rest = parts
    inputs = [assemble(picture, mask, *rest, fill="none", color_flag=True) for picture in (image, image + mask)]
    with torch.no_grad():
        torch.testing.assert_close(*(cascade(given) for given in inputs))


def test_resolutions_have_to_fit():
    with pytest.raises(ValueError, match="works at 192 pixels, not at twice the generator's 64"):
        FaceCascade(SCFEGANGenerator.preset("plain", width=4, resolution=64), FaceRefiner(widths=(8, 8, 8), resolution=192))


def test_a_folder_with_a_refiner_loads_as_a_cascade(cascade, parts, tmp_path):
    cascade.generator.save_pretrained(tmp_path)
    assert isinstance(load_editor(tmp_path), SCFEGANGenerator)
    cascade.refiner.save_pretrained(tmp_path / "refiner")
    given = assemble(*parts, fill=cascade.fill, color_flag=cascade.color_flag)
    with torch.no_grad():
        for loaded in (load_editor(tmp_path), load_editor(tmp_path, tmp_path / "refiner")):
            assert not loaded.training
            torch.testing.assert_close(loaded(given), cascade(given))
    assert isinstance(load_editor(tmp_path, refiner=False), SCFEGANGenerator)
    (tmp_path / "refiner" / "model.safetensors").unlink()
    with pytest.raises(FileNotFoundError, match="has no refiner/model.safetensors"):  # a damaged release is none without
        load_editor(tmp_path)


@torch.no_grad()
def test_half_precision_answers_nearly_the_same(cascade, parts):
    given = assemble(*parts, fill=cascade.fill, color_flag=cascade.color_flag)
    exact = cascade(given)
    assert (cascade.bfloat16()(given.bfloat16()).float() - exact).abs().mean() < 0.01


def test_another_number_of_channels_is_refused(cascade):
    with pytest.raises(ValueError, match="takes .N, 10, H, W."):
        cascade(torch.zeros(1, 9, 128, 128))
