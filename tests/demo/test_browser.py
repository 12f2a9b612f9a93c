"""The app in a real browser: draw on each layer with mouse and finger, edit, and look at what the server received."""

import shutil

import numpy as np
import pytest
from PIL import Image

CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
DESKTOP = {"viewport": {"width": 1280, "height": 900}}
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "color_scheme": "dark"}
# How many pixels of each layer are drawn.
DRAWN = """() => Object.fromEntries(['mask', 'sketch', 'color'].map(name => {
    const canvas = document.querySelector('#editor canvas.' + name);
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    return [name, data.filter((value, index) => index % 4 === 3 && value > 127).length];
}))"""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="NO BROWSER: the app was not tried; install Debian's package chromium"),
]


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser, served):
    """A function that opens the app; at the end no script may have failed and nothing outside have been asked for."""
    contexts, complaints = [], []

    def note_request(request):
        if not request.url.startswith((served, "data:", "blob:")):
            complaints.append(f"asked for {request.url}")

    def open_app(**options):
        contexts.append(browser.new_context(**options))
        page = contexts[-1].new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: message.type == "error" and complaints.append(message.text))
        page.on("request", note_request)
        page.goto(served)
        page.wait_for_selector("#editor .choose")
        return page

    yield open_app
    for context in contexts:
        context.close()
    assert not complaints


def choose_photo(page, path):
    page.set_input_files("#editor input[type=file]", path)
    page.wait_for_selector(f"#editor .status:has-text('{path.name}, ')")


def draw(page, layer: str, *points: tuple[float, float]):
    """A stroke with the mouse; points are shares of the photo's sides."""
    page.click(f"#editor [data-layer={layer}]")
    paper = page.locator("#editor .paper")
    paper.scroll_into_view_if_needed()
    box = paper.bounding_box()
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=4)
    page.mouse.up()


def edit(page) -> None:
    shown = page.locator("#result img")
    before = shown.get_attribute("src") if shown.count() else None
    page.click("#edit")
    page.wait_for_function("old => { const i = document.querySelector('#result img'); return i && i.src !== old; }", arg=before)


def marks(layer) -> np.ndarray:
    return np.asarray(layer)[..., -1] > 0 if np.asarray(layer).ndim == 3 else np.asarray(layer) > 0


def test_what_is_drawn_is_what_the_server_gets(open_page, photo, photo_file, pipeline, tmp_path):
    page = open_page(**DESKTOP)
    choose_photo(page, photo_file)
    draw(page, "mask", (0.4, 0.5), (0.6, 0.5))
    draw(page, "sketch", (0.45, 0.48), (0.55, 0.48))
    page.evaluate("document.querySelector('#editor input[type=color]').value = '#c03050'")
    draw(page, "color", (0.5, 0.52), (0.55, 0.52))
    page.locator("#seed input").fill("5")
    edit(page)

    image, mask, sketch, color, options = pipeline.last
    assert options == {"seed": 5}
    assert np.array_equal(np.asarray(Image.open(image).convert("RGB")), np.asarray(photo))
    hole, lines, paint = marks(mask), marks(sketch), marks(color)
    assert hole.shape == lines.shape == paint.shape == (256, 256)
    # Strokes of 24, 2 and 8 pixels at 512 are half as thick here; ends are round.
    for drawn, row, first, last, thick in ((hole, 128, 102, 154, 12), (lines, 123, 115, 141, 2), (paint, 133, 128, 141, 4)):
        rows, columns = np.flatnonzero(drawn.any(1)), np.flatnonzero(drawn.any(0))
        assert abs(rows.mean() - row) <= 1 and abs(len(rows) - thick) <= 1
        assert abs(columns[0] - (first - thick / 2)) <= 2 and abs(columns[-1] - (last + thick / 2)) <= 2
    # Half-covered pixels come out of the canvas rounded.
    assert np.abs(np.asarray(color)[paint].astype(int) - (0xC0, 0x30, 0x50, 255)).max() <= 2

    with page.expect_download() as download:
        page.click("#download")
    download.value.save_as(tmp_path / "edited.png")
    with Image.open(tmp_path / "edited.png") as edited:
        pixels = np.asarray(edited)
        assert "repainted by a computer" in edited.text["Comment"]
    changed = (pixels != np.asarray(photo)).any(2)
    assert changed[hole].any() and not changed[~hole].any()


