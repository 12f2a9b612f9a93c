"""Tight masks: how much they lack is told, added when asked for, and what stays of the rim runs into nothing."""

import cv2
import numpy as np
import pytest
from PIL import Image
from skimage.data import astronaut

from scfegan_hf import FaceEditPipeline
from scfegan_hf.cli import main
from scfegan_hf.editing.rims import grown, too_tight_by


def spectacles(lacking: int) -> tuple[np.ndarray, np.ndarray]:
    """A face with a ring drawn over an eye, and a mask of it that is narrower by so many pixels on each side."""
    photo = np.ascontiguousarray(astronaut()[:300, 60:400])
    cv2.ellipse(photo, (140, 120), (60, 40), 0, 0, 360, (15, 15, 20), 13, cv2.LINE_AA)
    mask = np.zeros(photo.shape[:2], np.uint8)
    cv2.ellipse(mask, (140, 120), (60, 40), 0, 0, 360, 255, 13 - 2 * lacking)
    return photo, mask


@pytest.fixture(scope="module")
def pipe() -> FaceEditPipeline:
    return FaceEditPipeline.from_pretrained(device="cpu", dtype="float32")


@pytest.mark.parametrize("lacking", [1, 2, 3])
def test_a_tight_mask_is_noticed(lacking):
    photo, mask = spectacles(lacking)
    assert lacking <= too_tight_by(photo, mask > 0) <= lacking + 1


def test_a_generous_mask_and_one_across_things_are_not_tight():
    photo, mask = spectacles(-2)
    assert too_tight_by(photo, mask > 0) == 0
    photo = np.ascontiguousarray(astronaut())
    for x, y, radius in ((224, 120, 40), (100, 300, 60), (300, 400, 25), (400, 100, 50)):
        disc = np.zeros(photo.shape[:2], np.uint8)
        cv2.circle(disc, (x, y), radius, 1, -1)
        assert too_tight_by(photo, disc > 0) == 0
    assert too_tight_by(photo, np.ones(photo.shape[:2], bool)) == 0


def test_it_is_said_and_done_when_asked_for(pipe):
    photo, mask = spectacles(2)
    wider, pixels = pipe.suggest_mask(photo, mask)
    assert np.array_equal(wider > 0, grown(mask > 0, pixels)) and pixels in (2, 3)
    as_drawn, auto, by_hand = (pipe(photo, mask, detail=False, grow=grow) for grow in (0, "auto", pixels))
    assert any(f"grow the mask by {pixels}" in note for note in as_drawn.notes) and not auto.notes
    assert (np.asarray(as_drawn.image)[mask == 0] == photo[mask == 0]).all()
    assert np.array_equal(auto.image, by_hand.image)
    rim = (wider > 0) & (mask == 0)
    assert np.asarray(auto.image)[rim].mean() > photo[rim].mean() + 30  # the rim was dark
    for wrong in (-1, 1000, "much"):
        with pytest.raises(ValueError, match="grow must be"):
            pipe(photo, mask, grow=wrong)


def test_the_rim_runs_into_nothing(pipe):
    """What a tight mask leaves is not known to the fill either: the ring's colour does not matter inside."""
    photo, mask = spectacles(2)
    rim = grown(mask > 0, 2) & (mask == 0)
    other = photo.copy()
    other[rim] = (250, 250, 250)
    inside = cv2.erode(mask, np.ones((3, 3), np.uint8)) > 0
    dark, light = (np.asarray(pipe(picture, mask, detail=False).image).astype(int) for picture in (photo, other))
    assert np.abs(dark - light)[inside].mean() < 6 and dark[inside].mean() > 70


def test_the_command_grows_and_frees_colours(tmp_path, capsys):
    photo, mask = spectacles(2)
    grey = np.repeat(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)[..., None], 3, 2)
    Image.fromarray(grey).save(tmp_path / "photo.png")
    Image.fromarray(mask).save(tmp_path / "mask.png")
    paint = np.zeros((300, 340, 4), np.uint8)
    paint[mask > 0] = (230, 20, 20, 255)
    Image.fromarray(paint).save(tmp_path / "color.png")
    command = ["edit", str(tmp_path / "photo.png"), "--mask", str(tmp_path / "mask.png"), "-o", str(tmp_path / "out.png")]
    assert main([*command, "--no-detail"]) == 0 and "grow the mask by" in capsys.readouterr().err
    assert main([*command, "--no-detail", "--grow", "auto"]) == 0 and "grow the mask by" not in capsys.readouterr().err
    grown_by = (np.asarray(Image.open(tmp_path / "out.png").convert("RGB")) != grey).any(2).sum()
    assert grown_by > 1.1 * (mask > 0).sum()
    free = ["--color", str(tmp_path / "color.png"), "--free-colors", "--no-detail"]
    assert main([*command, *free]) == 0
    assert np.ptp(np.asarray(Image.open(tmp_path / "out.png")).astype(int), axis=2).max() > 60
