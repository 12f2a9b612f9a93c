"""The discriminator of features: shapes, what it heeds, what it refuses."""

import pytest
import torch

from scfegan_hf.losses.adversarial import in_hole
from scfegan_hf.models.projected import ProjectedDiscriminator

CHANNELS = (4, 6, 8)


@pytest.fixture
def judged():
    torch.manual_seed(0)
    layers = [torch.rand(2, c, side, side) for c, side in zip(CHANNELS, (31, 15, 8), strict=True)]
    return layers, [torch.full((2, 1, 1, 1), 0.5)] * 3, torch.zeros(2, 1, 64, 64)


def test_one_map_of_logits_a_layer(judged):
    network = ProjectedDiscriminator(CHANNELS, (2, 1, 1), width=4)
    assert [tuple(x.shape) for x in network(*judged)] == [(2, 1, 15, 15), (2, 1, 15, 15), (2, 1, 8, 8)]


def test_features_of_any_scale_are_judged_alike(judged):
    network = ProjectedDiscriminator(CHANNELS, (2, 1, 1), width=4).eval()
    layers, sizes, mask = judged
    larger = network([1000 * layer for layer in layers], [1000 * size for size in sizes], mask)
    for one, other in zip(network(layers, sizes, mask), larger, strict=True):
        assert torch.allclose(one, other, atol=1e-5)


def test_it_sees_the_hole(judged):
    network = ProjectedDiscriminator(CHANNELS, (2, 1, 1), width=4).eval()
    layers, sizes, mask = judged
    assert all(not torch.equal(a, b) for a, b in zip(network(*judged), network(layers, sizes, mask + 1), strict=True))


def test_channels_and_strides_must_match():
    with pytest.raises(ValueError, match="one length"):
        ProjectedDiscriminator((4, 6), (1,))


def test_only_patches_with_hole_count():
    logits = torch.arange(16.0).view(1, 1, 4, 4)
    mask = torch.zeros(1, 1, 8, 8)
    mask[..., 2:4, 0:2] = 1
    assert in_hole(logits, mask).tolist() == [4.0]
    assert len(in_hole(logits, torch.zeros(1, 1, 8, 8))) == 16
