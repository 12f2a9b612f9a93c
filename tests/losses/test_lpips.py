"""LPIPS: the published formula by hand, its hole, and gradients where features are zero."""

import pytest
import torch

from scfegan_hf.losses.lpips import lpips


def features(seed: int) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.rand(2, c, side, side, generator=generator) for c, side in ((4, 8), (6, 4))]


HEADS = [torch.rand(1, c, 1, 1, generator=torch.Generator().manual_seed(9)) for c in (4, 6)]


def test_it_is_the_published_formula():
    expected = torch.zeros(2)
    for x, y, head in zip(features(0), features(1), HEADS, strict=True):
        x, y = x / x.norm(dim=1, keepdim=True), y / y.norm(dim=1, keepdim=True)
        expected += ((x - y) ** 2 * head).sum(1).mean((1, 2))
    torch.testing.assert_close(lpips(features(0), features(1), HEADS), expected)


def test_with_a_mask_only_the_hole_counts():
    x, y = features(0), features(1)
    mask = torch.zeros(2, 1, 16, 16)
    mask[0, :, :8] = 1
    upper = lpips(*([layer[:, :, : layer.shape[2] // 2] for layer in layers] for layers in (x, y)), HEADS)
    found = lpips(x, y, HEADS, mask)
    assert found[0].item() == pytest.approx(upper[0].item(), rel=1e-5) and found[1] == 0


def test_of_equal_pictures_it_is_nothing_and_has_no_wild_gradient():
    x = [layer.clone().requires_grad_() for layer in features(0)]
    assert torch.equal(lpips(x, features(0), HEADS), torch.zeros(2))
    dark = [torch.zeros_like(layer, requires_grad=True) for layer in x]
    lpips(dark, features(0), HEADS).sum().backward()
    assert all(layer.grad.isfinite().all() for layer in dark)
