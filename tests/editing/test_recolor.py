"""Recolouring a real photograph by single dabs, and drawn faces where the truth is known."""

import cv2
import numpy as np
import pytest
from PIL import Image
from skimage.color import deltaE_ciede2000
from skimage.data import astronaut

from scfegan_hf.editing.marks import read_color
from scfegan_hf.editing.parts import Part, part_under, teeth
from scfegan_hf.editing.recolor import recolor
from scfegan_hf.editing.recolor import recolor_photo as recolored
from scfegan_hf.editing.seen import Face, distinct, find_faces
from scfegan_hf.editing.tones import to_lab

# Centres in the photograph below, and colours.
EYES, LIPS, HAIR, BROW = ((246, 202), (333, 207)), (288, 304), (338, 104), (244, 178)
BLUE, RED, BLOND, PLUM, BROWN = (80, 120, 170), (170, 35, 50), (200, 165, 110), (90, 40, 80), (70, 48, 30)


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    return cv2.resize(astronaut()[:300, 80:380], (600, 600), interpolation=cv2.INTER_CUBIC)


@pytest.fixture(scope="module")
def face(photo) -> Face:
    return find_faces(photo, np.ones(photo.shape[:2], bool))[0]


def recolor_photo(*given) -> Image.Image:
    return recolored(*given)[0]


def dab(photo: np.ndarray, *strokes: tuple[tuple[int, int], tuple[int, int, int], int]) -> np.ndarray:
    """RGBA with a disc for each (centre, colour, radius)."""
    layer = np.zeros((*photo.shape[:2], 4), np.uint8)
    for center, color, radius in strokes:
        cv2.circle(layer, center, radius, (*color, 255), -1)
    return layer


def change(photo: np.ndarray, result) -> np.ndarray:
    return np.abs(np.asarray(result).astype(int) - photo).max(2)


def difference(rgb: np.ndarray, where: np.ndarray, color: tuple[int, int, int]) -> float:
    """CIEDE2000 between the mean colour of an area and a colour."""
    return float(deltaE_ciede2000(to_lab(rgb[where][None])[0].mean(0), to_lab(np.uint8([[color]]))[0, 0]))


def detail(rgb: np.ndarray, where: np.ndarray) -> np.ndarray:
    """What the lightness of an area has more than its own blur."""
    light, share = to_lab(rgb)[..., 0], where.astype(np.float32)
    smooth = cv2.GaussianBlur(light * share, (0, 0), 3) / (cv2.GaussianBlur(share, (0, 0), 3) + 1e-6)
    return (light - smooth)[where]


@pytest.mark.parametrize(
    ("center", "color", "radius", "names"),
    [
        (LIPS, RED, 4, ("lips",)),
        (HAIR, BLOND, 14, ("hair",)),
        (HAIR, PLUM, 14, ("hair",)),
        (EYES[0], BROWN, 5, ("iris",)),
    ],
)
def test_one_dab_colours_its_part_keeps_its_structure_and_nothing_else(photo, face, center, color, radius, names):
    result = np.asarray(recolor_photo(photo, None, None, dab(photo, (center, color, radius))))
    region = face.region(*names).astype(np.uint8)
    near = cv2.dilate(region, np.ones((3, 3), np.uint8), iterations=round(0.13 * face.apart)) > 0
    moved = change(photo, result)
    assert moved[~near].max() == 0
    part = (cv2.erode(region, np.ones((3, 3), np.uint8), iterations=4 if "hair" in names else 1) > 0) & (moved > 12)
    assert part.sum() > 60
    assert difference(result, part, color) < 4
    kept = np.corrcoef(detail(photo, part), detail(result, part))[0, 1]
    assert kept > (0.9 if "lips" in names else 0.95)  # these lips are a few pixels thin, and mostly border


def test_parts_do_not_spoil_each_other_and_a_mask_limits_them(photo):
    lips, hair = (LIPS, RED, 4), (HAIR, BLOND, 14)
    both = np.asarray(recolor_photo(photo, None, None, dab(photo, lips, hair)))
    alone = [np.asarray(recolor_photo(photo, None, None, dab(photo, each))) for each in (lips, hair)]
    apart = [change(photo, each) > 0 for each in alone]
    assert not (apart[0] & apart[1]).any()
    assert np.array_equal(both[apart[0]], alone[0][apart[0]]) and np.array_equal(both[apart[1]], alone[1][apart[1]])
    mask = np.zeros(photo.shape[:2], np.uint8)
    mask[:110] = 255
    limited = change(photo, recolor_photo(photo, mask, None, dab(photo, hair)))
    assert limited[110:].max() == 0 and (limited[:100] > 0).sum() > 0.9 * (apart[1][:100]).sum()


def test_two_colours_on_one_part_share_it(photo):
    result = np.asarray(recolor_photo(photo, None, None, dab(photo, ((230, 110), BLOND, 10), ((390, 110), PLUM, 10))))
    at = [to_lab(result[95:125, x - 15 : x + 15])[..., 0].mean() for x in (230, 390)]
    assert at[0] > at[1] + 15
    assert (change(photo, result)[95:125, 215:405] > 12).mean() > 0.5  # neither was left out


def test_pupil_and_catchlight_stay(photo, face):
    eye, pupil = photo.copy(), tuple(np.round(face.points[96]).astype(int).tolist())
    cv2.circle(eye, pupil, 10, (60, 40, 30), -1, cv2.LINE_AA)
    cv2.circle(eye, pupil, 4, (5, 5, 5), -1, cv2.LINE_AA)
    cv2.circle(eye, (pupil[0] + 5, pupil[1] - 4), 2, (250, 250, 250), -1, cv2.LINE_AA)
    result = np.asarray(recolor_photo(eye, None, None, dab(photo, (pupil, BLUE, 6))))
    moved = change(eye, result)
    assert moved[pupil[1], pupil[0]] < 8 and moved[pupil[1] - 4, pupil[0] + 5] < 16
    ring = result[pupil[1], [pupil[0] - 7, pupil[0] + 7]].astype(int)
    assert (ring[:, 2] > ring[:, 0] + 30).all()


