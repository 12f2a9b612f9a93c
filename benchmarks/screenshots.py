"""Pictures of every state of the app, on a desktop and a phone, light and dark, to look at before a release.

    python benchmarks/screenshots.py OUT [--screens desktop phone ...] [--docs] [--portraits PORTRAITS]

The photo is a portrait of the examples before a wall, and is given the examples' smile stroke by stroke. --docs also
writes the few that docs/results.md shows into docs/pictures. --portraits, a folder as benchmarks/pictures.py takes it, is for
the README's picture: an edit of a photograph, half of it before and half after, and nothing else.
"""

import argparse
import shutil
import tempfile
from pathlib import Path

import numpy as np
from pictures import DRAWINGS
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from scfegan_hf.demo import launch
from scfegan_hf.demo.edits import face_frames
from scfegan_hf.demo.samples import PORTRAITS, SAMPLES

SCREENS = {
    "desktop": {"viewport": {"width": 1280, "height": 800}},
    "desktop-dark": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "has_touch": True, "is_mobile": True},
    "small-phone-dark": {
        "viewport": {"width": 360, "height": 640}, "device_scale_factor": 2, "has_touch": True, "is_mobile": True,
        "color_scheme": "dark",
    },
    "tablet": {"viewport": {"width": 820, "height": 1180}, "has_touch": True},
    "4k": {"viewport": {"width": 3840, "height": 2160}},
}  # fmt: skip
DOCS = {
    "editor-desktop": ("desktop", "5-result"),
    "editor-dark": ("desktop-dark", "4-drawn"),
    "editor-part": ("small-phone-dark", "3-part"),
    "editor-phone": ("phone", "4-drawn"),
}
README_EDIT = next(drawing for drawing in DRAWINGS if drawing.title == "hair")
MOUTH = (256, 345)  # of the portrait
SMILE = SAMPLES[0]
LEFT, TOP = 120, 60  # of the portrait in the photo


def standing_before_a_wall(path: Path) -> Path:
    """The examples' portrait in a wider picture."""
    with Image.open(PORTRAITS / "woman.jpg") as portrait:
        pixels = np.asarray(portrait)
    wide = np.pad(pixels, ((TOP, 0), (LEFT, LEFT), (0, 0)), mode="edge")
    Image.fromarray(wide).save(path, quality=92)
    return path


def on_screen(
    page: Page, points: list[tuple[float, float]], corner: tuple[int, int] = (LEFT, TOP)
) -> list[tuple[float, float]]:
    """Where pixels of the portrait are, whose corner lies at ``corner`` of the photo."""
    box = page.locator("#editor .photo").bounding_box()
    pixel = box["width"] / page.evaluate("() => document.querySelector('#editor .photo').naturalWidth")
    return [(box["x"] + (x + corner[0]) * pixel, box["y"] + (y + corner[1]) * pixel) for x, y in points]


def stroke(page: Page, layer: str, width: float, points: list[tuple[float, float]], corner=(LEFT, TOP)) -> None:
    """A stroke in pixels of the portrait, by mouse."""
    page.locator(f"#editor .layers [data-layer={layer}]").click()
    page.locator("#editor [data-set=size]").fill(str(max(round(width), 2)))
    places = on_screen(page, points, corner)
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=3)
    page.mouse.up()


