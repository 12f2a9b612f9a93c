"""The app in a real browser: draw with mouse, finger and keys, edit, and look at what the server received."""

from pathlib import Path

import numpy as np
import pytest
from browser import (
    CHROMIUM,
    CONTRAST,
    COVERED,
    CUT,
    DESKTOP,
    DRAWN,
    MISNAMED,
    NAMELESS,
    PHONE,
    at,
    choose_photo,
    drag,
    draw,
    edit,
    explained,
    helper,
    wait_for_result,
    wait_until_asked,
)
from gradio.utils import get_upload_folder
from PIL import Image
from relay import Relay

from scfegan_hf.demo.uploads import NAME

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="NO BROWSER: the app was not tried; install Debian's package chromium"),
]


def opened(path) -> Image.Image:
    with Image.open(path) as image:
        image.load()
    return image


def marks(layer) -> np.ndarray:
    return np.asarray(layer)[..., -1] > 0 if np.asarray(layer).ndim == 3 else np.asarray(layer) > 0


def near(drawn: np.ndarray, left: float, top: float, right: float, bottom: float, slack: float = 2) -> bool:
    """Whether the marks fill this box of pixels and nothing else, give or take."""
    rows, columns = np.flatnonzero(drawn.any(1)), np.flatnonzero(drawn.any(0))
    found = np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1])
    return bool(np.abs(found - (left, top, right, bottom)).max() <= slack)


def test_no_answer_names_a_folder_of_the_server(open_page, served, photo_file):
    with Relay(served) as relay:
        page = open_page(**DESKTOP, address=relay.address, extra_http_headers={"Accept-Encoding": "identity"})
        choose_photo(page, photo_file)
        draw(page, "mask", (0.4, 0.5), (0.6, 0.5))
        draw(page, "sketch", (0.45, 0.5), (0.55, 0.5))
        helper(page, "trace")
        page.wait_for_selector("#editor .status:has-text('Lines added')")
        edit(page)
        page.click("#editor [data-do=continue]")
        page.wait_for_selector("#editor .history .strip button:nth-child(2)[aria-pressed=true]")
        draw(page, "mask", (0.45, 0.52), (0.5, 0.52))
        edit(page)
        with page.expect_download() as download:
            page.click("#editor [data-do=download]")
        assert opened(download.value.path()).size == (256, 256)
        page.reload()
        page.wait_for_function("() => document.querySelector('#editor .status')?.textContent === 'Your drawing is back.'")
    assert relay.told(f"{NAME}/") and not relay.told("content-encoding:")
    folder = Path(get_upload_folder())
    assert relay.told_of_the_server(folder, folder.parent) == []


