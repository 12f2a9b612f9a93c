"""What somebody meets who was never here: three pictures of a real edit, the photo button first, examples as they are drawn."""

import pytest
from browser import CHROMIUM, DESKTOP, DRAWN, PHONE, choose_photo, draw, edit, wait_for_result
from playwright.sync_api import expect

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="NO BROWSER: the app was not tried; install Debian's package chromium"),
]
PICTURES = "() => [...document.querySelectorAll('#editor .hint img')].map(image => image.naturalWidth)"


@pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_three_steps_are_shown_until_an_edit_was_seen(open_page, photo_file, screen):
    page = open_page(**screen)
    expect(page.locator("#editor .hint li")).to_have_count(3)
    page.wait_for_function("() => [...document.querySelectorAll('#editor .hint img')].every(image => image.complete)")
    assert page.evaluate(PICTURES) == [264] * 3
    button = page.locator("#editor .choose .primary").bounding_box()
    assert button["y"] + button["height"] < page.viewport_size["height"]  # they leave it in sight
    choose_photo(page, photo_file)
    draw(page, "mask", (0.4, 0.5), (0.6, 0.5))
    edit(page)
    again = page.context.new_page()
    again.goto(page.url)
    again.wait_for_selector("#editor .editor[data-begun]")
    again.evaluate("() => { document.querySelector('#editor .editor').dataset.state = 'empty'; }")
    assert not again.locator("#editor .hint").is_visible() and again.locator("#editor .choose > svg").is_visible()


def test_an_example_is_seen_before_it_is_edited(open_page):
    page = open_page(**DESKTOP)
    page.click("#editor .samples .strip button:nth-child(1)")
    expect(page.locator("#editor .status")).to_have_text("This is the drawing: what is pink will be redrawn by it.")
    ink = page.evaluate(DRAWN)
    assert page.get_attribute("#editor .editor", "data-mode") == "draw" and all(ink.values())
    wait_for_result(page)


def test_an_example_that_is_left_meanwhile_is_not_edited(open_page, photo_file, pipeline):
    page, calls = open_page(**DESKTOP), len(pipeline.calls)
    page.click("#editor .samples .strip button:nth-child(1)")
    expect(page.locator("#editor .status")).to_have_text("This is the drawing: what is pink will be redrawn by it.")
    choose_photo(page, photo_file)
    page.wait_for_timeout(2000)
    assert page.get_attribute("#editor .editor", "data-mode") == "draw" and len(pipeline.calls) == calls


def test_the_photos_button_is_reached_at_once_by_tab(open_page):
    page = open_page(**DESKTOP)
    page.locator("#editor h1").click()
    for _ in range(3):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.dataset.do") == "choose":
            break
    assert page.evaluate("document.activeElement.dataset.do") == "choose"
