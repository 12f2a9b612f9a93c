"""The static site, served by Python's own server, in a real browser: it edits as Python does, and without a network."""

import io
import json
import shutil
import tarfile
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from unittest import mock

import numpy as np
import pytest
from browser import CHROMIUM, DESKTOP, PATIENCE, PHONE, at, choose_photo, drag, draw, edit, helper, wait_for_result
from node import NetworkAlone
from PIL import Image, ImageCms
from playwright.sync_api import expect
from skimage.data import astronaut

from scfegan_hf.cli import main
from scfegan_hf.demo.edits import edit_drawing
from scfegan_hf.demo.payload import place_on_photo, read_drawing
from scfegan_hf.demo.web import RUNTIME, export_web, fetched_runtime, licence_of
from scfegan_hf.editing import pipeline as pipeline_module
from scfegan_hf.editing.draft import Draft
from scfegan_hf.editing.enlarging import PhotoEnlarging
from scfegan_hf.editing.lines import FaceFromLines
from scfegan_hf.editing.looks import FaceLooks
from scfegan_hf.editing.pipeline import FaceEditPipeline
from scfegan_hf.editing.recolor import recolor_photo
from scfegan_hf.faces import haar
from scfegan_hf.faces.annotate import FaceAnnotator, bundled

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="NO BROWSER: the static site was not tried; install Debian's package chromium"),
]
# What the page asks its worker, for the tests to read.
RECORD = """const post = Worker.prototype.postMessage; window.sent = [];
Worker.prototype.postMessage = function (message, ...rest) { sent.push(message); return post.call(this, message, ...rest); };"""
DOWNLOADED = "() => document.querySelector('#editor [data-do=download]').href"


@pytest.fixture(scope="module")
def package():
    try:
        return fetched_runtime()
    except ValueError as error:
        pytest.skip(f"NO RUNTIME: {RUNTIME} could not be had, so the static site was not built ({error})")


@pytest.fixture(scope="module")
def site(package, tiny_weights, tmp_path_factory):
    return export_web(tmp_path_factory.mktemp("web") / "site", tiny_weights, package)


@pytest.fixture(scope="module")
def address(site):
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=site))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture
def open_site(browser, address):
    """A function that opens the site; at the end no script may have failed and nothing outside have been asked for."""
    contexts, complaints = [], []

    def open_page(**options):
        contexts.append(browser.new_context(**(options or DESKTOP)))
        page = contexts[-1].new_page()
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: message.type == "error" and complaints.append(message.text))
        contexts[-1].on("request", lambda request: _is_ours(request.url, address) or complaints.append(request.url))
        page.add_init_script(RECORD)
        page.goto(address)
        page.wait_for_selector("#editor .choose")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not complaints


def _is_ours(url: str, address: str) -> bool:
    return url.startswith((address, "data:", "blob:"))


def fetched(page, url: str) -> bytes:
    script = "async url => { const b = new Uint8Array(await (await fetch(url)).arrayBuffer()); return Array.from(b); }"
    return bytes(page.evaluate(script, url))


def last(page, kind: str) -> dict:
    return page.evaluate("kind => sent.filter(message => message.kind === kind).at(-1).question", kind)


def expected(page, pipeline, path, folder) -> tuple[np.ndarray, np.ndarray]:
    """What Python answers to the last edit that the page asked for, and where it was masked."""
    question = last(page, "edit")
    drawing = read_drawing({**question["drawing"], "photo": {"path": str(path)}}, folder)
    answer = edit_drawing(pipeline, drawing, question["seed"], question["candidates"]).image
    return np.asarray(answer), np.asarray(place_on_photo(drawing.mask, drawing.frame, answer.size))[..., 3] > 0


def test_what_lies_in_the_site(site, tiny_weights):
    sizes = {path.relative_to(site).as_posix(): path.stat().st_size for path in site.rglob("*") if path.is_file()}
    assert max(sizes.values()) < 10_000_000
    assert {"index.html", "service.js", "README.md", "page/start.js"} < sizes.keys() and "page/server.js" not in sizes
    texts = {name: (site / name).read_text() for name in ("index.html", "README.md", "service.js", "licences/README.txt")}
    assert "sdk: static" in texts["README.md"] and "{" not in texts["licences/README.txt"]
    assert "MIT" in (site / "licences" / "onnxruntime.txt").read_text() and sizes["licences/onnxruntime-notices.txt"] > 10_000
    assert "Intel" in (site / "licences" / "haarcascade.txt").read_text()
    assert "licences/README.txt" in texts["index.html"] and f"weights: {licence_of(tiny_weights)}." in texts["index.html"]
    shell = json.loads(texts["service.js"].partition("SHELL = ")[2].partition(";")[0])
    assert all(name == "./" or name in sizes for name in shell) and "page/start.js" in shell
    assert not any(".gz" in name for name in shell)


