"""The network that carries make-up over: shapes, what it looks at, and how its answer is added."""

import pytest
import torch

from scfegan_hf.models.makeup import NUMBERS, MakeupTransfer, assemble_makeup, makeup_changes, mean_colors

SHAPE = dict(widths=[8, 8], encoder_blocks=[1], dilations=[1], decoder_blocks=[1], hidden=8, resolution=32)


def inputs(size: int = 32) -> tuple[torch.Tensor, ...]:
    pictures = torch.rand(2, 2, 3, size, size) * 2 - 1
    return pictures[0], pictures[1], torch.zeros(2, 1, size, size), torch.rand(2, 5, size, size)


def test_the_answer_is_a_coarse_grid_that_starts_near_zero():
    network = MakeupTransfer(**SHAPE)
    grid = network(assemble_makeup(*inputs()))
    assert grid.shape == (2, 5, NUMBERS, 8, 8) and grid.abs().max() < 0.2 and grid.abs().max() > 0
    assert network(assemble_makeup(*inputs(64))).shape == (2, 5, NUMBERS, 16, 16)


def test_where_make_up_is_removed_the_reference_counts_for_nothing():
    source, reference, remove, masks = inputs()
    remove[0] = 1
    one, other = (assemble_makeup(source, each, remove, masks) for each in (reference, -reference))
    assert torch.equal(one[0], other[0]) and not torch.equal(one[1], other[1])


def test_mean_colours_are_those_under_the_masks():
    source, reference, remove, masks = inputs()
    masks[:, 1] = 0
    masks[:, 2] = 0
    masks[:, 2, 3, 4] = 0.5
    means = mean_colors(assemble_makeup(source, reference, remove + 1, masks))
    assert means.shape == (2, 31) and (means[:, 30] == 1).all()
    by_layer = means[:, :30].reshape(2, 5, 6)
    assert (by_layer[:, 1] == 0).all()
    torch.testing.assert_close(by_layer[:, 2, :3], source[:, :, 3, 4])
    assert (by_layer[:, :, 3:] == 0).all()  # of a reference that counts for nothing


def test_changes_are_0_outside_the_masks_and_add_detail_by_the_last_number():
    grid = torch.rand(1, 5, NUMBERS, 4, 4)
    masks = torch.zeros(1, 5, 48, 40)
    masks[:, :, 10:20, 10:30] = 0.5
    detail = torch.rand(1, 3, 48, 40)
    changed = makeup_changes(grid, masks, detail)
    assert changed.shape == (1, 5, 3, 48, 40) and not changed[..., :10, :].any() and changed[..., 12, 12].all()
    without = makeup_changes(grid, masks, torch.zeros_like(detail))
    grid[:, :, 3] = 0
    torch.testing.assert_close(without, makeup_changes(grid, masks, detail))
    assert not torch.equal(without, changed)
    grid[:, :, :3], grid[:, :, 3] = 0, 1
    torch.testing.assert_close(makeup_changes(grid, masks, detail), masks[:, :, None] * detail[:, None])


@pytest.mark.parametrize("shape", [(1, 12, 30, 32), (1, 11, 32, 32), (12, 32, 32), (0, 12, 32, 32)])
def test_what_does_not_fit_is_refused(shape):
    with pytest.raises(ValueError, match="takes|divisible"):
        MakeupTransfer(**SHAPE)(torch.zeros(shape))


def test_a_resolution_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="resolution must be divisible by 8, not 36"):
        MakeupTransfer(**{**SHAPE, "resolution": 36})
