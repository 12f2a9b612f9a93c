"""Features of AlexNet and VGG-16: torchvision's layers by hand, and files that are not their weights."""

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch.nn import functional as F

from scfegan_hf.models.lpips import AlexNetFeatures, VGG16Layers, lpips_network


def test_layers_are_torchvisions(alexnet_file):
    network, stored = lpips_network(alexnet_file), load_file(alexnet_file)
    image = torch.rand(2, 3, 96, 80) * 2 - 1
    hidden = (image - network.shift) / network.scale
    expected = []
    for index, stride, padding in ((0, 4, 2), (3, 1, 2), (6, 1, 1), (8, 1, 1), (10, 1, 1)):
        hidden = F.max_pool2d(hidden, 3, 2) if index in (3, 6) else hidden
        weight, bias = (stored[f"features.{index}.{part}"].float() for part in ("weight", "bias"))
        hidden = F.conv2d(hidden, weight, bias, stride, padding).clamp_min(0)
        expected.append(hidden)
    for found, layer, channels in zip(network(image), expected, AlexNetFeatures.CHANNELS, strict=True):
        assert found.shape[1] == channels
        torch.testing.assert_close(found, layer)
    assert not any(p.requires_grad for p in network.parameters()) and not network.training
    assert torch.equal(network.heads[2], stored["lpips.2.weight"].float())


def test_vgg16_is_looked_at_before_each_pool(tmp_path):
    network = VGG16Layers()
    image = torch.rand(1, 3, 64, 48) * 2 - 1
    hidden, expected = (image - network.shift) / network.scale, []
    for block in ((0, 2), (5, 7), (10, 12, 14), (17, 19, 21), (24, 26, 28)):
        hidden = F.max_pool2d(hidden, 2) if expected else hidden
        for index in block:
            convolution = network.features[str(index)]
            hidden = F.conv2d(hidden, convolution.weight, convolution.bias, padding=1).clamp_min(0)
        expected.append(hidden)
    for layer, by_hand, channels in zip(network(image), expected, VGG16Layers.CHANNELS, strict=True):
        assert layer.shape[1] == channels
        torch.testing.assert_close(layer, by_hand)
    with pytest.raises(ValueError, match="VGG-16's with LPIPS's heads: .* is missing"):
        save_file({"none": torch.zeros(1)}, tmp_path / "none")
        lpips_network(tmp_path / "none", VGG16Layers)


def test_files_that_are_not_its_weights_are_refused(tmp_path, alexnet_file):
    with pytest.raises(FileNotFoundError, match="No AlexNet weights"):
        lpips_network(None)
    (tmp_path / "text").write_text("no tensors")
    with pytest.raises(ValueError, match="not a safetensors file"):
        lpips_network(tmp_path / "text")
    stored = load_file(alexnet_file)
    del stored["lpips.3.weight"]
    save_file(stored, tmp_path / "headless")
    with pytest.raises(ValueError, match="lpips.3.weight is missing"):
        lpips_network(tmp_path / "headless")
