"""Finding, aligning and dividing faces."""

import cv2
import numpy as np
import pytest

from scfegan_hf.faces.align import cut_frame, ffhq_frame, frame_of_five
from scfegan_hf.faces.detect import Box, detect_faces, open_network
from scfegan_hf.faces.haar import haar_frame
from scfegan_hf.faces.landmarks import (
    INNER_LIPS,
    LEFT_BROW,
    LEFT_EYE,
    NOSE,
    OUTER_LIPS,
    PUPILS,
    RIGHT_BROW,
    RIGHT_EYE,
    find_landmarks,
)
from scfegan_hf.faces.regions import REGIONS, region_map


@pytest.fixture(scope="module")
def astronaut():
    return pytest.importorskip("skimage.data").astronaut()


def test_area_of_a_box():
    assert Box(1, 2, 4, 6).area == 12 and Box(4, 2, 1, 6).area == 0


def turned(points: np.ndarray, degrees: float) -> np.ndarray:
    angle = np.deg2rad(degrees)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return ((points - 0.5) @ rotation.T + 0.5).astype(np.float32)


def test_the_aligned_frame_is_upright_and_of_the_right_size(face_points):
    points = face_points * 200
    eyes, mouth = np.array([100.0, 92.0]), np.array([100.0, 146.0])
    half = max(2.0 * 56, 1.8 * (146 - 92))  # of the eyes' and of the mouth's distance
    centre = eyes + 0.1 * (mouth - eyes)
    expected = centre + half * np.array([[-1, -1], [-1, 1], [1, 1], [1, -1]])
    np.testing.assert_allclose(ffhq_frame(points), expected, atol=0.5)


@pytest.mark.parametrize("degrees", [-30, 20, 90])
def test_the_frame_turns_with_the_face(face_points, degrees):
    frame = ffhq_frame(face_points)
    np.testing.assert_allclose(ffhq_frame(turned(face_points, degrees)), turned(frame, degrees), atol=1e-3)


def test_a_turned_photograph_is_cut_upright(face_points):
    points = turned(face_points, 25) * 200
    photo = np.zeros((200, 200, 3), np.uint8)
    for group, shade in ((LEFT_EYE, 80), (RIGHT_EYE, 160), (OUTER_LIPS, 240)):
        cv2.fillPoly(photo, [points[group].round().astype(np.int32)], (shade,) * 3)
    image = cut_frame(photo, ffhq_frame(points), 128)[..., 0]
    left, right, mouth = (np.argwhere(np.abs(image.astype(int) - shade) < 8).mean(0) for shade in (80, 160, 240))
    assert abs(left[0] - right[0]) < 2 and right[1] - left[1] > 20
    assert abs(mouth[1] - (left[1] + right[1]) / 2) < 2 and mouth[0] - left[0] > 20
    assert abs((left[1] + right[1]) / 2 - 64) < 2


def test_five_points_give_the_frame_of_98(face_points):
    eyes = [face_points[LEFT_EYE].mean(0), face_points[RIGHT_EYE].mean(0)]
    five = np.stack([*eyes, (0, 0), face_points[76], face_points[82]])
    np.testing.assert_allclose(frame_of_five(five), ffhq_frame(face_points), atol=1e-6)


def test_a_haar_box_gives_a_square_around_it():
    frame = haar_frame(Box(100, 120, 168, 188))
    np.testing.assert_allclose(frame, [[84, 100], [84, 200], [184, 200], [184, 100]], atol=0.01)


def square(x0: float, y0: float, side: float) -> np.ndarray:
    return np.array([[x0, y0], [x0, y0 + side], [x0 + side, y0 + side], [x0 + side, y0]], np.float32)


def test_cutting_the_whole_photograph_is_the_identity(astronaut):
    assert np.array_equal(cut_frame(astronaut, square(0, 0, 512), 512), astronaut)
    assert np.array_equal(cut_frame(astronaut, square(100, 50, 128), 128), astronaut[50:178, 100:228])


def test_cutting_reflects_beyond_the_border(astronaut):
    image = cut_frame(astronaut, square(-20, 0, 512), 512)
    assert np.array_equal(image[:, 20:], astronaut[:, :492])
    assert np.array_equal(image[:, :20], astronaut[:, 20:0:-1])


@pytest.mark.parametrize("side", [256, 1024, 1536])
def test_cutting_a_large_frame_stays_in_place(side):
    ramp = np.broadcast_to((np.arange(side) * 255 / side)[None, :, None], (side, side, 3)).astype(np.uint8)
    image = cut_frame(ramp, square(0, 0, side), 128).astype(float)
    np.testing.assert_allclose(image[64, 16:112, 0], (np.arange(16, 112) + 0.5) * 255 / 128, atol=2.5)


def test_cutting_a_large_frame_averages():
    noise = np.random.default_rng(0).normal(128, 20, (1024, 1024, 1)).astype(np.uint8).repeat(3, 2)
    assert cut_frame(noise, square(0, 0, 1024), 128).std() < 20 / 4


def test_regions_of_a_face_without_a_network(face_points):
    points = face_points * 128
    regions = region_map(np.zeros((128, 128, 3), np.uint8), points)
    assert regions.shape == (128, 128) and regions.dtype == np.uint8

    def at(place) -> str:
        x, y = np.round(place).astype(int)
        return REGIONS[regions[y, x]]

    assert at(points[PUPILS[0]]) == at(points[PUPILS[1]]) == "iris"
    assert at(points[60] + (1.5, 0)) == "eyes"
    assert at(points[LEFT_BROW].mean(0)) == at(points[RIGHT_BROW].mean(0)) == "brows"
    assert at(points[NOSE].mean(0)) == "nose"
    assert at(points[INNER_LIPS].mean(0)) == "mouth"
    assert at((points[79] + points[90]) / 2) == "lips"
    assert at((40, 84)) == "skin" and at((3, 3)) == "background"


def test_without_landmarks_and_network_everything_is_background():
    assert not region_map(np.zeros((20, 30, 3), np.uint8), None).any()


def test_a_missing_network_is_named():
    with pytest.raises(FileNotFoundError, match="absent.onnx"):
        open_network("absent.onnx")


def test_landmarks_and_regions_by_the_teachers(shared, astronaut):
    marker = open_network(shared("weights/landmarks98_pfld.onnx"))
    divider = open_network(shared("weights/regions_pan.onnx"))
    points = find_landmarks(marker, astronaut, detect_faces(astronaut)[0].box)
    assert points.shape == (98, 2) and points.dtype == np.float32
    left, right = points[LEFT_EYE].mean(0), points[RIGHT_EYE].mean(0)
    mouth = points[OUTER_LIPS].mean(0)
    assert np.abs(left - (202, 110)).max() < 14 and np.abs(right - (245, 108)).max() < 14
    assert np.abs(mouth - (223, 158)).max() < 14
    regions = region_map(astronaut, points, divider)
    present = {REGIONS[label] for label in np.unique(regions)}
    assert {"background", "skin", "hair", "brows", "eyes", "nose", "lips"} <= present
    assert REGIONS[regions[30, 215]] == "hair"


def test_a_file_that_is_no_network_is_refused(tmp_path):
    (tmp_path / "edges.onnx").write_bytes(b"no network")
    with pytest.raises(ValueError, match="is not an ONNX network"):
        open_network(tmp_path / "edges.onnx")
    with pytest.raises(FileNotFoundError, match="No network at"):
        open_network(tmp_path / "absent.onnx")
