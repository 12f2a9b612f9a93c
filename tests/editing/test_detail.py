"""The detail pass: an answer without texture gets that of its surroundings, and no more."""

import cv2
import numpy as np
import pytest
import torch

from scfegan_hf import FaceEditPipeline, SCFEGANGenerator
from scfegan_hf.editing import detail, pipeline
from scfegan_hf.editing.detail import add_detail, window_around
from scfegan_hf.editing.looks import FaceLooks, is_profile
from scfegan_hf.editing.octaves import grey, octaves
from scfegan_hf.editing.offsets import choose
from scfegan_hf.faces.regions import REGIONS

SIDE, SCALE = 256, 3.0
BOX = (96, 96, 160, 160)
SKIN, HAIR = REGIONS.index("skin"), REGIONS.index("hair")


def with_flat_answer(texture: np.ndarray, level: float = 140.0) -> tuple[np.ndarray, np.ndarray]:
    """A grey picture of this texture with a flat answer in BOX, float32 (SIDE, SIDE, 3), and the hole."""
    picture = np.repeat((level + texture)[..., None], 3, axis=2).astype(np.float32)
    hole = np.zeros((SIDE, SIDE), bool)
    hole[BOX[1] : BOX[3], BOX[0] : BOX[2]] = True
    picture[hole] = level
    return picture, hole


def pores(sigma: float = 1.0, strength: float = 8.0) -> np.ndarray:
    texture = cv2.GaussianBlur(np.random.default_rng(0).standard_normal((SIDE, SIDE)).astype(np.float32), (0, 0), sigma)
    return texture / texture.std() * strength


def added_to(picture: np.ndarray, hole: np.ndarray, region: int = SKIN, lines=None, **options) -> np.ndarray:
    regions = np.full(hole.shape, region, np.uint8)
    lines = np.zeros(hole.shape, bool) if lines is None else lines
    return add_detail(picture, hole, regions, lines, BOX, SCALE, **options)


def strengths(picture: np.ndarray) -> np.ndarray:
    """Root mean square of each octave of a picture's middle."""
    bands, _ = octaves(grey(np.ascontiguousarray(picture, np.float32)), 2 * SCALE)
    return np.array([float(np.sqrt((band[12:-12, 12:-12] ** 2).mean())) for band in bands])


@pytest.mark.parametrize("sigma", [0.5, 1.0, 2.0])
def test_a_flat_answer_gets_its_surroundings_texture_octave_by_octave(sigma):
    texture = pores(sigma)
    added = added_to(*with_flat_answer(texture))
    here = strengths(np.repeat(texture[..., None], 3, axis=2))
    assert added.shape == (64, 64, 3)
    least = np.array([0.75, 0.75, 0.75, 0.55])  # the coarsest octave is partly the network's own
    assert (strengths(added) > least * here - 0.1).all() and (strengths(added) < 1.35 * here + 0.3).all()


def test_texture_reaches_the_border_of_the_hole():
    """What is just outside is not counted as if it were inside already."""
    texture = pores(2.0)
    added = added_to(*with_flat_answer(texture))
    border = np.ones(added.shape[:2], bool)
    border[5:-5, 5:-5] = False
    assert added[border].std() > 0.92 * added[~border].std()


def test_what_is_there_already_is_not_added_again():
    texture = pores()
    picture, hole = with_flat_answer(texture)
    whole = 140 + np.repeat(texture[..., None], 3, axis=2)
    assert strengths(added_to(whole, hole)).max() < 0.35 * strengths(added_to(picture, hole)).max()


def test_stripes_go_on():
    """Stripes of a shirt: one offset serves all, so they keep their period and their direction."""
    columns = np.arange(SIDE)
    stripes = np.tile(10 * np.sin(2 * np.pi * columns / 8), (SIDE, 1))
    picture, hole = with_flat_answer(stripes)
    added = added_to(picture, hole, REGIONS.index("clothes"))[..., 1]
    spectrum = np.abs(np.fft.rfft2(added))
    assert np.unravel_index(spectrum.argmax(), spectrum.shape) == (0, 8)
    assert spectrum[0, 8] > 0.5 * np.sqrt((spectrum**2).sum())


