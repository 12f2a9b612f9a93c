"""Feature networks that cannot be random by accident; perceptual and style losses by their formulas."""

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch.nn import functional as F

from scfegan_hf.losses.perceptual import (
    REFERENCE_PERCEPTUAL,
    REFERENCE_STYLE,
    SqueezeNetFeatures,
    VGG16Features,
    feature_network,
    gram_matrix,
    perceptual_loss,
    reference_pair,
    style_loss,
)

# Of torchvision's `features`, up to the third pool: index, output and input channels.
VGG16_SHAPES = ((0, 64, 3), (2, 64, 64), (5, 128, 64), (7, 128, 128), (10, 256, 128), (12, 256, 256), (14, 256, 256))


def features(seed: int, scale: float = 1.0) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [scale * torch.randn(2, c, side, side, generator=generator) for c, side in ((4, 6), (7, 3))]


@pytest.fixture
def vgg16_file(tmp_path):
    """Random tensors, on purpose, under torchvision's names; a classifier that is not wanted, too."""
    tensors = {"classifier.0.weight": torch.zeros(2, 2), "features.17.weight": torch.zeros(512, 256, 3, 3)}
    for index, out, into in VGG16_SHAPES:
        tensors[f"features.{index}.weight"] = torch.randn(out, into, 3, 3) * (2 / (9 * into)) ** 0.5
        tensors[f"features.{index}.bias"] = torch.randn(out) * 0.1
    save_file(tensors, tmp_path / "vgg16.safetensors")
    return tmp_path / "vgg16.safetensors"


# losses


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


# networks


def test_vgg16_reads_torchvisions_names_and_pools_three_times(vgg16_file):
    network, tensors = feature_network("vgg16", vgg16_file), load_file(vgg16_file)
    image = torch.rand(2, 3, 32, 48) * 2 - 1
    found = network(image)
    assert [tuple(layer.shape) for layer in found] == [(2, 64, 16, 24), (2, 128, 8, 12), (2, 256, 4, 6)]
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    hidden = ((image + 1) / 2 - mean.view(3, 1, 1)) / std.view(3, 1, 1)
    for index in ("0", "2"):
        hidden = F.relu(F.conv2d(hidden, tensors[f"features.{index}.weight"], tensors[f"features.{index}.bias"], padding=1))
    torch.testing.assert_close(found[0], F.max_pool2d(hidden, 2), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", ["vgg16", "squeezenet"])
def test_a_feature_network_is_frozen_but_passes_gradients(name, vgg16_file, squeezenet_file):
    network = feature_network(name, {"vgg16": vgg16_file, "squeezenet": squeezenet_file}[name])
    assert not network.training and not any(p.requires_grad for p in network.parameters())
    image = torch.zeros(1, 3, 64, 64, requires_grad=True)
    perceptual_loss(network(image), network(torch.rand(1, 3, 64, 64))).backward()
    assert image.grad.abs().sum() > 0


@pytest.mark.parametrize("name", ["vgg16", "squeezenet"])
def test_scaled_losses_of_the_reference_pair_are_the_same_on_any_network(name, vgg16_file, squeezenet_file):
    network = feature_network(name, {"vgg16": vgg16_file, "squeezenet": squeezenet_file}[name])
    picture, blurred = (network(images) for images in reference_pair())
    perceptual, style = network.loss_scales
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
        feature_network("squeezenet", tmp_path / "zeros.safetensors")


def test_squeezenet_has_no_default_weights():
    with pytest.raises(ValueError, match="--perceptual_weights FILE"):
        feature_network("squeezenet", None)


def test_vgg16_offline_and_not_in_the_cache_is_an_error_and_no_random_network(monkeypatch, tmp_path):
    """The Hub's client is offline in tests (conftest), its cache is empty here."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(FileNotFoundError):
        feature_network("vgg16", None)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="absent.safetensors"):
        feature_network("vgg16", tmp_path / "absent.safetensors")
    with pytest.raises(FileNotFoundError):
        feature_network("vgg16", tmp_path)


def test_weights_of_another_network(vgg16_file):
    with pytest.raises(ValueError, match="not weights of squeezenet: conv1.weight"):
        feature_network("squeezenet", vgg16_file)


@pytest.mark.parametrize("instead", [{}, {"features.14.bias": torch.zeros(3)}], ids=["missing", "another shape"])
def test_one_tensor_missing_or_of_another_shape(vgg16_file, instead):
    tensors = load_file(vgg16_file)
    del tensors["features.14.bias"]
    save_file(tensors | instead, vgg16_file)
    with pytest.raises(ValueError, match="features.14.bias is missing or of another shape"):
        feature_network("vgg16", vgg16_file)


def test_pickles_and_other_files_are_refused(tmp_path):
    torch.save(VGG16Features().state_dict(), tmp_path / "vgg16.pth")
    (tmp_path / "empty.safetensors").touch()
    for name in ("vgg16.pth", "empty.safetensors"):
        with pytest.raises(ValueError, match="is not a safetensors file"):
            feature_network("vgg16", tmp_path / name)


def test_an_unknown_network():
    with pytest.raises(ValueError, match="vgg16, squeezenet, not 'vgg19'"):
        feature_network("vgg19", None)


def test_squeezenet_layers():
    shapes = [tuple(layer.shape[1:]) for layer in SqueezeNetFeatures()(torch.zeros(1, 3, 128, 128))]
    assert shapes == [(96, 61, 61), (128, 30, 30), (256, 15, 15), (512, 15, 15)]


def test_squeezenet_takes_blue_first_in_bytes_less_their_means():
    network, image = SqueezeNetFeatures(), torch.rand(1, 3, 32, 32) * 2 - 1
    given = (image[:, [2, 1, 0]] + 1) * 127.5 - torch.tensor([104.0, 117, 123]).view(3, 1, 1)
    expected = F.relu(F.conv2d(given, network.conv1.weight, network.conv1.bias, stride=2))
    torch.testing.assert_close(network(image)[0], expected, rtol=1e-4, atol=1e-3)


def test_squeezenet_with_its_real_weights_sees_blur_and_wrong_colours(shared):
    skimage = pytest.importorskip("skimage.data")
    network = feature_network("squeezenet", shared("weights/squeezenet1_0_imagenet.safetensors"))
    photo = torch.from_numpy(skimage.astronaut()[:256, 100:356].copy()).permute(2, 0, 1)[None] / 127.5 - 1
    target = network(photo)
    assert all(layer.isfinite().all() and layer.dtype == torch.float32 for layer in target)
    blurred = [F.avg_pool2d(photo, size, 1, size // 2) for size in (3, 9)]
    slightly, strongly = (perceptual_loss(network(picture), target).item() for picture in blurred)
    assert 0 < slightly < strongly
    assert network.loss_scales == pytest.approx((1, 1), rel=1e-3)  # the weights that the reference was measured with
    assert perceptual_loss(network(photo.flip(1)), target) > 0.2  # BGR for RGB
