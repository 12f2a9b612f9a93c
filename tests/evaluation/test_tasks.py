"""Holes and drawings of the benchmark: the same again for a subset, where they belong, and altered ones in place."""

import cv2
import numpy as np
import pytest

from scfegan_hf.data import datasets, faces
from scfegan_hf.evaluation import donors, tasks


@pytest.fixture(scope="module")
def made(landmark_rows):
    return list(tasks.make_tasks(landmark_rows, [0, 2]))


def test_every_task_is_made_where_the_face_has_the_part(made):
    names = {task.name for task in made if task.face == 0}
    assert names == set(tasks.TASKS) - {"ear"}  # drawn faces have none
    for task in made:
        assert task.mask.dtype == bool and 0 < task.mask.mean() < 0.9
        for drawn in (task.own, task.altered):
            assert not (drawn.sketch & ~task.mask).any() and not (drawn.painted & ~task.mask).any()
        assert task.own.painted.any()


def test_a_subset_gives_the_same_tasks(landmark_rows, made):
    again = list(tasks.make_tasks(landmark_rows, [2], ["mouth", "free-form-30"]))
    wanted = [task for task in made if task.face == 2 and task.name in ("mouth", "free-form-30")]
    assert len(again) == len(wanted) == 2
    for first, second in zip(again, sorted(wanted, key=lambda task: task.name != "mouth"), strict=True):
        assert (first.mask == second.mask).all()
        for kind in ("both", "altered"):
            assert (first.given(kind).sketch == second.given(kind).sketch).all()
            assert (first.given(kind).color == second.given(kind).color).all()
    (other,) = tasks.make_tasks(landmark_rows, [2], ["mouth"], seed=1)
    assert (other.mask != again[0].mask).any()


def test_holes_are_where_their_names_say(made, landmark_rows):
    points = datasets.decode_row(landmark_rows[0])["landmarks"]
    holes = {task.name: task.mask for task in made if task.face == 0}

    def covered(name, group):
        x, y = np.round(points[group]).astype(int).T
        return holes[name][y, x].mean()

    assert covered("mouth", faces.OUTER_LIPS) == 1 and covered("mouth", faces.LEFT_EYE) == 0
    assert min(covered("both-eyes", faces.LEFT_EYE), covered("both-eyes", faces.RIGHT_EYE)) > 0.8
    assert covered("nose", faces.NOSE) > 0.7 and covered("nose", faces.LEFT_EYE) < 0.3
    assert covered("whole-face", slice(0, 98)) == 1
    assert covered("half-face", faces.LEFT_EYE) + covered("half-face", faces.RIGHT_EYE) == 1
    for name, (low, high) in tasks.FREE_FORM_SHARES.items():
        assert low < holes[name].mean() <= high


def test_ears_are_erased_where_there_is_skin_beside_the_contour(draw_face):
    row = draw_face(0)
    with_ear = {**row, "regions": row["regions"].copy()}
    x, y = row["landmarks"][0]
    ear = np.zeros_like(row["regions"])
    cv2.ellipse(ear, (round(float(x)) - 4, round(float(y)) + 6), (7, 12), 0, 0, 360, 1, -1)
    with_ear["regions"][(ear > 0) & (row["regions"] == 0)] = faces.REGIONS.index("skin")
    assert tasks._ear_share(with_ear, "left ear") > tasks.VISIBLE_EAR > tasks._ear_share(row, "left ear")
    hole = tasks._hole("ear", "left ear", with_ear["regions"], row["landmarks"], 0)
    assert hole[(ear > 0) & (row["regions"] == 0)].mean() > 0.7 and hole.mean() < 0.05


def test_guidance_gives_parts_of_the_drawing_and_keeps_the_reference(made):
    task = next(task for task in made if task.own.sketch.any() and task.own.painted.any())
    has = {
        kind: (task.given(kind).sketch.any(), task.given(kind).painted.any()) for kind in ("none", "sketch", "color", "both")
    }
    assert has == {"none": (False, False), "sketch": (True, False), "color": (False, True), "both": (True, True)}
    assert all(task.reference(kind) is task.own for kind in has) and task.reference("altered") is task.altered


