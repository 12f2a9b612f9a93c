"""Faces of any size and any way up, on a real photograph, skimage's astronaut."""

import cv2
import numpy as np
import pytest
from skimage.data import astronaut

from scfegan_hf.cli import main
from scfegan_hf.faces.annotate import bundled
from scfegan_hf.faces.detect import detect_faces
from scfegan_hf.faces.landmarks import PUPILS
from scfegan_hf.faces.prepare import PrepareOptions, prepare_photo

# Her pupils and the middle of her lips, read off by eye.
EYES = np.array([(203.0, 102.0), (247.0, 104.0)])
LIPS = (223, 147)


def turned(quarters: int) -> tuple[np.ndarray, np.ndarray]:
    """The photograph turned counter-clockwise, and where her pupils are then."""
    photo, eyes = astronaut(), EYES
    for _ in range(quarters):
        eyes = np.stack([eyes[:, 1], photo.shape[1] - eyes[:, 0]], 1)
        photo = np.rot90(photo)
    return np.ascontiguousarray(photo), eyes


@pytest.mark.parametrize("scale", [0.5, 1.0, 3.0])
def test_one_face_is_one_box(scale):
    (face,) = detect_faces(cv2.resize(astronaut(), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
    assert np.abs(face.points[:2] / scale - EYES).max() < 6
    assert face.box.y0 / scale < 102 < 147 < face.box.y1 / scale and 70 < (face.box.x1 - face.box.x0) / scale < 160


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_turned_faces_are_found_and_prepared_upright(quarters):
    photo, eyes = turned(quarters)
    (face,) = detect_faces(photo)
    assert np.abs(face.points[:2] - eyes).max() < 8  # her right eye first, wherever it lies
    assert np.abs(bundled()(photo).landmarks[list(PUPILS)] - eyes).max() < 8
    row = prepare_photo(cv2.imencode(".png", photo[..., ::-1])[1].tobytes(), PrepareOptions(size=256))
    image = cv2.imdecode(np.frombuffer(row["image"], np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    (again,) = detect_faces(np.ascontiguousarray(image))
    left, right = again.points[:2]
    assert right[0] - left[0] > 40 and abs(right[1] - left[1]) < 8 and again.points[3:, 1].min() > left[1] + 30


def test_small_faces_in_a_large_picture():
    """Faces of 46 pixels at 3000 x 2250."""
    head = cv2.resize(astronaut()[20:220, 120:320], None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    photo = np.random.default_rng(0).integers(90, 110, (2250, 3000, 3), np.uint8)
    places = [(x, y) for x in (100, 1000, 2800) for y in (50, 1200, 2100)]
    for x, y in places:
        photo[y : y + 100, x : x + 100] = head
    found = [face.points[:2].mean(0) for face in detect_faces(photo)]
    assert len(found) == 9
    for place in places:
        eyes = (EYES.mean(0) - (120, 20)) / 2 + place
        assert min(np.hypot(*(each - eyes)) for each in found) < 5
    assert len(bundled().find_faces(photo)) == 9


def test_no_face_in_plain_pictures_and_noise():
    assert detect_faces(np.full((300, 200, 3), 128, np.uint8)) == []
    assert detect_faces(np.random.default_rng(0).integers(0, 256, (200, 300, 3), np.uint8)) == []
    assert detect_faces(np.zeros((8, 300, 3), np.uint8)) == []


def test_a_click_on_no_face_says_so(tmp_path, capsys):
    photo = np.full((900, 1600, 3), 128, np.uint8)
    photo[:512, :512] = photo[300:812, 1000:1512] = astronaut()
    with pytest.raises(ValueError, match=r"no face there, at \(750, 800\)"):
        bundled().part(photo, 750, 800)
    assert bundled().part(photo, *LIPS)[0] == bundled().part(photo, LIPS[0] + 1000, LIPS[1] + 300)[0] == "mouth"
    cv2.imwrite(str(tmp_path / "photo.png"), photo[..., ::-1])
    assert main(["mask", str(tmp_path / "photo.png"), "--at", "750", "800", "-o", str(tmp_path / "mask.png")]) == 1
    assert "no face there" in capsys.readouterr().err and not (tmp_path / "mask.png").exists()
