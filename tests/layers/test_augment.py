"""Augmentation of what discriminators see: each change by itself, random for each picture, differentiable."""

import torch

from scfegan_hf.layers.augment import augment


def test_nothing_asked_nothing_changed():
    images = torch.rand(2, 3, 8, 8)
    assert torch.equal(augment(images, color=False, shift=0, cut=0), images)


def test_a_shift_moves_the_picture_and_lets_black_in():
    images = torch.arange(64.0).view(1, 1, 8, 8).repeat(40, 3, 1, 1) / 63
    moved = augment(images, color=False, cut=0, shift=0.25)
    shifts = set()
    for image in moved:
        values = image[0][image[0] >= 0]
        row, column = divmod(round(float(values.min()) * 63), 8)
        black = torch.nonzero(image[0] < 0)
        assert (image[0][black[:, 0], black[:, 1]] == -1).all() and torch.equal(image[0], image[2])
        shifts.add((row, column, len(black)))
    assert len(shifts) > 8  # each by its own


def test_a_square_is_cut_out_and_the_rest_stays():
    images = torch.rand(30, 3, 16, 16) * 0.5 + 0.25
    cut = augment(images, color=False, shift=0, cut=0.5)
    for before, after in zip(images, cut, strict=True):
        gone = after == 0
        assert torch.equal(after[~gone], before[~gone]) and gone.all(0).sum() == gone.any(0).sum() <= 64 and gone.any()
        rows, columns = gone[0].any(1).sum(), gone[0].any(0).sum()
        assert rows * columns == gone[0].sum()


def test_colours_change_by_three_numbers_a_picture():
    grey = torch.full((20, 3, 4, 4), 0.25)
    bright = augment(grey, shift=0, cut=0)
    assert (bright.std((1, 2, 3)) < 1e-6).all() and bright.mean((1, 2, 3)).std() > 0.1
    colourful = torch.rand(50, 3, 6, 6)
    spread = augment(colourful, shift=0, cut=0).std((1, 2, 3)) / colourful.std((1, 2, 3))
    assert spread.min() < 0.8 and spread.max() > 1.1


def test_gradients_flow_twice():
    images = torch.rand(2, 3, 8, 8, requires_grad=True)
    seen = augment(images)
    (slope,) = torch.autograd.grad(seen.square().sum(), images, create_graph=True)
    slope.square().sum().backward()
    assert images.grad.isfinite().all() and images.grad.any()
