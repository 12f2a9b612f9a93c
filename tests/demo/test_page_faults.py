"""What goes wrong between a hand, a browser and a server, in a real browser: no stroke is lost and no Edit waits for ever."""

import threading

import numpy as np
import pytest
from browser import CHROMIUM, DESKTOP, DRAWN, PHONE, at, choose_photo, draw, edit, wait_for_result, wait_until_asked

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="NO BROWSER: the app was not tried; install Debian's package chromium"),
]

EDIT = "#editor [data-do=edit]"
RESULT = "() => document.querySelector('#editor .result').naturalWidth"
REPORT = "() => document.querySelector('#editor .editor').report()"
# From now on the page does not hear that pointers end; called again, it does.
DEAF = """deaf => {
    window.swallow ??= event => { if (window.deaf) event.stopImmediatePropagation(); };
    window.deaf = deaf;
    const ends = ['pointerup', 'pointercancel', 'lostpointercapture'];
    for (const kind of ends) window.addEventListener(kind, window.swallow, true);
}"""


def hand_of(page):
    """A function that puts fingers on the screen, moves them, and (with no points) lifts them."""
    touch = page.context.new_cdp_session(page)

    def fingers(kind: str, *points: tuple[float, float]) -> None:
        touched = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touched})

    return fingers


@pytest.fixture
def ready(open_page, photo_file):
    """A function that opens the app with a photo and a stroke of mask on it."""

    def open_ready(expected: str = "\0", screen: dict = DESKTOP, script: str = ""):
        page = open_page(expected, script=script, **screen)
        choose_photo(page, photo_file)
        draw(page, "mask", (0.4, 0.5), (0.6, 0.5))
        return page

    return open_ready


@pytest.fixture
def held(pipeline):
    """The pipeline with its gate closed; it is opened at the end in any case."""
    pipeline.gate.clear()
    yield pipeline
    pipeline.gate.set()


def test_a_stroke_whose_pointer_is_taken_away_ends(ready):
    page = ready()
    drawn = page.evaluate(DRAWN)["mask"]
    page.mouse.move(*at(page, 0.4, 0.6))
    page.mouse.down()
    page.mouse.move(*at(page, 0.5, 0.6))
    page.evaluate("() => document.querySelector('#editor .stage').releasePointerCapture(1)")
    page.mouse.move(5, 5)
    page.mouse.up()
    report = page.evaluate("() => document.querySelector('#editor .editor').report()")
    assert report["stroke"] is None and report["steps"] == 2 and page.evaluate(DRAWN)["mask"] > drawn
    edit(page)


def test_fingers_that_never_left_do_not_keep_others_from_drawing(ready, photo_file):
    page = ready(screen=PHONE)
    fingers = hand_of(page)
    page.evaluate(DEAF, True)
    fingers("touchStart", at(page, 0.3, 0.3))
    fingers("touchStart", at(page, 0.3, 0.3), at(page, 0.6, 0.3))
    fingers("touchEnd")
    page.evaluate(DEAF, False)
    before = page.evaluate(DRAWN)["mask"]
    fingers("touchStart", at(page, 0.4, 0.7))
    fingers("touchMove", at(page, 0.6, 0.7))
    fingers("touchEnd")
    assert page.evaluate(DRAWN)["mask"] > 1.5 * before
    page.locator(EDIT).tap()
    wait_for_result(page)


def test_a_quick_stroke_does_not_swallow_the_tap_after_it(ready):
    """One move, as a slow machine puts all of a stroke's together, and up: Chromium begins to scroll by itself."""
    page = ready(screen=PHONE)
    fingers, start, end = hand_of(page), at(page, 0.4, 0.7), at(page, 0.6, 0.7)
    for layer in ("sketch", "color", "mask"):
        fingers("touchStart", start)
        fingers("touchMove", end)
        fingers("touchEnd")
        page.locator(f"#editor .layers [data-layer={layer}]").tap()
        page.wait_for_selector(f"#editor .editor[data-layer={layer}]")
    assert page.evaluate(DRAWN)["sketch"] > 0  # the strokes were drawn all the same


def test_a_brush_put_down_by_key_counts(ready, pipeline):
    page = ready()
    page.focus("#editor .stage")
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Control+Enter")
    wait_for_result(page)
    rows = np.flatnonzero(np.asarray(pipeline.last[1]).any(1))
    assert rows[-1] > 132  # the mouse's stroke ends at 131


def test_pictures_load_while_the_page_is_in_the_background(ready, photo):
    """Chromium's decode() waits for a frame to be shown, which does not happen then."""
    page = ready(script="HTMLImageElement.prototype.decode = () => new Promise(() => {});")
    edit(page)
    assert page.evaluate(RESULT) == photo.width


def test_a_browser_that_calls_itself_offline_reaches_a_server_on_the_same_machine(ready, held, photo):
    page = ready(script="Object.defineProperty(navigator, 'onLine', { get: () => false });")
    page.click(EDIT)
    wait_until_asked(page, "edit")
    page.evaluate("window.dispatchEvent(new Event('offline'))")
    page.wait_for_timeout(1000)
    report = page.evaluate(REPORT)
    assert report["pending"]["kind"] == "edit" and not report["online"]
    held.gate.set()
    wait_for_result(page)
    assert page.locator("#editor .status.wrong").count() == 0 and page.evaluate(RESULT) == photo.width


