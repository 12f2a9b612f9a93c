"""Recolouring in the static site: the same pictures as Python's, part by part, and with faces that the site finds itself."""

from unittest import mock

import cv2
import numpy as np
import pytest
from node import NODE, call
from skimage.data import astronaut

from scfegan_hf import SCFEGANGenerator
from scfegan_hf.demo.web import cascade, settings
from scfegan_hf.editing import marks, matte, recolor, seen, tones
from scfegan_hf.faces import haar
from scfegan_hf.faces.annotate import FaceAnnotator

pytestmark = pytest.mark.skipif(NODE is None, reason="NO NODE: the static site's engine was not tried; install nodejs")
EYE, LIPS, HAIR, BROW, CHEEK, TEETH = (246, 202), (288, 304), (338, 104), (244, 178), (246, 260), (288, 292)
BLUE, RED, BLOND, PLUM, BROWN, WHITE = (
    (80, 120, 170),
    (170, 35, 50),
    (200, 165, 110),
    (90, 40, 80),
    (70, 48, 30),
    (240, 236, 228),
)


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    return cv2.resize(astronaut()[:300, 80:380], (600, 600), interpolation=cv2.INTER_CUBIC)


@pytest.fixture(scope="module")
def faces(photo) -> list[seen.Face]:
    return seen.find_faces(photo, np.ones(photo.shape[:2], bool))


@pytest.fixture(scope="module")
def numbers() -> dict:
    return settings(SCFEGANGenerator.preset("plain", width=4, resolution=64))


def layer(photo: np.ndarray, *dabs: tuple) -> tuple[np.ndarray, np.ndarray]:
    """Colours and where they are, by discs of (centre, colour, radius)."""
    paint, painted = np.zeros_like(photo), np.zeros(photo.shape[:2], np.uint8)
    for center, color, radius in dabs:
        cv2.circle(paint, center, radius, color, -1)
        cv2.circle(painted, center, radius, 1, -1)
    return paint, painted


def alike(ours: np.ndarray, theirs: np.ndarray, photo: np.ndarray) -> tuple[float, float]:
    """Mean difference in levels where something changed, and the least of two shares: of that which is within 3, and of what
    clearly changed that ours changed too."""
    changed = (ours != photo).any(2) | (theirs != photo).any(2)
    apart = np.abs(ours.astype(int) - theirs)[changed]
    strong = np.abs(theirs.astype(int) - photo).max(2) > 4
    assert strong.any()
    return float(apart.mean()), float(min((apart <= 3).mean(), (ours != photo).any(2)[strong].mean()))


