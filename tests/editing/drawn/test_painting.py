"""Lines and colours as people make them: each feature has its own colour, in its own place."""

import cv2
import numpy as np
import pytest

from scfegan_hf.editing.drawn import drawing, painting
from scfegan_hf.editing.drawn.samples import edits_of
from scfegan_hf.faces.landmarks import LEFT_BROW, LEFT_EYE, NOSE, OUTER_LIPS, PUPILS, RIGHT_BROW, RIGHT_EYE
from scfegan_hf.faces.regions import REGIONS

SIDE = 192
EYES, IRIS, LIPS = (REGIONS.index(name) for name in ("eyes", "iris", "lips"))


def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def face(draw_face):
    """A drawn face with blue irises, black pupils, white eyes and red lips, each of exactly one colour."""
    face = draw_face(0, SIDE)
    image, points = face["image"], face["landmarks"]
    image[:] = (210, 170, 140)
    for name, shade in (("eyes", (240, 240, 240)), ("iris", (60, 110, 190)), ("lips", (190, 40, 50)), ("brows", (70, 50, 30))):
        image[face["regions"] == REGIONS.index(name)] = shade
    image[face["regions"] == REGIONS.index("mouth")] = (190, 40, 50)
    for pupil in PUPILS:
        cv2.circle(image, [int(v) for v in np.round(points[pupil])], 2, (5, 5, 5), -1)
    return face


@pytest.fixture(scope="module")
def everywhere():
    return np.ones((SIDE, SIDE), np.uint8)


def painted_over(face: dict, mask: np.ndarray, name: str, seeds: int = 40) -> np.ndarray:
    """Colours (N, 3) that paintings of the face put on a region, of paintings that put any."""
    inside, found = face["regions"] == REGIONS.index(name), []
    for seed in range(seeds):
        color, painted = painting.paint_features(face["image"], face["landmarks"], mask, rng(seed))
        assert not (painted & ~mask.astype(bool)).any() and painted.max() <= 1 and not color[painted == 0].any()
        found.append(color[(painted > 0) & inside])
    return np.concatenate(found).astype(int)


@pytest.mark.parametrize(("name", "shades"), [
    ("lips", [(190, 40, 50)]), ("eyes", [(240, 240, 240), (60, 110, 190)]), ("brows", [(70, 50, 30)]),
])  # fmt: skip
def test_features_are_painted_in_their_colours(face, everywhere, name, shades):
    found = painted_over(face, everywhere, name)
    right = np.min([np.abs(found - shade).max(1) for shade in shades], axis=0) < 12
    assert len(found) > 300 and right.mean() > 0.6  # strokes go over edges, as a hand does; lids are painted dark


def test_pupils_are_darker_than_irises(face, everywhere):
    found = painted_over(face, everywhere, "iris").sum(1)
    assert (found < 120).mean() > 0.05 and (found > 250).mean() > 0.3


def test_a_pupil_is_found_where_it_is_and_not_where_the_landmark_says(face):
    grey = cv2.cvtColor(face["image"], cv2.COLOR_RGB2GRAY)
    for pupil in PUPILS:
        there = face["landmarks"][pupil]
        assert np.abs(painting._darkest(grey, there + np.array((3, -2)), 5.0) - there).max() <= 2


def test_lines_follow_the_features(face):
    """Along lids, irises, brows and lips: nothing is drawn elsewhere, and all of them now and then."""
    points = face["landmarks"]
    near = np.zeros((SIDE, SIDE), np.uint8)
    for group in (LEFT_EYE, RIGHT_EYE, LEFT_BROW, RIGHT_BROW, NOSE, OUTER_LIPS):
        cv2.fillPoly(near, [cv2.convexHull(np.round(points[group]).astype(np.int32))], 1)
    near = cv2.dilate(near, np.ones((15, 15), np.uint8))
    seen = np.zeros_like(near)
    for seed in range(30):
        lines = painting.draw_features(face["image"], points, rng(seed))
        assert np.array_equal(lines, painting.draw_features(face["image"], points, rng(seed)))
        assert lines.any() and lines.max() == 1 and not lines[near == 0].any()
        seen |= lines
    for group in (LEFT_EYE, RIGHT_EYE, OUTER_LIPS):
        assert all(seen[round(y) - 1 : round(y) + 2, round(x) - 1 : round(x) + 2].any() for x, y in points[group])


def test_hair_is_drawn_by_its_outline(face):
    regions = face["regions"]
    lines = painting.draw_outline(regions)
    hair = (regions == REGIONS.index("hair")).astype(np.uint8)
    edge = cv2.dilate(hair, np.ones((9, 9), np.uint8)) - cv2.erode(hair, np.ones((9, 9), np.uint8))
    assert lines.max() == 1 and lines.sum() > SIDE and edge[lines > 0].mean() > 0.9
    assert not painting.draw_outline(np.zeros_like(regions)).any()
    everything = np.full_like(regions, REGIONS.index("hair"))
    assert not painting.draw_outline(everything).any()  # the frame's end is no outline


