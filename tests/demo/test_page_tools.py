"""What the page offers beside drawing, in a real browser: turning, moving, faces, colours of lines, other files, giving up."""

import io

import numpy as np
import pytest
from browser import CHROMIUM, DESKTOP, DRAWN, PHONE, at, choose_photo, drag, draw, edit, helper, wait_for_result
from PIL import Image
from playwright.sync_api import expect
from skimage.data import astronaut

from scfegan_hf.editing.metadata import MARK

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="NO BROWSER: the app was not tried; install Debian's package chromium"),
]
STATUS = "#editor .status"


@pytest.fixture
def page(open_page, photo_file):
    page = open_page(**DESKTOP)
    choose_photo(page, photo_file)
    return page


@pytest.mark.parametrize(
    "name, words", [("animated.gif", "is an animation. Save one frame"), ("tiny.png", "This picture is 40 × 50. Choose one")]
)
def test_what_cannot_be_edited_is_refused_when_it_is_chosen(open_page, tmp_path, name, words):
    page = open_page(**DESKTOP)
    if name.endswith("gif"):
        frames = [Image.new("RGB", (90, 90), (shade, 90, 80)) for shade in (10, 120, 230)]
        frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:])
    else:
        Image.new("RGB", (40, 50)).save(tmp_path / name)
    page.set_input_files("#editor input.file", tmp_path / name)
    expect(page.locator(STATUS)).to_contain_text(words)
    assert page.get_attribute("#editor .editor", "data-state") == "empty"


def test_the_hand_moves_the_photo_and_draws_nothing(page):
    for _ in range(3):
        page.click("#editor [data-do=zoom-in]")
    left = page.locator("#editor .photo").bounding_box()["x"]
    page.keyboard.press("m")
    drag(page, (0.4, 0.5), (0.45, 0.5))
    assert page.locator("#editor .photo").bounding_box()["x"] > left + 20
    assert not any(page.evaluate(DRAWN).values())


def test_turning_takes_the_drawing_along(page, pipeline, photo_file):
    draw(page, "mask", (0.2, 0.3), (0.3, 0.3), size=30)
    page.click("#editor [data-do=turn]")
    expect(page.locator(STATUS)).to_have_text("Turned, with your drawing.")
    page.click("#editor [data-do=flip]")
    expect(page.locator(STATUS)).to_have_text("Mirrored, with your drawing.")
    edit(page)
    photo, mask = pipeline.last[:2]
    with Image.open(photo) as turned, Image.open(photo_file) as chosen:
        sent, original = (np.asarray(image.convert("RGB"), int) for image in (turned, chosen))
    turned = original.transpose(1, 0, 2)  # a quarter turn and a mirror: the diagonal
    assert sent.shape == turned.shape and np.abs(sent - turned).mean() < 1
    rows, columns = np.nonzero(np.asarray(mask) > 127)
    assert abs(rows.mean() / sent.shape[0] - 0.25) < 0.02 and abs(columns.mean() / sent.shape[1] - 0.3) < 0.02


def test_lines_show_in_another_colour_and_count_the_same(page, pipeline):
    draw(page, "mask", (0.4, 0.5), (0.6, 0.5), size=60)
    draw(page, "sketch", (0.42, 0.5), (0.58, 0.5), size=4)
    edit(page)
    dark = np.asarray(pipeline.last[2])
    page.click("#editor [data-do=back]")
    page.click("#editor .line-colors button[title='#ffffff']")
    shown = page.evaluate("""() => {
        const canvas = document.querySelector('#editor canvas.sketch');
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        let most = 0;
        for (let i = 0; i < data.length; i += 4) if (data[i + 3] === 255) most = Math.max(most, data[i]);
        return most;
    }""")
    assert shown == 255
    edit(page)
    assert np.array_equal(np.asarray(pipeline.last[2]), dark) and dark.any()
    page.reload()
    expect(page.locator(STATUS)).to_contain_text("Your drawing is back")
    page.click("#editor .layers [data-layer=sketch]")
    assert page.get_attribute("#editor .line-colors button[title='#ffffff']", "aria-pressed") == "true"


