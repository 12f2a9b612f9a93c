"""The fast LRN against PyTorch's and against its definition; RMS; the choice by name."""

import pytest
import torch

from scfegan_hf.layers.norms import (
    LRN_BIAS,
    ChannelRMSNorm,
    LocalResponseNorm,
    local_response_norm,
    local_response_norm_reference,
    make_norm,
)

CHANNELS = (1, 3, 5, 8, 11, 16, 40)  # fewer than, as many as and more than the window of 11


def features(channels: int, memory_format=torch.contiguous_format) -> torch.Tensor:
    generator = torch.Generator().manual_seed(channels)
    x = torch.randn(2, channels, 6, 5, generator=generator) * 3
    return x.to(memory_format=memory_format).requires_grad_(True)


def by_definition(x: torch.Tensor, radius: int = 5) -> torch.Tensor:
    x, result = x.detach().double(), torch.empty_like(x, dtype=torch.double)
    for c in range(x.shape[1]):
        window = x[:, max(c - radius, 0) : c + radius + 1]
        result[:, c] = x[:, c] / (LRN_BIAS + window.square().sum(1)).sqrt()
    return result


@pytest.mark.parametrize("channels", CHANNELS)
@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_fast_lrn_equals_its_twin_in_values_and_gradients(channels, memory_format):
    ours, theirs = features(channels, memory_format), features(channels, memory_format)
    result, expected = local_response_norm(ours), local_response_norm_reference(theirs)
    torch.testing.assert_close(result, expected, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(result.double(), by_definition(ours), rtol=1e-5, atol=1e-6)
    weight = torch.randn(result.shape, generator=torch.Generator().manual_seed(1))
    (result * weight).sum().backward()
    (expected * weight).sum().backward()
    assert theirs.grad.abs().max() > 1e-3
    torch.testing.assert_close(ours.grad, theirs.grad, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("radius", [0, 1, 2, 3, 6, 7])
def test_every_radius_has_its_own_sum_by_doubling(radius):
    x = features(20).detach()
    torch.testing.assert_close(local_response_norm(x, radius), local_response_norm_reference(x, radius), rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(local_response_norm(x, radius).double(), by_definition(x, radius), rtol=1e-5, atol=1e-6)


def test_bfloat16_goes_in_and_comes_out_and_is_computed_in_float32():
    x = features(16).detach().bfloat16()
    result = local_response_norm(x)
    assert result.dtype == torch.bfloat16
    assert torch.equal(result, local_response_norm(x.float()).bfloat16())


def test_autocast_leaves_lrn_in_float32():
    x = features(16).detach()
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(LocalResponseNorm()(x), local_response_norm(x))


def test_small_features_are_raised_by_no_more_than_the_bias_allows():
    x = torch.full((1, 4, 1, 1), 1e-4)
    torch.testing.assert_close(local_response_norm(x), x / (LRN_BIAS + 4e-8) ** 0.5)


def test_rms_gives_every_pixel_unit_size_times_the_scale():
    norm, x = ChannelRMSNorm(8), features(8).detach()
    torch.testing.assert_close(norm(x).square().mean(1), torch.ones(2, 6, 5), rtol=1e-4, atol=1e-4)
    norm.scale.data[3] = 2.0
    torch.testing.assert_close(norm(x)[:, 3], 2 * ChannelRMSNorm(8)(x)[:, 3])
    assert norm(x.bfloat16()).dtype == torch.bfloat16


def test_norms_by_name():
    x = features(12).detach()
    assert torch.equal(make_norm(None, 12)(x), x)
    torch.testing.assert_close(make_norm("lrn", 12)(x), make_norm("lrn_reference", 12)(x), rtol=1e-5, atol=1e-6)
    assert isinstance(make_norm("rms", 12), ChannelRMSNorm)
    with pytest.raises(ValueError, match="norm must be .*'instance'"):
        make_norm("instance", 12)
