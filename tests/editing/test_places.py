"""What fills which hole: thin ones are filled from both sides, the network is called where a face is and not elsewhere."""

import cv2
import numpy as np
import pytest
from skimage.data import astronaut

from scfegan_hf import FaceEditPipeline
from scfegan_hf.editing import places
from scfegan_hf.editing.holes import MAX_PARTS, hole_groups
from scfegan_hf.editing.places import fill_thin, parts_of
from scfegan_hf.faces.regions import REGIONS

BACKGROUND, SKIN, HAIR, CLOTHES, LIPS = (REGIONS.index(name) for name in ("background", "skin", "hair", "clothes", "lips"))


def scratches(size: tuple[int, int], thickness: int, number: int = 8) -> np.ndarray:
    rng, mask = np.random.default_rng(thickness), np.zeros(size, np.uint8)
    for _ in range(number):
        a, b = rng.integers(20, min(size) - 20, (2, 2)).tolist()
        cv2.line(mask, a, b, 1, thickness)
    return mask > 0


@pytest.mark.parametrize("thickness", [1, 2, 4, 6])
def test_scratches_are_filled_at_least_as_well_as_by_telea(thickness):
    truth = np.ascontiguousarray(astronaut())
    hole = scratches(truth.shape[:2], thickness)
    damaged = np.where(hole[..., None], np.uint8(255), truth)
    mended = damaged.copy()
    assert not fill_thin(mended, hole, np.zeros_like(hole)).any()
    telea = cv2.inpaint(damaged, hole.astype(np.uint8), 3, cv2.INPAINT_TELEA)
    own, other = (np.abs(p.astype(int) - truth)[hole].mean() for p in (mended, telea))
    assert own <= other and (mended[~hole] == truth[~hole]).all()


def test_the_erased_has_no_say_in_what_fills_it():
    photo, hole = np.ascontiguousarray(astronaut()[:200, :200]), scratches((200, 200), 3)
    white, black = (np.where(hole[..., None], np.uint8(level), photo) for level in (255, 0))
    for picture in (white, black):
        fill_thin(picture, hole, np.zeros_like(hole))
    assert np.array_equal(white, black)


def test_rings_next_to_a_scratch_are_noticed():
    photo = np.full((200, 200, 3), 120, np.float32) + np.random.default_rng(0).normal(0, 4, (200, 200, 1))
    hole = scratches((200, 200), 2, number=3)
    rings = (cv2.dilate(hole.astype(np.uint8), np.ones((3, 3))) > 0) & ~hole
    ringing = photo + np.random.default_rng(1).normal(0, 12, (200, 200, 1)) * rings[..., None]
    assert places._doubt(photo, hole, ~hole) == 0 and places._doubt(ringing, hole, ~hole) == 1


def test_thick_holes_and_lines_drawn_in_thin_ones_are_left_to_others():
    photo, hole, drawn = np.full((200, 200, 3), 9, np.uint8), np.zeros((200, 200), bool), np.zeros((200, 200), bool)
    hole[20:23, 20:180] = hole[60:63, 20:180] = hole[100:140, 50:90] = True
    drawn[61, 30:40] = True
    left = fill_thin(photo, hole, drawn)
    assert not left[20:23].any() and left[60:63, 20:180].all() and left[100:140, 50:90].all()


def test_specks_are_worked_in_clusters():
    hole, rng = np.zeros((1000, 1000), bool), np.random.default_rng(0)
    for left, top in ((50, 50), (750, 800)):
        for x, y in rng.integers(0, 150, (40, 2)):
            hole[top + y : top + y + 10, left + x : left + x + 10] = True
    groups = hole_groups(hole)
    assert 2 <= len(groups) <= MAX_PARTS and all(max(x1 - x0, y1 - y0) <= 170 for x0, y0, x1, y1 in groups)
    covered = np.zeros_like(hole)
    for x0, y0, x1, y1 in groups:
        covered[y0:y1, x0:x1] = True
    assert covered[hole].all()


class Seen:
    """An annotator that sees what it is told, by the colours of the picture."""

    COLORS = {
        BACKGROUND: (200, 200, 200),
        SKIN: (200, 150, 120),
        HAIR: (40, 20, 10),
        CLOTHES: (20, 20, 200),
        LIPS: (200, 20, 40),
    }

    def labels(self, square: np.ndarray) -> np.ndarray:
        apart = [np.abs(square.astype(int) - color).sum(2) for color in self.COLORS.values()]
        return np.array(list(self.COLORS), np.uint8)[np.argmin(apart, 0)]


