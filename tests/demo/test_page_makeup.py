"""Make-up on the page, in a real browser: colours, a reference, off again; and what the page never sends."""

import numpy as np
import pytest
from browser import CHROMIUM, DESKTOP, PHONE, choose_photo, shown, wait_for_result
from playwright.sync_api import expect
from skimage.data import astronaut

from scfegan_hf import Look, MakeupPipeline
from scfegan_hf.demo.makeup import sent_colors

STATUS = "#editor .status"
browser_only = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="NO BROWSER: the app was not tried; install Debian's package chromium"),
]


@pytest.mark.usefixtures("open_page")
class TestInTheBrowser:
    pytestmark = browser_only

    def test_colours_are_put_on_and_gone_on_from(self, open_page, portrait):
        page = open_page(**DESKTOP)
        expect(page.locator("#editor .makeup")).to_be_hidden()
        choose_photo(page, portrait)
        page.locator("#editor .makeup .strength").fill("100")
        page.click("#editor [data-do=makeup]")
        wait_for_result(page)
        expect(page.locator(STATUS)).to_have_text("Made up. Drag over the photo to compare.")
        look = Look(lips="#b0203a", blush="#d9788a")
        expected = np.asarray(MakeupPipeline()(portrait, look=look, face="all").image).astype(int)
        result = shown(page)
        assert (expected != astronaut()).any() and np.abs(result - expected).max() <= 1
        page.click("#editor [data-do=continue]")
        expect(page.locator(STATUS)).to_contain_text("is the photo now")
        page.locator("#editor .makeup [type=color]").nth(1).fill("#204080")  # which ticks its box
        for tint in ("lips", "blush"):
            page.uncheck(f"#editor [data-tint={tint}]")
        page.click("#editor [data-do=makeup]")
        wait_for_result(page)
        again = shown(page)
        assert 0 < (again != result).any(2).mean() < 0.02

    def test_without_a_colour_it_says_what_to_do(self, open_page, portrait):
        page = open_page(**PHONE)
        choose_photo(page, portrait)
        for tint in ("lips", "blush"):
            page.uncheck(f"#editor [data-tint={tint}]")
        page.click("#editor [data-do=makeup]")
        expect(page.locator(STATUS)).to_have_text("Choose a colour for lips, lids or cheeks first.")

    def test_another_photos_make_up_comes_over_and_goes_off(self, open_page, portrait, tmp_path):
        MakeupPipeline()(portrait, look=Look(lips="#a00030", blush="#e0607a")).save(tmp_path / "reference.png")
        page = open_page(**DESKTOP)
        choose_photo(page, portrait)
        page.set_input_files("#editor .reference-file", tmp_path / "reference.png")
        wait_for_result(page)
        result = shown(page)
        changed = (result != astronaut()).any(2)
        assert 0.005 < changed.mean() < 0.2
        page.click("#editor [data-do=makeup-off]")
        expect(page.locator(STATUS)).to_have_text("The make-up is off. Drag over the photo to compare.")
        assert (shown(page) != result).any()


@pytest.mark.parametrize("sent", ["lips", {"nose": "#ffffff"}, [1], 5])
def test_what_the_page_never_sends_is_refused(sent):
    with pytest.raises(ValueError, match="did not arrive whole"):
        sent_colors(sent)
    assert sent_colors(None) == {} and sent_colors({"lips": "red"}) == {"lips": "red"}
