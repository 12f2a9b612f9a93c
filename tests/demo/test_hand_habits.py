"""What a hand expects of an editor, in a real browser: erasing, straight lines, zoom and pan, brushes that show as they are."""

import pytest
from browser import CHROMIUM, DESKTOP, DRAWN, at, choose_photo, drag, draw
from PIL import Image

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="NO BROWSER: the app was not tried; install Debian's package chromium"),
]
RING = "() => parseFloat(document.querySelector('#editor .cursor').style.width)"
# Ink on the mask's canvas left and right of the photo.
BESIDE = """() => {
    const canvas = document.querySelector('#editor canvas.mask'), box = canvas.getBoundingClientRect();
    const photo = document.querySelector('#editor .photo').getBoundingClientRect();
    const left = Math.floor((photo.left - box.left) * canvas.width / box.width) - 1;
    const { data } = canvas.getContext('2d').getImageData(0, 0, left, canvas.height);
    return [left, data.filter((value, index) => index % 4 === 3 && value).length];
}"""


@pytest.fixture
def page(open_page, photo_file):
    page = open_page(**DESKTOP)
    choose_photo(page, photo_file)
    return page


def wheel(page, delta_x: float, delta_y: float, **keys: bool) -> bool:
    """Whether the page itself may move by it."""
    box = page.locator("#editor .stage").bounding_box()
    event = {"deltaX": delta_x, "deltaY": delta_y, "clientX": box["x"] + 200, "clientY": box["y"] + 200, "cancelable": True}
    return page.evaluate(
        "event => document.querySelector('#editor .stage').dispatchEvent(new WheelEvent('wheel', event))", event | keys
    )


def test_zooming_out_leaves_no_ink_beside_the_photo(open_page, tmp_path):
    page = open_page(**DESKTOP)
    Image.new("RGB", (300, 900), (120, 90, 80)).save(tmp_path / "tall.png")  # with room on both sides
    choose_photo(page, tmp_path / "tall.png", "no face")
    for _ in range(4):
        page.click("#editor [data-do=zoom-in]")
    box = page.locator("#editor .stage").bounding_box()
    page.click("#editor .layers [data-layer=mask]")
    page.mouse.move(box["x"] + 20, box["y"] + 200)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 20, box["y"] + 220, steps=5)
    page.mouse.up()
    page.click("#editor [data-do=fit]")
    page.wait_for_timeout(100)
    room, ink = page.evaluate(BESIDE)
    assert room > 50 and ink == 0 and page.evaluate(DRAWN)["mask"]


def test_space_moves_the_photo_after_a_button_was_clicked(page):
    for _ in range(3):
        page.click("#editor [data-do=zoom-in]")
    page.click("#editor .layers [data-layer=sketch]")  # which has the focus now
    left = page.locator("#editor .photo").bounding_box()["x"]
    box = page.locator("#editor .stage").bounding_box()
    page.mouse.move(box["x"] + 300, box["y"] + 300)
    page.keyboard.down(" ")
    page.mouse.down()
    page.mouse.move(box["x"] + 220, box["y"] + 300, steps=3)
    page.mouse.up()
    page.keyboard.up(" ")
    assert page.locator("#editor .photo").bounding_box()["x"] == pytest.approx(left - 80, abs=2)
    assert not any(page.evaluate(DRAWN).values())


def test_the_ring_is_as_large_as_the_brush_whatever_changes_it(page):
    page.click("#editor .layers [data-layer=mask]")
    page.mouse.move(*at(page, 0.5, 0.5))
    ring = page.evaluate(RING)
    for _ in range(4):
        page.keyboard.press("]")
    larger = page.evaluate(RING)
    wheel(page, 0, -100, altKey=True)
    assert page.evaluate(RING) > larger > ring
    before = page.evaluate(RING)
    wheel(page, 0, -100, ctrlKey=True)  # zooms
    assert page.evaluate(RING) > before


