"""The discriminator of features: shapes, what it heeds, what it refuses."""

import pytest
import torch

from scfegan_hf.losses.adversarial import discriminator_loss, generator_loss, hole_weights, real_drift_loss
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


def test_only_patches_with_hole_count_and_each_sample_alike():
    logits = torch.arange(32.0).view(2, 1, 4, 4)
    mask = torch.zeros(2, 1, 8, 8)
    mask[0, :, 2:4, 0:2] = 1  # patch 4
    mask[1, :, :4] = 1  # patches 16 to 23
    weights = hole_weights(mask, (4, 4))
    assert torch.allclose(weights.sum((1, 2, 3)), torch.ones(2))
    assert generator_loss(logits, weights).item() == pytest.approx(-(4 + 19.5) / 2)
    assert hole_weights(torch.zeros(1, 1, 8, 8), (4, 4)).unique().tolist() == [1 / 16]


def test_a_batch_in_parts_has_the_loss_of_the_whole():
    torch.manual_seed(1)
    real, fake = torch.randn(4, 1, 5, 5), torch.randn(4, 1, 5, 5)
    weights = hole_weights((torch.rand(4, 1, 20, 20) < torch.tensor([0.02, 0.1, 0.3, 1.0]).view(4, 1, 1, 1)).float(), (5, 5))
    for loss in (
        lambda part: generator_loss(fake[part], weights[part]),
        lambda part: discriminator_loss(real[part], fake[part], True, weights[part]),
        lambda part: real_drift_loss(real[part], weights[part]),
    ):
        halves = (loss(slice(0, 2)) + loss(slice(2, 4))) / 2
        torch.testing.assert_close(halves, loss(slice(0, 4)))