def test_an_edit_is_pythons_and_goes_on_without_a_network(open_site, tiny_weights, tmp_path):
    """PNG: the file's own pixels everywhere outside; and after the first load the network may go away."""
    path = tmp_path / "astronaut.png"
    Image.fromarray(np.ascontiguousarray(astronaut()[:300, 60:380])).save(path)
    pipeline = FaceEditPipeline.from_pretrained(tiny_weights, dtype="float32", runtime="pytorch")
    page = open_site()
    choose_photo(page, path)
    draw(page, "mask", (0.3, 0.5), (0.5, 0.45), size=40)
    draw(page, "sketch", (0.32, 0.5), (0.48, 0.48))
    draw(page, "color", (0.35, 0.47), (0.45, 0.47))
    edit(page)
    with page.expect_download() as download:
        page.click("#editor [data-do=download]")
    assert download.value.suggested_filename == "astronaut-edited.png"
    with Image.open(download.value.path()) as file:
        assert "repainted by a computer" in file.text["Comment"]
        ours = np.asarray(file).astype(int)
    (theirs, hole), photo = expected(page, NetworkAlone(pipeline), path, tmp_path), np.asarray(Image.open(path))
    assert np.abs(ours - theirs).max() <= 2 and np.abs(ours - theirs)[hole].mean() < 0.2  # fp16 weights, another runtime
    assert np.array_equal(ours[~hole], photo[~hole]) and (ours[hole] != photo[hole]).any()

    for name in ("faces.json", "annotator.onnx"):
        page.wait_for_function(f"() => caches.match('models/{name}.1.gz')")
    page.context.set_offline(True)
    page.reload()
    page.wait_for_function("() => document.querySelector('#editor .status')?.textContent === 'Your drawing is back.'")
    helper(page, "clear")
    draw(page, "mask", (0.4, 0.3), (0.6, 0.3), size=30)
    page.click("#editor [data-do=edit]")
    wait_for_result(page)
    page.click("#editor [data-do=continue]")
    page.wait_for_selector("#editor .history .strip button:nth-child(2)[aria-pressed=true]")
    draw(page, "mask", (0.4, 0.7), (0.6, 0.7))
    edit(page)


def test_a_dab_recolours_as_in_python(open_site, tmp_path):
    """One dab on the hair, no mask, no choice: the page takes it as another colour for what is there."""
    path = tmp_path / "astronaut.png"
    Image.fromarray(np.ascontiguousarray(astronaut()[:300, 60:380])).save(path)
    page = open_site()
    choose_photo(page, path)
    draw(page, "color", (0.53, 0.16), (0.55, 0.16), size=24)
    edit(page)
    question = last(page, "edit")
    drawing = read_drawing({**question["drawing"], "photo": {"path": str(path)}}, tmp_path)
    with Image.open(path) as image:
        photo = np.asarray(image)
    color = place_on_photo(drawing.color, drawing.frame, photo.shape[1::-1])
    rough = [haar.haar_frame(box) for box in haar.haar_boxes(photo)]
    with mock.patch.object(FaceAnnotator, "_rough_frames", lambda *_: rough):
        theirs = np.asarray(recolor_photo(photo, None, None, color)[0]).astype(int)
    ours = np.asarray(Image.open(io.BytesIO(fetched(page, page.evaluate(DOWNLOADED))))).astype(int)
    changed = (theirs != photo).any(2)
    assert question["mode"] == "recolor" and 2000 < changed.sum() < 50_000 and not drawing.mask
    assert np.abs(ours - theirs)[changed].mean() < 1 and (np.abs(ours - theirs)[changed] <= 3).mean() > 0.97
    assert (np.abs(ours - theirs) > 3)[~changed].mean() < 0.001


