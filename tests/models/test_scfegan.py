"""SC-FEGAN's networks: published shape and size, sizes they take, gradients, spectral norm."""

import copy
import pickle

import pytest
import torch

from scfegan_hf.conditioning import assemble
from scfegan_hf.models.scfegan import (
    PRESETS,
    PublishedGenerator,
    ResidualGenerator,
    SCFEGANDiscriminator,
    SCFEGANGenerator,
)

VARIANTS = [
    ("paper", {}),
    ("compact", {}),
    ("paper", {"fill": "walls"}),
    ("paper", {"norm": None, "upsample_gate": "conv"}),
    ("paper", {"norm": "lrn_reference", "gate": "single"}),
    ("compact", {"fill": "none", "gate": "full"}),
    ("compact", {"fill": "pyramid", "norm": "rms"}),
    ("compact", {"color_flag": False, "stages": 3, "encoder_blocks": [1, 0], "decoder_blocks": [0, 1], "dilations": [2]}),
    ("plain", {}),
    ("plain", {"fill": "pyramid", "norm": "rms"}),
    ("plain", {"upsample_gate": "conv", "upsample_kernel": 5}),
    ("plain", {"color_flag": False, "head_width": 3}),
]


def tiny(preset: str = "paper", **options) -> SCFEGANGenerator:
    return SCFEGANGenerator.preset(preset, **{"width": 4, **options})


def test_paper_has_the_published_size_and_input():
    with torch.device("meta"):
        paper = SCFEGANGenerator.preset("paper")
    assert sum(p.numel() for p in paper.parameters()) == pytest.approx(92.9e6, abs=0.05e6)
    assert paper.in_channels == 9 and paper.fill == "none"


def test_compact_takes_a_tenth_channel_and_is_at_most_a_quarter():
    with torch.device("meta"):
        paper, compact = (SCFEGANGenerator.preset(name) for name in ("paper", "compact"))
    assert compact.in_channels == 10
    sizes = [sum(p.numel() for p in network.parameters()) for network in (compact, paper)]
    assert sizes[0] < sizes[1] / 3.9


def test_stages_have_the_published_sizes_at_512():
    with torch.device("meta"):
        network = SCFEGANGenerator.preset("paper")
        shapes, names = {}, {module: name for name, module in network.named_modules()}
        for name in ("encoder.0", "encoder.6", "bottleneck.3", "upsample.0", "merge.5", "merge.6"):
            stage = network.get_submodule(name)
            stage.register_forward_hook(lambda stage, _, out: shapes.update({names[stage]: out.shape[1:]}))
        network(torch.empty(1, 9, 512, 512))
    assert shapes == {
        "encoder.0": (64, 256, 256),
        "encoder.6": (512, 4, 4),
        "bottleneck.3": (512, 4, 4),
        "upsample.0": (512, 8, 8),
        "merge.5": (64, 256, 256),
        "merge.6": (3, 512, 512),
    }


def test_paper_has_the_published_kernels_dilations_and_norms():
    with torch.device("meta"):
        network = SCFEGANGenerator.preset("paper")
    assert [stage.conv.kernel_size[0] for stage in network.encoder] == [7, 5, 5, 3, 3, 3, 3]
    assert [stage.conv.dilation[0] for stage in network.bottleneck] == [2, 4, 8, 16]
    assert [stage.conv.kernel_size[0] for stage in network.upsample] == [5] * 7
    assert [stage.conv.in_channels for stage in network.merge] == [1024, 1024, 1024, 512, 256, 128, 12]
    normed = [type(stage.norm).__name__ == "LocalResponseNorm" for stage in (*network.encoder, *network.merge)]
    assert normed == [False, *[True] * 6, *[True] * 6, False]


