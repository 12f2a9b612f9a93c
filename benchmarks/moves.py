"""Time of one move of a slider: what the app's server needs for an answer, and what the page needs to show it.

    python benchmarks/moves.py [PHOTO ...] [--threads 2] [--moves 20] [--page]
    python benchmarks/moves.py --threads 1 --clock processor      # where the cores are busy: what one of them would take

Without a photograph scikit-image's astronaut is taken, as it is and at 2048 pixels a side. "first" is the first answer about a
photograph, which finds its faces and loads networks. With --page the moves are made in Chromium on this machine (Debian's
package chromium), which shares its cores: from the slider's event until the answer is shown.
"""

import argparse
import itertools
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from skimage.data import astronaut

from scfegan_hf.demo.glances import Glances, patch
from scfegan_hf.demo.makeup import make_up
from scfegan_hf.demo.studio import Wishes, change_portrait
from scfegan_hf.portrait.makeup import MakeupPipeline
from scfegan_hf.portrait.result import PortraitResult
from scfegan_hf.portrait.studio import Studio

# A move of the smile, each to another value, until the picture over the face is another one. Promises milliseconds.
MOVE = """async (value) => {
    const slider = document.querySelector('#editor .smile'), shown = document.querySelector('#editor .trial .over');
    const before = shown.src, began = performance.now();
    slider.step = 1;
    slider.value = value;
    slider.dispatchEvent(new Event('input', { bubbles: true }));
    while (shown.src === before) await new Promise(requestAnimationFrame);
    return performance.now() - began;
}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", nargs="*", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--moves", type=int, default=20)
    parser.add_argument("--clock", choices=("wall", "processor"), default="wall", help="processor: one thread only")
    parser.add_argument("--page", action="store_true")
    options = parser.parse_args()
    if options.clock == "processor" and (options.threads > 1 or options.page):
        parser.error("--clock processor adds up what several threads take, and of no page: give --threads 1 alone")
    clock = time.perf_counter if options.clock == "wall" else time.process_time
    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as folder:
        photos = options.photos or _astronauts(Path(folder))
        for photo in photos:
            _serve(str(photo), options.moves, clock)
        if options.page:
            _show(photos, options.moves)


def _astronauts(folder: Path) -> list[Path]:
    paths = []
    for side in (512, 2048):
        paths.append(folder / f"astronaut-{side}.png")
        Image.fromarray(astronaut()).resize((side, side), Image.Resampling.BICUBIC).save(paths[-1])
    return paths


def _serve(photo: str, moves: int, clock: Callable[[], float]) -> None:
    """Answers without a page."""
    glances, studio, beautician = Glances(), Studio(), MakeupPipeline.from_pretrained()
    start = clock()
    seen = glances.at(photo)
    height, width = seen.looked.photo.rgb.shape[:2]
    print(f"{Path(photo).name}: faces found in {clock() - start:.2f} s, {width}x{height} pixels are worked on")
    smiles = itertools.cycle([number / moves for number in range(-moves, moves + 1) if number])
    ages = itertools.cycle([20 * number / moves for number in range(-moves, moves + 1) if number])
    colors = {"lips": "#b0203a", "blush": "#d9788a"}

    def changed(**wishes: Any) -> PortraitResult:
        return change_portrait(lambda: studio, seen.looked, Wishes(**wishes))

    answers: dict[str, Callable[[], PortraitResult]] = {
        "smile": lambda: changed(smile=next(smiles)),
        "age": lambda: changed(age=next(ages)),
        "age, features and smile": lambda: changed(age=next(ages), features=0.5, smile=next(smiles)),
        "hair": lambda: changed(hair="#c9a36a"),
        "smile and hair": lambda: changed(smile=next(smiles), hair="#c9a36a"),
        "make-up by colours": lambda: make_up(None, seen.looked, None, colors, None, 1.5, None, True),
        "make-up of a photo, once": lambda: make_up(lambda: beautician, seen.looked, seen.looked, {}, None, 1.5, None, True),
        "a style, once": lambda: changed(style="golden"),
    }
    for name, answer in answers.items():
        times = []
        for _ in range(moves + 1):
            start = clock()
            patch(seen, answer())
            times.append(clock() - start)
        print(f"  {name:26}", _told(times))


def _told(times: list[float]) -> str:
    """The first of some seconds, and the others."""
    return f"median {np.median(times[1:]):.3f} s, 95% {np.quantile(times[1:], 0.95):.3f} s, first {times[0]:.2f} s"


def _show(photos: list[Path], moves: int) -> None:
    """Moves in a browser."""
    from playwright.sync_api import sync_playwright

    from scfegan_hf.demo import launch

    app, address = launch(prevent_thread_lock=True)
    with sync_playwright() as playwright:
        flags = ["--headless", "--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
        for photo in photos:
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.goto(address)
            page.wait_for_selector("#editor .choose")
            page.set_input_files("#editor input.file", photo)
            page.wait_for_function("() => document.querySelector('#editor .status').textContent.includes('found')")
            times = [page.evaluate(MOVE, int(value)) / 1000 for value in np.linspace(-100, 99, moves + 1)]
            print(f"{photo.name} in Chromium, a smile: {_told(times)}")
            page.close()
        browser.close()
    app.close()


if __name__ == "__main__":
    main()