def test_from_an_empty_page_to_a_downloaded_result(open_page, photo, photo_file, pipeline, tmp_path):
    page = open_page(**DESKTOP)
    choose_photo(page, photo_file)
    draw(page, "mask", (0.4, 0.5), (0.6, 0.5))
    # Zoomed in and moved, strokes still land where the pointer is.
    page.mouse.move(*at(page, 0.5, 0.5))
    page.mouse.wheel(0, -500)
    page.wait_for_function("() => parseInt(document.querySelector('#editor [data-do=fit]').textContent) > 150")
    page.keyboard.down("Space")
    drag(page, (0.5, 0.5), (0.53, 0.52))
    page.keyboard.up("Space")
    draw(page, "sketch", (0.45, 0.5), (0.55, 0.5))
    page.click("#editor .layers [data-layer=color]")
    page.locator("#editor .colors input[type=color]").fill("#c03050")
    draw(page, "color", (0.5, 0.49), (0.55, 0.49))
    page.click("#editor [data-hide=sketch]")
    assert page.locator("#editor canvas.sketch").evaluate("canvas => getComputedStyle(canvas).visibility") == "hidden"
    edit(page)

    image, mask, sketch, color, options = pipeline.last
    assert options == {"seed": 0, "num_candidates": 1, "mode": "redraw", "invert": False}
    assert np.array_equal(np.asarray(opened(image).convert("RGB")), np.asarray(photo))
    hole, lines, paint = marks(mask), marks(sketch), marks(color)
    assert hole.shape == lines.shape == paint.shape == (256, 256)
    # Brushes of 12, 2 and 4 pixels at 512 are half as thick on this photo; ends are round. Hidden lines count.
    assert near(hole, 102.4 - 3, 125, 153.6 + 3, 131)
    assert near(lines, 115.2, 127.5, 140.8, 128.5) and 15 < lines.sum() < 80
    assert near(paint, 127, 124.4, 141.8, 126.4)
    assert np.abs(np.asarray(color)[paint].astype(int) - (0xC0, 0x30, 0x50, 255)).max() <= 2

    # The comparison follows the pointer, and the keys.
    divider = page.locator("#editor .divider")
    drag(page, (0.4, 0.5), (0.5, 0.5))
    middle = int(divider.get_attribute("aria-valuenow"))
    divider.press("ArrowRight")
    assert int(divider.get_attribute("aria-valuenow")) == middle + 5
    clip = "() => parseFloat(document.querySelector('#editor .result').style.clipPath.split('(').pop())"
    before = page.evaluate(clip)
    divider.press("End")
    assert page.evaluate(clip) > before

    page.click("#editor [data-do=more]")
    page.wait_for_selector("#editor .candidates button:nth-child(2)")
    page.click("#editor .candidates button:nth-child(2)")
    page.wait_for_selector("#editor .candidates button:nth-child(2)[aria-pressed=true]")
    cut = "all => all.filter(label => label.scrollWidth > label.clientWidth || getComputedStyle(label).whiteSpace !== 'normal')"
    assert page.locator("#editor .candidates span").evaluate_all(cut) == []
    assert pipeline.last[4]["num_candidates"] == 4
    with page.expect_download() as download:
        page.click("#editor [data-do=download]")
    assert download.value.suggested_filename == "astronaut-edited.png"
    download.value.save_as(tmp_path / "edited.png")
    with Image.open(tmp_path / "edited.png") as edited:
        pixels = np.asarray(edited)
        assert "repainted by a computer" in edited.text["Comment"]
    changed = (pixels != np.asarray(photo)).any(2)
    assert changed[hole].any() and not changed[~hole].any()

    # Going on from the result, and coming back to the photo with its drawing.
    page.click("#editor [data-do=continue]")
    page.wait_for_selector("#editor .history .strip button:nth-child(2)[aria-pressed=true]")
    assert page.evaluate(DRAWN) == {"mask": 0, "sketch": 0, "color": 0}
    draw(page, "mask", (0.45, 0.52), (0.5, 0.52))
    edit(page)
    assert np.array_equal(np.asarray(opened(pipeline.last[0]).convert("RGB")), pixels)
    page.click("#editor .history .strip button:nth-child(1)")
    restored = page.evaluate(DRAWN)
    assert restored["mask"] and restored["sketch"] and restored["color"]


