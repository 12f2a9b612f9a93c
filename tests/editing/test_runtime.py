"""The generator by OpenVINO: the same answers as PyTorch's, chosen where it can be had, quiet towards the network."""

import copy
import logging
import os
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from skimage.data import astronaut

from scfegan_hf import FaceEditPipeline, SCFEGANGenerator
from scfegan_hf.editing import pipeline as pipeline_module
from scfegan_hf.editing.looking import trace
from scfegan_hf.editing.pipeline import computing_dtype
from scfegan_hf.models.scfegan import FoldedGenerator, ResidualGenerator

ROOT = Path(__file__).resolve().parents[2]
WITHOUT = "needs the package openvino, which is not installed: OpenVINO's answers are not tested"


@pytest.fixture
def network():
    """`OpenVINONetwork`; the test is skipped, saying so, without OpenVINO."""
    from scfegan_hf.editing.runtime import OpenVINONetwork, import_openvino

    try:
        import_openvino()
    except ModuleNotFoundError:
        pytest.skip(WITHOUT)
    return OpenVINONetwork


def lively(preset: str, **changes) -> SCFEGANGenerator:
    """A tiny generator whose every parameter matters."""
    generator = SCFEGANGenerator.preset(preset, width=4, resolution=128, **changes).eval().requires_grad_(False)
    with torch.no_grad():
        if isinstance(generator, FoldedGenerator):
            last = generator.unet.head
        else:
            last = generator.residual.head if isinstance(generator, ResidualGenerator) else generator.merge[-1].conv
        last.weight.normal_(0, 0.1)
        for parameter in generator.parameters():
            if parameter.ndim < 4:
                parameter.add_(torch.randn_like(parameter) * 0.2)
    return generator


def edits(pipe: FaceEditPipeline) -> list[tuple[np.ndarray, np.ndarray]]:
    """Edits of a photograph as integers, with their masks: an eye and the whole frame, without and with a drawing."""
    photo = astronaut()[:256, 100:356].copy()
    paint = np.zeros((256, 256, 4), np.uint8)
    paint[90:110, 110:130] = (150, 60, 60, 255)
    eye, frame = np.zeros((256, 256), np.uint8), np.full((256, 256), 255, np.uint8)
    eye[90:130, 80:140] = 255
    drawings = ((None, None), (trace(photo), paint))
    asked = [(mask, drawn) for mask in (eye, frame) for drawn in drawings]
    how = {"detail": False, "invert": False}
    return [(np.asarray(pipe(photo, mask, *drawn, **how).image).astype(int), mask) for mask, drawn in asked]


@pytest.mark.parametrize(
    ("preset", "changes"),
    [
        ("compact", {}),
        ("compact", {"gate": "full", "norm": "rms", "dilations": [2, 4]}),
        ("plain", {}),
        ("plain", {"gate": "full", "upsample_gate": "conv", "upsample_kernel": 5, "norm": "rms", "stages": 3}),
        ("plain", {"norm": "lrn_reference", "color_flag": False}),
        ("paper", {}),
        ("folded", {"widths": [8, 8, 64], "stages": 4, "encoder_blocks": [1, 1], "decoder_blocks": [1, 1]}),
        ("folded", {"widths": [8, 16], "stages": 3, "encoder_blocks": [0], "decoder_blocks": [1], "attention": 0}),
    ],
)
def test_the_graph_is_the_network(network, preset, changes):
    generator = lively(preset, **changes)
    given = torch.randn(1, generator.in_channels, 128, 128)
    plain, answer = generator(given), network(generator, torch.float32)(given)
    assert answer.shape == (1, 3, 128, 128) and answer.dtype == torch.float32
    error = (answer - plain).abs()
    # Where nearly all channels around one are 0, LRN divides by next to nothing, so single pixels are looser than the mean.
    assert error.mean() < 1e-4 and error.max() < 0.1 and plain.std() > 0.3
    assert (network(lively(preset, **changes), torch.float32)(given) - plain).abs().mean() > 0.01  # other weights, other answer


