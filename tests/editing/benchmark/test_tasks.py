"""Holes and drawings of the benchmark: the same again for a subset, where they belong, and altered ones in place."""

import cv2
import numpy as np
import pytest

from scfegan_hf.editing.benchmark import tasks
from scfegan_hf.faces.landmarks import LEFT_EYE, NOSE, OUTER_LIPS, RIGHT_EYE
from scfegan_hf.faces.regions import REGIONS
from scfegan_hf.faces.rows import decode_face


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
            assert (first.drawing_for(kind).sketch == second.drawing_for(kind).sketch).all()
            assert (first.drawing_for(kind).color == second.drawing_for(kind).color).all()
    (other,) = tasks.make_tasks(landmark_rows, [2], ["mouth"], seed=1)
    assert (other.mask != again[0].mask).any()


def test_holes_are_where_their_names_say(made, landmark_rows):
    points = decode_face(landmark_rows[0])["landmarks"]
    holes = {task.name: task.mask for task in made if task.face == 0}

    def covered(name, group):
        x, y = np.round(points[group]).astype(int).T
        return holes[name][y, x].mean()

    assert covered("mouth", OUTER_LIPS) == 1 and covered("mouth", LEFT_EYE) == 0
    assert min(covered("both-eyes", LEFT_EYE), covered("both-eyes", RIGHT_EYE)) > 0.8
    assert covered("nose", NOSE) > 0.7 and covered("nose", LEFT_EYE) < 0.3
    assert covered("whole-face", slice(0, 98)) == 1
    assert covered("half-face", LEFT_EYE) + covered("half-face", RIGHT_EYE) == 1
    for name, (low, high) in tasks.FREE_FORM_SHARES.items():
        assert low < holes[name].mean() <= high


def test_ears_are_erased_where_there_is_skin_beside_the_contour(draw_face):
    row = draw_face(0)
    with_ear = {**row, "regions": row["regions"].copy()}
    x, y = row["landmarks"][0]
    ear = np.zeros_like(row["regions"])
    cv2.ellipse(ear, (round(float(x)) - 4, round(float(y)) + 6), (7, 12), 0, 0, 360, 1, -1)
    with_ear["regions"][(ear > 0) & (row["regions"] == 0)] = REGIONS.index("skin")
    assert tasks._ear_share(with_ear, "left ear") > tasks.VISIBLE_EAR > tasks._ear_share(row, "left ear")
    hole = tasks._hole("ear", "left ear", with_ear["regions"], row["landmarks"], 0)
    assert hole[(ear > 0) & (row["regions"] == 0)].mean() > 0.7 and hole.mean() < 0.05


def test_guidance_gives_parts_of_the_drawing_and_keeps_the_reference(made):
    task = next(task for task in made if task.own.sketch.any() and task.own.painted.any())
    has = {
        kind: (task.drawing_for(kind).sketch.any(), task.drawing_for(kind).painted.any())
        for kind in ("none", "sketch", "color", "both")
    }
    assert has == {"none": (False, False), "sketch": (True, False), "color": (False, True), "both": (True, True)}
    assert all(task.reference(kind) is task.own for kind in has) and task.reference("altered") is task.altered


def test_without_landmarks_there_are_strokes_and_hair_only(landmark_rows):
    bare = [{**row, "landmarks": []} for row in landmark_rows]
    made = list(tasks.make_tasks(bare, [1]))
    assert {task.name for task in made} == {"hair", *tasks.FREE_FORM_SHARES}
    assert all(task.altered is None for task in made)
    with pytest.raises(ValueError, match="no other face with landmarks"):
        made[0].drawing_for("altered")


def test_by_hand_features_have_lines_and_colours_of_their_own(landmark_rows, made):
    """In the same holes as ever; a hole without a feature has no such task."""
    drawn = {task.name: task for task in tasks.make_tasks(landmark_rows, [2], by_hand=True)}
    usual = {task.name: task for task in made if task.face == 2}
    assert {"eye", "both-eyes", "mouth", "half-face", "hair"} <= set(drawn)
    for name in ("both-eyes", "mouth"):
        assert np.array_equal(drawn[name].mask, usual[name].mask)
        for hand, detector in ((drawn[name].own, usual[name].own), (drawn[name].altered, usual[name].altered)):
            assert hand.sketch.any() and hand.painted.any() and not np.array_equal(hand.sketch, detector.sketch)
            assert not (hand.sketch & ~drawn[name].mask).any() and not (hand.painted & ~drawn[name].mask).any()
    assert not np.array_equal(drawn["mouth"].own.color, drawn["mouth"].altered.color)
    bare = [{**row, "landmarks": []} for row in landmark_rows]
    assert not list(tasks.make_tasks(bare, [1], by_hand=True))


def test_unknown_names_are_refused(landmark_rows):
    with pytest.raises(ValueError, match="no task 'beard'.*mouth"):
        list(tasks.make_tasks(landmark_rows, [0], ["beard"]))


def test_faces_are_spread():
    assert tasks.pick_faces(range(10), 4) == [0, 2, 5, 7] and tasks.pick_faces(range(3), 9) == [0, 1, 2]