def test_undo_erase_shapes_and_helpers(open_page, photo_file, pipeline, tmp_path):
    page = open_page(**DESKTOP)
    choose_photo(page, photo_file)
    draw(page, "mask", (0.3, 0.5), (0.7, 0.5), size=24)
    draw(page, "sketch", (0.4, 0.5), (0.6, 0.5))
    both = page.evaluate(DRAWN)
    assert both["mask"] > 500 and both["sketch"] > 30
    page.click("#editor [data-do=undo]")
    assert page.evaluate(DRAWN) == both | {"sketch": 0}
    page.locator("#editor .stage").press("Control+z")
    assert page.evaluate(DRAWN) == {"mask": 0, "sketch": 0, "color": 0}
    page.click("#editor [data-do=redo]")
    page.locator("#editor .stage").press("Control+Shift+z")
    assert page.evaluate(DRAWN) == both
    helper(page, "clear")
    assert page.evaluate(DRAWN) == both | {"sketch": 0}
    page.click("#editor [data-do=undo]")
    draw(page, "mask", (0.5, 0.5), tool="eraser")
    erased = page.evaluate(DRAWN)
    assert erased["mask"] < both["mask"] and erased["sketch"] == both["sketch"]

    # Mask: rectangle, outline, then larger, smaller, the other way round.
    helper(page, "clear")
    draw(page, "mask", (0.1, 0.1), (0.3, 0.2), tool="rectangle")
    draw(page, "mask", (0.6, 0.6), (0.8, 0.6), (0.8, 0.8), (0.6, 0.8), tool="lasso")
    edit(page)
    hole = marks(pipeline.last[1])
    assert near(hole[:100, :100], 25.6, 25.6, 76.8, 51.2) and near(hole[100:, 100:], 53.6, 53.6, 104.8, 104.8)
    page.click("#editor [data-do=back]")
    plain = page.evaluate(DRAWN)["mask"]
    helper(page, "grow")
    grown = page.evaluate(DRAWN)["mask"]
    helper(page, "shrink")
    assert grown > 1.05 * plain and abs(page.evaluate(DRAWN)["mask"] - plain) < 0.03 * plain
    helper(page, "invert")
    edit(page)
    inverse = marks(pipeline.last[1])
    assert (inverse == hole).mean() < 0.02

    # Sketch: a line, mirrored; then a mask around what is drawn.
    page.click("#editor [data-do=back]")
    helper(page, "clear")
    page.click("#editor .layers [data-layer=sketch]")
    helper(page, "clear")
    draw(page, "sketch", (0.2, 0.3), (0.2, 0.5), tool="line")
    helper(page, "mirror")
    with page.expect_download() as download:
        helper(page, "save")
    download.value.save_as(tmp_path / "sketch.png")
    saved = np.asarray(opened(tmp_path / "sketch.png").convert("L")) > 127
    assert saved.shape == (256, 256) and near(saved, 50.7, 76.3, 205.3, 128.5)
    helper(page, "clear")
    page.set_input_files("#editor .layer-file", tmp_path / "sketch.png")
    page.wait_for_function(f"() => ({DRAWN})().sketch > 100")
    page.click("#editor .layers [data-layer=mask]")
    helper(page, "surround")
    edit(page)
    hole, lines = marks(pipeline.last[1]), marks(pipeline.last[2])
    assert (lines == saved).mean() > 0.995 and hole[saved].all() and 0.01 < hole.mean() < 0.3

    # Lines of the photo come under the mask only.
    page.click("#editor [data-do=back]")
    page.click("#editor .layers [data-layer=sketch]")
    helper(page, "clear")
    draw(page, "mask", (0.3, 0.2), (0.7, 0.6), tool="rectangle")
    page.click("#editor .layers [data-layer=sketch]")
    helper(page, "trace")
    page.wait_for_selector("#editor .status:has-text('Lines added')")
    edit(page)
    hole, lines = marks(pipeline.last[1]), marks(pipeline.last[2])
    assert lines.sum() > 50 and hole[lines].all()


def test_a_click_masks_a_part_of_the_face(open_page, photo_file, pipeline):
    page = open_page(**DESKTOP)
    choose_photo(page, photo_file)
    page.click("#editor [data-tool=part]")
    places = ((107 / 256, 102 / 256), (127 / 256, 147 / 256))  # her right eye; both masks are kept
    page.mouse.click(*at(page, *places[0]))
    page.wait_for_selector("#editor .status:has-text('Masked: eye')")
    page.mouse.click(*at(page, *places[1]))
    edit(page)  # at once: who presses it while the mouth is looked for means the mouth too
    hole = marks(pipeline.last[1])
    assert all(hole[int(y * 256), int(x * 256)] for x, y in places) and 0.005 < hole.mean() < 0.06
    page.click("#editor [data-do=back]")
    page.click("#editor [data-tool=part]")
    page.mouse.click(*at(page, 0.02, 0.5))
    page.wait_for_selector("#editor .status:has-text('Masked: background')")


