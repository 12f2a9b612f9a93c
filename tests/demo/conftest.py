"""A real but tiny pipeline, and the app served around it."""

import tarfile

import numpy as np
import pytest
from browser import CHROMIUM, FLAGS, PATIENCE
from node import Callback
from PIL import Image
from remembering import RememberingPipeline
from skimage.data import astronaut

from scfegan_hf import SCFEGANGenerator


@pytest.fixture(scope="session")
def tiny_weights(tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp("tiny")
    SCFEGANGenerator.preset("compact", width=4, resolution=128).save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="session")
def pipeline(tiny_weights) -> RememberingPipeline:
    return RememberingPipeline.from_pretrained(tiny_weights)


@pytest.fixture(scope="session")
def launched(pipeline):
    """The running app and its address."""
    from scfegan_hf.demo import launch

    app, address = launch(pipeline=pipeline, prevent_thread_lock=True)
    yield app, address.rstrip("/")
    app.close()


@pytest.fixture(scope="session")
def served(launched) -> str:
    return launched[1]


@pytest.fixture(scope="session")
def photo() -> Image.Image:
    """A face, 256x256."""
    return Image.fromarray(np.ascontiguousarray(astronaut()[:256, 96:352]))


@pytest.fixture(scope="session")
def photo_file(photo, tmp_path_factory):
    path = tmp_path_factory.mktemp("photos") / "astronaut.png"
    photo.save(path)
    return path


@pytest.fixture(scope="session")
def portrait(tmp_path_factory):
    """The file of a photograph of 512x512."""
    path = tmp_path_factory.mktemp("portraits") / "portrait.png"
    Image.fromarray(astronaut()).save(path)
    return path


@pytest.fixture(scope="module")  # while it is there, an event loop runs in this thread, and no other can
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser, served):
    """A function that opens the app; at the end no script may have failed and nothing outside have been asked for."""
    contexts, complaints = [], []

    def note_request(request):
        if not request.url.startswith(("http://127.0.0.1:", "data:", "blob:")):
            complaints.append(f"asked for {request.url}")

    def note_message(message, expected):
        if message.type == "error" and expected not in message.text:
            complaints.append(message.text)

    def open_app(expected: str = "\0", address: str = served, script: str = "", **options):
        contexts.append(browser.new_context(**options))
        page = contexts[-1].new_page()
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: note_message(message, expected))
        page.on("request", note_request)
        page.add_init_script(script)
        page.goto(address)
        page.wait_for_selector("#editor .choose")
        return page

    yield open_app
    for context in contexts:
        context.close()
    assert not complaints


@pytest.fixture(scope="session")
def runtime(tmp_path_factory):
    """ONNX Runtime Web's scripts, for Node."""
    from scfegan_hf.demo.web import RUNTIME, RUNTIME_SCRIPTS, RUNTIME_WASM, fetched_runtime

    try:
        package = fetched_runtime()
    except ValueError as error:
        pytest.skip(f"NO RUNTIME: {RUNTIME} could not be had, so the annotator was not tried in Node ({error})")
    folder = tmp_path_factory.mktemp("ort")
    with tarfile.open(package) as archive:
        for name in (*RUNTIME_SCRIPTS, RUNTIME_WASM):
            (folder / name).write_bytes(archive.extractfile(f"package/dist/{name}").read())
    return folder


@pytest.fixture(scope="session")
def look(tmp_path_factory) -> Callback:
    """The annotator as the static site has it, for Node."""
    from scfegan_hf.editing.export import export_module
    from scfegan_hf.faces import annotate, export

    path = tmp_path_factory.mktemp("look") / "annotator.onnx"
    module = export.Look(annotate.bundled().network)
    export_module(module, export.examples(), path, export.INPUTS, export.OUTPUTS, dynamic_axes=export.DYNAMIC)
    return Callback("look", path)
