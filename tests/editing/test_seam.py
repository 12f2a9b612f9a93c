"""The answer meets the photograph around its hole, and nothing of what was erased is in it."""

import numpy as np
import pytest

from scfegan_hf import FaceEditPipeline
from scfegan_hf.editing.crops import shrink
from scfegan_hf.editing.seam import join, membrane, without_erased


def slope(height: int = 60, width: int = 90) -> np.ndarray:
    y, x = np.mgrid[:height, :width].astype(np.float32)
    return np.stack([x, y, 100 + x - y], -1)


def test_a_membrane_goes_on_with_a_slope_and_keeps_what_is_known():
    picture, known = slope(), np.ones((60, 90), bool)
    known[20:44, 30:61] = False
    spoilt = np.where(known[..., None], picture, np.float32(1e6))
    flowed = membrane(spoilt, known)
    assert (flowed[known] == picture[known]).all()
    assert np.abs(flowed - picture).max() < 3  # of the 40 levels that the slope has across the hole


def test_what_is_far_from_all_that_is_known_takes_its_colour():
    known = np.zeros((64, 50), bool)
    known[:, :3] = True
    flowed = membrane(np.full((64, 50, 3), 80, np.float32), known)
    assert flowed.dtype == np.float32 and np.abs(flowed - 80).max() < 1e-3


def test_an_offset_is_gone_at_the_border_and_kept_deep_inside():
    photo, hole = slope(), np.zeros((60, 90), np.uint8)
    hole[10:50, 20:70] = 1
    joined = join(photo + 20, photo, hole, 2.0)
    assert (joined[hole == 0] == photo[hole == 0]).all()
    assert np.abs(joined - photo)[10, 20:70].max() < 6 and np.abs(joined - photo - 20)[30, 45].max() < 1


def test_no_erased_pixel_has_a_say():
    photo, hole = slope(), np.zeros((60, 90), np.uint8)
    hole[30:32, 5:80] = 1  # a scratch
    other = photo.copy()
    other[hole > 0] = 255
    answer = np.zeros_like(photo) + 50
    assert np.array_equal(join(answer, photo, hole, 3.0)[hole > 0], join(answer, other, hole, 3.0)[hole > 0])
    assert np.abs(join(answer, other, hole, 3.0) - photo)[hole > 0].max() < 15


def test_a_hole_without_surroundings_is_the_answer():
    answer = slope()
    assert np.array_equal(join(answer, answer * 0, np.ones((60, 90), np.uint8), 2.0), answer)


def test_what_is_enlarged_for_the_network_has_nothing_of_the_erased():
    """Cubic enlarging reads two pixels further than the hole reaches."""
    rgb, hole = np.full((40, 40, 3), 90, np.uint8), np.zeros((40, 40), bool)
    hole[15:25, 15:25] = True
    rgb[hole] = (255, 0, 255)
    nothing = np.zeros((40, 40), bool)
    small, erased, *_ = shrink(rgb, hole, nothing, np.zeros_like(rgb), nothing, 128)
    assert (small[erased == 0] == 90).all()
    assert (without_erased(rgb, hole) == 90).all()


@pytest.fixture(scope="module")
def pipe() -> FaceEditPipeline:
    return FaceEditPipeline.from_pretrained(device="cpu", dtype="float32")


@pytest.mark.parametrize("thickness", [2, 5, 9])
def test_the_result_depends_on_no_erased_pixel(pipe, thickness):
    """A thin hole, in white and in black: the same result. The seam used to keep nine tenths of either."""
    rows, cols = np.mgrid[:300, :300]
    photo = np.stack([100 + rows // 5, 90 + cols // 6, np.full_like(rows, 80)], -1).astype(np.uint8)
    mask = np.zeros((300, 300), np.uint8)
    mask[140 : 140 + thickness, 40:260] = 255
    white, black = photo.copy(), photo.copy()
    white[mask > 0], black[mask > 0] = 255, 0
    results = [np.asarray(pipe(picture, mask).image).astype(int) for picture in (white, black)]
    assert np.array_equal(*results)
    assert np.abs(results[0] - photo)[mask > 0].mean() < 6
