"""Feature networks that cannot be random by accident, and see what they should."""

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch.nn import functional as F

from scfegan_hf.losses.perceptual import perceptual_loss
from scfegan_hf.models.features import SqueezeNetFeatures, VGG16Features, feature_network


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
    assert perceptual_loss(network(photo.flip(1)), target) > 0.2  # BGR for RGB
