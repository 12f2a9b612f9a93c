"""The annotator that the package carries, on a real photograph: what a stranger gets without any other file."""

import cv2
import numpy as np
import pytest

from scfegan_hf.editing.looking import part, trace
from scfegan_hf.faces.annotate import BUNDLED_ANNOTATOR, FaceAnnotator, bundled
from scfegan_hf.faces.landmarks import LEFT_EYE, OUTER_LIPS, PUPILS, RIGHT_EYE
from scfegan_hf.faces.regions import REGIONS

# Read off skimage's astronaut by eye, to a few pixels: pupils, middle of the lips, hair, a cheek. Her face is 90 wide.
LEFT_PUPIL, RIGHT_PUPIL, LIPS, HAIR, CHEEK = (203, 102), (247, 104), (223, 147), (230, 45), (200, 125)


@pytest.fixture(scope="module")
def astronaut() -> np.ndarray:
    from skimage.data import astronaut

    return astronaut()


@pytest.fixture(scope="module")
def annotation(astronaut):
    return bundled()(astronaut)


def test_landmarks_lie_on_the_face(annotation):
    points = annotation.landmarks
    assert points.shape == (98, 2)
    for index, place in zip(PUPILS, (LEFT_PUPIL, RIGHT_PUPIL), strict=True):
        assert np.hypot(*(points[index] - place)) < 6
    assert np.hypot(*(points[OUTER_LIPS].mean(0) - LIPS)) < 8


def test_regions_are_where_they_belong(annotation, astronaut):
    regions = annotation.regions
    assert regions.shape == astronaut.shape[:2] and regions.dtype == np.uint8

    def around(x, y, reach=4):
        return {REGIONS[label] for label in np.unique(regions[y - reach : y + reach + 1, x - reach : x + reach + 1])}

    assert around(*LEFT_PUPIL) & {"eyes", "iris"} and around(*RIGHT_PUPIL) & {"eyes", "iris"}
    assert around(*LIPS) & {"lips", "mouth"}
    assert around(*HAIR) == {"hair"} and around(20, 250) == {"background"}


def test_edges_are_those_of_the_photograph(annotation, astronaut):
    edges = annotation.edges
    assert edges.shape == astronaut.shape[:2] and edges.dtype == np.float32 and edges.min() >= 0 and edges.max() <= 1
    assert edges.max() > 0.5 and np.median(edges) < 0.15
    assert bundled().edges(np.full((70, 90, 3), 128, np.uint8)).max() < 0.5


@pytest.mark.parametrize(
    ("place", "name"),
    [(LEFT_PUPIL, "eye"), (LIPS, "mouth"), (HAIR, "hair"), (CHEEK, "face"), ((20, 250), "background")],
)
def test_a_click_masks_the_part_below_it(astronaut, place, name):
    found, mask = part(astronaut, place)
    assert found == name and mask.shape == astronaut.shape[:2] and set(np.unique(mask)) == {0, 255}
    assert mask[place[1], place[0]] == 255
    if name in ("eye", "mouth"):
        assert 0.0005 < (mask > 0).mean() < 0.02
    if name == "eye":  # the other one stays
        assert not mask[RIGHT_PUPIL[1], RIGHT_PUPIL[0]]


def test_a_turned_face_is_found_and_its_frame_turns_with_it(astronaut):
    turn = cv2.getRotationMatrix2D((225, 110), 35, 1.0)  # counter-clockwise, about her nose
    turned = cv2.warpAffine(astronaut, turn, (450, 260), borderMode=cv2.BORDER_REPLICATE)
    left, right = (turn @ (*pupil, 1) for pupil in (LEFT_PUPIL, RIGHT_PUPIL))
    points = bundled()(turned).landmarks
    assert np.hypot(*(points[PUPILS[0]] - left)) < 8 and np.hypot(*(points[PUPILS[1]] - right)) < 8


def test_without_a_face_it_says_so():
    nothing = np.random.default_rng(0).integers(0, 256, (128, 128, 3), dtype=np.uint8)
    found = bundled()(nothing)
    assert found.landmarks.shape == (0, 2) and not found.regions.any() and found.edges.shape == (128, 128)
    with pytest.raises(ValueError, match="No face was found"):
        part(nothing, (5, 5))


def test_a_pixel_outside_is_refused(astronaut):
    with pytest.raises(ValueError, match="lies outside the photograph of 512 x 512"):
        part(astronaut, (512, 3))


def test_the_trace_follows_the_photograph(astronaut):
    many, few = trace(astronaut, level=30), trace(astronaut, level=120)
    assert many.shape == (512, 512) and set(np.unique(many)) == {0, 255}
    assert (many > 0).sum() > 1.3 * (few > 0).sum() > 0
    assert (few[60:180, 170:280] > 0).mean() > 0.02  # the face has lines


def test_it_is_small_and_loads_from_a_folder():
    annotator = FaceAnnotator.from_pretrained(BUNDLED_ANNOTATOR)
    assert sum(p.numel() for p in annotator.network.parameters()) < 3e6
    assert annotator.network.regions == len(REGIONS)


def test_prepare_needs_nothing_but_the_package(astronaut, tmp_path):
    from PIL import Image

    from scfegan_hf.cli import main
    from scfegan_hf.data.rows import load_rows
    from scfegan_hf.faces.rows import decode_face

    (tmp_path / "photos").mkdir()
    Image.fromarray(astronaut).save(tmp_path / "photos" / "astronaut.png")
    assert main(["prepare", str(tmp_path / "photos"), str(tmp_path / "out"), "--size", "256", "--num-proc", "1"]) == 0
    row = decode_face(load_rows([str(tmp_path / "out")], "train")[0])
    assert row["landmarks"].shape == (98, 2) and {1, 2, 5} <= set(np.unique(row["regions"])) and row["sketch"].any()
    eyes = row["landmarks"][LEFT_EYE].mean(0), row["landmarks"][RIGHT_EYE].mean(0)
    assert abs(eyes[0][1] - eyes[1][1]) < 8 and 50 < eyes[1][0] - eyes[0][0] < 80  # level, and as far apart as in FFHQ