def test_a_colour_without_lines_asks_whether_to_recolour(open_page, photo, photo_file, pipeline):
    page = open_page(**DESKTOP)
    choose_photo(page, photo_file)
    ways = page.locator("#editor .ways")
    pressed = page.locator("#editor .ways [aria-pressed=true]")
    page.click("#editor [data-tool=part]")
    page.mouse.click(*at(page, 0.6, 0.2))
    page.wait_for_selector("#editor .status:has-text('Masked: hair')")
    assert not ways.is_visible()
    draw(page, "color", (0.57, 0.2), (0.63, 0.21), size=20)
    assert ways.is_visible() and pressed.inner_text() == "Recolour"
    looks = ways.locator("button:visible").evaluate_all("all => all.map(button => getComputedStyle(button).backgroundColor)")
    assert looks[0] != looks[1]  # which one is on is seen
    edit(page)
    _, mask, sketch, color, options = pipeline.last
    assert options["mode"] == "recolor" and sketch is None
    assert marks(mask)[51, 153] and marks(color)[51, 153]
    assert not page.locator("#editor [data-do=more]").is_visible()

    page.click("#editor [data-do=back]")
    page.click("#editor .ways [data-way=redraw]")
    edit(page)
    assert pipeline.last[4]["mode"] == "redraw" and page.locator("#editor [data-do=more]").is_visible()
    page.click("#editor [data-do=back]")
    page.click("#editor .ways [data-way=recolor]")
    draw(page, "sketch", (0.5, 0.2), (0.6, 0.2))
    assert not ways.is_visible()  # lines are to be drawn
    edit(page)
    assert pipeline.last[4]["mode"] == "redraw"


def test_another_photo_is_clean_and_a_reload_keeps_all(open_page, photo, photo_file, pipeline, tmp_path):
    page = open_page(**DESKTOP)
    choose_photo(page, photo_file)
    draw(page, "mask", (0.3, 0.5), (0.5, 0.4), (0.7, 0.5), size=24)
    wide = Image.new("RGB", (1600, 900), (60, 70, 80))
    wide.paste(photo.resize((500, 500)), (80, 200))
    wide.paste(photo.resize((600, 600)), (900, 150))
    wide.save(tmp_path / "wide.jpg", quality=92)
    page.click("#editor .layers [data-layer=color]")
    choose_photo(page, tmp_path / "wide.jpg", "2 faces were found")
    # What was drawn on one face is not meant for another; who does mean it takes it along.
    assert page.evaluate(DRAWN) == dict.fromkeys(("mask", "sketch", "color"), 0)
    assert page.locator("#editor .layers [data-layer=mask]").get_attribute("aria-pressed") == "true"
    assert "Undo brings the drawing" in page.locator("#editor .status").text_content()
    page.click("#editor [data-do=undo]")
    edit(page)
    # The longer side is the measure, the middle stays in the middle: 0.4 of 1600 wide, 0.1 of it high, brush 75.
    assert near(marks(pipeline.last[1]), 480 - 37.5, 290 - 37.5, 1120 + 37.5, 450 + 37.5, slack=12)

    # Two faces: the one that is clicked is worked on, with brushes of its size.
    page.click("#editor [data-do=back]")
    helper(page, "clear")
    choose_photo(page, tmp_path / "wide.jpg", "2 faces were found")
    page.click("#editor .faces div:nth-child(2) button")
    zoom = int(page.inner_text("#editor [data-do=fit]").split()[0])
    assert 130 < zoom < 600
    draw(page, "mask", (0.7, 0.5), (0.75, 0.5))
    draw(page, "color", (0.72, 0.5), (0.73, 0.5), size=6)
    drawn = page.evaluate(DRAWN)
    page.wait_for_timeout(500)  # it is written a quarter of a second after the last stroke
    page.reload()
    page.wait_for_selector("#editor .status:has-text('Your drawing is back')")
    assert page.evaluate(DRAWN) == drawn
    assert int(page.inner_text("#editor [data-do=fit]").split()[0]) == zoom
    page.click("#editor [data-do=undo]")
    assert page.evaluate(DRAWN) == drawn | {"color": 0}
    edit(page)
    rows = np.flatnonzero(marks(pipeline.last[1]).any(1))
    assert 8 < len(rows) < 24  # 12 at 512 on a face of some 700 pixels, not on the photo of 1600


