"""The view turned and flipped, in a real browser: the photo stays as it is, and strokes land where the hand is."""

import numpy as np
import pytest
from browser import CHROMIUM, DESKTOP, DRAWN, PHONE, choose_photo, draw, edit
from playwright.sync_api import expect

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="NO BROWSER: the app was not tried; install Debian's package chromium"),
]
STRAIGHTEN = "#editor [data-do=straighten]"
# How much ink lies on the mask's canvas at a point of the window, of 255.
INK = """([x, y]) => {
    const canvas = document.querySelector('#editor canvas.mask'), box = canvas.getBoundingClientRect();
    const at = [(x - box.left) * canvas.width / box.width, (y - box.top) * canvas.height / box.height];
    return canvas.getContext('2d').getImageData(...at.map(Math.round), 1, 1).data[3];
}"""


@pytest.fixture
def page(open_page, photo_file):
    page = open_page(**DESKTOP)
    choose_photo(page, photo_file)
    return page


def middle(page) -> np.ndarray:
    box = page.locator("#editor .stage").bounding_box()
    return np.array([box["x"] + box["width"] / 2, box["y"] + box["height"] / 2])


def seen_at(page, x: float, y: float, degrees: float, flip: int = 1) -> np.ndarray:
    """Where a point of the square photo, in shares of its side, is in the window, if all of it is seen, turned by degrees."""
    side = page.locator("#editor .photo").evaluate("photo => photo.offsetWidth")
    angle, away = np.radians(degrees), np.array([flip * (x - 0.5), y - 0.5]) * side
    return middle(page) + [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]] @ away


def stroke(page, *points: np.ndarray) -> None:
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=6)
    page.mouse.up()


def centre(mask) -> tuple[float, float]:
    """Of what is marked, in shares of the sides: x and y."""
    rows, columns = np.nonzero(np.asarray(mask) > 127)
    return columns.mean() / mask.width, rows.mean() / mask.height


def test_strokes_land_where_the_hand_is(page, pipeline):
    page.keyboard.press("6")
    page.keyboard.press("6")
    expect(page.locator(STRAIGHTEN)).to_have_text("30°")
    start, end = seen_at(page, 0.3, 0.7, 30), seen_at(page, 0.4, 0.7, 30)
    stroke(page, start, end)
    assert page.evaluate(INK, list(map(float, (start + end) / 2))) > 200
    edit(page)
    assert np.allclose(centre(pipeline.last[1]), (0.35, 0.7), atol=0.01)
    page.click("#editor [data-do=back]")
    page.keyboard.press("5")
    assert not page.locator(STRAIGHTEN).is_visible()
    assert page.evaluate(INK, list(map(float, seen_at(page, 0.35, 0.7, 0)))) > 200  # the drawing turns with the photo


def test_a_flipped_view_is_only_seen_so(page, pipeline):
    page.keyboard.press("f")
    expect(page.locator(STRAIGHTEN)).to_have_text("0° ⇋")
    stroke(page, seen_at(page, 0.2, 0.4, 0, -1), seen_at(page, 0.3, 0.4, 0, -1))
    edit(page)
    assert np.allclose(centre(pipeline.last[1]), (0.25, 0.4), atol=0.01)


def test_shift_and_the_wheel_or_a_drag_turn_the_view(page):
    page.mouse.move(*middle(page))
    page.keyboard.down("Shift")
    for _ in range(3):
        page.mouse.wheel(0, 120)
    expect(page.locator(STRAIGHTEN)).to_have_text("15°")
    page.click("#editor [data-tool=hand]", modifiers=["Shift"])
    stroke(page, np.add(middle(page), (100, 0)), np.add(middle(page), (0, 100)))
    expect(page.locator(STRAIGHTEN)).to_have_text("105°")
    page.keyboard.up("Shift")
    assert not any(page.evaluate(DRAWN).values())
    page.click("#editor [data-do=turn-left]")
    expect(page.locator(STRAIGHTEN)).to_have_text("90°")
    page.click(STRAIGHTEN)
    assert not page.locator(STRAIGHTEN).is_visible()


def test_a_turned_view_survives_a_reload_and_ends_with_another_photo(page, photo_file):
    draw(page, "mask", (0.4, 0.5), (0.6, 0.5))
    page.keyboard.press("4")
    draw_more = seen_at(page, 0.5, 0.7, -15)
    stroke(page, draw_more, np.add(draw_more, (30, 0)))
    page.wait_for_timeout(500)  # a moment, after which all is kept
    page.reload()
    expect(page.locator("#editor .status")).to_contain_text("Your drawing is back")
    expect(page.locator(STRAIGHTEN)).to_have_text("-15°")
    choose_photo(page, photo_file)
    assert not page.locator(STRAIGHTEN).is_visible()


def test_the_comparison_stays_upright(page):
    """Left of the divider lies the photo before, right of it the result, whichever way they are turned."""
    draw(page, "mask", (0.3, 0.5), (0.7, 0.5), size=60)
    page.keyboard.press("6")
    edit(page)
    page.focus("#editor .divider")
    page.keyboard.press("Home")  # also while the result is being unveiled
    page.wait_for_timeout(800)
    corners = page.evaluate("""() => {
        const stage = document.querySelector('#editor .stage').getBoundingClientRect();
        const result = document.querySelector('#editor .result'), box = result.getBoundingClientRect();
        const points = result.style.clipPath.match(/[-\\d.]+px/g).map(parseFloat);
        const angle = new DOMMatrix(getComputedStyle(result).transform);
        const middle = [box.left + box.width / 2 - stage.left, box.top + box.height / 2 - stage.top];
        return [0, 2, 4, 6].map(i => {
            const x = points[i] - result.offsetWidth / 2, y = points[i + 1] - result.offsetHeight / 2;
            return [angle.a * x + angle.c * y + middle[0], angle.b * x + angle.d * y + middle[1]];
        });
    }""")
    stage = page.locator("#editor .stage").evaluate("stage => [stage.clientWidth, stage.clientHeight]")
    assert np.allclose(corners, [[0, 0], [stage[0], 0], stage, [0, stage[1]]], atol=1.5)


def test_fingers_that_twist_turn_the_view(open_page, photo_file):
    page = open_page(**PHONE)
    choose_photo(page, photo_file)
    touch = page.context.new_cdp_session(page)

    def fingers(kind: str, degrees: float) -> None:
        reach = 60 * np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))])
        points = [middle(page) - reach, middle(page) + reach]
        touched = [{"x": float(x), "y": float(y), "id": number} for number, (x, y) in enumerate(points)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touched if kind != "touchEnd" else []})

    fingers("touchStart", 0)
    for degrees in (4, 8):
        fingers("touchMove", degrees)
    assert not page.locator(STRAIGHTEN).is_visible()  # a pinch is never quite straight
    for degrees in range(12, 61, 8):
        fingers("touchMove", degrees)
    fingers("touchEnd", 0)
    expect(page.locator(STRAIGHTEN)).to_be_visible()
    angle = int(page.locator(STRAIGHTEN).text_content().rstrip("°"))
    assert 38 <= angle <= 60 and not any(page.evaluate(DRAWN).values())
    page.locator(STRAIGHTEN).tap()
    assert not page.locator(STRAIGHTEN).is_visible()