def test_a_feathered_mask_arrives_soft_and_growing_goes_by_a_number(page, pipeline):
    draw(page, "mask", (0.4, 0.5), (0.6, 0.5), size=40)
    edit(page)
    hard = np.asarray(pipeline.last[1])
    assert set(np.unique(hard)) <= {0, 255}
    page.click("#editor [data-do=back]")
    page.click("#editor .more summary")
    page.fill("#editor [data-set=feather]", "12")
    edit(page)
    soft = np.asarray(pipeline.last[1])
    assert ((soft > 20) & (soft < 235)).mean() > 0.01
    page.click("#editor [data-do=back]")
    page.fill("#editor [data-set=feather]", "0")
    page.fill("#editor [data-set=spread]", "9")
    page.click("#editor [data-do=grow]")
    edit(page)
    rows = [np.flatnonzero(np.asarray(mask).any(1)) for mask in (hard, pipeline.last[1])]
    assert abs((np.ptp(rows[1]) - np.ptp(rows[0])) - 18) <= 2


def test_a_long_edit_can_be_cancelled_and_the_next_one_comes(page, pipeline):
    draw(page, "mask", (0.4, 0.5), (0.6, 0.5), size=40)
    pipeline.gate.clear()
    page.click("#editor [data-do=edit]")
    try:
        seconds = page.locator("#editor [data-do=edit] .seconds")
        expect(seconds).to_have_text("2 s")
        expect(seconds).to_have_text("3 s")
        page.click("#editor [data-do=cancel]")
        expect(page.locator(STATUS)).to_have_text("Cancelled. Your drawing is as it was.")
        assert page.get_attribute("#editor .editor", "data-mode") == "draw" and page.evaluate(DRAWN)["mask"]
        expect(seconds).to_have_text("")
    finally:
        pipeline.gate.set()
    edit(page)


