"""Bending one face onto another."""

import cv2
import numpy as np
import pytest

from scfegan_hf.faces.warp import bend_onto, thin_plate


def test_a_plate_passes_through_its_points_and_is_straight_where_they_are():
    rng = np.random.default_rng(0)
    points = rng.uniform(0, 100, (20, 2))
    wavy = np.column_stack([np.sin(points[:, 0] / 30), points[:, 1] ** 2 / 100])
    assert np.abs(thin_plate(points, wavy)(points) - wavy).max() < 0.05
    turn = np.array([[0.8, -0.3], [0.3, 0.9]])
    straight = points @ turn.T + 5
    far = rng.uniform(-200, 300, (10, 2))
    np.testing.assert_allclose(thin_plate(points, straight)(far), far @ turn.T + 5, atol=1e-6)


def test_features_come_to_lie_on_the_other_faces(draw_face):
    one, other = draw_face(1, 128)["landmarks"], draw_face(2, 160)["landmarks"]
    other = other + np.where(np.arange(98)[:, None] >= 76, (4, 6), (0, 0)).astype(np.float32)  # another mouth
    picture = np.zeros((128, 128), np.uint8)
    for name in (60, 76, 82, 54, 72):
        picture[:] = 0
        cv2.circle(picture, tuple(round(float(v)) for v in one[name]), 3, 255, -1)
        bent = bend_onto(picture, one, other, (160, 150))
        assert bent.shape == (160, 150)
        y, x = np.nonzero(bent > 100)
        assert np.hypot(x.mean() - other[name, 0], y.mean() - other[name, 1]) < 1.5, name


def test_the_same_face_stays_as_it_is(draw_face):
    face = draw_face(1, 128)
    bent = bend_onto(face["image"], face["landmarks"], face["landmarks"], (128, 128))
    assert np.abs(bent.astype(int) - face["image"]).max() <= 3


def test_other_points_are_refused():
    with pytest.raises(ValueError, match="98 landmarks"):
        bend_onto(np.zeros((9, 9), np.uint8), np.zeros((5, 2)), np.zeros((5, 2)), (9, 9))
