"""Holes: never nothing, never everything, a function of the generator, and where they should be."""

import numpy as np
import pytest

from scfegan_hf.editing.drawn import masks
from scfegan_hf.faces.landmarks import LEFT_EYE, PUPILS, RIGHT_EYE
from scfegan_hf.faces.regions import REGIONS

SIZE = 96


def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.fixture
def points(face_points):
    return face_points * SIZE


@pytest.fixture
def regions(draw_face):
    return draw_face(0, SIZE)["regions"]


@pytest.fixture(params=["free_form", "free_form with eyes", "hair", *masks.FEATURES])
def draw(request, points, regions):
    """Every kind of hole as a function of the generator."""
    pupils = points[list(PUPILS)]
    kinds = {
        "free_form": lambda g: masks.free_form(SIZE, g),
        "free_form with eyes": lambda g: masks.free_form(SIZE, g, pupils),
        "hair": lambda g: masks.hair(regions, g),
    }
    return kinds.get(request.param, lambda g: masks.feature(SIZE, points, g, request.param))


def test_a_hole_is_never_nothing_and_never_everything(draw):
    for seed in range(80):
        mask = draw(rng(seed))
        assert mask.shape == (SIZE, SIZE) and mask.dtype == np.uint8 and mask.max() == 1
        assert 0 < mask.mean() <= masks.MAX_SHARE


def test_a_seed_gives_a_hole_again_and_another_seed_another(draw):
    drawn = [draw(rng(seed)) for seed in range(8)]
    assert all(np.array_equal(mask, draw(rng(seed))) for seed, mask in enumerate(drawn))
    assert len({mask.tobytes() for mask in drawn}) >= 3  # all of the hair looks the same


def test_valid_repairs_what_erases_nothing_or_everything():
    for seed in range(80):
        assert 0 < masks.valid(np.zeros((SIZE, SIZE), np.uint8), rng(seed)).mean() < 0.2
        assert 0.2 < masks.valid(np.ones((SIZE, SIZE), np.uint8), rng(seed)).mean() <= masks.MAX_SHARE
    fine = masks.free_form(SIZE, rng(0))
    assert masks.valid(fine.copy(), rng(0)).tobytes() == fine.tobytes()


def test_a_stroke_may_start_at_an_eye():
    eye = np.array([[11.0, 83.0]])
    plain = [masks.free_form(SIZE, rng(seed)) for seed in range(40)]
    with_eye = [masks.free_form(SIZE, rng(seed), eye) for seed in range(40)]
    more = [mask for mask, before in zip(with_eye, plain, strict=True) if mask.sum() > before.sum()]
    assert 10 <= len(more) <= 30
    assert all(mask[83, 11] for mask in more)


@pytest.mark.parametrize("name", masks.FEATURES)
def test_feature_holes_cover_their_landmarks_and_stay_near_them(name, points):
    groups = [points[group] for group in masks.FEATURES[name]]
    if name.endswith("ear"):  # outside the contour, beside it
        groups = [groups[0] + (-0.3 if name.startswith("left") else 0.3) * np.ptp(groups[0][:, 1]) * np.array([1, 0])]
    eye_distance = np.hypot(*(points[LEFT_EYE].mean(0) - points[RIGHT_EYE].mean(0)))
    all_points = np.concatenate(groups)
    reach = 0.6 * eye_distance + 0.5 * np.ptp(all_points, axis=0).max()
    for seed in range(20):
        mask = masks.feature(SIZE, points, rng(seed), name)
        holes = np.argwhere(mask)[:, ::-1]
        distance = np.hypot(*(holes[:, None] - all_points[None]).transpose(2, 0, 1)).min(1)
        assert distance.max() < reach
        covered = [mask[tuple(np.clip(p.round().astype(int), 0, SIZE - 1)[::-1])] for p in (g.mean(0) for g in groups)]
        assert all(covered)


def test_every_feature_is_drawn_without_a_name(points):
    drawn = [masks.feature(SIZE, points, rng(seed)) for seed in range(200)]
    centres = np.array([np.argwhere(mask).mean(0) for mask in drawn]) / SIZE
    assert centres[:, 0].min() < 0.45 and centres[:, 0].max() > 0.72  # eyes to mouth and jaw
    assert centres[:, 1].min() < 0.3 and centres[:, 1].max() > 0.7  # left ear to right ear


def test_hair_erases_hair(regions):
    hair = regions == REGIONS.index("hair")
    shares = []
    for seed in range(20):
        mask = masks.hair(regions, rng(seed)) > 0
        assert (mask & hair).any()
        shares.append((mask & hair).sum() / hair.sum())
    assert max(shares) == 1 and min(shares) < 0.9  # all of it or part of it


def test_without_hair_there_are_strokes():
    bald = np.zeros((SIZE, SIZE), np.uint8)
    drawn = [masks.hair(bald, rng(seed)) for seed in range(20)]
    assert all(0 < mask.mean() <= masks.MAX_SHARE for mask in drawn)
    assert len({mask.tobytes() for mask in drawn}) == 20


def test_strokes_grow_with_the_picture():
    shares = [np.mean([masks.free_form(size, rng(seed)).mean() for seed in range(30)]) for size in (64, 256)]
    assert shares[0] == pytest.approx(shares[1], rel=0.25)


def test_eyes_and_mouths_are_trained_on_more_often():
    rng = np.random.default_rng(0)
    names = [masks.often_erased(rng) for _ in range(4000)]
    assert set(names) == set(masks.FEATURES)
    assert 6 < names.count("left eye") / names.count("left jaw") < 11
    assert 12 < names.count("mouth") / names.count("left jaw") < 22


def test_halves_of_a_face_meet_between_the_eyes_and_make_the_whole(points):
    left, right, whole = (masks.face(SIZE, points, part) for part in ("left", "right", "whole"))
    assert np.array_equal(left | right | whole, whole) and (whole > (left | right)).sum() < 3 * SIZE
    assert not (left & right).any() and abs(int(left.sum()) - int(right.sum())) < 0.1 * whole.sum()
    for x, y in points.astype(int):
        assert whole[y, x]
    for eye, half in ((LEFT_EYE, left), (RIGHT_EYE, right)):
        assert all(half[y, x] for x, y in points[eye].astype(int))