def test_complaints_and_what_the_server_cannot_see(open_page, photo_file, tmp_path):
    page = open_page(**DESKTOP)
    assert page.locator("#editor [data-do=edit]").is_disabled()
    Image.new("RGB", (300, 200), (40, 90, 60)).save(tmp_path / "wall.png")
    choose_photo(page, tmp_path / "wall.png", "no face was found")
    page.click("#editor [data-do=edit]")
    page.wait_for_selector("#editor .status.wrong:has-text('Paint over the part')")
    (tmp_path / "text.png").write_text("hello")
    page.set_input_files("#editor input.file", tmp_path / "text.png")
    page.wait_for_selector("#editor .status.wrong:has-text('not a picture')")
    assert page.locator("#editor .photo").is_visible()  # the photo before it is still there
    # Who only draws lines gets a mask around them.
    draw(page, "sketch", (0.4, 0.4), (0.6, 0.6))
    edit(page)


def test_a_phone_with_fingers_in_the_dark(open_page, photo_file, pipeline):
    page = open_page(**PHONE)
    assert page.evaluate("document.body.classList.contains('dark')")
    choose_photo(page, photo_file)
    touch = page.context.new_cdp_session(page)

    def fingers(kind: str, *points: tuple[float, float]) -> None:
        places = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

    a, b = at(page, 0.45, 0.5), at(page, 0.55, 0.5)
    fingers("touchStart", a)
    fingers("touchStart", a, b)
    for step in range(1, 6):
        fingers("touchMove", (a[0] - 8 * step, a[1]), (b[0] + 8 * step, b[1]))
    fingers("touchEnd")
    assert int(page.inner_text("#editor [data-do=fit]").split()[0]) > 180
    assert page.evaluate(DRAWN)["mask"] == 0  # the first finger drew nothing
    for kind, points in (
        ("touchStart", [(0.45, 0.5)]),
        ("touchMove", [(0.5, 0.5)]),
        ("touchMove", [(0.55, 0.5)]),
        ("touchEnd", []),
    ):
        fingers(kind, *[at(page, *point) for point in points])
    page.locator("#editor [data-do=edit]").tap()
    wait_for_result(page)
    assert near(marks(pipeline.last[1]), 0.45 * 256 - 3, 125, 0.55 * 256 + 3, 131)
    assert page.evaluate("document.documentElement.scrollWidth") == 360 and page.evaluate(CUT) == []
    page.locator("#editor [data-do=back]").tap()
    page.evaluate("window.scrollTo(0, 0)")
    assert page.evaluate(COVERED) == [] and page.evaluate(CUT) == []


def test_a_wrong_file_on_a_phone_is_told(open_page, tmp_path):
    page = open_page(**PHONE)
    (tmp_path / "text.png").write_text("hello")
    page.set_input_files("#editor input.file", tmp_path / "text.png")
    page.wait_for_selector("#editor .status.wrong:has-text('not a picture')")
    box = page.locator("#editor .status").bounding_box()
    assert box["y"] >= 0 and box["y"] + box["height"] <= page.viewport_size["height"]  # to be seen without scrolling
    assert page.get_attribute("#editor .editor", "data-state") == "empty"


def test_what_counts_for_nothing_is_said(open_page, photo_file):
    """Lines outside the mask were ignored without a word."""
    page = open_page(**DESKTOP)
    choose_photo(page, photo_file)
    draw(page, "mask", (0.2, 0.2), (0.3, 0.2), size=30)
    draw(page, "sketch", (0.7, 0.8), (0.8, 0.8))
    edit(page)
    assert "The sketch lies outside the mask, where it counts for nothing." in page.locator("#editor .status").text_content()


