"""Smiles, hair and sliders that answer while they are moved, in a real browser."""

import numpy as np
import pytest
from browser import CHROMIUM, CONTRAST, DESKTOP, MISNAMED, NAMELESS, PHONE, choose_photo, shown, wait_for_result
from PIL import Image
from playwright.sync_api import Page, expect
from skimage.data import astronaut

from scfegan_hf import StylePipeline, studio

STATUS = "#editor .status"
TRYING = "#editor .stage.trying"
OVER = "#editor .trial .over"
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="NO BROWSER: the app was not tried; install Debian's package chromium"),
]


def move(page: Page, control: str, value: str) -> None:
    """Move a slider, or choose a colour, without letting go."""
    page.eval_on_selector(
        f"#editor {control}",
        "(field, value) => { field.value = value; field.dispatchEvent(new Event('input', { bubbles: true })); }",
        value,
    )


def let_go(page: Page, control: str) -> None:
    page.eval_on_selector(f"#editor {control}", "(field) => field.dispatchEvent(new Event('change', { bubbles: true }))")


def smile_of(smile: float, hair: str | None = None) -> np.ndarray:
    return np.asarray(studio(astronaut(), smile=smile, hair=hair, face="all").image).astype(int)


def test_a_smile_is_tried_while_dragged_and_made_when_let_go(open_page, portrait):
    page = open_page(**DESKTOP)
    expect(page.locator("#editor .change")).to_be_hidden()
    choose_photo(page, portrait)
    move(page, ".smile", "60")
    page.wait_for_selector(TRYING)
    expect(page.locator("#editor .tag.small")).to_be_visible()
    # The preview lies on the face, and nowhere else.
    face, photo = page.locator(OVER).bounding_box(), page.locator("#editor .photo").bounding_box()
    middle = [(face[at] + face[side] / 2 - photo[at]) / photo[side] for at, side in (("x", "width"), ("y", "height"))]
    assert middle == pytest.approx([0.435, 0.23], abs=0.04) and face["width"] < 0.3 * photo["width"]
    assert page.evaluate("() => document.querySelector('#editor .editor').report().mode") == "draw"
    let_go(page, ".smile")
    wait_for_result(page)
    expect(page.locator(STATUS)).to_have_text("Changed. Drag over the photo to compare.")
    expect(page.locator(TRYING)).to_have_count(0)
    assert np.abs(shown(page) - smile_of(0.6)).max() <= 1
    # Moved again it adds nothing up; with hair it is one result of both; at none it is the photo again.
    move(page, ".smile", "-80")
    let_go(page, ".smile")
    expect(page.locator("#editor .smile + output")).to_have_text("-80 %")
    page.wait_for_function("() => document.querySelector('#editor .editor').report().begun.alter === 0")
    wait_for_result(page)
    assert np.abs(shown(page) - smile_of(-0.8)).max() <= 1
    page.locator("#editor .hair-color").fill("#c01818")  # which ticks its box
    expect(page.locator("#editor [data-change=hair]")).to_be_checked()
    page.wait_for_selector("#editor .editor.running")
    wait_for_result(page)
    assert np.abs(shown(page) - smile_of(-0.8, "#c01818")).max() <= 1
    page.uncheck("#editor [data-change=hair]")
    page.wait_for_selector("#editor .editor.running")
    wait_for_result(page)
    move(page, ".smile", "0")
    let_go(page, ".smile")
    page.wait_for_selector("#editor .editor[data-mode=draw]")


def test_age_and_features_are_one_result_with_a_smile(open_page, portrait):
    page = open_page(**DESKTOP)
    choose_photo(page, portrait)
    move(page, ".age", "12")
    page.wait_for_selector(TRYING)
    expect(page.locator("#editor .age + output")).to_have_text("+12")
    let_go(page, ".age")
    wait_for_result(page)
    for slider, value in ((".features", "-50"), (".smile", "-80")):
        move(page, slider, value)
        let_go(page, slider)
        page.wait_for_selector("#editor .editor.running")
        wait_for_result(page)
    expected = np.asarray(studio(astronaut(), age=12, features=-0.5, smile=-0.8, face="all").image).astype(int)
    assert np.abs(shown(page) - expected).max() <= 1
    page.keyboard.press("Escape")
    expect(page.locator("#editor .age + output")).to_have_text("0")


