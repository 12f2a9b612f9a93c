"""Where the editor's judges look: squares around holes."""

import torch

from scfegan_hf.recipes.editor import corners, windows


def hole(top, left, height, width, side=64):
    mask = torch.zeros(1, 1, side, side)
    mask[..., top : top + height, left : left + width] = 1
    return mask


def test_a_window_holds_the_whole_hole_wherever_it_lies():
    masks = torch.cat([hole(20, 20, 24, 24), hole(30, 5, 1, 1), hole(0, 0, 9, 9), hole(55, 50, 9, 14)])
    for _ in range(20):
        cut = windows(masks, corners(masks, 28), 28)
        assert cut.shape == (4, 1, 28, 28)
        assert cut.sum((1, 2, 3))[:2].tolist() == [576, 1]
        assert (cut.sum((1, 2, 3))[2:] >= torch.tensor([25, 50])).all()  # all but FOLD lines at the picture's border


def test_windows_move_from_look_to_look():
    masks = hole(20, 20, 24, 24).repeat(200, 1, 1, 1)
    places = torch.tensor(corners(masks, 28))
    assert {*(places[:, 0] % 4).tolist()} == {0, 1, 2, 3}  # on every phase of a fold of four


def test_a_hole_larger_than_a_window_is_looked_at_in_parts():
    masks = hole(4, 4, 50, 40).repeat(200, 1, 1, 1)
    places = torch.tensor(corners(masks, 28))
    assert (places >= 0).all() and (places <= 64 - 28).all()
    assert (windows(masks, places.tolist(), 28).sum((1, 2, 3)) > 0).all()
    assert places.float().std(0).min() > 4
