"""Small samples of faces with a hole and a drawing, as the network that reads drawings learns from them."""

import numpy as np
import pytest
from skimage.data import astronaut

from scfegan_hf.editing.drawn import drafts
from scfegan_hf.editing.drawn.samples import Holes
from scfegan_hf.editing.looking import looks
from scfegan_hf.faces.landmarks import LEFT_EYE, MOUTH_CORNERS, RIGHT_EYE

SIDE = 32


@pytest.fixture(scope="module")
def row() -> dict[str, np.ndarray]:
    """A decoded face."""
    photo = np.ascontiguousarray(astronaut()[:300, 100:400])
    regions, points = looks().look(photo, looks().frames(photo)[0])
    lines = np.zeros(photo.shape[:2], np.uint8)
    lines[60:200:9] = 255
    return {"image": photo, "sketch": lines, "color": photo, "regions": regions, "landmarks": points.astype(np.float32)}


def test_a_sample_is_a_function_of_its_number(row):
    make = {"side": SIDE, "fine": 2, "seed": 3, "holes": Holes(0.8, 0.0, 0.5)}

    def other(choose):
        return None

    first, again, next_one = (drafts.make_draft(row, n, other, **make) for n in (4, 4, 5))
    assert all((first[name] == again[name]).all() for name in first)
    assert any((first[name] != next_one[name]).any() for name in first)
    assert first["image"].shape == (3, drafts.SCALE * SIDE, drafts.SCALE * SIDE)
    assert first["seen"].shape == (3, SIDE, SIDE) and first["sketch"].shape == (1, 2 * SIDE, 2 * SIDE)
    assert 0 < first["mask"].mean() < 1


def test_what_is_erased_is_not_seen(row):
    """Whatever was in the hole, the layers are the same."""
    hole = np.zeros((4 * SIDE, 4 * SIDE), bool)
    hole[50:80, 40:90] = True
    image = drafts.framed_row(row, 4 * SIDE)["image"]
    nothing = (np.zeros_like(hole), np.zeros_like(image), np.zeros_like(hole))
    seen = [drafts.small_layers(np.where(hole[..., None], np.uint8(tone), image), hole, *nothing, SIDE, 2) for tone in (0, 255)]
    known = seen[0]["mask"] == 0
    assert (seen[0]["seen"] == seen[1]["seen"]).all() and known[:10].all() and not known[14:18, 12:20].any()


def test_dabs_keep_their_colour_where_they_cover_half_a_pixel():
    image, hole = np.zeros((64, 64, 3), np.uint8), np.ones((64, 64), bool)
    painted = np.zeros_like(hole)
    painted[8:12, 8:10] = True  # half of one small pixel
    color = np.full_like(image, (255, 0, 127))
    layers = drafts.small_layers(image, hole, np.zeros_like(hole), color, painted, 16, 2)
    assert layers["dabbed"][2, 2] == pytest.approx(0.5) and layers["dabbed"].sum() == pytest.approx(0.5)
    assert layers["color"][2, 2] == pytest.approx([1, -1, 0], abs=0.01)


def test_faces_come_into_their_frame(row):
    framed = drafts.framed_row(row, 256)
    points = framed["landmarks"]
    eyes = np.stack([points[LEFT_EYE].mean(0), points[RIGHT_EYE].mean(0)])
    mouth = points[list(MOUTH_CORNERS)].mean(0)
    assert abs(eyes[0, 1] - eyes[1, 1]) < 3 and abs(eyes[:, 0].mean() - 128) < 12 and mouth[1] > eyes[:, 1].max() + 40
    assert all(framed[name].shape[:2] == (256, 256) for name in ("image", "sketch", "color", "regions"))


def test_a_drawing_is_misplaced_as_a_whole():
    rng = np.random.default_rng(0)
    lines = np.zeros((128, 128), bool)
    lines[60:64, 50:80] = True
    paint = np.zeros((128, 128, 3), np.uint8)
    paint[lines] = (9, 200, 90)
    moved = [drafts.misplaced([lines, paint, lines], np.ones_like(lines), rng) for _ in range(20)]
    for drawn, color, painted in moved:
        assert (drawn == painted).all() and (color[drawn] == (9, 200, 90)).all() and drawn.any()
    middles = np.array([np.argwhere(drawn).mean(0) for drawn, _, _ in moved])
    assert 0.3 < middles.std(0).mean() < 6