def test_an_edit_that_was_given_up_does_not_swallow_the_next(ready, held):
    page, calls = ready("Failed to load"), len(held.calls)
    page.click(EDIT)
    wait_until_asked(page, "edit")
    page.route(lambda url: url.endswith("/"), lambda route: route.abort())
    page.wait_for_selector("#editor .status.wrong:has-text('out of reach')")
    page.unroute_all()
    page.click(EDIT)
    wait_until_asked(page, "edit", 2)
    held.gate.set()
    wait_for_result(page)
    report = page.evaluate(REPORT)
    assert report["pending"] is None and report["asked"] == 3  # faces, the edit that was given up, the next
    assert held.calls[-1]["ended"] and len(held.calls) == calls + 2


def test_an_upload_that_never_ends_is_given_up_and_tried_again(open_page, photo_file):
    page = open_page("Failed to load", **DESKTOP)
    page.route("**/upload*", lambda route: None)
    page.set_input_files("#editor input.file", photo_file)
    page.wait_for_selector("#editor .editor[data-state=ready]")
    draw(page, "mask", (0.4, 0.5), (0.6, 0.5))
    page.route(lambda url: url.endswith("/"), lambda route: route.abort())
    page.wait_for_selector("#editor .status.wrong:has-text('could not be sent')")
    assert not page.evaluate(REPORT)["uploaded"]
    page.unroute_all()
    edit(page)
    report = page.evaluate(REPORT)
    assert report["uploaded"] and report["ink"] == ["mask"]


def test_faces_that_are_never_answered_do_not_keep_an_edit_waiting(open_page, photo_file, monkeypatch):
    looked, over = threading.Event(), threading.Event()

    def look_for_ever(_):
        looked.set()
        over.wait(120)
        return []

    monkeypatch.setattr("scfegan_hf.demo.page_events.face_frames", look_for_ever)
    page = open_page(**DESKTOP)
    try:
        page.set_input_files("#editor input.file", photo_file)
        assert looked.wait(60)
        draw(page, "mask", (0.4, 0.5), (0.6, 0.5))
        edit(page)
    finally:
        over.set()


def test_an_edit_of_another_version_says_so(ready, held):
    page = ready()
    page.click(EDIT)
    held.gate.set()
    wait_for_result(page)
    page.click("#editor [data-do=continue]")
    page.wait_for_selector("#editor .history .strip button:nth-child(2)[aria-pressed=true]")
    draw(page, "mask", (0.4, 0.5), (0.6, 0.5))
    held.gate.clear()
    page.click(EDIT)
    page.click("#editor .history .strip button:nth-child(1)")
    held.gate.set()
    page.wait_for_selector("#editor .status:has-text('another version')")
    assert page.locator("#editor .editor:not(.running)").count() == 1


def test_busy_is_said_and_the_drawing_stays(open_page, photo_file, pipeline):
    from scfegan_hf.demo import launch

    app, address = launch(pipeline=pipeline, max_queue=0, prevent_thread_lock=True)
    pipeline.gate.clear()
    try:
        pages = [open_page(address=address, **DESKTOP) for _ in range(2)]
        for page in pages:
            choose_photo(page, photo_file)
            draw(page, "mask", (0.4, 0.5), (0.6, 0.5))
            page.click(EDIT)
        drawn = pages[1].evaluate(DRAWN)
        pages[1].wait_for_selector("#editor .status.wrong:has-text('The server is busy')")
        assert pages[1].evaluate(DRAWN) == drawn and drawn["mask"] > 0
        pipeline.gate.set()
        wait_for_result(pages[0])
        edit(pages[1])
    finally:
        pipeline.gate.set()
        app.close()


def test_who_closes_the_page_while_waiting_is_not_served(ready, held, launched):
    queue = launched[0]._queue
    pages = [ready() for _ in range(3)]
    calls = len(held.calls)
    pages[0].click(EDIT)
    wait_until_asked(pages[0], "edit")
    for page, place in zip(pages[1:], ("1 of 1", "2 of 2"), strict=True):
        page.click(EDIT)
        page.wait_for_selector(f"#editor .status:has-text('Waiting: place {place}')")
    pages[1].close()
    while all(event.alive for events in queue.active_jobs for event in events or []):  # until Gradio has noticed
        pages[0].wait_for_timeout(100)
    held.gate.set()
    wait_for_result(pages[2])
    assert len(held.calls) == calls + 2


def test_modules_that_do_not_arrive_are_told(browser, served):
    """And until they are there nothing can be pressed."""
    context = browser.new_context(**DESKTOP)
    page = context.new_page()
    asked = []
    page.route("**/view.js", lambda route: asked.append(route))
    page.goto(served)
    page.wait_for_selector("#editor .choose", state="attached")
    while not asked:
        page.wait_for_timeout(50)
    assert not page.locator("#editor .choose button").first.is_visible()
    asked.pop().abort()
    page.wait_for_selector("#editor .status:has-text('did not arrive whole')")
    context.close()
