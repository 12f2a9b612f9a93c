"""The page in other languages: every sentence of it is in every file, and a browser that speaks German sees German."""

import json
import re
from html.parser import HTMLParser

import pytest
from browser import CHROMIUM, DESKTOP, choose_photo, draw, wait_for_result
from playwright.sync_api import expect

from scfegan_hf.demo.editor import PAGE
from scfegan_hf.demo.samples import SAMPLES
from scfegan_hf.editing.candidates import CHOICES
from scfegan_hf.faces.clicks import PARTS

FILES = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted((PAGE / "words").glob("*.json"))}
SAID = re.compile(r"(?:say\(|\? |: |Error\(|textContent = )'((?:[^'\\]|\\.)*[a-z]{2}[^']*)'")
SHORTCUT = re.compile(r" \([^()]{1,14}\)$")


class Texts(HTMLParser):
    """What a reader of the page meets: texts, titles, names of fields."""

    def __init__(self):
        super().__init__()
        self.found: set[str] = set()
        self.feed((PAGE / "page.html").read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        self.found |= {value for name, value in attributes if name in ("title", "aria-label", "placeholder") and value}

    def handle_data(self, data):
        self.found.add(" ".join(data.split()))


def sentences(texts: set[str]) -> set[str]:
    """Those with words in them, without shortcuts. Keys' names stay, and so do formats' and units'."""
    names = {"px", "JPEG", "Ctrl", "Del", "Esc", "Enter", "Tab", "Ctrl+Enter"}
    return {SHORTCUT.sub("", text) for text in texts if re.search(r"[A-Za-z]{2}", text)} - names


def test_every_file_has_every_sentence_and_no_other_gaps():
    assert set(FILES) == {"de", "es", "fr", "ko", "zh"}
    own = sentences(Texts().found)
    own |= {sample.title for sample in SAMPLES} | {choice.label for choice in CHOICES}
    own |= {f"Masked: {part}. Draw what should be there, and dab its colour." for part in PARTS}
    for name, words in FILES.items():
        missing = {text for text in own if text not in words and not any(key.startswith(text) for key in words)}
        assert not missing, (name, missing)
        assert words.keys() == FILES["de"].keys()
        for english, said in words.items():
            assert said.strip() and english.count("{}") == said.count("{}"), (name, english)


@pytest.mark.parametrize("module", sorted(path.name for path in PAGE.glob("*.js")))
def test_what_the_page_says_by_itself_is_there_too(module):
    text = (PAGE / module).read_text(encoding="utf-8")
    told = {sentence for sentence in SAID.findall(text) if sentence[0].isupper() and sentence.endswith((".", "…", "?"))}
    lost = {"The words of this language did not arrive."}  # for whoever looks for a fault
    assert not {sentence for sentence in told - lost if sentence not in FILES["de"]}


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="NO BROWSER: the app was not tried; install Debian's package chromium")
def test_a_german_browser_sees_german_and_may_choose_english(open_page, photo_file):
    page = open_page(**DESKTOP, locale="de-AT")
    words = FILES["de"]
    expect(page.locator("#editor h1")).to_have_text(words["Edit a face by drawing on it"])
    assert page.get_attribute("#editor .editor", "lang") == "de"
    choose_photo(page, photo_file, "gesicht")
    assert page.get_attribute("#editor [data-tool=brush]", "title") == "Pinsel (B)"
    draw(page, "mask", (0.4, 0.5), (0.6, 0.5), size=40)
    page.click("#editor [data-do=edit]")
    wait_for_result(page)
    expect(page.locator("#editor .status")).to_have_text(words["Drag over the photo to compare."])
    expect(page.locator("#editor [data-do=edit] .word")).to_have_text(words["Try again"])
    page.click("#editor [data-do=back]")
    expect(page.locator("#editor [data-do=edit] .word")).to_have_text("Ändern")
    page.select_option("#editor .language", "en")
    expect(page.locator("#editor [data-do=edit] .word")).to_have_text("Edit")
    expect(page.locator("#editor h1")).to_have_text("Edit a face by drawing on it")
    page.select_option("#editor .language", "ko")
    page.reload()
    expect(page.locator("#editor h1")).to_have_text(FILES["ko"]["Edit a face by drawing on it"])
    assert page.get_attribute("#editor [data-tool=eraser]", "aria-label") == FILES["ko"]["Eraser"]
