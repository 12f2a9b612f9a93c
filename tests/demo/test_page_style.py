"""Styles on the page, in a real browser: by name, like another picture."""

import numpy as np
import pytest
from browser import CHROMIUM, DESKTOP, PHONE, choose_photo, shown, wait_for_result
from PIL import Image
from playwright.sync_api import expect
from skimage.data import astronaut, coffee

from scfegan_hf import StylePipeline

STATUS = "#editor .status"
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="NO BROWSER: the app was not tried; install Debian's package chromium"),
]


def test_a_style_by_its_name_as_strong_as_asked(open_page, portrait):
    page = open_page(**DESKTOP)
    expect(page.locator("#editor .style")).to_be_hidden()
    choose_photo(page, portrait)
    page.locator("#editor .style-strength").fill("60")
    expect(page.locator("#editor .style output")).to_have_text("60 %")
    page.click("#editor [data-style=golden]")
    wait_for_result(page)
    expect(page.locator(STATUS)).to_have_text("Painted. Drag over the photo to compare.")
    expected = np.asarray(StylePipeline.from_pretrained()(portrait, "golden", strength=0.6).image).astype(int)
    assert np.abs(shown(page) - expected).max() <= 1
    page.click("#editor [data-do=continue]")
    expect(page.locator(STATUS)).to_contain_text("is the photo now")


def test_like_another_picture_on_a_phone(open_page, portrait, tmp_path):
    Image.fromarray(coffee()).save(tmp_path / "coffee.png")
    page = open_page(**PHONE)
    choose_photo(page, portrait)
    page.set_input_files("#editor .style-file", tmp_path / "coffee.png")
    wait_for_result(page)
    assert np.abs(shown(page) - astronaut()).mean() > 4
