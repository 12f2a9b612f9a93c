"""How quick the app feels, in a real Chromium: first paint, the time a stroke's event takes, and a whole edit.

    python benchmarks/editor.py [--edits 5]

Starts the app of the bundled weights in this process. First paint counts from the request of the page to the button
"Choose a photo" being there; an event's time is that of all its handlers on a stage of at least 1024 pixels; an edit is
of 512x512 pixels, once on the page, from the button's click to the frame that shows the result (as the page's own clock has
it: what drives the browser here takes half a second to click), once as a program makes it: upload, edit, download.
"""

import argparse
import shutil
import statistics
import tempfile
import time
from pathlib import Path

from gradio_client import Client, handle_file
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from scfegan_hf.demo import launch
from scfegan_hf.demo.samples import PORTRAITS

# Window-level listeners before and after all others measure what lies between.
MEASURE = """() => {
  window.took = [];
  let start = 0;
  window.addEventListener('pointermove', () => { start = performance.now(); }, true);
  window.addEventListener('pointermove', () => { window.took.push(performance.now() - start); });
}"""

# Milliseconds from each click on Edit to the frame in which its result is compared.
TIME_EDITS = """() => {
  window.edits = [];
  let start = 0;
  window.addEventListener('click', (event) => { if (event.target.closest('[data-do=edit]')) start = performance.now(); }, true);
  const editor = document.querySelector('#editor .editor');
  new MutationObserver(() => {
    if (editor.dataset.mode === 'result') requestAnimationFrame(() => window.edits.push(performance.now() - start));
  }).observe(editor, { attributeFilter: ['data-mode'] });
}"""


def stroke_events(page: Page) -> list[float]:
    """Milliseconds per pointer event while long strokes are drawn on all three layers."""
    page.evaluate(MEASURE)
    box = page.locator("#editor .stage").bounding_box()
    for number, layer in enumerate(("mask", "sketch", "color")):
        page.click(f"#editor .layers [data-layer={layer}]")
        for row in range(4):
            y = box["y"] + box["height"] * (0.25 + 0.12 * row + 0.03 * number)
            page.mouse.move(box["x"] + box["width"] * 0.3, y)
            page.mouse.down()
            page.mouse.move(box["x"] + box["width"] * 0.7, y + 30, steps=60)
            page.mouse.up()
    return page.evaluate("window.took")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--edits", type=int, default=5)
    options = parser.parse_args()
    app, url = launch(prevent_thread_lock=True)
    portrait = PORTRAITS / "woman.jpg"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"])
        paints = []
        for _ in range(3):
            page = browser.new_context(viewport={"width": 1600, "height": 1200}).new_page()
            start = time.perf_counter()
            page.goto(url)
            page.wait_for_selector("#editor .choose")
            paints.append(time.perf_counter() - start)
        page.set_input_files("#editor input.file", portrait)
        page.wait_for_function("() => /found/i.test(document.querySelector('#editor .status').textContent)")
        width, height = page.evaluate(
            "() => { const c = document.querySelector('#editor canvas.mask'); return [c.width, c.height]; }"
        )
        events = sorted(stroke_events(page))
        page.evaluate(TIME_EDITS)
        for number in range(options.edits + 1):
            page.click("#editor [data-do=edit]")
            page.wait_for_function(f"() => window.edits.length > {number}")
            page.wait_for_selector("#editor .editor:not(.running)")
            page.click("#editor [data-do=back]")
        edits = [took / 1000 for took in page.evaluate("window.edits")]
        browser.close()

    client = Client(url, verbose=False)
    trips = []
    with tempfile.TemporaryDirectory() as folder:
        mask = Image.new("L", (512, 512))
        mask.paste(255, (200, 330, 312, 400))
        mask.save(Path(folder) / "mask.png")
        for seed in range(options.edits + 1):
            start = time.perf_counter()
            client.predict(handle_file(portrait), handle_file(Path(folder) / "mask.png"), seed=seed, api_name="/edit")
            trips.append(time.perf_counter() - start)
    app.close()

    middle = statistics.median
    print(f"first paint: median {middle(paints):.2f} s, longest {max(paints):.2f} s of 3")
    print(
        f"stroke event on a canvas of {width}x{height}: median {middle(events):.2f} ms, "
        f"99th percentile {events[int(0.99 * len(events))]:.2f} ms, longest {events[-1]:.2f} ms of {len(events)}"
    )
    print(f"edit on the page: median {middle(edits[1:]):.2f} s, longest {max(edits[1:]):.2f} s, the first {edits[0]:.2f} s")
    print(f"edit by a program: median {middle(trips[1:]):.2f} s, longest {max(trips[1:]):.2f} s, the first {trips[0]:.2f} s")


if __name__ == "__main__":
    main()
