"""The ONNX file does what the network does, in a process that has no PyTorch."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from skimage.data import astronaut

from scfegan_hf import SCFEGANGenerator
from scfegan_hf.cli import main
from scfegan_hf.editing.export import INPUTS, OUTPUT, Edit, export_onnx

RUN = """
import sys
sys.modules["torch"] = None  # importing it now fails
import numpy as np, onnxruntime
given = dict(np.load(sys.argv[2]))
session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
np.save(sys.argv[3], session.run(["completed"], given)[0])
"""

EXAMPLE = Path(__file__).parents[2] / "examples" / "edit_without_torch.py"
RUN_EXAMPLE = """
import runpy, sys
sys.modules["torch"] = sys.modules["scfegan_hf"] = sys.modules["cv2"] = None
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


FOLDED = {"widths": [8, 8, 32], "stages": 4, "encoder_blocks": [1, 1], "decoder_blocks": [1, 1]}


@pytest.mark.parametrize(
    ("preset", "options"),
    [
        ("compact", {}),
        ("compact", {"fill": "pyramid", "color_flag": False}),
        ("compact", {"fill": "none", "norm": "lrn"}),
        ("folded", FOLDED),
    ],
)
def test_it_equals_the_network_without_pytorch(tmp_path, preset, options):
    torch.manual_seed(0)
    generator = SCFEGANGenerator.preset(preset, width=4, resolution=128, **options).eval()
    export_onnx(generator, tmp_path / "edit.onnx")
    given = {name: torch.randn(1, channels, 128, 128).clamp(-1, 1) for name, channels in INPUTS.items()}
    for name, share in (("mask", 0.4), ("sketch", 0.05), ("color_mask", 0.1)):
        given[name] = (torch.rand(1, 1, 128, 128) < share).float()
    given["mask"][..., 30:90, 40:100] = 1
    np.savez(tmp_path / "given.npz", **{name: tensor.numpy() for name, tensor in given.items()})
    arguments = [str(tmp_path / name) for name in ("edit.onnx", "given.npz", "out.npy")]
    subprocess.run([sys.executable, "-c", RUN, *arguments], check=True, timeout=120)
    with torch.inference_mode():
        expected = Edit(generator)(**given).numpy()
    assert OUTPUT == "completed" and np.abs(np.load(tmp_path / "out.npy") - expected).max() < 1e-4
    outside = given["mask"].numpy()[0, 0] == 0
    assert np.array_equal(np.load(tmp_path / "out.npy")[0][:, outside], given["image"].numpy()[0][:, outside])


def test_the_command_writes_it(tmp_path):
    generator = SCFEGANGenerator.preset("plain", width=4, stages=2, fill="none", resolution=128)
    generator.save_pretrained(tmp_path / "model")
    assert main(["export", "--onnx", str(tmp_path / "edit.onnx"), "--model", str(tmp_path / "model")]) == 0
    assert (tmp_path / "edit.onnx").stat().st_size > 1000
    assert main(["export", "--onnx", str(tmp_path / "nowhere" / "edit.onnx"), "--model", str(tmp_path / "model")]) == 1


def test_without_onnx_it_says_what_to_install(tmp_path, monkeypatch, capsys):
    SCFEGANGenerator.preset("plain", width=4, stages=2, fill="none", resolution=128).save_pretrained(tmp_path / "model")
    monkeypatch.setitem(sys.modules, "onnx", None)
    assert main(["export", "--onnx", str(tmp_path / "edit.onnx"), "--model", str(tmp_path / "model")]) == 1
    message = capsys.readouterr().err
    assert "pip install" in message and "export" in message and message.count("\n") == 1
    assert not (tmp_path / "edit.onnx").exists()


def test_the_example_edits_a_photograph_without_pytorch(tmp_path):
    torch.manual_seed(0)
    generator = SCFEGANGenerator.preset("plain", width=4, stages=2, fill="none", resolution=128).eval()
    export_onnx(generator, tmp_path / "edit.onnx")
    photo = astronaut()[30:158, 150:278]
    mask, sketch = np.zeros((128, 128), np.uint8), np.zeros((128, 128), np.uint8)
    mask[60:100, 40:100], sketch[80, 50:90] = 255, 255
    color = np.zeros((128, 128, 4), np.uint8)
    color[85:95, 50:90] = (0, 200, 0, 255)
    pictures = {"photo": photo, "mask": mask, "out": None, "sketch": sketch, "color": color}
    for name, array in pictures.items():
        if array is not None:
            Image.fromarray(array).save(tmp_path / f"{name}.png")
    files = [str(tmp_path / f"{name}.png") for name in pictures]
    command = [sys.executable, "-c", RUN_EXAMPLE, str(EXAMPLE), str(tmp_path / "edit.onnx"), *files]
    subprocess.run(command, check=True, timeout=120)
    out = np.asarray(Image.open(tmp_path / "out.png"))
    assert np.array_equal(out[mask == 0], photo[mask == 0])

    def tensor(array: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(array.reshape(128, 128, -1).transpose(2, 0, 1)[None].astype(np.float32))

    noise = torch.from_numpy(np.random.default_rng(0).standard_normal((1, 1, 128, 128)).astype(np.float32))
    where, paint = tensor(mask > 0), tensor(color[..., :3]) / 127.5 - 1
    with torch.inference_mode():
        expected = Edit(generator)(
            tensor(photo) / 127.5 - 1, where, tensor(sketch > 0), paint, tensor(color[..., 3] > 0), noise
        )
    expected = ((expected[0].permute(1, 2, 0).numpy() + 1) * 127.5).round()
    assert np.abs(out - expected).max() <= 1 and (out != photo)[mask > 0].mean() > 0.5

    Image.fromarray(photo[:100]).save(files[0])
    refused = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert refused.returncode == 1 and "cut a square" in refused.stderr
