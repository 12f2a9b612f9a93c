"""What a click means: one piece with air around it, necks and hats by where they lie, hair that goes on beyond the frame."""

import numpy as np
import pytest
from skimage.data import astronaut

from scfegan_hf.faces.annotate import bundled
from scfegan_hf.faces.clicks import LABELS, PARTS, part_at, place_in_face, with_beyond, with_neck_and_hat
from scfegan_hf.faces.landmarks import CONTOUR, LEFT_BROW, LEFT_EYE, RIGHT_BROW, RIGHT_EYE
from scfegan_hf.faces.regions import REGIONS

SKIN, HAIR, CLOTHES, LIPS = (REGIONS.index(name) for name in ("skin", "hair", "clothes", "lips"))


@pytest.fixture
def points() -> np.ndarray:
    """A face whose eyes are 40 pixels apart, with its middle at (100, 100), brows at 85 and a jaw down to 160."""
    points = np.zeros((98, 2), np.float32)
    points[LEFT_EYE], points[RIGHT_EYE] = (80, 100), (120, 100)
    points[LEFT_BROW], points[RIGHT_BROW] = (80, 85), (120, 85)
    angles = np.linspace(np.pi, 0, 33)
    points[CONTOUR] = np.stack([100 + 45 * np.cos(angles), 100 + 60 * np.sin(angles)], 1)
    return points


def test_a_part_is_one_piece_with_air():
    regions = np.zeros((100, 100), np.uint8)
    regions[40:44, 20:30] = regions[40:44, 60:70] = REGIONS.index("eyes")
    points = np.zeros((98, 2), np.float32)
    points[LEFT_EYE], points[RIGHT_EYE] = (25, 42), (65, 42)
    name, mask = part_at(regions, points, 22, 41)
    rows, cols = np.nonzero(mask)
    assert name == "eye" and cols.max() < 45 and (rows.min(), cols.min()) == (40 - 6, 20 - 6)


def test_places_turn_with_the_face(points):
    assert np.allclose(place_in_face(points, np.array([140.0]), np.array([120.0])), [[1], [0.5]])
    turned = points[:, ::-1] * (-1, 1) + (300, 0)  # a quarter to the right
    assert np.allclose(place_in_face(turned.astype(np.float32), np.array([300 - 120.0]), np.array([140.0])), [[1], [0.5]])


def test_skin_below_the_jaw_is_neck_and_not_face(points):
    regions = np.zeros((220, 200), np.uint8)
    regions[60:200, 60:140] = SKIN
    name, face = part_at(regions, points, 100, 120)
    assert name == "face" and face[150, 100] and not face[180, 100]
    name, neck = part_at(regions, points, 100, 180)
    assert name == "neck" and neck[180, 100] and not neck[150, 100]
    assert neck[150, 65] and not neck[150, 90]  # it goes up beside the chin
    assert not (with_neck_and_hat(regions, points)[:124] == LABELS.index("neck")).any()  # ears and temples are none


@pytest.mark.parametrize(("cloth", "name"), [(40, "hat"), (6, "hair")])
def test_cloth_above_the_brows_is_a_hat_and_patches_of_it_hair(points, cloth, name):
    regions = np.zeros((220, 200), np.uint8)
    regions[20:80, 60:140] = HAIR
    regions[20 : 20 + cloth, 60:140] = CLOTHES
    found, mask = part_at(regions, points, 100, 22)
    assert found == name and mask[20:80, 60:140].all()
    regions[170:220] = CLOTHES
    assert part_at(regions, points, 100, 200)[0] == "clothes"


def test_hair_goes_on_beyond_the_frame_where_it_hangs_together(points):
    near, wide = np.zeros((220, 200), np.uint8), np.zeros((220, 200), np.uint8)
    inside = np.zeros((220, 200), bool)
    inside[40:160, 40:160] = True
    near[40:160, 130:160], wide[40:210, 130:160] = HAIR, HAIR
    wide[170:210, 20:60] = HAIR  # a shirt that passes for hair
    wide[0:20, 20:60] = HAIR  # and a tree
    wide[100:110, 100:110] = LIPS  # inside the frame only its own look counts
    wide[180:190, 100:110] = LIPS
    joined = with_beyond(near, wide, inside, points)
    assert (joined[40:210, 130:160] == HAIR).all()
    assert (joined[170:210, 20:60] == CLOTHES).all() and not joined[0:20, 20:60].any()
    assert not joined[100:110, 100:110].any() and (joined[180:190, 100:110] == SKIN).all()


def test_parts_take_every_label_once():
    assert sorted(label for labels in PARTS.values() for label in labels) == sorted(LABELS)


def test_a_real_neck_is_no_face():
    photo = np.ascontiguousarray(astronaut()[:300, 60:380])
    name, neck = bundled().part(photo, 150, 180)
    rows, columns = np.nonzero(neck)
    assert name == "neck" and rows.min() > 140 and rows.max() < 215 and columns.min() > 120 and columns.max() < 210
    name, face = bundled().part(photo, 150, 130)
    assert name == "face" and not face[180, 150] and face[120, 150]