def test_right_drags_erase_and_shift_draws_straight_on(page):
    draw(page, "mask", (0.3, 0.5), (0.7, 0.5), size=16)
    whole = page.evaluate(DRAWN)["mask"]
    page.mouse.move(*at(page, 0.25, 0.5))
    page.mouse.down(button="right")
    page.mouse.move(*at(page, 0.75, 0.5), steps=4)
    page.mouse.up(button="right")
    assert page.evaluate(DRAWN)["mask"] < 0.2 * whole
    page.click("#editor .layers [data-layer=sketch]")
    drag(page, (0.2, 0.2), (0.2, 0.21))
    dot = page.evaluate(DRAWN)["sketch"]
    page.keyboard.down("Shift")
    page.mouse.click(*at(page, 0.8, 0.8))
    page.keyboard.up("Shift")
    assert page.evaluate(DRAWN)["sketch"] > 8 * dot


def test_two_fingers_on_a_touchpad_move_the_photo_and_a_wheel_zooms(page):
    assert wheel(page, 0, 120) and wheel(page, 0, 17)  # all of it is seen: what is below comes into sight
    assert not wheel(page, 0, 120, ctrlKey=True)  # or the browser would zoom
    for _ in range(3):
        page.click("#editor [data-do=zoom-in]")
    before = page.locator("#editor .photo").bounding_box()
    assert not wheel(page, 30, 17)
    after = page.locator("#editor .photo").bounding_box()
    assert (before["x"] - after["x"], before["y"] - after["y"]) == pytest.approx((30, 17), abs=1)
    assert after["width"] == pytest.approx(before["width"])
    box = page.locator("#editor .stage").bounding_box()
    page.mouse.move(box["x"] + 200, box["y"] + 200)
    page.mouse.wheel(0, -120)
    page.wait_for_timeout(100)
    assert page.locator("#editor .photo").bounding_box()["width"] > 1.1 * after["width"]


def test_a_hidden_layer_that_is_drawn_on_is_shown_again(page):
    page.click("#editor .layers [data-hide=mask]")
    draw(page, "mask", (0.4, 0.5), (0.6, 0.5))
    assert page.locator("#editor [data-hide=mask]").get_attribute("aria-pressed") == "false"
    assert page.locator("#editor canvas.mask").evaluate("canvas => getComputedStyle(canvas).visibility") == "visible"


def test_every_layer_fills_outlines_and_a_question_mark_lists_the_keys(page):
    for layer in ("mask", "sketch", "color"):
        draw(page, layer, (0.3, 0.3), (0.6, 0.3), (0.6, 0.6), (0.3, 0.6), tool="lasso")
    drawn = page.evaluate(DRAWN)
    assert all(pixels > 0.05 * sum(drawn.values()) for pixels in drawn.values())
    assert not page.locator("#editor .help").evaluate("help => help.open")
    page.keyboard.press("?")
    assert page.locator("#editor .help").evaluate("help => help.open") and page.locator("#editor .help kbd").count() > 20
    assert page.locator("#editor .editor").get_attribute("lang") == "en"


@pytest.mark.parametrize("screen", [(740, 360), (915, 412)])
def test_a_phone_on_its_side_shows_the_photo(open_page, photo_file, screen):
    width, height = screen
    page = open_page(viewport={"width": width, "height": height}, has_touch=True, is_mobile=True)
    choose_photo(page, photo_file)
    page.locator("#editor .stage").scroll_into_view_if_needed()
    stage, run = (page.locator(f"#editor {name}").bounding_box() for name in (".stage", "[data-do=edit]"))
    assert stage["height"] > 0.9 * height and stage["width"] > 0.5 * width
    assert run["x"] >= stage["x"] + stage["width"]  # beside it, not over it
    for name in (".layers", ".tools", ".options"):
        box = page.locator(f"#editor {name}").bounding_box()
        assert box["x"] >= stage["x"] + stage["width"] and box["x"] + box["width"] <= width