def test_it_is_gone_on_from_and_the_slider_begins_anew(open_page, portrait):
    page = open_page(**PHONE)
    choose_photo(page, portrait)
    move(page, ".smile", "100")
    let_go(page, ".smile")
    wait_for_result(page)
    first = shown(page)
    page.click("#editor [data-do=continue]")
    expect(page.locator(STATUS)).to_contain_text("is the photo now")
    expect(page.locator("#editor .smile + output")).to_have_text("0 %")
    move(page, ".smile", "-50")
    let_go(page, ".smile")
    wait_for_result(page)
    assert (shown(page) != first).any()
    page.keyboard.press("Escape")
    expect(page.locator("#editor .smile + output")).to_have_text("0 %")  # as what is seen
    page.click("#editor [data-do=results]")
    expect(page.locator("#editor .smile + output")).to_have_text("-50 %")


def asked(page: Page) -> int:
    """How many questions the page has asked so far, when none is on its way."""
    page.wait_for_function("() => !document.querySelector('#editor .editor').report().pending")
    return page.evaluate("() => document.querySelector('#editor .editor').report().asked")


def test_of_many_moves_the_latest_counts_and_few_are_asked_for(open_page, portrait):
    page = open_page(**DESKTOP)
    choose_photo(page, portrait)
    before = asked(page)
    page.evaluate("""() => {
        const slider = document.querySelector('#editor .smile');
        for (let value = 5; value <= 100; value += 5) {
            slider.value = value;
            slider.dispatchEvent(new Event('input', { bubbles: true }));
        }
    }""")
    page.wait_for_selector(TRYING)
    assert 1 <= asked(page) - before <= 3
    questions, latest = asked(page), page.get_attribute(OVER, "src")
    move(page, ".smile", "5")
    assert page.get_attribute(OVER, "src") != latest  # the first answer, which is known
    move(page, ".smile", "100")
    assert page.get_attribute(OVER, "src") == latest and asked(page) == questions


def test_a_mouse_that_comes_near_has_the_first_answer_fetched(open_page, portrait):
    page = open_page(**DESKTOP)
    choose_photo(page, portrait)
    before = asked(page)
    page.hover("#editor .smile")
    assert asked(page) == before + 1
    expect(page.locator(TRYING)).to_have_count(0)  # it is not shown
    move(page, ".smile", "50")
    page.wait_for_selector(TRYING)
    assert asked(page) == before + 1


def test_what_is_made_is_given_up_when_the_slider_moves_on(open_page, portrait):
    page = open_page(**DESKTOP)
    choose_photo(page, portrait)
    move(page, ".smile", "90")
    let_go(page, ".smile")
    page.wait_for_selector("#editor .editor.running")
    move(page, ".smile", "-90")
    let_go(page, ".smile")
    page.wait_for_function("() => document.querySelector('#editor .smile + output').value === '-90 %'")
    wait_for_result(page)
    expect(page.locator(STATUS)).to_have_text("Changed. Drag over the photo to compare.")
    assert np.abs(shown(page) - smile_of(-0.9)).max() <= 1


def test_keys_make_it_after_a_rest(open_page, portrait):
    page = open_page(**DESKTOP)
    choose_photo(page, portrait)
    page.focus("#editor .smile")
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    assert page.evaluate("() => document.querySelector('#editor .editor').report().mode") == "draw"  # not at each key
    wait_for_result(page)
    assert page.evaluate("() => document.activeElement.className") == "smile"  # for the next key
    assert np.abs(shown(page) - smile_of(0.2)).max() <= 1


