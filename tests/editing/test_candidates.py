"""Candidates are told apart by words and by their pixels."""

import numpy as np
import pytest
import torch
from skimage.data import astronaut

from scfegan_hf import FaceEditPipeline, SCFEGANGenerator
from scfegan_hf.editing.candidates import ALIKE, CHOICES, alike


def test_alike_is_counted_in_the_hole():
    hole = np.zeros((40, 40), bool)
    hole[10:20, 10:20] = True
    one = np.full((40, 40, 3), 100, np.uint8)
    for levels, same in ((ALIKE - 1, True), (ALIKE + 1, False)):
        other = one.copy()
        other[hole] += np.uint8(levels)
        assert alike(one, other, hole) is same
    outside = one.copy()
    outside[~hole] = 0
    assert alike(one, outside, hole)


@pytest.fixture(scope="module")
def pipe() -> FaceEditPipeline:
    torch.manual_seed(0)
    generator = SCFEGANGenerator.preset("compact", width=4, resolution=64)
    with torch.no_grad():
        generator.residual.head.weight.mul_(50)
    return FaceEditPipeline(generator, device="cpu")


def edit(pipe, mask_side: int = 40, **options):
    photo, mask = astronaut()[:256, 100:356].copy(), np.zeros((256, 256), np.uint8)
    mask[100 : 100 + mask_side, 90 : 90 + mask_side] = 255
    return pipe(photo, mask, guess=False, **options), mask > 0


def test_each_says_what_it_is_and_no_two_are_alike(pipe):
    result, hole = edit(pipe, num_candidates=4)
    images = [np.asarray(image) for image in result.images]
    assert len(result.labels) == len(images) >= 2 and len(set(result.labels)) == len(images)
    assert result.labels[0] == CHOICES[0].label and set(result.labels) <= {choice.label for choice in CHOICES}
    assert not any(alike(images[a], images[b], hole) for a in range(len(images)) for b in range(a))
    single, _ = edit(pipe)
    assert single.labels == [CHOICES[0].label] and np.array_equal(single.image, result.image)


def test_a_network_that_always_answers_alike_is_not_shown_twice(pipe, monkeypatch):
    monkeypatch.setattr(pipe, "_generate", lambda given: torch.zeros(1, 3, 64, 64))
    result, _ = edit(pipe, num_candidates=4, detail=False)
    assert len(result.images) < 4 and not {"flipped", "without texture"} & set(result.labels)
