"""What the browser tests share: Chromium, a page that complains, and hands that choose, draw and edit."""

import io
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Page
from playwright.sync_api import TimeoutError as TooLate
from remembering import RememberingPipeline

CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
]  # fmt: skip
DESKTOP = {"viewport": {"width": 1280, "height": 900}}
PATIENCE = 60_000  # milliseconds: two slow cores that other work uses too
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True, "color_scheme": "dark"}
# The bytes of the result that is shown.
RESULT = """async () => Array.from(new Uint8Array(
    await (await fetch(document.querySelector('#editor .result').src)).arrayBuffer()))"""
# How many pixels of each layer are drawn on the screen.
DRAWN = """() => Object.fromEntries(['mask', 'sketch', 'color'].map(name => {
    const canvas = document.querySelector('#editor canvas.' + name);
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    return [name, data.filter((value, index) => index % 4 === 3 && value > 127).length];
}))"""

CONTRAST = (Path(__file__).parent / "contrast.js").read_text(encoding="utf-8")
# Buttons and fields without a name for screen readers.
NAMELESS = """() => [...document.querySelectorAll('#editor :is(button, input, [role=slider], [role=application])')]
    .filter(item => !(item.getAttribute('aria-label') || item.textContent.trim() || item.labels?.length))
    .map(item => item.outerHTML)"""
# Who speaks to the page says what is seen: a button's name has its text in it. And only buttons are pressed.
MISNAMED = """() => [...document.querySelectorAll('#editor :is(button, a.button)')]
    .filter(item => item.checkVisibility() && item.hasAttribute('aria-label') && /[\\p{L}\\d]{2}/u.test(item.textContent))
    .filter(item => !item.getAttribute('aria-label').toLowerCase().includes(item.textContent.trim().toLowerCase()))
    .concat([...document.querySelectorAll('#editor [aria-pressed]:not(button)')])
    .map(item => item.outerHTML.slice(0, 120))"""
# Buttons that a finger would miss: something lies over their middle, or they are low.
COVERED = """() => [...document.querySelectorAll('#editor :is(.layers button, .tools button:not([hidden]), [data-do=edit])')]
    .filter(button => {
        const box = button.getBoundingClientRect();
        const hit = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
        return !button.contains(hit) || box.height < 40;
    })
    .map(button => button.outerHTML.slice(0, 80))"""

# Buttons that stick out of the editor (the strips of pictures are there to be pulled).
CUT = """() => [...document.querySelectorAll('#editor .work button')].filter(button => {
        const box = button.getBoundingClientRect(), edge = document.querySelector('#editor .editor').getBoundingClientRect();
        return box.width && (box.right > edge.right + 0.5 || box.left < edge.left - 0.5);
    })
    .map(button => button.outerHTML.slice(0, 80))"""


def choose_photo(page: Page, path: Path, faces: str = "found") -> None:
    """Hand a file to the page and wait until the server has looked at it."""
    page.set_input_files("#editor input.file", path)
    with explained(page):
        page.wait_for_function(f"() => document.querySelector('#editor .status').textContent.toLowerCase().includes('{faces}')")


def at(page: Page, x: float, y: float) -> tuple[float, float]:
    """Where a point of the photo, in shares of its sides, is on the screen."""
    box = page.locator("#editor .photo").bounding_box()
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def drag(page: Page, *points: tuple[float, float]) -> None:
    """One stroke of the mouse."""
    places = [at(page, x, y) for x, y in points]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=4)
    page.mouse.up()


def draw(page: Page, layer: str, *points: tuple[float, float], tool: str = "brush", size: int | None = None) -> None:
    """A stroke on a layer."""
    page.click(f"#editor .layers [data-layer={layer}]")
    page.click(f"#editor [data-tool={tool}]")
    if size is not None:
        page.locator("#editor [data-set=size]").fill(str(size))
    drag(page, *points)


def helper(page: Page, name: str) -> None:
    """Press one of the buttons under "More"."""
    if not page.locator("#editor .helpers").is_visible():
        page.click("#editor .more summary")
    page.click(f"#editor .helpers [data-do={name}]")


def edit(page: Page) -> None:
    """Press Edit and wait for the comparison."""
    page.click("#editor [data-do=edit]")
    wait_for_result(page)


def wait_for_result(page: Page) -> None:
    """Wait until a result is compared; if none comes, say what page and server were doing."""
    with explained(page):
        page.wait_for_selector("#editor .editor[data-mode=result]:not(.running)")


def wait_until_asked(page: Page, kind: str, times: int = 1) -> None:
    """Wait until so many questions of a kind are on their way, with the same words if they are not."""
    with explained(page):
        page.wait_for_function(f"() => document.querySelector('#editor .editor').report().begun.{kind} === {times}")


@contextmanager
def explained(page: Page) -> Iterator[None]:
    """What page and server were doing when a wait inside is in vain."""
    try:
        yield
    except TooLate as error:
        told = page.evaluate("() => document.querySelector('#editor .editor').report()")
        last = RememberingPipeline.calls[-1:] or "never called"
        raise AssertionError(f"page: {told}; server: {len(RememberingPipeline.calls)} calls, last {last}") from error


def shown(page: Page) -> np.ndarray:
    """The result that is shown, int (H, W, 3)."""
    return np.asarray(Image.open(io.BytesIO(bytes(page.evaluate(RESULT)))).convert("RGB")).astype(int)
