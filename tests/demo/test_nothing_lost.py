"""What was drawn, chosen and made is found again, in a real browser: in each tab, after an edit, a new photo, a deletion."""

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from browser import CHROMIUM, DESKTOP, DRAWN, choose_photo, draw, edit, wait_for_result
from PIL import Image

import scfegan_hf

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="NO BROWSER: the app was not tried; install Debian's package chromium"),
]
PAGE = Path(scfegan_hf.__file__).parent / "demo" / "page"
IS_BACK = "() => document.querySelector('#editor .status')?.textContent === 'Your drawing is back.'"


def strip(page) -> list[str]:
    return page.locator("#editor .history .strip").inner_text().split()


def test_two_tabs_keep_two_works_and_a_closed_one_is_found_again(open_page, served, photo_file):
    first = open_page(**DESKTOP)
    choose_photo(first, photo_file)
    draw(first, "mask", (0.3, 0.5), (0.6, 0.5))
    first.wait_for_timeout(500)
    drawn = first.evaluate(DRAWN)

    second = first.context.new_page()
    second.goto(served)
    second.wait_for_selector("#editor .editor[data-begun]")
    second.wait_for_timeout(500)
    assert second.locator("#editor .editor").get_attribute("data-state") == "empty"
    choose_photo(second, photo_file)
    draw(second, "sketch", (0.4, 0.3), (0.6, 0.6))
    second.wait_for_timeout(500)
    other = second.evaluate(DRAWN)
    assert other["sketch"] and not other["mask"] and drawn["mask"] and not drawn["sketch"]
    for page, expected in ((first, drawn), (second, other)):
        page.reload()
        page.wait_for_function(IS_BACK)
        assert page.evaluate(DRAWN) == expected

    second.close()
    third = first.context.new_page()
    third.goto(served)
    third.wait_for_function(IS_BACK)
    assert third.evaluate(DRAWN) == other


def test_a_result_is_undone_like_a_stroke_and_shown_again(open_page, photo_file):
    page = open_page(**DESKTOP)
    choose_photo(page, photo_file)
    draw(page, "mask", (0.4, 0.5), (0.6, 0.5))
    drawn = page.evaluate(DRAWN)
    again = page.locator("#editor [data-do=results]")
    assert not again.is_visible()
    for way_back in ("Control+z", "Escape", "undo", "back"):
        edit(page) if way_back == "Control+z" else again.click()
        wait_for_result(page)
        page.click(f"#editor [data-do={way_back}]") if way_back in ("undo", "back") else page.keyboard.press(way_back)
        page.wait_for_selector("#editor .editor[data-mode=draw]")
        assert page.evaluate(DRAWN) == drawn and again.is_visible()
    page.click("#editor [data-do=undo]")
    assert page.evaluate(DRAWN)["mask"] == 0


def test_a_new_photo_and_a_deletion_can_be_taken_back(open_page, photo_file, tmp_path):
    page = open_page(**DESKTOP)
    choose_photo(page, photo_file)
    draw(page, "mask", (0.4, 0.5), (0.6, 0.5))
    drawn = page.evaluate(DRAWN)
    edit(page)
    page.click("#editor [data-do=continue]")
    page.wait_for_selector("#editor .history .strip button:nth-child(2)[aria-pressed=true]")
    page.click("#editor [data-do=delete]")
    assert not page.locator("#editor .history .strip").is_visible() and page.evaluate(DRAWN) == drawn
    page.click("#editor [data-do=bring-back]")
    assert strip(page) == ["Photo", "Edit", "1"]

    other = tmp_path / "other.png"
    Image.fromarray(np.full((300, 500, 3), 128, np.uint8)).save(other)
    page.click("#editor .history .strip button:nth-child(1)")
    choose_photo(page, other, "")
    page.wait_for_function("() => document.querySelector('#editor .photo').naturalWidth === 500")
    page.click("#editor [data-do=bring-back]")
    page.wait_for_function("() => document.querySelector('#editor .photo').naturalWidth !== 500")
    assert strip(page) == ["Photo", "Edit", "1"] and page.evaluate(DRAWN) == drawn
    page.click("#editor [data-do=bring-back]")  # and the other way round
    page.wait_for_function("() => document.querySelector('#editor .photo').naturalWidth === 500")