@pytest.mark.parametrize(("dtype", "levels"), [("float32", 1), ("bfloat16", 2)])
def test_edits_are_the_twins_of_the_plain_paths(network, dtype, levels):
    """The weights in the package, in levels of 255."""
    plain = FaceEditPipeline.from_pretrained(device="cpu", dtype="float32")
    quick = FaceEditPipeline.from_pretrained(device="cpu", dtype=dtype, runtime="openvino")
    assert plain.openvino is None and quick.openvino is not None
    for (a, mask), (b, _) in zip(edits(plain), edits(quick), strict=True):
        assert np.abs(a - b).max() <= levels and np.abs(a - b)[mask > 0].mean() < 0.3 and (a[mask == 0] == b[mask == 0]).all()


def test_it_is_the_default_on_x86_cpus(network, monkeypatch):
    monkeypatch.setattr(pipeline_module.platform, "machine", lambda: "x86_64")
    pipe = FaceEditPipeline.from_pretrained(device="cpu")
    assert pipe.openvino is not None and pipe.openvino.holds(pipe.generator)
    assert next(pipe.generator.parameters()).dtype == torch.float32  # which is what bfloat16 rounds in the graph
    for options in ({"runtime": "pytorch"}, {"dtype": "float32"}):
        assert FaceEditPipeline.from_pretrained(device="cpu", **options).openvino is None
    monkeypatch.setattr(pipeline_module.platform, "machine", lambda: "aarch64")
    assert FaceEditPipeline.from_pretrained(device="cpu").openvino is None


def test_weights_that_change_are_computed_by_pytorch(network, monkeypatch):
    generator = lively("compact")
    pipe = FaceEditPipeline(generator, device="cpu")
    pipe.openvino = network(pipe.generator, torch.float32)
    given = torch.randn(1, 10, 128, 128)
    before = pipe._generate(given)
    assert not torch.equal(before, pipe.generator(given)) and torch.allclose(before, pipe.generator(given), atol=1e-3)
    pipe.generator.load_state_dict(lively("compact").state_dict())
    assert torch.equal(pipe._generate(given), pipe.generator(given)) and (pipe._generate(given) - before).abs().mean() > 0.01
    pipe.openvino = network(pipe.generator, torch.float32)
    pipe.generator.to(torch.bfloat16)
    assert torch.equal(pipe._generate(given), pipe.generator(given.bfloat16()).float())


def test_copies_and_pickles_compute_the_same_by_pytorch(network):
    pipe = FaceEditPipeline.from_pretrained(device="cpu", dtype="float32", runtime="openvino")
    expected = edits(pipe)
    for other in (copy.deepcopy(pipe), pickle.loads(pickle.dumps(pipe))):
        assert other.openvino is None
        assert all(np.abs(a - b).max() <= 1 for (a, _), (b, _) in zip(expected, edits(other), strict=True))
    assert pipe.openvino is not None


def test_several_threads_may_ask_at_once(network):
    generator = lively("compact")
    ask = network(generator, torch.float32)
    questions = [torch.randn(1, 10, 128, 128) for _ in range(12)]
    expected = [ask(question) for question in questions]
    with ThreadPoolExecutor(4) as threads:
        assert all(torch.equal(a, b) for a, b in zip(expected, threads.map(ask, questions), strict=True))
    kept = ask(questions[0]).clone()
    first = ask(questions[0])
    ask(questions[1])
    assert torch.equal(first, kept)  # an answer stays when the next one is made


def test_without_openvino_pytorch_computes_and_asking_for_it_says_so(monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "openvino", None)  # as if it were not installed
    with caplog.at_level(logging.WARNING):
        pipe = FaceEditPipeline.from_pretrained(device="cpu")
    assert pipe.openvino is None and not caplog.records  # nothing is wrong
    assert next(pipe.generator.parameters()).dtype == computing_dtype(torch.device("cpu"))
    with pytest.raises(ModuleNotFoundError, match="openvino"):
        FaceEditPipeline.from_pretrained(device="cpu", runtime="openvino")


