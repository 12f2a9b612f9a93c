"""Another face's features: carried by landmarks, drawn in this face, or put there for good."""

import cv2
import numpy as np
import pytest

from scfegan_hf.editing.drawn import donors, masks
from scfegan_hf.editing.drawn.samples import Holes, edits_of, make_sample
from scfegan_hf.faces.regions import REGIONS
from scfegan_hf.faces.rows import decode_face


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
        return np.median(picture[regions == REGIONS.index(name)], axis=0)

    skin = median(placed.image, placed.regions, "skin")
    assert np.abs(skin - median(row["image"], row["regions"], "skin")).max() < 6
    lips = median(placed.image, placed.regions, "lips")
    assert np.abs(lips - median(other["image"], other["regions"], "lips")).max() < 6
    assert np.abs(lips - median(row["image"], row["regions"], "lips")).max() > 20


def test_donors_are_turned_alike(landmark_rows, face_points):
    turned = face_points.copy()
    turned[51:60, 0] += 0.1  # the nose to one side
    rows = [*landmark_rows, {**landmark_rows[0], "landmarks": turned.ravel().tolist()}]
    order = donors.most_alike(rows, 0, face_points * 128, range(6), 5)
    assert sorted(order) == [1, 2, 3, 4, 5] and order[-1] == 5
    assert sorted(donors.most_alike(rows, 0, face_points * 128, [3, 0, 2, 4], 2)) == [2, 3]


@pytest.mark.parametrize("part", donors.PARTS)
def test_a_transplanted_feature_is_the_other_faces_and_nothing_else_changes(draw_face, part):
    row, other = draw_face(0), draw_face(1)
    new, hole = donors.transplant(other, row, part, np.random.default_rng(2))
    assert hole.dtype == np.uint8 and 0 < hole.mean() < 0.5
    for name in ("image", "regions", "sketch", "color"):
        assert new[name].shape == row[name].shape and new[name].dtype == row[name].dtype
        assert (new[name][hole == 0] == row[name][hole == 0]).all()
    assert (new["image"][hole > 0] != row["image"][hole > 0]).any()
    # Gradients are the other face's: what differs from it varies little over the middle of the hole.
    placed = donors.place(other, row, donors.PLANS[part.removesuffix(" and brow")])
    middle = cv2.erode(hole, np.ones((9, 9), np.uint8)) > 0
    there = cv2.warpAffine(other["image"], donors.similarity(other["landmarks"], row["landmarks"]), (128, 128))
    if middle.sum() > 50:
        gap = new["image"][middle].astype(float) - there[middle]
        untouched = row["image"][middle].astype(float) - there[middle]
        assert gap.std(0).mean() < 0.8 * untouched.std(0).mean()
    assert np.abs(new["landmarks"] - placed.points).max() < 1e-3
    assert (new["regions"][middle] == placed.regions[middle]).all()
    assert all(row[name] is not new[name] for name in ("image", "sketch")) and (row["image"] == draw_face(0)["image"]).all()


def test_a_hole_at_the_border_takes_no_transplant(draw_face):
    row, other = draw_face(0), draw_face(1)
    row["landmarks"] = row["landmarks"] - (0, row["landmarks"][76:88, 1].max() - 4)
    assert donors.transplant(other, row, "mouth", np.random.default_rng(0)) is None


def test_training_puts_other_faces_features_under_holes_and_validation_does_not(landmark_rows, monkeypatch):
    asked = []
    real = donors.transplant
    monkeypatch.setattr(donors, "transplant", lambda *args: asked.append(args) or real(*args))
    for train in (False, True):
        samples = edits_of(landmark_rows, 64, seed=0, train=train)
        first = [samples[n] for n in range(40)]
        assert bool(asked) == train
    share = len(asked) / 40
    assert 0.1 < share < 0.5  # a third of the features that can be
    for donor, row, part, _ in asked:
        assert part in donors.PARTS and not np.array_equal(donor["image"], row["image"])
    samples = edits_of(landmark_rows, 64, seed=0, holes=Holes(transplants=0.0))
    plain = [samples[n] for n in range(40)]
    changed = [n for n in range(40) if not np.array_equal(plain[n]["image"], first[n]["image"])]
    assert 0 < len(changed) < 25


def test_the_truth_of_a_sample_is_the_other_faces_mouth(draw_face, monkeypatch):
    """The other face has green lips on red skin; this one's are as its skin."""
    row, other = draw_face(0), draw_face(1)
    for face, lips in ((row, (200, 90, 80)), (other, (60, 200, 60))):
        face["image"][:] = (200, 90, 80)
        face["image"][np.isin(face["regions"], [REGIONS.index(name) for name in ("lips", "mouth")])] = lips
    holes = Holes(features=1.0, transplants=1.0)
    monkeypatch.setattr(masks, "often_erased", lambda rng: "mouth")
    sample = make_sample(row, 64, np.random.default_rng(3), True, lambda: other, holes)
    red, green, _ = sample["image"].astype(int).transpose(2, 0, 1)
    assert (green > red + 40)[sample["mask"] > 0].mean() > 0.1
    assert not (green > red)[sample["mask"] == 0].any()
    for nothing in (lambda: None, lambda: {**other, "landmarks": np.zeros((0, 2), np.float32)}, None):
        sample = make_sample(row, 64, np.random.default_rng(3), True, nothing, holes)
        assert (sample["image"][..., 1].astype(int) < sample["image"][..., 0]).all()


def test_half_a_face_is_erased_now_and_then(landmark_rows, monkeypatch):
    parts = []
    real = masks.face
    monkeypatch.setattr(masks, "face", lambda size, points, part: parts.append(part) or real(size, points, part))
    for train in (True, False):
        samples = edits_of(landmark_rows, 32, seed=0, train=train, holes=Holes(features=0.7))
        for n in range(300):
            samples[n]
        if train:
            assert {"left", "right", "whole"} == set(parts) and 5 < len(parts) < 30
            parts.clear()
    assert not parts  # validation stays as it was


def test_a_sample_without_other_faces_is_plain(landmark_rows):
    alone = edits_of(landmark_rows[:1], 64, seed=0)
    assert all(alone[n]["image"].isfinite().all() for n in range(20))
    points = decode_face(landmark_rows[0])["landmarks"]
    assert len(donors.most_alike(landmark_rows[:1], 0, points, np.zeros(8, int), 4)) == 0