def test_texture_stays_in_its_region():
    """Skin beside a coarse cloth gets no cloth."""
    left = np.tile(np.arange(SIDE) < SIDE // 2, (SIDE, 1))
    picture, hole = with_flat_answer(np.where(left, pores(1.0, 2.0), pores(1.0, 20.0)))
    regions = np.where(left, SKIN, REGIONS.index("clothes")).astype(np.uint8)
    added = add_detail(picture, hole, regions, hole & False, BOX, SCALE)
    assert added[:, :24].std() < 4 and added[:, -24:].std() > 8


def test_a_scar_is_not_copied_onto_skin():
    texture = pores(1.0, 3.0)
    for place in (40, 60, 190, 210):
        texture[place : place + 3] -= 60
    added = added_to(*with_flat_answer(texture))
    assert np.abs(added).max() < 25 and strengths(added)[0] > 0.5


def test_grain_is_the_floor_where_nothing_can_be_copied():
    """Eyes are no texture, but film has grain there too."""
    texture = pores(0.5, 6.0)
    picture, hole = with_flat_answer(texture)
    regions = np.full(hole.shape, SKIN, np.uint8)
    regions[hole] = REGIONS.index("eyes")
    added = add_detail(picture, hole, regions, hole & False, BOX, SCALE)
    here = strengths(np.repeat(texture[..., None], 3, axis=2))
    assert (strengths(added) > 0.6 * here).all() and (strengths(added) < 1.2 * here).all()
    assert np.ptp(added, axis=2).max() < 1e-3  # grey


def test_teeth_do_not_get_what_lashes_and_edges_are_as_grain():
    """The floor was read off all eyes and mouths in the picture, and teeth came out speckled."""
    rough, hole = with_flat_answer(pores(1.0, 20))
    regions = np.full(hole.shape, REGIONS.index("eyes"), np.uint8)
    regions[:, :48] = SKIN
    smooth = np.random.default_rng(1).normal(0, 1, (SIDE, 48, 1)).astype(np.float32)
    rough[:, :48] = 140 + smooth  # skin with a little grain
    added = add_detail(rough, hole, regions, np.zeros_like(hole), BOX, SCALE)
    assert 0.3 < added.std() < 2.5


def test_where_all_is_plain_nothing_is_added():
    picture, hole = with_flat_answer(np.zeros((SIDE, SIDE)))
    for region in (0, SKIN, REGIONS.index("clothes"), HAIR):
        assert np.abs(added_to(picture, hole, region)).max() < 0.05


def slope_of(added: np.ndarray) -> float:
    """Angle of the strongest direction of change, in degrees from horizontal."""
    layer = added[..., 1]
    x, y = cv2.Sobel(layer, cv2.CV_32F, 1, 0), cv2.Sobel(layer, cv2.CV_32F, 0, 1)
    return float(np.degrees(0.5 * np.arctan2(2 * (x * y).mean(), (x * x).mean() - (y * y).mean())))


def test_hair_that_is_drawn_where_there_is_none_flows_along_the_lines():
    picture, hole = with_flat_answer(np.zeros((SIDE, SIDE)), 60.0)
    regions = np.where(hole, HAIR, SKIN).astype(np.uint8)
    rows, columns = np.mgrid[:SIDE, :SIDE]
    for sign in (1, -1):
        lines = hole & ((rows + sign * columns) % 24 < 2)
        added = add_detail(picture, hole, regions, lines, BOX, SCALE)
        assert added.std() > 1 and abs(slope_of(added) - sign * 45) < 15


def test_a_hat_that_is_called_hair_gets_no_streaks():
    """Felt has no direction: what is added looks alike in all of them."""
    added = added_to(*with_flat_answer(pores(1.0, 5.0)), HAIR)
    x, y = cv2.Sobel(added[..., 1], cv2.CV_32F, 1, 0), cv2.Sobel(added[..., 1], cv2.CV_32F, 0, 1)
    assert 0.75 < (x * x).mean() / (y * y).mean() < 1.33


def test_where_regions_are_not_to_be_relied_on_there_is_grain_alone():
    picture, hole = with_flat_answer(np.tile(10 * np.sin(2 * np.pi * np.arange(SIDE) / 8), (SIDE, 1)))
    spectrum = np.abs(np.fft.rfft2(added_to(picture, hole, textured=False)[..., 1]))
    assert spectrum[0, 8] < 0.3 * np.sqrt((spectrum**2).sum())


def test_copies_come_from_what_is_known_and_only_from_there():
    picture, hole = with_flat_answer(pores(2.0))
    copies = choose(picture, hole, np.zeros(hole.shape, np.uint8), BOX, SCALE, np.random.default_rng(0))
    x, y = copies.sources()
    targets = hole[np.ix_(np.clip(np.round(copies.y).astype(int), 0, 255), np.clip(np.round(copies.x).astype(int), 0, 255))]
    assert not hole[y[targets], x[targets]].any()
    shifts = {(*shift,) for shift in np.dstack([copies.sign, copies.shift_x, copies.shift_y])[targets]}
    assert len(shifts) < 0.5 * targets.sum()  # whole stretches have one offset
    assert choose(picture, hole | True, np.zeros(hole.shape, np.uint8), BOX, SCALE, np.random.default_rng(0)) is None


def test_the_window_lies_in_the_photograph_and_holds_the_hole():
    for box in ((0, 0, 30, 40), (300, 100, 390, 200), (10, 10, 390, 190)):
        x0, y0, x1, y1 = window_around(box, (200, 400), 2.0)
        assert 0 <= x0 <= box[0] and 0 <= y0 <= box[1] and box[2] <= x1 <= 400 and box[3] <= y1 <= 200


def test_a_face_is_looked_for_once_a_photograph():
    class Annotator:
        asked = 0

        def find_faces(self, photo):
            self.asked += 1
            return [np.array([[50, 50], [50, 150], [150, 150], [150, 50]], np.float32)]

    annotator = Annotator()
    looks, photos = FaceLooks(annotator), [np.full((200, 200, 3), level, np.uint8) for level in range(12)]
    for photo in (photos[0], photos[0].copy(), photos[0]):
        assert looks.nearest(photo, (140, 140, 180, 180)) is not None and looks.nearest(photo, (0, 0, 20, 20)) is None
    assert annotator.asked == 1
    for photo in photos:
        looks.frames(photo)
    assert annotator.asked == 12 and len(looks.kept) == 8


def test_a_profile_is_told_from_a_frontal_face(face_points):
    assert not is_profile(face_points)
    turned = face_points.copy()
    turned[54] = face_points[68:76].mean(0) + 0.01  # the nose's tip before an eye
    assert is_profile(turned)


def test_the_pipeline_gives_texture_unless_told_not_to():
    torch.manual_seed(0)
    pipe = FaceEditPipeline(SCFEGANGenerator.preset("compact", width=4, resolution=64), device="cpu")
    photo = np.clip(np.repeat((140 + pores(0.7, 12))[..., None], 3, axis=2), 0, 255).astype(np.uint8)
    mask = np.zeros((SIDE, SIDE), np.uint8)
    mask[70:190, 70:190] = 255
    line = np.zeros_like(mask)  # what is drawn in is not copied from elsewhere as a whole
    line[130, 80:180] = 255
    textured, plain, again = (np.asarray(pipe(photo, mask, line, detail=on, seed=5).image) for on in (True, False, True))
    assert np.array_equal(textured, again)
    assert (textured[mask == 0] == photo[mask == 0]).all()
    middle = np.s_[90:170, 90:170]
    assert plain[middle].std() < 0.5 * photo.std() and textured[middle].std() > 0.7 * photo.std()


def test_a_hole_too_large_for_memory_gets_no_texture_and_is_told_of(monkeypatch):
    """Some 200 bytes a pixel of its bounds: 12 megapixels repainted whole took 4 GB."""
    pipe = FaceEditPipeline(SCFEGANGenerator.preset("compact", width=4, resolution=64), device="cpu")
    photo = np.clip(np.repeat((140 + pores(0.7, 12))[..., None], 3, axis=2), 0, 255).astype(np.uint8)
    mask, line = np.zeros((SIDE, SIDE), np.uint8), np.zeros((SIDE, SIDE), np.uint8)
    mask[70:190, 70:190] = line[130, 80:180] = 255
    plain = pipe(photo, mask, line, detail=False)
    assert pipeline.TOO_LARGE not in pipe(photo, mask, line).notes
    monkeypatch.setattr(detail, "LARGEST", 120 * 120 - 1)
    smooth = pipe(photo, mask, line)
    assert pipeline.TOO_LARGE in smooth.notes and pipeline.TOO_LARGE not in plain.notes
    assert np.array_equal(np.asarray(smooth.image), np.asarray(plain.image))
