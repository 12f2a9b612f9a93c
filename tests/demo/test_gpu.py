"""ZeroGPU: the real package `spaces` around the real app; only the GPU, and the server that lends it, are played here."""

import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from asking import ask_as_a_page
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

from scfegan_hf import FaceEditPipeline
from scfegan_hf.demo.gpu import LONGEST_LOAN, gpu_is_lent, with_gpu

HERE = Path(__file__).parent


class Lender(ThreadingHTTPServer):
    """Lends one GPU by the requests that `spaces` makes, and remembers them."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Lending)
        self.asked: list[str] = []
        self.has_gpu = True

    def count(self, what: str) -> int:
        return sum(what in path for path in self.asked)


class Lending(BaseHTTPRequestHandler):
    def do_POST(self):
        self.server.asked.append(self.path)
        scheduled = self.path.startswith("/schedule")
        self.send_response(200 if self.server.has_gpu or not scheduled else 503)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        if scheduled:
            again = self.server.count("/schedule") > 1  # the process of the first loan may go on
            gpu = {"idle": again, "nvidiaIndex": 0, "nvidiaUUID": "GPU-0", "allowToken": f"loan{self.server.count('/')}"}
            self.wfile.write(json.dumps(gpu).encode())

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def lender():
    server = Lender()
    threading.Thread(target=server.serve_forever).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def space(lender, tiny_weights, tmp_path_factory):
    """Address of the app in a process of its own, on what it takes for a ZeroGPU Space."""
    pytest.importorskip("spaces", reason="needs the package spaces")
    folder = tmp_path_factory.mktemp("space")
    lent = {"SPACES_ZERO_GPU": "true", "SPACES_ZERO_DEVICE_API_URL": f"http://127.0.0.1:{lender.server_port}"}
    own = {"ZEROGPU_OFFLOAD_DIR": str(folder / "tensors"), "GRADIO_TEMP_DIR": str(folder / "files")}
    log = folder / "log.txt"
    with (
        log.open("w") as errors,
        subprocess.Popen(
            [sys.executable, HERE / "on_zero_gpu.py", tiny_weights],
            env={**os.environ, **lent, **own},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        address = next((line.split()[-1] for line in process.stdout if line.startswith("served at")), None)
        assert address, log.read_text()
        rest = threading.Thread(target=process.stdout.read)
        rest.start()
        yield address
        process.stdin.close()
        process.wait(60)
        rest.join()
    assert "Traceback" not in log.read_text()


@pytest.fixture
def masks(tmp_path) -> dict[str, str]:
    mask = Image.new("L", (256, 256))
    mask.save(tmp_path / "empty.png")
    mask.paste(255, (90, 90, 150, 130))
    mask.save(tmp_path / "mask.png")
    return {name: str(tmp_path / f"{name}.png") for name in ("empty", "mask")}


def asked(address: str, *files: str, **given):
    """What an endpoint answers, if it does within a minute."""
    return Client(address, verbose=False).submit(*map(handle_file, files), **given).result(timeout=60)


def test_elsewhere_a_function_is_left_as_it_is():
    assert not gpu_is_lent()
    assert with_gpu(len) is len


def test_on_zero_gpu_edits_run_on_loan_and_complaints_keep_their_words(space, lender, tiny_weights, photo_file, masks):
    assert lender.asked == ["/startup-report"]
    answers = asked(space, photo_file, masks["mask"], candidates=2, api_name="/edit")
    direct = FaceEditPipeline.from_pretrained(tiny_weights, dtype="float32")(photo_file, masks["mask"], num_candidates=2)
    for answer, expected in zip(answers, direct.images, strict=True):
        with Image.open(answer) as edited:
            assert np.abs(np.asarray(edited, int) - np.asarray(expected, int)).max() <= 1
    with pytest.raises(AppError, match="mask is empty"):
        asked(space, photo_file, masks["empty"], api_name="/edit")
    with Image.open(masks["mask"]) as drawn:
        answer = ask_as_a_page(space, photo_file, drawn)
    assert '"success":true' in answer and "preview" in answer
    loans = lender.count("/schedule")
    assert loans == lender.count(f"durationSeconds={LONGEST_LOAN}") == lender.count("/release") == 3
    assert lender.count("/allow") == 1 and not lender.count("fail=true")  # one process for all three
    asked(space, photo_file, api_name="/trace")
    assert lender.count("/schedule") == loans  # lines need no GPU


def test_no_gpu_is_said(space, lender, photo_file, masks):
    lender.has_gpu = False
    try:
        with pytest.raises(AppError, match="No GPU was available"):
            asked(space, photo_file, masks["mask"], api_name="/edit")
    finally:
        lender.has_gpu = True
    assert len(asked(space, photo_file, masks["mask"], api_name="/edit")) == 1
