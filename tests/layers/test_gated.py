"""Gated convolutions: what the gate does, sizes, options."""

import pytest
import torch
from torch.nn import functional as F

from scfegan_hf.layers.gated import LEAK, GatedConv2d, GatedUpsample
from scfegan_hf.layers.norms import local_response_norm


@pytest.fixture
def x():
    return torch.randn(2, 6, 16, 16, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("norm", [None, "lrn"])
def test_one_convolution_is_two(x, norm):
    """Feature and gate together are LeakyReLU(norm(conv(x))) * sigmoid(gate(x)) of two separate convolutions."""
    layer = GatedConv2d(6, 8, 3, stride=2, norm=norm)
    torch.nn.init.normal_(layer.conv.bias)
    weight, bias = layer.conv.weight, layer.conv.bias
    feature = F.conv2d(x, weight[:8], bias[:8], 2, 1)
    gate = F.conv2d(x, weight[8:], bias[8:], 2, 1)
    feature = local_response_norm(feature) if norm else feature
    torch.testing.assert_close(layer(x), F.leaky_relu(feature, 0.2) * torch.sigmoid(gate), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("gate", ["full", "single"])
def test_a_closed_gate_lets_nothing_through_and_an_open_one_everything(x, gate):
    layer = GatedConv2d(6, 8, 3, norm=None, gate=gate)
    layer.conv.bias.data[8:] = -100
    assert layer(x).abs().max() < 1e-20
    layer.conv.bias.data[8:] = 100
    expected = F.leaky_relu(F.conv2d(x, layer.conv.weight[:8], layer.conv.bias[:8], padding=1), LEAK)
    torch.testing.assert_close(layer(x), expected, rtol=1e-4, atol=1e-5)


def test_a_full_gate_closes_channels_one_by_one(x):
    layer = GatedConv2d(6, 8, 3, norm=None)
    layer.conv.bias.data[8 + 2] = -100
    found = layer(x).abs().amax((0, 2, 3))
    assert found[2] < 1e-20 and (found[[0, 1, 3, 4, 5, 6, 7]] > 1e-3).all()


def test_a_single_gate_has_one_channel_for_all(x):
    layer = GatedConv2d(6, 8, 3, norm=None, gate="single")
    assert layer.conv.out_channels == 9
    opened = F.leaky_relu(F.conv2d(x, layer.conv.weight[:8], layer.conv.bias[:8], padding=1), LEAK)
    ratio = layer(x) / opened
    torch.testing.assert_close(ratio, ratio[:, :1].expand_as(ratio), rtol=1e-3, atol=1e-4)


def test_gates_start_half_open_and_features_do_not_vanish(x):
    layer = GatedConv2d(6, 32, 3, norm=None)
    gates = torch.sigmoid(F.conv2d(x, layer.conv.weight[32:], layer.conv.bias[32:], padding=1))
    assert 0.001 < (gates - 0.5).abs().mean() < 0.1
    assert 0.5 < layer(x).std() / x.std() < 2


@pytest.mark.parametrize(("stride", "dilation", "kernel"), [(1, 1, 3), (2, 1, 3), (2, 1, 5), (2, 1, 7), (1, 4, 3), (1, 16, 3)])
def test_sizes(x, stride, dilation, kernel):
    layer = GatedConv2d(6, 5, kernel, stride=stride, dilation=dilation)
    assert layer(x).shape == (2, 5, 16 // stride, 16 // stride)


def test_the_last_layer_is_neither_normalised_nor_rectified(x):
    layer = GatedConv2d(6, 3, 3, activation=False)
    layer.conv.bias.data[3:] = 100  # gates open
    expected = F.conv2d(x, layer.conv.weight[:3], layer.conv.bias[:3], padding=1)
    torch.testing.assert_close(layer(x), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kernel", [3, 4, 5])
@pytest.mark.parametrize("gate", ["self", "conv"])
def test_upsampling_doubles_the_size(x, kernel, gate):
    layer = GatedUpsample(6, 7, kernel, gate=gate)
    assert layer(x[..., :10]).shape == (2, 7, 32, 20)


def test_a_self_gate_gates_its_own_activated_output(x):
    layer = GatedUpsample(6, 7, 5, norm="lrn", gate="self")
    assert layer.conv.out_channels == 7
    y = F.leaky_relu(local_response_norm(layer.conv(x)), LEAK)
    torch.testing.assert_close(layer(x), y * torch.sigmoid(y))


def test_an_upsampling_gate_of_its_own_gates(x):
    layer = GatedUpsample(6, 7, 4, norm=None, gate="conv")
    layer.conv.bias.data[7:] = -100
    assert layer(x).abs().max() < 1e-20


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: GatedConv2d(3, 4, 3, gate="double"), "gate must be one of"),
        (lambda: GatedConv2d(3, 4, 3, norm="batch"), "norm must be"),
        (lambda: GatedUpsample(3, 4, gate="full"), "upsample_gate must be one of"),
        (lambda: GatedUpsample(3, 4, norm="batch"), "norm must be"),
    ],
)
def test_bad_options_are_refused(build, message):
    with pytest.raises(ValueError, match=message):
        build()
