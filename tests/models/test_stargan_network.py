"""The network that moves attributes: shapes, where it may change a face, and what its answer does to one."""

import pytest
import torch

from scfegan_hf.models.stargan import COVER, FLOW, PAINT, SHADE, AttributeChange, change_face, rim

SHAPE = dict(widths=[8, 8], encoder_blocks=[1], dilations=[1], decoder_blocks=[1], resolution=32)


def no_answer(side: int = 32) -> torch.Tensor:
    return torch.zeros(1, COVER.stop, side, side)


def stripes(side: int = 32) -> torch.Tensor:
    """(1, 3, side, side): each column a shade of its own."""
    return (torch.arange(side) / side).expand(1, 3, side, side).contiguous()


def test_no_step_is_no_change_and_the_rim_stays():
    network = AttributeChange(**SHAPE)
    with torch.no_grad():
        network.unet.head.bias.add_(torch.randn_like(network.unet.head.bias))
    face = torch.rand(2, 3, 32, 32) * 2 - 1
    changed = change_face(face, network(face, torch.tensor([[0.0, 0, 0], [1.0, 0, 0]])))
    assert torch.allclose(changed[0], face[0], atol=1e-5)
    assert (changed[1] - face[1]).abs().amax() > 0.05
    outside = rim(32) == 0
    assert outside.float().mean() > 0.2 and torch.allclose(changed[1][:, outside], face[1][:, outside], atol=1e-5)


def test_a_flow_says_where_a_pixel_comes_from():
    answer, face = no_answer(), stripes()
    answer[:, FLOW.start] = 4 / 32
    moved = change_face(face, answer)
    assert torch.allclose(moved[..., :-4], face[..., 4:], atol=1e-5)


def test_shade_is_added_and_paint_covers():
    face, answer = stripes(), no_answer()
    answer[:, SHADE], answer[:, PAINT] = 0.25, -1
    answer[..., 16:, :][:, COVER] = 1
    changed = change_face(face, answer)
    assert torch.allclose(changed[..., :16, :], face[..., :16, :] + 0.25) and (changed[..., 16:, :] == -1).all()


def test_the_rim_is_a_smooth_oval():
    oval = rim(64)
    assert oval.max() == 1 and oval.min() == 0 and oval[32, 32] == 1 and oval[0].max() == 0
    assert oval.diff(dim=0).abs().max() < 0.3


@pytest.mark.parametrize(("face", "steps"), [((1, 4, 32, 32), (1, 3)), ((1, 3, 30, 32), (1, 3)), ((1, 3, 32, 32), (1, 2))])
def test_what_does_not_fit_is_refused(face, steps):
    with pytest.raises(ValueError, match="takes|divisible"):
        AttributeChange(**SHAPE)(torch.zeros(face), torch.zeros(steps))


def test_a_side_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="divisible by 8"):
        AttributeChange(**SHAPE | {"resolution": 36})