def test_strengths_of_make_up_and_style_are_faded_in_without_a_question_a_move(open_page, portrait):
    page = open_page(**DESKTOP)
    choose_photo(page, portrait)
    move(page, ".style-strength", "50")  # of no style: nothing to try
    page.click("#editor [data-style=golden]")
    wait_for_result(page)
    before = asked(page)
    for value in ("40", "70"):
        move(page, ".style-strength", value)
        page.wait_for_selector(TRYING)
        expect(page.locator(OVER)).to_have_css("opacity", f"{int(value) / 100:g}")
    assert asked(page) == before + 1
    let_go(page, ".style-strength")
    page.wait_for_selector("#editor .editor.running")
    wait_for_result(page)
    expected = np.asarray(StylePipeline.from_pretrained()(astronaut(), "golden", strength=0.7).image).astype(int)
    assert np.abs(shown(page) - expected).max() <= 1  # of the photo, not of the painting
    page.keyboard.press("Escape")
    before = asked(page)
    move(page, ".strength", "75")
    page.wait_for_selector(TRYING)
    expect(page.locator(OVER)).to_have_css("opacity", "0.5")  # of the strongest, 150 %
    assert asked(page) == before + 1
    let_go(page, ".strength")
    wait_for_result(page)
    expect(page.locator(STATUS)).to_have_text("Made up. Drag over the photo to compare.")


def test_without_a_face_it_says_so_and_nothing_changes(open_page, tmp_path):
    Image.fromarray(np.full((300, 300, 3), 120, np.uint8)).save(tmp_path / "grey.png")
    page = open_page(**DESKTOP)
    page.set_input_files("#editor input.file", tmp_path / "grey.png")
    page.wait_for_function("() => document.querySelector('#editor .editor').report().uploaded")
    move(page, ".smile", "50")
    expect(page.locator(STATUS)).to_contain_text("No face was found")
    let_go(page, ".smile")
    expect(page.locator("#editor .smile + output")).to_have_text("0 %")
    expect(page.locator(TRYING)).to_have_count(0)
    assert page.evaluate("() => document.querySelector('#editor .editor').report().mode") == "draw"


@pytest.mark.parametrize(
    "size", [PHONE, {"viewport": {"width": 740, "height": 360}}, {"viewport": {"width": 1280, "height": 800}}]
)
def test_it_can_be_read_named_and_reached_on_every_screen(open_page, portrait, size):
    page = open_page(**size)
    choose_photo(page, portrait)
    assert page.evaluate(NAMELESS) == [] and page.evaluate(MISNAMED) == [] and page.evaluate(CONTRAST) == []
    for control in page.locator("#editor .change :is(input, button)").all():
        control.scroll_into_view_if_needed()
        box = control.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= page.viewport_size["width"] and box["height"] >= 18
    if size is PHONE:
        return
    # Beside the photo: whatever panel is used, the face is seen.
    if page.viewport_size["height"] == 800:
        page.evaluate("scrollTo(0, 0)")
        for name in ("turn", "save-project", "enlarge"):  # to be found without scrolling
            expect(page.locator(f"#editor [data-do={name}]")).to_be_in_viewport(ratio=1)
    for name in (".smile", "[data-do=makeup]", "[data-style=painterly]"):
        page.locator(f"#editor {name}").scroll_into_view_if_needed()
        expect(page.locator("#editor .stage")).to_be_in_viewport(ratio=0.7)


def test_on_a_phone_the_face_is_seen_beside_the_slider_that_moves_it(open_page, portrait):
    page = open_page(**PHONE)
    choose_photo(page, portrait)
    page.locator("#editor .smile").scroll_into_view_if_needed()
    peek = page.locator("#editor .peek")
    expect(peek).to_be_hidden()
    move(page, ".smile", "80")
    expect(peek).to_be_visible()
    sides, slider = peek.bounding_box(), page.locator("#editor .smile").bounding_box()
    assert not (sides["y"] < slider["y"] + slider["height"] and slider["y"] < sides["y"] + sides["height"])
    expect(page.locator("#editor .peek .patch")).to_be_visible()
    let_go(page, ".smile")
    wait_for_result(page)
    expect(page.locator("#editor .peek .patch")).to_be_hidden()
    assert page.get_attribute("#editor .peek .whole", "src") == page.get_attribute("#editor .result", "src")
    peek.click()  # back to the photo, where it is not needed
    expect(peek).to_be_hidden()
    expect(page.locator("#editor .stage")).to_be_in_viewport(ratio=0.8)
