"""The refiner: it starts as what it is given, sees no further than it should, and refuses what does not fit."""

import pytest
import torch

from scfegan_hf.models.refiner import IN_CHANNELS, FaceRefiner


def tiny(**options) -> FaceRefiner:
    return FaceRefiner(**{"widths": (8, 8, 8), "resolution": 64, **options})


def test_it_starts_near_the_picture_that_it_is_given():
    x = torch.randn(2, IN_CHANNELS, 64, 96)
    answer = tiny()(x)
    assert answer.shape == (2, 3, 64, 96)
    assert 0 < (answer - x[:, :3]).abs().max() < 0.1


def test_the_default_is_small():
    assert 1e6 < sum(p.numel() for p in FaceRefiner().parameters()) < 2e6


def test_it_heeds_every_channel():
    network, x = tiny(), torch.randn(1, IN_CHANNELS, 64, 64)
    for channel in range(IN_CHANNELS):
        other = x.clone()
        other[:, channel] += 1
        assert (network(other) - other[:, :3] - network(x) + x[:, :3]).abs().max() > 1e-6, channel


def test_it_reaches_over_its_deepest_blocks():
    """From a corner of the picture to more than a quarter of its side, which the finest stage alone would not."""
    network = tiny(deepest=2).double()
    x = torch.randn(1, IN_CHANNELS, 128, 128, dtype=torch.float64, requires_grad=True)
    network(x)[0, :, 64, 64].sum().backward()
    reached = x.grad.abs().sum((0, 1)).nonzero()
    assert reached.min() < 32 and reached.max() >= 96


def test_saved_and_loaded_it_answers_the_same(tmp_path):
    network, x = tiny().eval(), torch.randn(1, IN_CHANNELS, 64, 64)
    network.save_pretrained(tmp_path)
    with torch.no_grad():
        assert torch.equal(FaceRefiner.from_pretrained(tmp_path)(x), network(x))


@pytest.mark.parametrize(("shape", "words"), [((1, 9, 64, 64), "takes"), ((1, 10, 40, 64), "divisible by 16")])
def test_what_does_not_fit_is_refused_in_words(shape, words):
    with pytest.raises(ValueError, match=words):
        tiny()(torch.zeros(shape))


@pytest.mark.parametrize(
    ("options", "words"),
    [({"decoder_blocks": (1,)}, "2 numbers"), ({"resolution": 80}, "divisible by 32")],
)
def test_numbers_that_do_not_fit_are_refused(options, words):
    with pytest.raises(ValueError, match=words):
        tiny(**options)
