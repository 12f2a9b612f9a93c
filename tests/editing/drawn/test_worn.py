"""Glasses, earrings and beards that are painted onto faces as the truth of a drawing."""

import numpy as np
import pytest

from scfegan_hf.editing.drawn import worn
from scfegan_hf.editing.drawn.samples import Holes, make_sample

SIDE = 256


@pytest.fixture
def face_row(landmark_rows):
    from scfegan_hf.faces.rows import decode_face

    return decode_face(landmark_rows[0])


@pytest.mark.parametrize("kind", set(worn.KINDS), ids=lambda kind: kind.__name__)
def test_what_is_worn_is_drawn_and_lies_in_its_hole(face_row, kind):
    for seed in range(4):
        face = worn.Face(face_row["image"].copy(), face_row["landmarks"], face_row["regions"], np.random.default_rng(seed))
        made = kind(face)
        changed = (made.image != face_row["image"]).any(2)
        assert changed.any() and not (changed & (made.hole == 0)).any()
        assert made.lines.any() and not (made.lines & ~made.hole & 1).any()
        assert not (made.dabbed & ~made.hole & 1).any()


def test_the_same_generator_puts_on_the_same(face_row):
    one, other = (worn.put_on(face_row, np.random.default_rng(3)) for _ in range(2))
    assert (one.image == other.image).all() and (one.lines == other.lines).all()


def test_samples_with_something_worn_always_say_so(face_row):
    drawn = 0
    for seed in range(12):
        sample = make_sample(face_row, 128, np.random.default_rng(seed), holes=Holes(worn=1.0))
        assert (sample["sketch"] & sample["mask"]).any() or (sample["color_mask"] & sample["mask"]).any()
        drawn += bool((sample["color_mask"] & sample["mask"]).any())
    assert drawn >= 6


def test_a_share_of_what_is_worn_is_a_share():
    with pytest.raises(ValueError, match="worn"):
        Holes(worn=1.5).shares()