@pytest.fixture
def person(monkeypatch) -> np.ndarray:
    """A drawn head (skin, lips) with hair over it, on clothes, before a wall."""
    monkeypatch.setattr(places, "bundled", Seen)
    photo = np.full((600, 600, 3), Seen.COLORS[BACKGROUND], np.uint8)
    cv2.rectangle(photo, (100, 420), (500, 600), Seen.COLORS[CLOTHES], -1)
    cv2.ellipse(photo, (300, 230), (150, 180), 0, 0, 360, Seen.COLORS[HAIR], -1)
    cv2.ellipse(photo, (300, 280), (110, 150), 0, 0, 360, Seen.COLORS[SKIN], -1)
    cv2.ellipse(photo, (300, 360), (40, 12), 0, 0, 360, Seen.COLORS[LIPS], -1)
    return photo


@pytest.mark.parametrize(
    ("box", "drawn", "kinds"),
    [
        ((20, 40, 100, 120), False, ["copy"]),  # wall
        ((20, 40, 100, 120), True, ["walls"]),
        ((200, 500, 280, 580), False, ["copy"]),  # cloth
        ((250, 75, 330, 105), False, ["copy"]),  # hair
        ((250, 75, 330, 105), True, ["network"]),
        ((250, 340, 350, 380), False, ["network"]),  # lips
        ((230, 300, 250, 318), False, ["copy"]),  # a spot on the cheek
        ((230, 300, 250, 318), True, ["network"]),
        ((200, 180, 400, 300), False, ["network"]),  # eyes would be here
        ((40, 60, 340, 300), False, ["copy", "network"]),  # from the wall into the face
    ],
)
def test_what_fills_a_hole(person, box, drawn, kinds):
    x0, y0, x1, y1 = box
    hole, lines = np.zeros((600, 600), bool), np.zeros((600, 600), bool)
    hole[y0:y1, x0:x1], lines[(y0 + y1) // 2, x0:x1] = True, drawn
    parts = parts_of(person, hole, lines)
    assert [part.kind for part in parts] == kinds
    assert np.array_equal(np.sum([part.mask for part in parts], axis=0), hole)


def test_copies_for_a_wall_come_from_no_face(person):
    hole = np.zeros((600, 600), bool)
    hole[200:300, 60:140] = True
    (part,) = parts_of(person, hole, np.zeros_like(hole))
    assert part.kind == "copy" and part.avoid[280, 300] and not part.avoid[180, 60]


@pytest.fixture(scope="module")
def pipe() -> FaceEditPipeline:
    return FaceEditPipeline.from_pretrained(device="cpu", dtype="float32")


def test_on_a_white_sheet_the_network_is_not_called_and_colours_are_obeyed(pipe, monkeypatch):
    def called(given):
        raise AssertionError("the network was called")

    monkeypatch.setattr(pipe, "_generate", called)
    photo, mask = np.full((300, 300, 3), 255, np.uint8), np.zeros((300, 300), np.uint8)
    cv2.circle(mask, (150, 150), 70, 255, -1)
    assert (np.asarray(pipe(photo, mask).image) >= 253).all()
    paint, line = np.zeros((300, 300, 4), np.uint8), np.zeros((300, 300), np.uint8)
    paint[130:170, 130:170] = (220, 30, 30, 255)
    cv2.rectangle(line, (115, 115), (185, 185), 255, 2)
    result = np.asarray(pipe(photo, mask, line, paint, detail=False).image).astype(int)
    assert np.abs(result[135:165, 135:165] - (220, 30, 30)).max() < 25
    assert np.abs(result[122:178, 122:178] - (220, 30, 30)).mean() < 30  # the colour fills its walls
    assert (result[150, 90:105] > 200).all()


def test_a_face_is_the_networks(pipe, monkeypatch):
    calls, generate = [], pipe._generate
    monkeypatch.setattr(pipe, "_generate", lambda given: calls.append(1) or generate(given))
    photo, mask = np.ascontiguousarray(astronaut()[:300, 60:400]), np.zeros((300, 340), np.uint8)
    cv2.ellipse(mask, (160, 130), (45, 25), 0, 0, 360, 255, -1)
    pipe(photo, mask, detail=False)
    assert calls == [1]