CASES = {
    "eye": [(EYE, BLUE, 5)], "lips": [(LIPS, RED, 4)], "hair": [(HAIR, BLOND, 14)], "brow": [(BROW, BROWN, 5)],
    "skin": [(CHEEK, (190, 120, 100), 12)], "teeth": [(TEETH, WHITE, 4)],
    "two colours": [((230, 110), BLOND, 10), ((390, 110), PLUM, 10)], "two parts": [(LIPS, RED, 4), (HAIR, PLUM, 14)],
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_dab_does_what_it_does_in_python(photo, faces, numbers, name):
    paint, painted = layer(photo, *CASES[name])
    given = [{"regions": face.regions, "points": face.points.tolist()} for face in faces]
    with mock.patch.object(recolor, "find_faces", lambda *_: faces):
        theirs = recolor.recolor(photo, paint, painted > 0)
    layers = {"paint": paint, "painted": painted, "hole": None, "weight": None}
    mean, near = alike(call("recolor", "recolor", photo, layers, given, numbers), theirs, photo)
    assert mean < 1 and near > 0.99


@pytest.mark.parametrize("soft", [False, True])
def test_a_mask_limits_it_and_may_be_soft(photo, faces, numbers, soft):
    paint, painted = layer(photo, (HAIR, PLUM, 14), ((60, 500), BLUE, 20))
    strength = np.zeros(photo.shape[:2], np.uint8)
    strength[40:130, 200:420] = strength[450:550, 20:140] = 255
    strength = cv2.GaussianBlur(strength, (0, 0), 8) if soft else strength
    mask = marks.read_mask(strength, photo.shape[:2], invert=False)
    given = [{"regions": face.regions, "points": face.points.tolist()} for face in faces]
    with mock.patch.object(recolor, "find_faces", lambda *_: faces):
        theirs = recolor.recolor(photo, paint, painted > 0, mask)
    ours = call(
        "recolor",
        "recolor",
        photo,
        {"paint": paint, "painted": painted, "hole": mask.hole, "weight": mask.weight},
        given,
        numbers,
    )
    assert (mask.weight is not None) == soft
    mean, near = alike(ours, theirs, photo)
    assert mean < 1 and near > 0.99
    assert np.array_equal(ours[~mask.hole], photo[~mask.hole])


def test_from_a_photograph_and_layers(photo, numbers, runtime, look):
    """The whole answer, with faces of the site's own finding; Python is given where Haar's boxes are."""
    color, mask = np.zeros((300, 300, 4), np.uint8), np.zeros((300, 300, 4), np.uint8)
    cv2.circle(color, (LIPS[0] // 2, LIPS[1] // 2), 2, (*RED, 255), -1)
    cv2.circle(color, (HAIR[0] // 2, HAIR[1] // 2), 7, (*BLOND, 255), -1)
    mask[:200, :, 3] = 255
    large = [cv2.resize(each, (600, 600), interpolation=cv2.INTER_NEAREST) for each in (color, mask)]
    rough = [haar.haar_frame(box) for box in haar.haar_boxes(photo)]
    split = [{"rgb": each[..., :3].copy(), "alpha": each[..., 3].copy()} for each in (color, mask)]
    for masked in (False, True):
        with mock.patch.object(FaceAnnotator, "_rough_frames", lambda *_: rough):
            theirs = np.asarray(recolor.recolor_photo(photo, large[1] if masked else None, None, large[0])[0])
        drawing = {"frame": [0, 0, 600, 600], "mask": split[1] if masked else None, "sketch": None, "color": split[0]}
        ours = call("answers", "recolorAnswer", {"rgb": photo}, drawing, look, cascade(), numbers, runtime=runtime)["rgb"]
        mean, near = alike(ours, theirs, photo)
        assert mean < 1 and near > 0.95  # labels differ at a few borders
    for other, words in (({"sketch": split[1]}, "takes no lines"), ({"color": None}, "Paint a colour")):
        with pytest.raises(ValueError, match=words):
            call("answers", "recolorAnswer", {"rgb": photo}, {**drawing, **other}, look, cascade(), numbers, runtime=runtime)


def test_where_no_face_is_it_takes_a_mask(numbers):
    plain = np.random.default_rng(0).integers(90, 110, (128, 128, 3)).astype(np.uint8)
    paint, painted = layer(plain, ((64, 64), RED, 5))
    layers = {"paint": paint, "painted": painted, "hole": None, "weight": None}
    with pytest.raises(ValueError, match=r"\(64, 64\) lies on no part of a face .* Give a mask"):
        call("recolor", "recolor", plain, layers, [], numbers)
    hole = np.zeros((128, 128), bool)
    with pytest.raises(ValueError, match="inside the mask"):
        call("recolor", "recolor", plain, {**layers, "hole": hole}, [], numbers)
    hole[40:90, 40:90] = True
    with mock.patch.object(recolor, "find_faces", lambda *_: []):
        theirs = recolor.recolor(plain, paint, painted > 0, marks.Mask(hole))
    mean, near = alike(call("recolor", "recolor", plain, {**layers, "hole": hole}, [], numbers), theirs, plain)
    assert mean < 1 and near > 0.99


def test_tones_and_mattes(photo, numbers):
    own, rng = numbers["recolor"], np.random.default_rng(0)
    pixels = rng.integers(0, 256, (4000, 3)).astype(np.uint8)
    lab = tones.to_lab(pixels[None])[0]
    assert np.abs(call("tones", "labOf", pixels.ravel()).reshape(-1, 3) - lab).max() < 0.6  # OpenCV looks it up in a grid
    weight, base = rng.random(4000).astype(np.float32), (lab[:, 0] * 0.7 + 12).astype(np.float32)
    for target in ((30.0, 40.0, 20.0), (85.0, 5.0, 40.0), (50.0, -10.0, -45.0)):
        theirs = tones.shifted(lab, base, weight, np.float32(target))
        ours = call("tones", "shifted", lab.ravel(), base, weight, list(target), own).reshape(-1, 3)
        assert np.abs(ours - theirs).mean() < 0.7 and (np.abs(ours - theirs) < 3).mean() > 0.99
    region = np.zeros((600, 600), np.uint8)
    cv2.ellipse(region, (300, 120), (150, 70), 0, 0, 360, 1, -1)
    for name, band in matte.BANDS.items():
        theirs = matte.region_matte(photo, region > 0, 90.0, band)
        ours = call("matte", "regionMatte", photo, region, 90.0, own["bands"][name], None, own)
        assert np.abs(ours - theirs).mean() < 0.003 and np.quantile(np.abs(ours - theirs), 0.999) < 0.05