def test_what_is_drawn_beside_the_mask_is_offered_to_be_masked(page, pipeline):
    draw(page, "mask", (0.4, 0.5), (0.5, 0.5), size=40)
    draw(page, "sketch", (0.7, 0.2), (0.8, 0.2), size=3)
    edit(page)
    expect(page.locator(STATUS)).to_contain_text("outside the mask")
    page.click("#editor [data-do=surround-too]")
    page.wait_for_selector("#editor .editor[data-mode=result]:not(.running)")
    expect(page.locator(STATUS)).not_to_contain_text("outside the mask")
    mask = np.asarray(pipeline.last[1]) > 127
    assert mask[int(0.2 * mask.shape[0]), int(0.75 * mask.shape[1])] and mask[mask.shape[0] // 2, int(0.45 * mask.shape[1])]


def test_a_result_as_jpeg_says_that_it_was_edited(page):
    draw(page, "mask", (0.4, 0.5), (0.6, 0.5), size=40)
    edit(page)
    with page.expect_download() as download:
        page.click("#editor [data-do=jpeg]")
    with Image.open(download.value.path()) as image:
        assert image.format == "JPEG" and MARK in image.info["comment"].decode()
        assert b"compositeWithTrainedAlgorithmicMedia" in image.info["xmp"]
        assert download.value.suggested_filename.endswith("-edited.jpg")


def test_photo_and_result_are_enlarged_and_gone_on_from(page, photo_file):
    with Image.open(photo_file) as image:
        width = image.width
    page.click("#editor [data-do=enlarge]")
    wait_for_result(page)
    natural = "() => document.querySelector('#editor .result').naturalWidth"
    assert page.evaluate(natural) == 2 * width
    page.click("#editor [data-do=continue]")
    expect(page.locator(STATUS)).to_contain_text("is the photo now")
    assert page.locator("#editor .history .strip button").count() == 2
    assert page.evaluate("() => document.querySelector('#editor .photo').naturalWidth") == 2 * width


def test_a_face_is_drawn_from_nothing_and_edited(open_page, pipeline):
    page = open_page(**DESKTOP)
    page.click("#editor [data-do=from-lines]")
    expect(page.locator(STATUS)).to_contain_text("Draw a face: its outline")
    page.click("#editor [data-do=edit]")
    expect(page.locator(STATUS)).to_contain_text("Draw a face first")
    oval = [(0.5 + 0.27 * np.cos(a), 0.52 + 0.37 * np.sin(a)) for a in np.linspace(0, 2 * np.pi, 30)]
    draw(page, "sketch", *oval, size=4)
    for points in ([(0.36, 0.48), (0.44, 0.48)], [(0.56, 0.48), (0.64, 0.48)], [(0.42, 0.73), (0.5, 0.75), (0.58, 0.73)]):
        drag(page, *points)
    page.wait_for_timeout(500)  # a moment, after which all is kept
    page.reload()
    expect(page.locator(STATUS)).to_contain_text("Your drawing is back")
    expect(page.locator("#editor [data-way=doodle]")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#editor [data-way=recolor]")).to_be_hidden()
    faces = []
    for way in ("doodle", "lines"):
        page.click(f"#editor [data-way={way}]")
        edit(page)
        with page.expect_download() as download:
            page.click("#editor [data-do=download]")
        with Image.open(download.value.path()) as image:
            assert image.text["Comment"].startswith("Generated") and image.size == (512, 512)
            assert "trainedAlgorithmicMedia" in image.text["XML:com.adobe.xmp"]
            faces.append(np.asarray(image.convert("RGB"), np.float32))
        page.click("#editor [data-do=back]")
    assert np.abs(faces[0] - faces[1]).mean() > 5
    edit(page)
    page.click("#editor [data-do=more]")
    expect(page.locator("#editor .candidates button")).to_have_count(4)
    page.click("#editor [data-do=continue]")
    expect(page.locator(STATUS)).to_contain_text("is the photo now")
    draw(page, "mask", (0.4, 0.5), (0.6, 0.5), size=40)
    edit(page)  # as any photo
    with Image.open(pipeline.last[0]) as image:
        assert image.size == (512, 512)


def test_a_result_can_be_copied(open_page, photo_file):
    page = open_page(**DESKTOP, permissions=["clipboard-read", "clipboard-write"])
    choose_photo(page, photo_file)
    draw(page, "mask", (0.4, 0.5), (0.6, 0.5), size=40)
    edit(page)
    page.click("#editor [data-do=copy]")
    expect(page.locator(STATUS)).to_have_text("Copied. Paste it where you like.")
    pasted = page.evaluate("""async () => {
        const [item] = await navigator.clipboard.read(), blob = await item.getType('image/png');
        return [...new Uint8Array(await blob.arrayBuffer())];
    }""")
    with Image.open(photo_file) as photo, Image.open(io.BytesIO(bytes(pasted))) as copied:
        assert copied.size == photo.size


def test_boxes_of_faces_let_strokes_through_and_come_back(open_page, tmp_path):
    face = Image.fromarray(astronaut()[:260, 90:350])
    both = Image.new("RGB", (620, 300), (120, 110, 100))
    both.paste(face, (20, 20))
    both.paste(face, (340, 20))
    both.save(tmp_path / "two.png")
    page = open_page(**DESKTOP)
    choose_photo(page, tmp_path / "two.png", "faces were found")
    assert page.locator("#editor .faces button").count() == 2
    drag(page, (0.25, 0.5), (0.3, 0.5))  # through a box
    assert page.evaluate(DRAWN)["mask"] and not page.locator("#editor .faces button").count()
    page.click("#editor [data-do=faces]")
    page.click("#editor .faces button >> nth=1")
    box = page.locator("#editor .photo").bounding_box()
    assert box["width"] > 1.3 * page.locator("#editor .stage").bounding_box()["width"]


def test_a_finger_sees_what_it_draws_on(open_page, photo_file):
    page = open_page(**PHONE)
    choose_photo(page, photo_file)
    x, y = at(page, 0.5, 0.6)
    touch = page.context.new_cdp_session(page)
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": x + 20, "y": y}]})
    expect(page.locator("#editor .loupe")).to_be_visible()
    ink = page.evaluate("""() => {
        const canvas = document.querySelector('#editor .loupe'), middle = canvas.width / 2;
        return [...canvas.getContext('2d').getImageData(middle, middle, 1, 1).data];
    }""")
    assert ink[3] == 255 and ink[0] > 150  # the mask's pink under the finger
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(page.locator("#editor .loupe")).to_be_hidden()


def test_mirrored_lines_go_on_after_a_turn(page):
    """Layers that are pictures turn too."""
    draw(page, "mask", (0.3, 0.4), (0.4, 0.4), size=30)
    helper(page, "invert")
    before = page.evaluate(DRAWN)["mask"]
    page.click("#editor [data-do=turn]")
    expect(page.locator(STATUS)).to_have_text("Turned, with your drawing.")
    assert page.evaluate(DRAWN)["mask"] == pytest.approx(before, rel=0.1)