def test_a_result_that_the_server_has_no_more_is_told(open_page, photo, photo_file):
    page = open_page("404", **DESKTOP)
    choose_photo(page, photo_file)
    draw(page, "mask", (0.4, 0.5), (0.6, 0.5))
    edit(page)
    with page.expect_download() as download:
        page.click("#editor [data-do=download]")
    with Image.open(download.value.path()) as saved:
        assert saved.size == photo.size
    assert download.value.suggested_filename.endswith("-edited.png")
    page.route("**/*edited*.png", lambda route: route.fulfill(status=404))
    page.click("#editor [data-do=download]")
    page.wait_for_selector("#editor .status.wrong:has-text('no longer on the server')")


def test_a_result_larger_than_the_limit_can_be_sent_again(open_page, photo, photo_file):
    """It is made smaller without a loss: a reload has forgotten that the server had it."""
    page = open_page(**DESKTOP)
    choose_photo(page, photo_file)
    draw(page, "mask", (0.4, 0.5), (0.6, 0.5))
    edit(page)
    page.click("#editor [data-do=continue]")
    page.wait_for_selector("#editor .history .strip button:nth-child(2)[aria-pressed=true]")
    draw(page, "mask", (0.4, 0.3), (0.6, 0.3))
    page.wait_for_timeout(500)
    size = page.evaluate("async () => (await (await fetch(document.querySelector('#editor .photo').src)).blob()).size")
    sent: list[bytes] = []
    page.route("**/upload*", lambda route: (sent.append(route.request.post_data_buffer or b""), route.continue_())[-1])
    lowered = (PAGE / "versions.js").read_text(encoding="utf-8").replace("props.max_upload_bytes", str(size - 1))
    page.route("**/versions.js*", lambda route: route.fulfill(body=lowered, content_type="text/javascript"))
    page.reload()
    page.wait_for_function(IS_BACK)
    edit(page)
    files = [body for body in sent if b"WEBP" in body[:2000]]
    assert files
    start = files[-1].index(b"RIFF")
    assert Image.open(io.BytesIO(files[-1][start:])).size == photo.size


def test_a_project_is_saved_and_opened_elsewhere(open_page, photo, photo_file, tmp_path):
    page = open_page(**DESKTOP)
    choose_photo(page, photo_file)
    draw(page, "mask", (0.4, 0.5), (0.6, 0.5))
    edit(page)
    page.click("#editor [data-do=continue]")
    page.wait_for_selector("#editor .history .strip button:nth-child(2)[aria-pressed=true]")
    draw(page, "sketch", (0.4, 0.3), (0.6, 0.6))
    drawn, project = page.evaluate(DRAWN), tmp_path / "work.scfegan"
    with page.expect_download() as download:
        page.click("#editor [data-do=save-project]")
    assert download.value.suggested_filename == "astronaut.scfegan"
    download.value.save_as(project)
    with zipfile.ZipFile(project) as entries:
        assert entries.testzip() is None
        manifest = json.loads(entries.read("manifest.json"))
        assert manifest["format"] == "scfegan-project" and len(manifest["photos"]) == 2
        with Image.open(io.BytesIO(entries.read(manifest["photos"][0]["file"]))) as first:
            assert np.array_equal(np.asarray(first.convert("RGB")), np.asarray(photo))

    other = open_page(**DESKTOP)
    choose_photo(other, project, "the project is open")
    assert strip(other) == ["Photo", "Edit", "1"] and other.evaluate(DRAWN) == drawn
    other.click("#editor .history .strip button:nth-child(1)")
    assert other.evaluate(DRAWN)["mask"] and not other.evaluate(DRAWN)["sketch"]
    edit(other)  # the photo is sent again by itself
    project.write_bytes(project.read_bytes()[:-40])
    other.set_input_files("#editor input.file", project)
    other.wait_for_selector("#editor .status.wrong:has-text('damaged')")
    assert strip(other) == ["Photo", "Edit", "1"]