def test_where_nothing_is_drawn_the_face_is_guessed(open_site, tiny_weights, tmp_path):
    """The prior is fetched for it and not before; more results are other guesses, and without the file it is said.

    Eigenfaces' guess, that is: what Python makes of it (editing/draft.py) the site does not."""
    path = tmp_path / "astronaut.png"
    Image.fromarray(np.ascontiguousarray(astronaut()[:300, 60:380])).save(path)
    pipeline = FaceEditPipeline.from_pretrained(tiny_weights, dtype="float32", runtime="pytorch")
    page, asked = open_site(), []
    page.context.on("request", lambda request: "prior" in request.url and asked.append(request.url))
    choose_photo(page, path)
    draw(page, "mask", (0.45, 0.57), (0.55, 0.57), size=40)
    assert not asked
    edit(page)
    photo = np.asarray(Image.open(path))
    rough = [haar.haar_frame(box) for box in haar.haar_boxes(photo)]
    with (
        mock.patch.object(FaceAnnotator, "_rough_frames", lambda *_: rough),
        mock.patch.object(pipeline_module, "looks", lambda: FaceLooks(bundled())),
        mock.patch.object(Draft, "__call__", lambda self, *_: (np.zeros_like(self.lines), *self.guesser())),
    ):
        theirs, hole = expected(page, NetworkAlone(pipeline, guess=True), path, tmp_path)
    ours = np.asarray(Image.open(io.BytesIO(fetched(page, page.evaluate(DOWNLOADED))))).astype(int)
    assert asked and np.abs(ours - theirs)[hole].mean() < 1 and np.array_equal(ours[~hole], photo[~hole])
    page.click("#editor [data-do=more]")
    page.wait_for_selector("#editor .candidates button:nth-child(4)")
    wait_for_result(page)
    results = set()
    for number in range(1, 5):
        page.click(f"#editor .candidates button:nth-child({number})")
        page.wait_for_selector(f"#editor .candidates button:nth-child({number})[aria-pressed=true]")
        results.add(fetched(page, page.evaluate(DOWNLOADED)))
    assert len(results) == 4


def test_parts_lines_and_many_results(open_site, tmp_path):
    path = tmp_path / "astronaut.jpg"
    Image.fromarray(np.ascontiguousarray(astronaut()[:300, 60:380])).save(path, quality=95)
    page = open_site()
    choose_photo(page, path)
    page.click("#editor .layers [data-layer=mask]")
    page.click("#editor [data-tool=part]")
    page.mouse.click(*at(page, 0.5, 0.4))
    page.wait_for_selector("#editor .status:has-text('Masked: nose')")
    page.click("#editor .layers [data-layer=sketch]")
    helper(page, "trace")
    page.wait_for_selector("#editor .status:has-text('Lines added')")
    edit(page)
    page.click("#editor [data-do=more]")
    wait_for_result(page)
    page.wait_for_selector("#editor .candidates button:nth-child(4)")
    results = [fetched(page, page.evaluate(DOWNLOADED))]
    page.click("#editor .candidates button:nth-child(2)")
    page.wait_for_selector("#editor .candidates button:nth-child(2)[aria-pressed=true]")
    results.append(fetched(page, page.evaluate(DOWNLOADED)))
    assert results[0] != results[1]


def test_an_enlargement_is_pythons_and_can_be_cancelled(open_site, tmp_path):
    image = Image.fromarray(np.ascontiguousarray(astronaut()[60:180, 160:300]))
    image.save(tmp_path / "small.png")
    Image.fromarray(np.ascontiguousarray(astronaut()[:400, :400])).save(tmp_path / "large.png")
    page = open_site()
    choose_photo(page, tmp_path / "large.png", "face")
    page.click("#editor [data-do=enlarge]")
    page.click("#editor [data-do=cancel]")
    expect(page.locator("#editor .status")).to_have_text("Cancelled. Your drawing is as it was.")
    choose_photo(page, tmp_path / "small.png", "face")
    page.click("#editor [data-do=enlarge]")
    wait_for_result(page)
    with Image.open(io.BytesIO(fetched(page, page.evaluate(DOWNLOADED)))) as file:
        assert "repainted by a computer" in file.text["Comment"]
        ours = np.asarray(file).astype(int)
    theirs = np.asarray(PhotoEnlarging.from_pretrained(device="cpu", dtype="float32")(image, 2).image)
    assert ours.shape == theirs.shape and np.abs(ours - theirs).max() <= 2  # fp16 weights, another runtime
    page.click("#editor [data-do=continue]")
    page.wait_for_selector("#editor .history .strip button:nth-child(2)[aria-pressed=true]")
    draw(page, "mask", (0.4, 0.5), (0.6, 0.5), size=40)
    edit(page)


