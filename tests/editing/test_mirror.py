"""An erased eye from the other one: where it is, what it looks like, and when there is none."""

import cv2
import numpy as np
import pytest

from scfegan_hf.editing.mirror import OTHER_SIDE, erased_side, mirrored_feature, with_mirrored_features

SIDE = 256
SKIN = (205, 160, 140)


BLUE, BROWN = (40, 90, 200), (150, 80, 30)


def drawn(points: np.ndarray, left_iris: tuple[int, int, int] = BLUE) -> np.ndarray:
    """A face with brows, eyes with lashes, and irises; the iris at the left in the picture may differ."""
    photo = np.full((SIDE, SIDE, 3), SKIN, np.uint8)
    for brow in (slice(33, 42), slice(42, 51)):
        cv2.fillPoly(photo, [np.round(points[brow]).astype(np.int32)], (80, 50, 40), cv2.LINE_AA)
    for eye, pupil, iris in ((slice(60, 68), 96, left_iris), (slice(68, 76), 97, BLUE)):
        outline = [np.round(points[eye]).astype(np.int32)]
        cv2.fillPoly(photo, outline, (240, 240, 240), cv2.LINE_AA)
        centre = tuple(int(v) for v in np.round(points[pupil]))
        cv2.circle(photo, centre, 6, iris, -1, cv2.LINE_AA)
        cv2.circle(photo, centre, 2, (10, 10, 10), -1, cv2.LINE_AA)
        cv2.polylines(photo, outline, True, (60, 40, 40), 1, cv2.LINE_AA)
    return photo


@pytest.fixture
def points(face_points) -> np.ndarray:
    return face_points * SIDE


@pytest.fixture
def hole(points) -> np.ndarray:
    hole = np.zeros((SIDE, SIDE), np.uint8)
    cv2.fillConvexPoly(hole, cv2.convexHull(np.round(points[60:68]).astype(np.int32)), 1)
    return cv2.dilate(hole, np.ones((13, 13), np.uint8)) > 0


def blurred(photo: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """What a network answers: the eye is there, out of focus."""
    return np.where(hole[..., None], cv2.GaussianBlur(photo, (0, 0), 2.5), photo)


def test_points_have_one_other_side(points):
    assert (OTHER_SIDE[OTHER_SIDE] == np.arange(98)).all()
    assert np.abs((SIDE - points[OTHER_SIDE][:, 0]) - points[:, 0]).max() < 1.5
    assert np.abs(points[OTHER_SIDE][:, 1] - points[:, 1]).max() < 1.5


def test_the_other_eye_is_sharper_than_the_answer(points, hole):
    photo = drawn(points)
    answer = blurred(photo, hole)
    result = mirrored_feature(photo, answer, hole, points)
    errors = [np.abs(picture.astype(float) - photo)[hole].mean() for picture in (result, answer)]
    assert errors[0] < 0.5 * errors[1]


def test_its_tones_are_the_answers(points, hole):
    """Whoever painted a brown iris beside a blue one gets a brown one."""
    photo = drawn(points)
    answer = blurred(np.where(hole[..., None], drawn(points, BROWN), photo), hole)
    result = mirrored_feature(photo, answer, hole, points)
    x, y = np.round(points[96]).astype(int)
    iris = result[y - 4 : y + 5, x - 4 : x + 5].mean((0, 1))
    assert iris[0] > iris[2] + 20


def test_what_is_around_the_other_eye_alone_refuses_it(points, hole):
    """Glasses, or a strand of hair, would come along."""
    photo = drawn(points)
    x, y = (int(v) for v in points[97])
    glasses = photo.copy()
    cv2.circle(glasses, (x, y), 28, (20, 20, 20), 5)
    hair = photo.copy()
    cv2.line(hair, (x - 40, y + 50), (x + 20, y - 50), (30, 20, 20), 12)
    for other in (glasses, hair):
        answer = np.where(hole[..., None], blurred(drawn(points), hole), other)
        assert mirrored_feature(other, answer, hole, points) is None


def test_light_from_one_side_refuses_it_when_it_is_hard(points, hole):
    photo = drawn(points).astype(float)
    x0, y0 = points[97] - (0, 24)
    photo[: int(y0) + 24, int(x0) :] *= 0.3  # the edge of a shadow through the other eye
    photo = photo.astype(np.uint8)
    answer = np.where(hole[..., None], blurred(drawn(points), hole), photo)
    assert mirrored_feature(photo, answer, hole, points) is None


def test_it_is_for_one_erased_side_of_a_face_that_looks_ahead(points, hole):
    assert erased_side(hole, points) == 0 and erased_side(hole[:, ::-1], points) == 1
    assert erased_side(hole | hole[:, ::-1], points) is None
    nothing = np.zeros_like(hole)
    nothing[180:200, 100:150] = True
    assert erased_side(nothing, points) is None
    photo, turned = drawn(points), points.copy()
    turned[54] = points[97]
    assert mirrored_feature(photo, blurred(photo, hole), hole, turned) is None


def test_nothing_but_the_hole_changes(points, hole):
    class Looks:
        def nearest(self, photo, box):
            return np.zeros((4, 2), np.float32)

        def look(self, picture, frame):
            return np.zeros(picture.shape[:2], np.uint8), points

    photo = drawn(points)
    answer = blurred(photo, hole)
    rows, columns = np.nonzero(hole)
    boxes = [(columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)]
    result = with_mirrored_features(photo, answer, hole, boxes, Looks())
    assert (result[~hole] == photo[~hole]).all() and (result[hole] != answer[hole]).any() and result.dtype == np.uint8
    assert with_mirrored_features(photo, answer, hole, [], Looks()) is None