def test_without_landmarks_there_are_strokes_and_hair_only(landmark_rows):
    bare = [{**row, "landmarks": []} for row in landmark_rows]
    made = list(tasks.make_tasks(bare, [1]))
    assert {task.name for task in made} == {"hair", *tasks.FREE_FORM_SHARES}
    assert all(task.altered is None for task in made)
    with pytest.raises(ValueError, match="no other face with landmarks"):
        made[0].given("altered")


def test_unknown_names_are_refused(landmark_rows):
    with pytest.raises(ValueError, match="no task 'beard'.*mouth"):
        list(tasks.make_tasks(landmark_rows, [0], ["beard"]))


def test_faces_are_spread():
    assert tasks.pick_faces(range(10), 4) == [0, 2, 5, 7] and tasks.pick_faces(range(3), 9) == [0, 1, 2]


def test_the_spline_keeps_its_knots_and_leaves_far_points_to_the_matrix(face_points):
    source = face_points * 128
    target = source + np.random.default_rng(0).normal(0, 2, source.shape)
    matrix = donors.similarity(source, target)
    moved = donors.warp(source, target, matrix, source, 128)
    assert np.abs(moved - target).mean() < 0.7 < np.abs(source @ matrix[:, :2].T + matrix[:, 2] - target).mean()
    far = np.array([[-60.0, -60.0], [190.0, 190.0]])
    np.testing.assert_allclose(donors.warp(source, target, matrix, far, 128), far @ matrix[:, :2].T + matrix[:, 2], atol=3)


def test_similarity_finds_turn_scale_and_shift(face_points):
    turn = 1.3 * np.array([[np.cos(0.2), -np.sin(0.2)], [np.sin(0.2), np.cos(0.2)]])
    matrix = donors.similarity(face_points, face_points @ turn.T + (3, -5))
    np.testing.assert_allclose(matrix, np.column_stack([turn, (3, -5)]), atol=1e-5)


def test_a_placed_feature_sits_where_it_belongs_and_keeps_the_other_faces_shape(draw_face):
    row, other = draw_face(0), draw_face(1)
    wide = {**other, "landmarks": other["landmarks"].copy()}
    lips = wide["landmarks"][donors.LIPS]
    middle = lips.mean(0)
    wide["landmarks"][donors.LIPS] = middle + (lips - middle) * (1.4, 1.0)  # a wider mouth
    placed = donors.place(wide, row, donors.PLANS["mouth"])
    mine = row["landmarks"][donors.LIPS]
    put = placed.points[donors.LIPS]
    assert np.abs(put.mean(0) - mine.mean(0)).max() < 1
    assert np.ptp(put[:, 0]) > 1.25 * np.ptp(mine[:, 0])
    nose = slice(51, 60)
    assert np.abs(placed.points[nose] - row["landmarks"][nose]).max() < 1.5  # what is not redrawn stays
    # Under a plan that redraws nothing, the mouth is bent to this face's own.
    bent = donors.place(wide, row, donors.PLANS["ear"]).points[donors.LIPS]
    assert np.ptp(bent[:, 0]) < 1.1 * np.ptp(mine[:, 0])


def test_colours_are_the_other_faces_for_lips_and_this_faces_for_skin(draw_face):
    row, other = draw_face(0), draw_face(1)
    placed = donors.place(other, row, donors.PLANS["mouth"])

    def median(picture, regions, name):
        return np.median(picture[regions == faces.REGIONS.index(name)], axis=0)

    skin = median(placed.image, placed.regions, "skin")
    assert np.abs(skin - median(row["image"], row["regions"], "skin")).max() < 6
    lips = median(placed.image, placed.regions, "lips")
    assert np.abs(lips - median(other["image"], other["regions"], "lips")).max() < 6
    assert np.abs(lips - median(row["image"], row["regions"], "lips")).max() > 20


def test_donors_are_turned_alike(landmark_rows, face_points):
    turned = face_points.copy()
    turned[51:60, 0] += 0.1  # the nose to one side
    rows = [*landmark_rows, {**landmark_rows[0], "landmarks": turned.ravel().tolist()}]
    rng = np.random.default_rng(0)
    order = donors.most_alike(rows, 0, face_points * 128, rng, 5)
    assert sorted(order) == [1, 2, 3, 4, 5] and order[-1] == 5