def test_glasses_are_masked_along_their_frame_and_lips_with_what_is_between(open_page, photo_file, pipeline):
    """Who drew glasses without a mask lost the eyes behind them."""
    page = open_page(**DESKTOP)
    choose_photo(page, photo_file)
    turns = [angle * np.pi / 12 for angle in range(25)]
    for middle in (0.35, 0.65):
        draw(page, "sketch", *((middle + 0.11 * np.cos(turn), 0.4 + 0.1 * np.sin(turn)) for turn in turns))
    edit(page)
    hole = marks(pipeline.last[1])
    assert not hole[102, 90] and not hole[102, 166] and hole[102, 61] and hole[102, 195]
    page.click("#editor [data-do=back]")
    while page.locator("#editor [data-do=undo]").is_enabled():
        page.click("#editor [data-do=undo]")
    draw(page, "sketch", *((0.5 + 0.15 * np.cos(turn), 0.6 + 0.1 * np.sin(turn)) for turn in turns))
    edit(page)
    assert marks(pipeline.last[1])[154, 128]


def test_notes_of_an_edit_are_shown(open_page, photo, tmp_path):
    """What was converted was known to Python and the command line alone."""
    Image.fromarray(np.asarray(photo)).convert("CMYK").save(tmp_path / "print.jpg")
    page = open_page(**DESKTOP)
    choose_photo(page, tmp_path / "print.jpg")
    draw(page, "mask", (0.2, 0.2), (0.3, 0.2), size=30)
    edit(page)
    assert "CMYK" in page.locator("#editor .status").text_content()


def test_by_keyboard_alone(open_page, photo_file, pipeline):
    page = open_page(**DESKTOP)
    choose_photo(page, photo_file)
    page.keyboard.press("2")
    assert page.get_attribute("#editor .editor", "data-layer") == "sketch"
    page.keyboard.press("1")
    page.keyboard.press("]")
    assert page.locator("#editor [data-set=size]").input_value() == "14"
    page.keyboard.press("e")
    assert page.get_attribute("#editor .stage", "data-tool") == "eraser"
    page.keyboard.press("b")
    page.focus("#editor .stage")
    page.keyboard.press("Enter")
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert page.evaluate(DRAWN)["mask"] > 200
    # Tab held shows the photo, Tab pressed moves on.
    page.keyboard.down("Tab")
    with explained(page):
        page.wait_for_selector("#editor .stage.original")
    ink = page.locator("#editor canvas.mask")
    assert ink.evaluate("canvas => getComputedStyle(canvas).visibility") == "hidden"
    page.keyboard.up("Tab")
    assert ink.evaluate("canvas => getComputedStyle(canvas).visibility") == "visible"
    assert page.evaluate("document.activeElement.classList.contains('stage')")
    page.keyboard.press("Tab")
    assert not page.evaluate("document.activeElement.classList.contains('stage')")
    page.keyboard.press("Control+Enter")
    wait_for_result(page)
    columns = np.flatnonzero(marks(pipeline.last[1]).any(0))
    assert 126 <= columns[0] + 3.5 <= 130 and len(columns) > 12


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_examples_run_on_one_click_and_text_can_be_read(open_page, pipeline, scheme):
    page = open_page(**DESKTOP, color_scheme=scheme)
    page.click("#editor .help summary")
    assert page.evaluate(CONTRAST) == [] and page.evaluate(NAMELESS) == []
    page.click(f"#editor .samples .strip button:nth-child({1 if scheme == 'light' else 6})")
    page.keyboard.press("6")
    assert page.evaluate(MISNAMED) == []
    wait_for_result(page)
    assert page.evaluate(CONTRAST) == [] and page.evaluate(MISNAMED) == []
    assert opened(pipeline.last[0]).size == (512, 512) and 0.005 < marks(pipeline.last[1]).mean() < 0.2


HAND_OVER = """([bytes, kind]) => {
    const given = new DataTransfer();
    given.items.add(new File([new Uint8Array(bytes)], 'handed.png', { type: 'image/png' }));
    const options = { bubbles: true, cancelable: true, [kind === 'paste' ? 'clipboardData' : 'dataTransfer']: given };
    const event = kind === 'paste' ? new ClipboardEvent(kind, options) : new DragEvent(kind, options);
    (kind === 'paste' ? document.body : document.querySelector('#editor .stage')).dispatchEvent(event);
}"""


