"""The static site in Chromium: sizes, times, and how far its edits are from Python's.

    python benchmarks/web.py SITE [--rounds 5]     # SITE: a folder by `scfegan export --web`, of the package's weights

Serves it twice: as Python's server does, which leaves one thread, and with the headers that allow several. Each example of
the page is run once and compared with the pipeline (float32, PyTorch, all holes by the network, no detail pass, one thread) on
the same drawing; both are timed in turns, so that what else the machine does hurts both.
"""

import argparse
import base64
import functools
import io
import json
import shutil
import statistics
import tempfile
import threading
import time
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from scfegan_hf import FaceEditPipeline
from scfegan_hf.demo.edits import edit_drawing, marked_png
from scfegan_hf.demo.payload import place_on_photo, read_drawing
from scfegan_hf.demo.web import for_browsers
from scfegan_hf.editing import places

RECORD = """const post = Worker.prototype.postMessage; window.sent = [];
Worker.prototype.postMessage = function (message, ...rest) { sent.push(message); return post.call(this, message, ...rest); };"""
BYTES = "async url => Array.from(new Uint8Array(await (await fetch(url)).arrayBuffer()))"
DONE = "() => { const { running, mode } = document.querySelector('.editor').report(); return !running && mode === 'result'; }"
ISOLATED = {"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp"}


class Server(SimpleHTTPRequestHandler):
    """Files of a folder, with further headers."""

    headers_too: dict[str, str] = {}

    def end_headers(self) -> None:
        for name, value in self.headers_too.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, *_) -> None:
        pass


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("site", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    print_sizes(options.site)
    with sync_playwright() as playwright:
        flags = ["--headless", "--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
        for words, headers in (("plain", {}), ("isolated", ISOLATED)):
            server = served(options.site, headers)
            context = browser.new_context(viewport={"width": 1280, "height": 900})
            page = context.new_page()
            page.set_default_timeout(300_000)
            page.add_init_script(RECORD)
            times(page, f"http://127.0.0.1:{server.server_port}/", words, options.rounds)
            if not headers:
                differences(page, json.loads((options.site / "props.json").read_text()))
            context.close()
            server.shutdown()
        browser.close()


def served(folder: Path, headers: dict[str, str]) -> ThreadingHTTPServer:
    kind = type("Own", (Server,), {"headers_too": headers})
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(kind, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def print_sizes(site: Path) -> None:
    print("| part of the site | bytes |\n|---|---:|")
    names = ("edit", "annotator", "faces", "enlarge", "lines", "prior")
    groups = {**{name: f"models/{name}*" for name in names}, "runtime": "ort/*"}
    sizes = {name: sum(path.stat().st_size for path in site.glob(pattern)) for name, pattern in groups.items()}
    everything = [path for path in site.rglob("*") if path.is_file()]
    licences = sum(path.stat().st_size for path in (site / "licences").iterdir())
    whole = sum(path.stat().st_size for path in everything)
    sizes |= {"licences": licences, "page, engine, examples": whole - sum(sizes.values()) - licences, "all": whole}
    sizes["to the first edit"] = sizes["edit"] + sizes["faces"] + sizes["runtime"] + sizes["page, engine, examples"]
    sizes["largest file"] = max(path.stat().st_size for path in everything)
    for name, size in sizes.items():
        print(f"| {name} | {size:,} |")


def times(page: Page, address: str, words: str, rounds: int) -> None:
    begin = time.perf_counter()
    page.goto(address)
    page.wait_for_function("() => document.querySelector('.editor').report?.().ready")
    ready = time.perf_counter() - begin
    first, *later = [run_example(page, 0) for _ in range(rounds + 1)]
    threads = page.evaluate("self.crossOriginIsolated ? Math.min(4, navigator.hardwareConcurrency) : 1")
    print(f"{words}, {threads} threads: ready {ready:.1f} s, first edit {first:.2f} s, later {statistics.median(later):.2f} s")


def run_example(page: Page, index: int) -> float:
    """Seconds of the edit itself, from the question to the answer."""
    before = page.evaluate("() => sent.filter(({ kind }) => kind === 'edit').length")
    page.locator(".samples .strip button").nth(index).click()
    page.wait_for_function(f"() => sent.filter(({{ kind }}) => kind === 'edit').length > {before}")
    begin = time.perf_counter()
    page.wait_for_function(DONE)
    return time.perf_counter() - begin


def by_the_network(photo: np.ndarray, hole: np.ndarray, unseen: np.ndarray | None, drawn: np.ndarray) -> places.Plan:
    """The site has no other way to fill a hole."""
    return places.Plan(photo.copy(), hole, unseen, [], [places.Part("network", hole)])


def differences(page: Page, props: dict) -> None:
    pipe = FaceEditPipeline.from_pretrained(dtype="float32", runtime="pytorch")
    for_browsers(pipe.generator)
    pipeline = functools.partial(pipe, detail=False)
    places.Plan.of = by_the_network
    print("| example | mean in the hole, levels | largest in the hole | largest outside |\n|---|---:|---:|---:|")
    seconds = {"site": [], "pipeline": []}
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        for index, sample in enumerate(props["samples"]):
            seconds["site"].append(run_example(page, index))
            question = page.evaluate("() => sent.filter(({ kind }) => kind === 'edit').at(-1).question")
            ours = Image.open(io.BytesIO(bytes(page.evaluate(BYTES, page.get_attribute("[data-do=download]", "href")))))
            path = Path(folder) / "photo.jpg"
            path.write_bytes(base64.b64decode(props["sample_photos"][sample["photo"]].partition(",")[2]))
            drawing = read_drawing({**question["drawing"], "photo": {"path": str(path)}}, folder)
            begin = time.perf_counter()
            answer = marked_png(edit_drawing(pipeline, drawing, question["seed"], question["candidates"]).image)
            seconds["pipeline"].append(time.perf_counter() - begin)
            theirs = np.asarray(Image.open(io.BytesIO(answer))).astype(int)
            apart = np.abs(np.asarray(ours).astype(int) - theirs).max(2)
            hole = np.asarray(place_on_photo(drawing.mask, drawing.frame, ours.size))[..., 3] > 0
            print(f"| {sample['title']} | {apart[hole].mean():.3f} | {apart[hole].max()} | {apart[~hole].max()} |", flush=True)
    print({name: f"{statistics.median(each):.2f} s" for name, each in seconds.items()})


if __name__ == "__main__":
    main()
