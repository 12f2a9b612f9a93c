"""Grey stays grey and sepia sepia, mode L comes back as L; colours on grey only when they are asked for."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image
from skimage.data import astronaut

from scfegan_hf import FaceEditPipeline
from scfegan_hf.editing.tint import tint_of

EVERYWHERE = np.ones((300, 340), bool)


@pytest.fixture(scope="module")
def pipe() -> FaceEditPipeline:
    return FaceEditPipeline.from_pretrained(device="cpu", dtype="float32")


@pytest.fixture
def grey() -> np.ndarray:
    return cv2.cvtColor(np.ascontiguousarray(astronaut()[:300, 60:400]), cv2.COLOR_RGB2GRAY)


def mouth() -> tuple[np.ndarray, np.ndarray]:
    """A mask over the mouth, and a red dab in it."""
    mask, paint = np.zeros((300, 340), np.uint8), np.zeros((300, 340, 4), np.uint8)
    cv2.ellipse(mask, (160, 165), (40, 25), 0, 0, 360, 255, -1)
    paint[160:170, 140:180] = (220, 20, 40, 255)
    return mask, paint


def sepia(grey: np.ndarray) -> np.ndarray:
    level = grey[..., None] / 255
    return (255 * np.concatenate([level**0.8, level, level**1.3], 2)).round().astype(np.uint8)


def test_mode_l_comes_back_as_l(pipe, grey):
    mask, paint = mouth()
    result = pipe(Image.fromarray(grey), mask, color=paint).image
    assert result.mode == "L" and (np.asarray(result)[mask == 0] == grey[mask == 0]).all()
    both = Image.fromarray(grey).convert("LA")
    assert pipe(both, mask).image.mode == "LA"


def test_grey_in_rgb_stays_grey_and_a_dab_counts_as_its_lightness(pipe, grey):
    mask, paint = mouth()
    result = np.asarray(pipe(np.repeat(grey[..., None], 3, 2), mask, color=paint).image).astype(int)
    assert result.shape == (300, 340, 3) and np.ptp(result, axis=2).max() == 0
    paint[..., :3] = (210, 210, 210)
    light = np.asarray(pipe(np.repeat(grey[..., None], 3, 2), mask, color=paint).image).astype(int)
    assert (light - result)[163:168, 150:170].mean() > 60  # the red dab is dark


def test_sepia_stays_sepia_as_a_jpeg_too(pipe, grey):
    photo, (mask, paint) = sepia(grey), mouth()
    data = io.BytesIO()
    Image.fromarray(photo).save(data, "JPEG", quality=90)
    for given in (photo, data.getvalue()):
        result = np.asarray(pipe(given, mask, color=paint).image).astype(int)
        light = result[mask > 0] @ np.array([0.299, 0.587, 0.114])
        expected = sepia(np.arange(256, dtype=np.uint8)[None])[0].astype(int)
        lightness = expected @ np.array([0.299, 0.587, 0.114])
        nearest = expected[np.abs(light[:, None] - lightness).argmin(1)]
        assert np.abs(result[mask > 0] - nearest).max() <= 8


def test_colours_on_grey_when_asked_for(pipe, grey):
    mask, paint = mouth()
    result = np.asarray(pipe(Image.fromarray(grey), mask, color=paint, keep_tint=False).image.convert("RGB")).astype(int)
    assert np.ptp(result, axis=2)[163:168, 150:170].mean() > 60


def test_photographs_in_colours_and_plain_sheets_have_no_tint(grey):
    assert tint_of(astronaut()[:300, 60:400], EVERYWHERE) is None
    assert tint_of(np.full((300, 340, 3), 255, np.uint8), EVERYWHERE) is None
    faint = np.repeat(grey[..., None], 3, 2).astype(int)
    faint[:, :170, 0] += 14  # half of it warm, half cold
    assert tint_of(faint.clip(0, 255).astype(np.uint8), EVERYWHERE) is None
    lips = np.repeat(grey[..., None], 3, 2)
    lips[150:160, 140:170] = (200, 30, 40)  # the one colour in it was wanted
    assert tint_of(lips, EVERYWHERE) is None
    tint = tint_of(np.repeat(grey[..., None], 3, 2), EVERYWHERE)
    assert np.array_equal(tint.colors, np.arange(256)[:, None] * np.ones(3))