def test_curves_go_through_their_points():
    points = np.array([[0.0, 0.0], [4.0, 6.0], [10.0, 2.0], [0.0, 0.0]])
    for given in (points, points[:-1]):
        curve = painting._smooth(given)
        assert all(np.abs(curve - point).sum(1).min() < 1e-9 for point in given)
        assert np.linalg.norm(np.diff(curve, axis=0), axis=1).max() < 3


def test_an_eye_beyond_the_frame_is_left_out(face, everywhere):
    beyond = face["landmarks"] + (0, -SIDE / 2)  # eyes and brows above it
    _, painted = painting.paint_features(face["image"], beyond, everywhere, rng(0))
    corner = np.s_[: SIDE // 10, : int(0.44 * SIDE)]  # below the eye, beside the nose
    assert painted.any() and not painted[corner].any()
    assert not painting.draw_features(face["image"], beyond, rng(0))[corner].any()


@pytest.mark.parametrize("spill", [0.0, 1.0])
def test_patches_have_the_colour_of_what_is_below_them(face, spill):
    mask = np.zeros((SIDE, SIDE), np.uint8)
    mask[60:160, 40:150] = 1
    shades, right, empty = np.unique(face["image"].reshape(-1, 3), axis=0).astype(int), [], 0
    for seed in range(30):
        color, painted = painting.paint_patches(face["image"], mask, rng(seed), spill=spill)
        assert not painted[mask == 0].any() and not color[painted == 0].any()
        inside = painted > 0
        used = np.unique(color[inside], axis=0).astype(int)
        assert all(np.abs(shades - shade).max(1).min() < 12 for shade in used)  # none is a mixture of two
        empty += not inside.any()
        if inside.any():
            right.append((np.abs(color[inside].astype(int) - face["image"][inside]).max(1) < 12).mean())
    assert empty < 5 and np.mean(right) > (0.97 if not spill else 0.8)


@pytest.mark.parametrize("size", [0, 1, 2])
def test_a_tiny_hole_takes_little_or_no_paint(face, everywhere, size):
    mask = 0 * everywhere
    mask[50, 60 : 60 + size] = 1
    for color, painted in (
        painting.paint_patches(face["image"], mask, rng(0)),
        painting.paint_features(face["image"], face["landmarks"], mask, rng(0)),
    ):
        assert not color.any() and not painted.any()


def test_training_is_drawn_by_people_too_and_validation_is_not(landmark_rows, monkeypatch):
    """And what a detector sees stays in use."""
    asked = {"draw_features": 0, "paint_features": 0, "paint_patches": 0, "color_strokes": 0}

    def counted(module, name):
        real = getattr(module, name)

        def call(*args, **how):
            asked[name] += 1
            return real(*args, **how)

        monkeypatch.setattr(module, name, call)

    for name in asked:
        counted(drawing if name == "color_strokes" else painting, name)
    validation = edits_of(landmark_rows, 64, seed=0, train=False)
    held_out = [validation[n] for n in range(20)]
    assert asked.pop("color_strokes") and not any(asked.values())
    asked["color_strokes"] = 0
    for hand in (drawing.Hand(drawn=0.0, features=0.0, patches=0.0), drawing.Hand()):
        drawn = edits_of(landmark_rows, 64, seed=0, train=False, hand=hand)
        for one, other in zip(held_out, (drawn[n] for n in range(20)), strict=True):
            assert all(np.array_equal(one[name], other[name]) for name in ("sketch", "color", "color_mask"))
    asked["color_strokes"] = 0
    samples = edits_of(landmark_rows, 64, seed=0)
    for n in range(60):
        samples[n]
    assert asked["draw_features"] == 60 and min(asked.values()) > 5


def test_a_sketch_by_hand_is_made_of_features_alone(face):
    steady = {"no_sketch": 0.0, "missing": 0.0, "thick": 0.0, "wobbly": 0.0}
    lines = painting.draw_features(face["image"], face["landmarks"], rng(0))
    for drawn, same in ((0.0, False), (1.0, True)):
        hand = drawing.Hand(**steady, drawn=drawn)
        sketch = drawing.simulate_sketch(face["sketch"], rng(1), lines, hand)
        assert sketch.any() and np.array_equal(sketch, np.where(sketch > 0, lines, 0)) == same
    assert np.array_equal(sketch, drawing.simulate_sketch(0 * lines, rng(1), lines, hand))
