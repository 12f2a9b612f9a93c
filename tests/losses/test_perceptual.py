"""Perceptual and style losses by their formulas, and their scales."""

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch.nn import functional as F

from scfegan_hf.losses.perceptual import (
    REFERENCE_PERCEPTUAL,
    REFERENCE_STYLE,
    gram_matrix,
    loss_scales,
    perceptual_loss,
    reference_pair,
    style_loss,
)
from scfegan_hf.models.features import feature_network


def features(seed: int, scale: float = 1.0) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [scale * torch.randn(2, c, side, side, generator=generator) for c, side in ((4, 6), (7, 3))]


def test_gram_matrix_is_the_product_of_channels_over_the_number_of_elements():
    x = features(0)[0]
    expected = torch.einsum("nchw,ndhw->ncd", x.double(), x.double()) / x[0].numel()
    torch.testing.assert_close(gram_matrix(x).double(), expected, rtol=1e-5, atol=1e-6)
    assert gram_matrix(x.bfloat16()).dtype == torch.float32


def test_the_gradient_of_gram_matrices_is_autograds_own():
    x, weights = torch.randn(2, 5, 4, 3), torch.randn(2, 5, 5)  # not symmetric
    own, plain = x.clone().requires_grad_(), x.clone().requires_grad_()
    (gram_matrix(own) * weights).sum().backward()
    flat = plain.flatten(2)
    (flat @ flat.mT / (5 * 12) * weights).sum().backward()
    torch.testing.assert_close(own.grad, plain.grad)


@pytest.mark.parametrize("relative", [True, False])
@pytest.mark.parametrize(("loss", "of"), [(perceptual_loss, lambda x: x), (style_loss, gram_matrix)])
def test_losses_are_sums_over_layers_of_mean_absolute_differences(loss, of, relative):
    x, y = features(0), features(1)
    total = 0.0
    for ours, theirs in zip(x, y, strict=True):
        for n in range(2):
            a, b = of(ours[n : n + 1]), of(theirs[n : n + 1])
            total += (a - b).abs().mean().item() / (b.abs().mean().item() if relative else 1) / 2
    assert loss(x, y, relative).item() == pytest.approx(total, rel=1e-4)


@pytest.mark.parametrize("loss", [perceptual_loss, style_loss])
def test_relative_losses_know_no_scale(loss):
    small, large = (loss(features(0, scale), features(1, scale)).item() for scale in (1, 1000))
    assert small == pytest.approx(large, rel=1e-4)
    assert loss(features(0, 10), features(1, 10), False) > 9 * loss(features(0), features(1), False)


@pytest.mark.parametrize("loss", [perceptual_loss, style_loss])
def test_a_batch_is_the_mean_of_its_samples(loss):
    x, y = features(0), features(1)
    y[0][1] *= 50  # samples of very different size
    alone = [loss([layer[n : n + 1] for layer in x], [layer[n : n + 1] for layer in y]).item() for n in range(2)]
    assert abs(alone[0] - alone[1]) > 0.1
    assert loss(x, y).item() == pytest.approx(sum(alone) / 2, rel=1e-5)


@pytest.mark.parametrize("loss", [perceptual_loss, style_loss])
def test_memory_format_changes_nothing_and_the_target_gets_no_gradient(loss):
    x, y = features(0), features(1)
    expected = loss(x, y).item()
    x = [layer.to(memory_format=torch.channels_last).requires_grad_() for layer in x]
    y = [layer.to(memory_format=torch.channels_last).requires_grad_() for layer in y]
    value = loss(x, y)
    assert value.item() == pytest.approx(expected, rel=1e-5)
    value.backward()
    assert all(layer.grad.abs().sum() > 0 for layer in x) and all(layer.grad is None for layer in y)


def test_style_is_in_float32_under_autocast():
    x, y = features(0), features(1)
    with torch.autocast("cpu", torch.bfloat16):
        found = style_loss(x, y)
    assert found.item() == style_loss(x, y).item()


def test_equal_features_cost_nothing_and_style_ignores_places():
    x = features(0)
    assert perceptual_loss(x, x) == 0 and style_loss(x, x) == 0
    turned = [layer.flip(2, 3) for layer in x]
    assert style_loss(turned, x).item() == pytest.approx(0, abs=1e-5) and perceptual_loss(turned, x) > 0.5


@pytest.mark.parametrize("name", ["vgg16", "squeezenet"])
def test_scaled_losses_of_the_reference_pair_are_the_same_on_any_network(name, vgg16_file, squeezenet_file):
    network = feature_network(name, {"vgg16": vgg16_file, "squeezenet": squeezenet_file}[name])
    picture, blurred = (network(images) for images in reference_pair())
    perceptual, style = loss_scales(network)
    assert perceptual * perceptual_loss(blurred, picture).item() == pytest.approx(REFERENCE_PERCEPTUAL, rel=1e-4)
    assert style * style_loss(blurred, picture).item() == pytest.approx(REFERENCE_STYLE, rel=1e-4)
    if name == "vgg16":  # with its random weights; SqueezeNet may be the reference itself
        assert abs(perceptual - 1) > 0.1 and abs(style - 1) > 0.1


def test_the_reference_pair_is_a_picture_and_its_blur_and_never_another():
    picture, blurred = reference_pair()
    torch.manual_seed(1)
    assert all(torch.equal(first, again) for first, again in zip((picture, blurred), reference_pair(), strict=True))
    assert picture.abs().max() <= 1 and 0.2 < picture.std() < 0.5
    torch.testing.assert_close(F.avg_pool2d(picture, 16), F.avg_pool2d(blurred, 16), atol=0.06, rtol=0)
    assert (blurred.diff(dim=-1).abs().mean() / picture.diff(dim=-1).abs().mean()) < 0.7


def test_weights_that_see_nothing_are_refused(squeezenet_file, tmp_path):
    save_file({name: torch.zeros_like(x) for name, x in load_file(squeezenet_file).items()}, tmp_path / "zeros.safetensors")
    with pytest.raises(ValueError, match="damaged"):
        loss_scales(feature_network("squeezenet", tmp_path / "zeros.safetensors"))


def test_squeezenets_real_weights_are_what_the_reference_was_measured_with(shared):
    network = feature_network("squeezenet", shared("weights/squeezenet1_0_imagenet.safetensors"))
    assert loss_scales(network) == pytest.approx((1, 1), rel=1e-3)