def test_undo_redo_erase_clear_and_another_photo(open_page, photo, photo_file, pipeline, tmp_path):
    page = open_page(**DESKTOP)
    choose_photo(page, photo_file)
    draw(page, "mask", (0.3, 0.5), (0.7, 0.5))
    draw(page, "sketch", (0.4, 0.5), (0.6, 0.5))
    both = page.evaluate(DRAWN)
    assert both["mask"] > 500 and both["sketch"] > 30

    page.click("#editor [data-do=undo]")
    assert page.evaluate(DRAWN) == both | {"sketch": 0}
    page.locator("#editor .paper").press("Control+z")
    assert page.evaluate(DRAWN) == {"mask": 0, "sketch": 0, "color": 0}
    page.click("#editor [data-do=redo]")
    page.locator("#editor .paper").press("Control+Shift+z")
    assert page.evaluate(DRAWN) == both

    page.click("#editor [data-layer=sketch]")
    page.click("#editor [data-do=clear]")
    assert page.evaluate(DRAWN) == both | {"sketch": 0}
    page.click("#editor [data-do=undo]")
    page.click("#editor [data-layer=mask]")
    page.click("#editor [data-tool=eraser]")
    box = page.locator("#editor .paper").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    erased = page.evaluate(DRAWN)
    assert both["mask"] - 200 < erased["mask"] < both["mask"] - 50 and erased["sketch"] == both["sketch"]

    other = tmp_path / "other.png"
    photo.resize((512, 384)).save(other)
    choose_photo(page, other)
    edit(page)
    _, mask, sketch, color, _ = pipeline.last
    hole, lines = marks(mask), marks(sketch)
    assert hole.shape == (384, 512) and lines[192, 256] and not hole[192, 256] and hole[192, 170] and hole[192, 340]
    assert color is None


def test_trace_adds_lines_under_the_mask(open_page, photo_file):
    page = open_page(**DESKTOP)
    choose_photo(page, photo_file)
    draw(page, "mask", (0.4, 0.4), (0.6, 0.4), (0.6, 0.5), (0.4, 0.5))
    draw(page, "sketch", (0.1, 0.9), (0.2, 0.9))
    before = page.evaluate(DRAWN)
    page.click("#editor [data-do=trace]")
    page.wait_for_function(f"() => ({DRAWN})().sketch > {before['sketch']}")
    page.click("#editor [data-do=undo]")
    assert page.evaluate(DRAWN) == before


def test_complaints_are_shown_in_words(open_page, photo_file, tmp_path):
    page = open_page(**DESKTOP)
    page.click("#edit")
    page.wait_for_selector("text=Choose a photo first")
    choose_photo(page, photo_file)
    page.click("#edit")
    page.wait_for_selector("text=Paint over the part that should change first")
    (tmp_path / "text.png").write_text("hello")
    page.set_input_files("#editor input[type=file]", tmp_path / "text.png")
    page.wait_for_selector("text=not a picture that your browser can show")
    assert page.locator("#editor .paper").is_visible()  # the photo before it is still there


def test_a_finger_draws_on_a_phone(open_page, photo_file, pipeline):
    page = open_page(**PHONE)
    choose_photo(page, photo_file)
    paper = page.locator("#editor .paper")
    paper.scroll_into_view_if_needed()
    box = paper.bounding_box()
    touch = page.context.new_cdp_session(page)
    places = [{"x": box["x"] + share * box["width"], "y": box["y"] + box["height"] / 2} for share in (0.4, 0.5, 0.6)]
    for kind, points in (("touchStart", places[:1]), ("touchMove", places[1:2]), ("touchMove", places[2:]), ("touchEnd", [])):
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    edit(page)
    columns = np.flatnonzero(marks(pipeline.last[1]).any(0))
    assert abs(columns[0] - 96) <= 3 and abs(columns[-1] - 160) <= 3
    assert page.evaluate("document.documentElement.scrollWidth") == 390  # nothing sticks out sideways
    assert page.evaluate("document.body.classList.contains('dark')")