@pytest.mark.parametrize(("preset", "options"), VARIANTS, ids=str)
def test_every_parameter_receives_a_gradient(preset, options):
    network = tiny(preset, **options)
    x = torch.randn(2, network.in_channels, 128, 128, generator=torch.Generator().manual_seed(0))
    out = network(x)
    assert out.shape == (2, 3, 128, 128)
    (out - 0.3).square().mean().backward()
    idle = [name for name, p in network.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert idle == []


def test_other_shapes_are_refused():
    network = tiny()
    for shape in ((1, 10, 128, 128), (1, 3, 128, 128), (9, 128, 128)):
        with pytest.raises(ValueError, match=r"takes \(N, 9, H, W\)"):
            network(torch.zeros(shape))
    for shape in ((1, 9, 128, 192), (1, 9, 100, 128), (1, 9, 0, 128), (0, 9, 128, 128)):
        with pytest.raises(ValueError, match="divisible by 128"):
            network(torch.zeros(shape))


@pytest.mark.parametrize(("preset", "size"), [("paper", (128, 256)), ("paper", (256, 128)), ("compact", (192, 32))])
def test_any_height_and_width_divisible_by_the_stride(preset, size):
    network = tiny(preset)
    with torch.no_grad():
        assert network(torch.zeros(1, network.in_channels, *size)).shape == (1, 3, *size)
    with pytest.raises(ValueError, match=f"divisible by {network.stride},"):
        network(torch.zeros(1, network.in_channels, size[0], size[1] + network.stride // 2))


def test_without_a_fill_the_answer_stays_in_range():
    network = tiny()
    network.merge[-1].conv.bias.data[:3] = torch.tensor([50.0, -50.0, 0.0])
    with torch.no_grad():
        out = network(torch.randn(1, 9, 128, 128))
    assert out.abs().max() <= 1
    assert out[:, 0].min() > 0.99 and out[:, 1].max() < -0.99  # the bound is reached, not missed by a small answer


@pytest.mark.parametrize("preset", ["compact", "plain"])
@pytest.mark.parametrize("fill", ["pyramid", "walls"])
def test_a_fresh_network_answers_nearly_its_fill(preset, fill):
    network = tiny(preset, fill=fill)
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(1, 3, 128, 128, generator=generator) * 2 - 1
    mask = torch.zeros(1, 1, 128, 128)
    mask[..., 30:90, 40:100] = 1
    empty, noise = torch.zeros(1, 1, 128, 128), torch.randn(1, 1, 128, 128, generator=generator)
    given = assemble(image, mask, empty, image * 0, empty, noise, fill=fill, color_flag=True)
    with torch.no_grad():
        residual = network(given) - given[:, :3]
    assert 0 < residual.abs().mean() < 0.02 and residual.abs().max() < 0.2


def test_the_answer_depends_on_every_channel():
    network = tiny("compact")
    x = torch.randn(1, 10, 128, 128, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        before = network(x)
        for channel in range(10):
            changed = x.clone()
            changed[:, channel] += 1
            assert (network(changed) - before).abs().max() > 0, channel


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layout": "unet"}, "layout must be one of"),
        ({"stages": 3}, "need 2 numbers each for 3 stages"),
        ({"decoder_blocks": [1, 2]}, "need 3 numbers each for 4 stages"),
    ],
)
def test_layouts_that_there_are_not(options, message):
    with pytest.raises(ValueError, match=message):
        tiny("compact", **options)


def test_a_residual_network_sees_all_of_a_small_square():
    """From one corner to the far one, through the deepest stage."""
    network = tiny("compact")
    x = torch.randn(1, 10, 128, 128, generator=torch.Generator().manual_seed(0), requires_grad=True)
    network(x)[..., -1, -1].sum().backward()
    assert x.grad[..., 0, 0].abs().max() > 0


def test_presets():
    assert set(PRESETS) == {"paper", "compact", "plain", "folded"}
    network = tiny("compact", gate="full", resolution=384)
    assert network.resolution == 384 and network.color_flag == PRESETS["compact"]["color_flag"]
    assert network.residual.decoder[-1][0].gated.conv.out_channels == 8  # feature and gate of width 4
    with pytest.raises(ValueError, match="No preset 'huge'; there are paper, compact"):
        SCFEGANGenerator.preset("huge")
    with pytest.raises(TypeError, match="depth"):
        SCFEGANGenerator.preset("paper", depth=3)
    with pytest.raises(ValueError, match="fill must be one of"):
        SCFEGANGenerator(width=4, fill="telea")


@pytest.mark.parametrize("kernel", [5, 3])
def test_discriminator_judges_patches_without_a_sigmoid(kernel):
    network = SCFEGANDiscriminator(4, kernel_size=kernel)
    network.layers[-1].bias.data[:] = 30
    out = network(torch.randn(2, 8, 128, 192))
    assert out.shape == (2, 16, 2, 3)
    assert out.min() > 20
    out.sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in network.parameters())


def test_discriminator_has_the_published_widths():
    with torch.device("meta"):
        layers = SCFEGANDiscriminator().layers
    assert [layer.out_channels for layer in layers] == [64, 128, 256, 256, 256, 256]
    assert {layer.kernel_size for layer in layers} == {(5, 5)} and {layer.stride for layer in layers} == {(2, 2)}


def test_spectral_norm_bounds_every_layer():
    network = SCFEGANDiscriminator(4)
    for layer in network.layers:
        layer.parametrizations.weight.original.data.mul_(100)
    with torch.no_grad():
        for _ in range(50):  # one power iteration each
            network(torch.zeros(1, 8, 64, 64))
    for layer in network.layers:
        assert torch.linalg.matrix_norm(layer.weight.flatten(1), 2).item() == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize(
    ("preset", "kind"), [("plain", PublishedGenerator), ("paper", PublishedGenerator), ("compact", ResidualGenerator)]
)
def test_the_layout_says_which_class_is_made(preset, kind, tmp_path):
    network = SCFEGANGenerator.preset(preset, width=4)
    network.save_pretrained(tmp_path)
    others = (copy.deepcopy(network), pickle.loads(pickle.dumps(network)), SCFEGANGenerator.from_pretrained(tmp_path))
    assert [type(other) for other in (network, *others)] == [kind] * 4
    x = torch.randn(1, network.in_channels, 128, 128)
    with torch.no_grad():
        assert all(torch.equal(other.eval()(x), network.eval()(x)) for other in others)


def test_a_class_of_another_layout_is_refused():
    with pytest.raises(ValueError, match="A ResidualGenerator has another layout than 'published'"):
        ResidualGenerator(width=4)


def test_a_folded_network_sees_all_of_its_square():
    """From one corner to the far one, by attention; and it starts as the fill."""
    network = tiny("folded", widths=[8, 8, 32], stages=4, encoder_blocks=[0, 1], dilations=[1, 1], decoder_blocks=[1, 1])
    x = torch.randn(1, 10, 256, 256, generator=torch.Generator().manual_seed(0), requires_grad=True)
    out = network(x)
    assert out.shape == (1, 3, 256, 256) and (out - x[:, :3]).abs().mean() < 0.1
    out[..., -1, -1].sum().backward()
    assert x.grad[..., 0, 0].abs().max() > 0


def test_a_folded_network_has_numbers_that_fit():
    with pytest.raises(ValueError, match="3 widths has 4 stages"):
        tiny("folded", widths=[8, 8, 32], encoder_blocks=[0, 1], decoder_blocks=[1, 1])
    with pytest.raises(ValueError, match="attention follows blocks of the last stage, which has 1"):
        tiny("folded", widths=[8, 8, 8, 32], dilations=[1])
    with pytest.raises(ValueError, match="divisible by 32, not 8"):
        tiny("folded", widths=[8, 8, 8, 8])