def test_photos_are_pasted_dropped_and_taken(open_page, photo_file):
    page = open_page(**DESKTOP)
    size = "() => { const { naturalWidth: w, naturalHeight: h } = document.querySelector('#editor .photo'); return [w, h]; }"
    data = list(photo_file.read_bytes())
    page.evaluate(HAND_OVER, [data, "paste"])
    page.wait_for_selector("#editor .status:has-text('found')")
    assert page.evaluate(size) == [256, 256]
    page.click("#editor .photo-actions [data-do=camera]")
    page.wait_for_function("() => document.querySelector('#editor video').videoWidth > 0")
    page.click("#editor [data-do=shoot]")
    page.wait_for_selector("#editor .status:has-text('No face was found')")
    assert page.evaluate(size) != [256, 256] and not page.locator("#editor dialog").is_visible()
    page.evaluate(HAND_OVER, [data, "drop"])
    page.wait_for_function(f"() => ({size})()[0] === 256")


def test_waiting_and_a_lost_connection_leave_the_drawing_alone(open_page, photo_file, pipeline):
    first, page = open_page(**DESKTOP), open_page("Failed to load", **DESKTOP)
    for each in (first, page):
        choose_photo(each, photo_file)
        draw(each, "mask", (0.4, 0.5), (0.6, 0.5))
    pipeline.gate.clear()
    try:
        first.click("#editor [data-do=edit]")
        wait_until_asked(first, "edit")
        page.click("#editor [data-do=edit]")
        page.wait_for_selector("#editor .status:has-text('Waiting: place 1 of 1')")
        sent = page.evaluate(DRAWN)
        draw(page, "sketch", (0.4, 0.5), (0.6, 0.5))
        assert page.evaluate(DRAWN)["sketch"] > 0
    finally:
        pipeline.gate.set()
    for each in (first, page):
        wait_for_result(each)
    page.click("#editor [data-do=back]")
    drawn = page.evaluate(DRAWN)
    assert drawn["mask"] == sent["mask"] and drawn["sketch"] > 0

    page.context.set_offline(True)
    page.click("#editor [data-do=edit]")
    page.wait_for_selector("#editor .status.wrong:has-text('Your drawing is safe')")
    page.context.set_offline(False)
    assert page.evaluate(DRAWN) == drawn
    edit(page)
    assert marks(pipeline.last[2]).any()


def test_an_example_takes_nothing_away_and_leaves_nothing_behind(open_page, photo_file, pipeline):
    page = open_page(**DESKTOP)
    choose_photo(page, photo_file)
    draw(page, "mask", (0.4, 0.5), (0.6, 0.5))
    own = page.evaluate(DRAWN)
    for example in (1, 2):
        page.click(f"#editor .samples .strip button:nth-child({example})")
        wait_for_result(page)
        assert page.locator("#editor .history .strip").inner_text().split() == ["Photo", "Example"]
    page.click("#editor [data-do=continue]")
    page.wait_for_selector("#editor .history .strip button:nth-child(3)[aria-pressed=true]")
    assert page.locator("#editor .history .strip").inner_text().split() == ["Photo", "Example", "Edit", "1"]
    page.click("#editor .history .strip button:nth-child(2)")
    sample = page.evaluate(DRAWN)
    assert sample["mask"] != own["mask"] and sample["sketch"]
    page.click("#editor .history .strip button:nth-child(1)")
    assert page.evaluate(DRAWN) == own
    edit(page)
    page.click("#editor [data-do=continue]")
    page.wait_for_selector("#editor .history .strip button:nth-child(2)[aria-pressed=true]:has-text('Edit 1')")
    assert page.locator("#editor .history .strip").inner_text().split() == ["Photo", "Edit", "1", "Example", "Edit", "1"]
    draw(page, "mask", (0.3, 0.5), (0.4, 0.5))
    own = page.evaluate(DRAWN)
    # From an example to a photo of one's own: one's own drawing can be taken along, not the example's.
    page.click("#editor .history .strip button:nth-child(3)")
    choose_photo(page, photo_file)
    assert page.evaluate(DRAWN)["mask"] == 0
    page.click("#editor [data-do=undo]")
    assert page.evaluate(DRAWN) == own and not page.locator("#editor .history .strip").is_visible()