def test_an_iris_takes_a_light_colour_in_the_light_of_its_eye(photo, face):
    """It keeps the hue of a dab that is too light for it, and does not glow beside its white, in shade less than in light."""
    pupil, seen = tuple(np.round(face.points[96]).astype(int).tolist()), {}
    for name, share in (("light", 1.0), ("shade", 0.5)):
        eye = (photo * share).astype(np.uint8)
        result = np.asarray(recolor_photo(eye, None, None, dab(eye, (pupil, (120, 190, 255), 4))))
        iris, white = (face.region(part) & (change(eye, result) > 8 if part == "iris" else True) for part in ("iris", "eyes"))
        lab = to_lab(result)
        seen[name] = lab[iris][:, 0].mean()
        assert iris.sum() > 30 and seen[name] < 0.75 * np.quantile(lab[white][:, 0], 0.75)
        assert lab[iris][:, 2].mean() < to_lab(eye)[iris][:, 2].mean() - 8  # bluer
    assert seen["shade"] < 0.8 * seen["light"]


def test_a_spot_of_skin_is_as_large_as_the_dab(photo):
    moved = change(photo, recolor_photo(photo, None, None, dab(photo, ((246, 260), (190, 120, 100), 12))))
    rows, cols = np.nonzero(moved)
    assert moved[260, 246] > 8 and np.hypot(rows - 260, cols - 246).max() < 17


def test_without_a_face_it_takes_a_mask():
    plain = np.random.default_rng(0).integers(90, 110, (128, 128, 3)).astype(np.uint8)
    color, mask = dab(plain, ((64, 64), RED, 5)), np.zeros((128, 128), np.uint8)
    with pytest.raises(ValueError, match=r"\(64, 64\) lies on no part of a face .* Give a mask"):
        recolor_photo(plain, None, None, color)
    mask[40:90, 40:90] = 255
    result = np.asarray(recolor_photo(plain, mask, None, color))
    assert change(plain, result)[mask == 0].max() == 0 and difference(result, cv2.erode(mask, np.ones((9, 9))) > 0, RED) < 4


@pytest.mark.parametrize(
    ("mask", "sketch", "color", "words"),
    [
        (None, np.zeros((600, 600), np.uint8), "dab", "takes no lines"),
        (None, None, None, "needs a colour picture"),
        (None, None, np.zeros((600, 600, 4), np.uint8), "Paint a colour on what is to have it"),
        (np.eye(600, dtype=np.uint8), None, "dab", "inside the mask"),
    ],
)
def test_what_cannot_be_meant_is_refused(photo, mask, sketch, color, words):
    color = dab(photo, ((50, 300), RED, 5)) if isinstance(color, str) else color
    with pytest.raises(ValueError, match=words):
        recolor_photo(photo, mask, sketch, color)


def test_greyscale_photographs_are_tinted(photo):
    grey = Image.fromarray(photo).convert("L")
    result = np.asarray(recolor_photo(grey, None, None, dab(photo, (LIPS, RED, 4))))
    tinted = np.ptp(result.astype(int), axis=2) > 20
    assert result.shape == photo.shape and 300 < tinted.sum() < 3000


def test_closed_full_lips_are_lips_and_teeth_are_not(draw_face):
    row = draw_face(0, 256)
    image, face = row["image"].copy(), Face(row["regions"], row["landmarks"])
    mouth, lips = face.region("mouth"), face.region("lips")
    image[lips], image[mouth] = (150, 70, 80), (160, 60, 75)
    red, white = np.full_like(image, RED), np.full_like(image, (240, 236, 228))
    assert teeth(image, face) is None
    assert part_under(image, white, mouth, [face], True) == Part("lips", 0)
    image[mouth] = (215, 205, 190)
    assert (teeth(image, face) == mouth).all()
    assert part_under(image, white, mouth, [face], True) == Part("teeth", 0)
    assert part_under(image, red, mouth, [face], True) == Part("lips", 0)  # nobody wants red teeth


def test_a_hasty_dab_over_the_lids_means_the_iris_of_the_nearer_eye(draw_face):
    row = draw_face(0, 256)
    face = Face(row["regions"], row["landmarks"])
    for side, pupil in enumerate((96, 97)):
        painted = np.zeros(face.regions.shape, np.uint8)
        x, y = np.round(face.points[pupil]).astype(int).tolist()
        cv2.circle(painted, (x, y - 2), 9, 1, -1)
        assert part_under(row["image"], row["image"], painted > 0, [face], True) == Part("eye", 0, side)


def test_arrays_and_pictures_give_the_same(photo):
    layer = dab(photo, (LIPS, RED, 4))
    paint, painted = read_color(layer, photo.shape[:2])
    assert np.array_equal(
        recolor(photo, paint, painted), recolor_photo(Image.fromarray(photo), None, None, Image.fromarray(layer))
    )


def test_a_face_within_a_face_is_none():
    square = np.array([[-1, -1], [-1, 1], [1, 1], [1, -1]], np.float32)
    large, mouth, neighbour = 50 * square + 100, 12 * square + (100, 120), 30 * square + (160, 100)
    assert [frame.mean(0).tolist() for frame in distinct([large, neighbour, mouth])] == [[100, 100], [160, 100]]
