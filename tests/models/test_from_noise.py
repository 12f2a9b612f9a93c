"""Networks that make pictures of noise, and those that judge them: shapes, ranges, what they refuse, what they keep."""

import json

import pytest
import torch

from scfegan_hf.models.dcgan import DCGANDiscriminator, DCGANGenerator
from scfegan_hf.models.mlp import MLPDiscriminator, MLPGenerator

PAIRS = {
    "mlp": (MLPGenerator(5, (6, 7), 8), MLPDiscriminator((6, 7), 8), 1),
    "mlp as the seed": (MLPGenerator(5, (6,), 8, output_norm=True), MLPDiscriminator((6,), 8, norm=True), 1),
    "dcgan": (DCGANGenerator(5, 4, 16), DCGANDiscriminator(4, 16), 3),
    "dcgan as published": (DCGANGenerator(5, 4, 16, "published"), DCGANDiscriminator(4, 16, "published"), 3),
}


@pytest.mark.parametrize("name", PAIRS)
def test_noise_becomes_pictures_and_pictures_logits(name, tmp_path):
    generator, judge, channels = PAIRS[name]
    z = torch.randn(6, 5)
    pictures = generator(z)
    side = pictures.shape[-1]
    assert pictures.shape == (6, channels, side, side) and pictures.abs().max() <= 1 and pictures.std() > 0.01
    assert judge(pictures).shape == (6, 1)
    generator.eval().save_pretrained(tmp_path)
    with torch.no_grad():
        assert torch.equal(type(generator).from_pretrained(tmp_path)(z), generator(z))
    assert "unconditional-image-generation" in (tmp_path / "README.md").read_text()


@pytest.mark.parametrize("name", PAIRS)
def test_different_noise_makes_different_pictures(name):
    generator = PAIRS[name][0].eval()
    one, two = generator(torch.randn(2, 5)).detach()
    assert not torch.allclose(one, two, atol=1e-3)


def test_the_reference_has_the_documents_layers():
    """Reference document 001: a layer, then four transposed 5x5 convolutions to 64 pixels; 16 to 128 filters, then 64."""
    generator, judge = DCGANGenerator(layout="published"), DCGANDiscriminator(16, layout="published")
    up = [layer for layer in generator.modules() if isinstance(layer, torch.nn.ConvTranspose2d)]
    down = [layer for layer in judge.modules() if isinstance(layer, torch.nn.Conv2d)]
    assert [(layer.kernel_size, layer.stride) for layer in (*up, *down)] == [((5, 5), (2, 2))] * 8
    assert [layer.out_channels for layer in up] == [256, 128, 64, 3]
    assert [layer.out_channels for layer in down] == [16, 32, 64, 128]
    assert [layer.out_features for layer in judge.modules() if isinstance(layer, torch.nn.Linear)] == [64, 1]
    assert generator(torch.zeros(2, 100)).shape == (2, 3, 64, 64)
    assert up[1].weight.std().item() == pytest.approx(0.02, rel=0.05)


def test_resized_pixels_leave_no_checkerboard():
    """Of constant noise, transposed convolutions make columns that differ by turns; ours differ at the border only."""
    torch.manual_seed(0)

    def unevenness(generator) -> float:
        with torch.no_grad():
            generator.first.weight.zero_()
            bias = torch.randn(generator.first.out_features // 16).repeat_interleave(16)
            generator.first.bias.copy_(bias)
            for conv in (m for m in generator.modules() if isinstance(m, torch.nn.Conv2d | torch.nn.ConvTranspose2d)):
                torch.nn.init.normal_(conv.weight, 0, 0.1)
            middle = generator.eval()(torch.zeros(1, 5))[..., 15:17, 15:17]  # which no border reaches
        return (middle[..., 1:] - middle[..., :-1]).abs().max().item()

    assert unevenness(DCGANGenerator(5, 8, 32, widest=1)) < 1e-5 < 1e-3 < unevenness(DCGANGenerator(5, 8, 32, "published", 1))


@pytest.mark.parametrize("resolution", [4, 24, 0])
def test_sides_are_powers_of_two(resolution):
    for network in (DCGANGenerator, DCGANDiscriminator):
        with pytest.raises(ValueError, match=f"a power of two of at least 8, not {resolution}"):
            network(resolution=resolution)
        with pytest.raises(ValueError, match="layout must be"):
            network(layout="other")


def test_noise_comes_in_with_a_deviation_of_one_and_is_scaled_inside():
    plain, quiet = MLPGenerator(5, (6,), 8), MLPGenerator(5, (6,), 8, deviation=0.1)
    quiet.load_state_dict(plain.state_dict())
    z = torch.randn(3, 5)
    assert torch.equal(quiet.eval()(z), plain.eval()(0.1 * z)) and not torch.equal(quiet(z), plain(z))


def test_a_generator_from_before_deviations_loads(tmp_path):
    generator = MLPGenerator(5, (6,), 8).eval()
    generator.save_pretrained(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    assert config.pop("deviation") == 1
    (tmp_path / "config.json").write_text(json.dumps(config))
    z = torch.randn(3, 5)
    assert torch.equal(MLPGenerator.from_pretrained(tmp_path).eval()(z), generator(z))
