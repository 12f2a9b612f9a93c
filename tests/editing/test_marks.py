"""Masks, sketches and colours as drawing programs save them: drawn here once plainly and once as people have them."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from scfegan_hf.editing.marks import read_color, read_mask, read_sketch

SIZE = (240, 300)


def spot(radius: int = 30) -> np.ndarray:
    """A disc of 255 on 0."""
    canvas = np.zeros(SIZE, np.uint8)
    cv2.circle(canvas, (140, 110), radius, 255, -1)
    return canvas


def saved(array: np.ndarray, form: str = "PNG", **options) -> bytes:
    data = io.BytesIO()
    Image.fromarray(array).save(data, form, **options)
    return data.getvalue()


def with_noise(mask: np.ndarray) -> np.ndarray:
    return np.maximum(mask, np.random.default_rng(0).integers(0, 4, SIZE).astype(np.uint8))


@pytest.mark.parametrize(
    "given",
    [
        with_noise(spot()),
        np.round(16 + spot() / 255 * 219).astype(np.uint8),  # the range of video
        spot() // 255,  # labels
        spot() > 0,
        saved(spot(), "JPEG", quality=75),
        saved(np.dstack([spot()] * 3), "JPEG", quality=75),
        saved(np.dstack([spot(), *[np.zeros(SIZE, np.uint8)] * 2])),  # in red
        saved(np.dstack([np.zeros((*SIZE, 3), np.uint8), spot()])),  # black paint on nothing
        saved(np.dstack([np.repeat(spot()[..., None], 3, 2), np.full(SIZE, 200, np.uint8)])),  # an even alpha says nothing
        saved((spot() / 255 * 65535).astype(np.uint16)),
        saved(spot().astype(np.int32) * 1000, "TIFF"),
        saved(spot().astype(np.float32) / 255, "TIFF"),
    ],
    ids=["noise", "video", "labels", "bool", "jpeg", "jpeg-rgb", "red", "alpha", "even-alpha", "16-bit", "32-bit", "float"],
)
def test_half_of_its_own_range_is_the_threshold(given):
    mask = read_mask(given, SIZE)
    assert np.array_equal(mask.hole, spot() > 0) and mask.weight is None


def test_a_feathered_mask_is_as_large_as_meant_and_keeps_its_softness():
    soft = cv2.GaussianBlur(spot(), (0, 0), 6)
    mask = read_mask(soft, SIZE)
    assert 0.9 < mask.hole.sum() / (spot() > 0).sum() < 1.02
    assert np.abs(mask.weight - soft.astype(float)).max() <= 14  # but for the ends of the range, which are noise elsewhere
    assert mask.weight[110, 140] == 255 and mask.weight[0, 0] == 0
    bright = np.full(SIZE, 255, np.uint8)
    bright[:40] = 180  # all of it is marked
    assert read_mask(bright, SIZE, invert=False).hole.all()


def test_antialiasing_is_no_feather():
    large = cv2.resize(spot(), None, fx=4, fy=4, interpolation=cv2.INTER_NEAREST)
    shifted = cv2.resize(np.roll(large, (1, 2), (0, 1)), SIZE[::-1], interpolation=cv2.INTER_AREA)
    assert len(np.unique(shifted)) > 2 and read_mask(shifted, SIZE).weight is None


def test_over_half_is_refused_unless_asked_for():
    inverted = 255 - spot()
    with pytest.raises(ValueError, match=r"marks 96% of the picture.*invert=True, --invert"):
        read_mask(inverted, SIZE)
    assert np.array_equal(read_mask(inverted, SIZE, invert=True).hole, spot() > 0)
    assert np.array_equal(read_mask(inverted, SIZE, invert=False).hole, spot() == 0)
    soft = 255 - cv2.GaussianBlur(spot(), (0, 0), 6)
    upright = read_mask(255 - soft, SIZE)
    assert np.abs(read_mask(soft, SIZE, invert=True).weight.astype(int) - upright.weight).max() <= 1


def test_empty_masks_and_canvases_with_noise_alone_are_refused():
    with pytest.raises(ValueError, match="mask is empty"):
        read_mask(np.zeros(SIZE, np.uint8), SIZE)
    for read, name in ((read_mask, "mask"), (read_sketch, "sketch")):
        with pytest.raises(ValueError, match=f"The {name} has values from 0 to 3 only"):
            read(with_noise(np.zeros(SIZE, np.uint8)), SIZE)


def tagged(array: np.ndarray) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return saved(array, exif=exif)


def test_a_marks_orientation_tag_counts_only_beside_the_photos():
    square = np.zeros((200, 200), np.uint8)
    square[20:60, 20:50] = 255
    turned = np.rot90(square, -1) > 0
    paint = np.dstack([*[square] * 3, square])
    assert np.array_equal(read_mask(tagged(square), (200, 200)).hole, square > 0)
    assert np.array_equal(read_mask(tagged(square), (200, 200), turned=True).hole, turned)
    assert np.array_equal(read_sketch(tagged(square), (200, 200)), square > 0)
    assert np.array_equal(read_color(tagged(paint), (200, 200))[1], square > 0)
    assert np.array_equal(read_color(tagged(paint), (200, 200), turned=True)[1], turned)


def drawn(antialias: bool) -> np.ndarray:
    """Three-pixel strokes and a hair line."""
    canvas = np.zeros(SIZE, np.uint8)
    kind = cv2.LINE_AA if antialias else cv2.LINE_8
    cv2.ellipse(canvas, (140, 120), (60, 25), 0, 0, 180, 255, 3, kind)
    cv2.line(canvas, (20, 20), (270, 60), 255, 1, kind)
    return canvas


def test_lines_are_as_wide_as_they_were_drawn():
    plain = drawn(False) > 0
    for antialias, given in ((False, saved(drawn(False), "JPEG", quality=75)), (True, drawn(True))):
        lines = read_sketch(given, SIZE)
        assert 0.85 < lines.sum() / (drawn(antialias).sum() / 255) < 1.15
        assert (cv2.dilate(lines.astype(np.uint8), np.ones((3, 3))) > 0)[plain].mean() > 0.99  # no gaps


def test_a_line_between_two_pixels_is_there():
    canvas = np.zeros(SIZE, np.uint8)
    canvas[50, 30:200] = 255
    canvas[100:102, 30:200] = 110  # half of a line on either side
    lines = read_sketch(canvas, SIZE)
    assert lines[50, 30:200].all() and lines[100:102, 40:190].any(0).all()


def test_the_soft_rim_of_a_brush_is_no_paint():
    hard = spot()
    soft = cv2.GaussianBlur(hard, (0, 0), 5)
    for alpha in (soft, soft // 2):  # and a brush at half its strength
        color, painted = read_color(np.dstack([np.full((*SIZE, 3), 90, np.uint8), alpha]), SIZE)
        assert 0.88 < painted.sum() / (hard > 0).sum() < 1.02 and (color == 90).all()
    assert not read_color(np.zeros((*SIZE, 4), np.uint8), SIZE)[1].any()
