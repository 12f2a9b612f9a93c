"""Simulated drawings: lines survive, dabs stay in their place, everything follows from the generator."""

import numpy as np
import pytest

from scfegan_hf.data.pictures import resize_lines
from scfegan_hf.editing.drawn import drawing
from scfegan_hf.faces.landmarks import PUPILS


def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def face(draw_face):
    return draw_face(0)


@pytest.fixture(scope="module")
def mask(face):
    mask = np.zeros_like(face["regions"])
    mask[30:110, 20:100] = 1
    return mask


@pytest.mark.parametrize(("size", "target"), [(128, 100), (103, 64), (64, 32), (100, 33), (256, 64)])
def test_no_thin_line_vanishes_when_shrunk(size, target):
    for place in range(size):
        line = np.zeros((size, size), np.uint8)
        line[place] = 170
        for shrunk in (resize_lines(line, (target, target)), resize_lines(line.T.copy(), (target, target)).T):
            rows = np.flatnonzero(shrunk.all(1))
            assert len(rows), f"the line at {place} of {size} is lost at {target}"
            assert np.abs(rows - place * target / size).max() <= 1.5
            assert set(np.unique(shrunk)) == {0, 170}


def test_lines_are_not_thickened_when_enlarged():
    line = np.zeros((20, 20), np.uint8)
    line[7] = 90
    assert resize_lines(line, (20, 20)).sum() == line.sum()
    assert (resize_lines(line, (40, 40)) > 0).sum() == 80


def test_sketches_are_binary_and_follow_the_generator(face):
    drawn = [drawing.simulate_sketch(face["sketch"], rng(seed)) for seed in range(60)]
    for seed, sketch in enumerate(drawn):
        assert sketch.shape == face["sketch"].shape and sketch.dtype == np.uint8 and sketch.max() <= 1
        assert np.array_equal(sketch, drawing.simulate_sketch(face["sketch"], rng(seed)))
    amounts = sorted(int(sketch.sum()) for sketch in drawn)
    assert amounts[0] == 0 and amounts[-1] > 2 * np.median(amounts) > 0  # from no line at all to dense and thick


def test_wobble_moves_lines_by_little():
    line = np.zeros((200, 200), np.uint8)
    line[100] = 1
    moved = [np.argwhere(drawing._wobble(line, rng(seed)))[:, 0] - 100 for seed in range(20)]
    assert 0 < max(np.abs(rows).max() for rows in moved) <= 6


def test_a_line_gone_over_twice_is_still_there_once(face):
    steady = {"no_sketch": 0.0, "wobbly": 0.0, "missing": 0.0, "thick": 0.0}
    more = 0
    for seed in range(10):
        once = drawing.simulate_sketch(face["sketch"], rng(seed), hand=drawing.Hand(**steady)) > 0
        twice = drawing.simulate_sketch(face["sketch"], rng(seed), hand=drawing.Hand(**steady, doubled=1.0)) > 0
        assert not (once & ~twice).any()
        more += (twice & ~once).sum() > 0.1 * once.sum()
    assert more >= 7


def test_colours_too_strong_keep_their_place(face, mask):
    given = face["image"], face["regions"], face["color"], mask
    stronger = 0
    for seed in range(20):
        always = {"no_color": 0.0, "color_map": 0.0}
        color, painted = drawing.simulate_color(*given, rng(seed), hand=drawing.Hand(**always))
        strong, there = drawing.simulate_color(*given, rng(seed), hand=drawing.Hand(**always, saturated=1.0))
        assert np.array_equal(painted, there)
        before, after = (np.ptp(c[painted > 0].astype(int), axis=1).mean() for c in (color, strong))
        stronger += after > 1.1 * before
    assert stronger > 15


def test_every_choice_of_colours_is_made_and_stays_in_the_hole(face, mask):
    kinds = {"nothing": 0, "whole": 0, "strokes": 0}
    for seed in range(60):
        given = face["image"], face["regions"], face["color"], mask
        color, painted = drawing.simulate_color(*given, rng(seed))
        again = drawing.simulate_color(*given, rng(seed))
        assert np.array_equal(color, again[0]) and np.array_equal(painted, again[1])
        assert color.shape == face["image"].shape and color.dtype == painted.dtype == np.uint8
        assert painted.max() <= 1 and not painted[mask == 0].any()
        kinds["nothing" if not painted.any() else "whole" if np.array_equal(painted, mask) else "strokes"] += 1
    assert all(kinds.values()) and kinds["strokes"] > 25


def test_a_stroke_that_spills_crosses_outlines_but_not_the_holes_border(face, mask):
    """It has the colour of the region that it is meant for, as the same stroke has that stays inside."""
    crossing = 0
    for seed in range(40):
        _, inside = drawing.color_strokes(face["image"], face["regions"], mask, rng(seed), count=1)
        color, painted = drawing.color_strokes(face["image"], face["regions"], mask, rng(seed), count=1, spill=1.0)
        assert not painted[mask == 0].any() and (painted >= inside).all()
        (shade,) = np.unique(color[painted > 0], axis=0)
        assert np.abs(shade.astype(int) - np.median(face["image"][inside > 0], axis=0)).max() < 15
        crossing += len(np.unique(face["regions"][painted > 0])) > 1
    assert crossing > 10


def test_a_stroke_stays_in_the_hole_and_in_one_region_and_has_one_colour(face, mask):
    labels = set()
    for seed in range(40):
        color, painted = drawing.color_strokes(face["image"], face["regions"], mask, rng(seed), count=1)
        assert painted.any() and not painted[mask == 0].any()
        inside = painted > 0
        (label,) = np.unique(face["regions"][inside])
        (shade,) = np.unique(color[inside], axis=0)
        # The median of the photograph below it, off by a few levels.
        assert np.abs(shade - np.median(face["image"][inside], axis=0)).max() < 15
        labels.add(label)
    assert len(labels) >= 4  # small regions are painted too


def test_an_empty_hole_takes_no_stroke(face, mask):
    color, painted = drawing.color_strokes(face["image"], face["regions"], np.zeros_like(mask), rng(0))
    assert not painted.any() and not color.any()


def test_pupils(face_points):
    assert np.array_equal(drawing.eye_points(face_points), face_points[list(PUPILS)])
    assert drawing.eye_points(np.zeros((0, 2), np.float32)).shape == (0, 2)