def test_a_norm_without_a_graph_is_refused_and_not_left_out(network):
    generator = SCFEGANGenerator.preset("compact", width=4, norm="rms", resolution=64)
    gated = next(module for module in generator.modules() if type(module).__name__ == "GatedConv2d" and module.leak != 1)
    gated.norm = torch.nn.InstanceNorm2d(4)
    with pytest.raises(TypeError, match="no OpenVINO graph of InstanceNorm2d"):
        network(generator, torch.float32)


def test_runtimes_that_cannot_be_are_refused_in_words():
    with pytest.raises(ValueError, match="runtime must be one of pytorch, openvino or None, not 'tensorrt'"):
        FaceEditPipeline.from_pretrained(device="cpu", runtime="tensorrt")
    with pytest.raises(ValueError, match=r"float32 or bfloat16, not on cpu in torch\.float64"):
        FaceEditPipeline.from_pretrained(device="cpu", dtype="float64", runtime="openvino")
    editor = FaceEditPipeline(SCFEGANGenerator.preset("compact", width=4), device="cpu")
    editor.device = torch.device("cuda")
    with pytest.raises(ValueError, match="computes on the CPU in float32 or bfloat16, not on cuda"):
        editor._use_openvino(torch.float32)


@pytest.mark.parametrize(
    "package",
    ["raise OSError('libopenvino.so: cannot open')", "class Core: pass", "raise ImportError('numpy is too new')"],
    ids=["broken", "old", "unimportable"],
)
def test_an_openvino_that_does_not_work_is_one_line_of_the_log(tmp_path, package):
    (tmp_path / "openvino").mkdir()
    (tmp_path / "openvino" / "__init__.py").write_text(package)
    program = """
import platform, sys
platform.machine = lambda: "x86_64"
from scfegan_hf import FaceEditPipeline
import numpy as np
from skimage.data import astronaut
pipe = FaceEditPipeline.from_pretrained(device="cpu")
assert pipe.openvino is None
photo, eye = astronaut()[:256, 100:356], np.zeros((256, 256), np.uint8)
eye[90:130, 80:140] = 255
assert (np.asarray(pipe(photo, eye, detail=False).image) != photo).any()
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)]), "OMP_NUM_THREADS": "1"}
    ran = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr.count("\n") == 1 and "OpenVINO is installed but does not work, so PyTorch computes" in ran.stderr


def test_nothing_is_told_to_anyone(network, tmp_path):
    """OpenVINO's import would leave an identity in the home directory and report itself; ours must not."""
    program = """
import sys, threading
reached = []
watched = ("socket.connect", "socket.getaddrinfo", "subprocess.")
sys.addaudithook(lambda event, given: event.startswith(watched) and reached.append(event))
from scfegan_hf import FaceEditPipeline
pipe = FaceEditPipeline.from_pretrained(device="cpu", runtime="openvino")
assert "openvino" in sys.modules and "openvino_telemetry" not in sys.modules
assert not reached and threading.active_count() == 1, (reached, threading.enumerate())
"""
    home = {"HOME": str(tmp_path), "USERPROFILE": str(tmp_path), "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    environment = {key: value for key, value in os.environ.items() if key != "CI"} | home  # where CI is set it reports nothing
    ran = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert not list(tmp_path.iterdir())


def test_a_signal_after_another_thread_dropped_the_network_ends_nothing(network):
    """OpenVINO leaves the thread that it compiles in with a signal stack which is freed with the network."""
    program = """
import os, signal, threading
from scfegan_hf import FaceEditPipeline
signal.signal(signal.SIGUSR1, lambda *given: print("heard"))
pipes = [FaceEditPipeline.from_pretrained(runtime="openvino")]
dropping = threading.Thread(target=pipes.clear)
dropping.start()
dropping.join()
os.kill(os.getpid(), signal.SIGUSR1)
"""
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert (ran.returncode, ran.stdout) == (0, "heard\n"), ran.stderr