def all_states(page: Page, url: str, photo: Path, shoot) -> None:
    """Go through the app once; ``shoot(name, whole=False)`` takes a picture."""
    page.goto(url)
    page.wait_for_selector("#editor .choose")
    page.wait_for_timeout(300)
    shoot("1-empty", True)
    page.set_input_files("#editor input.file", photo)
    page.wait_for_selector("#editor .offering")
    shoot("2-face")
    page.click("#editor [data-do=zoom-face]")
    page.click("#editor [data-tool=part]")
    page.mouse.click(*on_screen(page, [MOUTH])[0])
    page.wait_for_selector("#editor .status:has-text('Masked')")
    page.mouse.move(5, 5)
    shoot("3-part")
    page.click("#editor [data-do=undo]")
    page.click("#editor [data-tool=brush]")
    [(_, _, side, _)] = face_frames(photo)
    for width, points in SMILE.masked:
        stroke(page, "mask", width * 512 / side, points)
    for points in SMILE.lines:
        stroke(page, "sketch", 2, points)
    page.click("#editor .layers [data-layer=color]")
    for color, width, points in SMILE.colors:
        page.locator("#editor .colors input[type=color]").fill(color)
        stroke(page, "color", width * 512 / side, points)
    page.mouse.move(5, 5)
    shoot("4-drawn")
    page.click("#editor [data-do=edit]")
    page.wait_for_selector("#editor .editor[data-mode=result]:not(.running)")
    page.wait_for_timeout(900)  # the result is unveiled
    page.locator("#editor .divider").focus()
    shoot("5-result")
    page.click("#editor [data-do=more]")
    page.wait_for_selector("#editor .candidates button:nth-child(4)")
    page.wait_for_timeout(900)
    shoot("6-candidates")
    page.click("#editor [data-do=continue]")
    page.wait_for_selector("#editor .history .strip button:nth-child(2)")
    page.click("#editor .layers [data-layer=mask]")
    page.click("#editor .more summary")
    page.click("#editor .help summary")
    page.wait_for_timeout(200)
    shoot("7-everything-open", True)
    page.click("#editor [data-do=edit]")
    page.wait_for_selector("#editor .status.wrong")
    shoot("8-complaint")


def half_and_half(page: Page, url: str, folder: Path, path: Path) -> None:
    """An edit of a photograph, with the divider in the middle of what was changed."""
    page.goto(url)
    page.wait_for_selector("#editor .editor[data-begun]")
    photo = folder / f"{README_EDIT.photo}.jpg"
    page.set_input_files("#editor input.file", photo)
    page.wait_for_selector("#editor .status:has-text('found')")
    with Image.open(photo) as opened:
        brush = 512 / max(opened.size)
    for width, points in README_EDIT.erased:
        stroke(page, "mask", width * brush, points, (0, 0))
    for points in README_EDIT.lines:
        stroke(page, "sketch", 2, points, (0, 0))
    page.click("#editor .layers [data-layer=color]")
    for color, width, points in README_EDIT.colors:
        page.locator("#editor .colors input[type=color]").fill("#{:02x}{:02x}{:02x}".format(*color))
        stroke(page, "color", width * brush, points, (0, 0))
    page.click("#editor [data-do=edit]")
    page.wait_for_selector("#editor .editor[data-mode=result]:not(.running)")
    page.wait_for_timeout(900)
    points = np.concatenate([points for _, points in README_EDIT.erased])
    page.mouse.move(*on_screen(page, [tuple(points.mean(0))], (0, 0))[0])
    page.mouse.down()
    page.mouse.up()
    page.screenshot(path=path, type="jpeg", quality=85)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--screens", nargs="*", default=list(SCREENS), choices=list(SCREENS))
    parser.add_argument("--docs", action="store_true")
    parser.add_argument("--portraits", type=Path)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    app, url = launch(prevent_thread_lock=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        photo = standing_before_a_wall(Path(folder) / "portrait.jpg")
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"])
        for screen in [] if options.portraits else options.screens:
            page = browser.new_context(**SCREENS[screen]).new_page()

            def shoot(name: str, whole: bool = False, page: Page = page, screen: str = screen) -> None:
                page.screenshot(path=options.out / f"{screen}-{name}.png", full_page=whole)

            all_states(page, url, photo, shoot)
            print(f"{screen}: {page.evaluate('document.documentElement.scrollWidth')} pixels wide")
            page.context.close()
        if options.portraits:
            page = browser.new_context(**SCREENS["desktop"]).new_page()
            half_and_half(page, url, options.portraits, options.out / "editor-photo.jpg")
        browser.close()
    app.close()
    if options.docs:
        for name, (screen, state) in DOCS.items():
            with Image.open(options.out / f"{screen}-{state}.png") as picture:
                picture.convert("RGB").save(f"docs/pictures/{name}.jpg", quality=85)


if __name__ == "__main__":
    main()