def test_a_soft_mask_and_a_face_from_lines(open_site, tiny_weights, tmp_path):
    path = tmp_path / "astronaut.png"
    Image.fromarray(np.ascontiguousarray(astronaut()[:300, 60:380])).save(path)
    pipeline = FaceEditPipeline.from_pretrained(tiny_weights, dtype="float32", runtime="pytorch")
    page = open_site()
    choose_photo(page, path)
    draw(page, "color", (0.45, 0.6), (0.55, 0.6), size=20)  # where nothing is drawn, faces are looked for
    draw(page, "mask", (0.4, 0.6), (0.6, 0.6), size=60)
    page.click("#editor .more summary")
    page.fill("#editor [data-set=feather]", "20")
    edit(page)
    question = last(page, "edit")
    drawing = read_drawing({**question["drawing"], "photo": {"path": str(path)}}, tmp_path)
    with Image.open(io.BytesIO(fetched(page, page.evaluate(DOWNLOADED)))) as file:
        ours = np.asarray(file).astype(int)
    theirs = np.asarray(edit_drawing(NetworkAlone(pipeline), drawing, question["seed"], 1, feather=20).image)
    assert question["feather"] == 20 and np.abs(ours - theirs).max() <= 2

    page = open_site()
    page.click("#editor [data-do=from-lines]")
    draw(page, "sketch", *[(0.5 + 0.27 * np.cos(a), 0.52 + 0.37 * np.sin(a)) for a in np.linspace(0, 2 * np.pi, 30)], size=4)
    drag(page, (0.42, 0.73), (0.5, 0.75), (0.58, 0.73))
    edit(page)
    drawing = read_drawing(last(page, "lines")["drawing"], tmp_path)
    with Image.open(io.BytesIO(fetched(page, page.evaluate(DOWNLOADED)))) as file:
        assert file.text["Comment"].startswith("Generated") and "trainedAlgorithmicMedia" in file.text["XML:com.adobe.xmp"]
        ours = np.asarray(file).astype(int)
    theirs = np.asarray(FaceFromLines.from_pretrained(device="cpu", dtype="float32")(drawing.sketch, seed=0).image)
    assert ours.shape == theirs.shape == (512, 512, 3) and np.abs(ours - theirs).mean() < 1.5
    page.click("#editor [data-do=continue]")
    expect(page.locator("#editor .status")).to_contain_text("is the photo now")


def test_profiles_and_turned_jpegs_stay_and_what_cannot_be_is_told(open_site, tiny_weights, tmp_path):
    image = Image.fromarray(np.ascontiguousarray(astronaut()[:300, 60:380]))
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    turned = Image.Exif()
    turned[0x0112] = 6
    image.save(tmp_path / "turned.jpg", quality=95, icc_profile=profile, exif=turned)
    image.convert("CMYK").save(tmp_path / "print.jpg")
    Image.fromarray(np.zeros((90, 90), np.uint16)).save(tmp_path / "deep.png")
    pipeline = FaceEditPipeline.from_pretrained(tiny_weights, dtype="float32", runtime="pytorch")
    page = open_site(**PHONE)
    choose_photo(page, tmp_path / "print.jpg", "cmyk colours")
    choose_photo(page, tmp_path / "deep.png", "more than 8 bits")
    choose_photo(page, tmp_path / "turned.jpg", "face was found")
    draw(page, "color", (0.45, 0.4), (0.55, 0.4), size=16)  # where nothing is drawn, faces are looked for
    draw(page, "mask", (0.4, 0.4), (0.6, 0.4), size=30)
    edit(page)
    with Image.open(io.BytesIO(fetched(page, page.evaluate(DOWNLOADED)))) as file:
        assert file.size == (300, 320) and file.info["icc_profile"] == profile
        theirs, _ = expected(page, NetworkAlone(pipeline), tmp_path / "turned.jpg", tmp_path)
        apart = np.abs(np.asarray(file).astype(int) - theirs)
    assert np.quantile(apart, 0.999) <= 2 and apart.max() <= 8  # two readers of JPEG


def test_what_is_refused_when_a_site_is_written(tmp_path, package, tiny_weights, monkeypatch, capsys):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    assert main(["export", "--web", str(tmp_path / "mine"), "--model", tiny_weights]) == 1
    assert "something else" in capsys.readouterr().err and (tmp_path / "mine" / "letter.txt").is_file()
    with tarfile.open(tmp_path / "other.tgz", "w:gz"):
        pass
    other = ["--runtime", str(tmp_path / "other.tgz")]
    assert main(["export", "--web", str(tmp_path / "site"), "--model", tiny_weights, *other]) == 1
    assert "its sum is another one" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine", "other.tgz"]
    assert main(["export", "--onnx", str(tmp_path / "edit.onnx"), "--runtime", str(package)]) == 1
    assert "goes with --web" in capsys.readouterr().err
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(ValueError, match=r"Install Node\.js"):
        fetched_runtime()
