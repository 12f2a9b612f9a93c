"""The ONNX file does what the network does, in a process that has no PyTorch."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from scfegan_hf import SCFEGANGenerator
from scfegan_hf.cli import main
from scfegan_hf.export import INPUTS, OUTPUT, Edit, export_onnx

RUN = """
import sys
sys.modules["torch"] = None  # importing it now fails
import numpy as np, onnxruntime
given = dict(np.load(sys.argv[2]))
session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
np.save(sys.argv[3], session.run(["completed"], given)[0])
"""


@pytest.mark.parametrize("options", [{}, {"fill": "pyramid", "color_flag": False}, {"fill": "none", "norm": "lrn"}])
def test_it_equals_the_network_without_pytorch(tmp_path, options):
    torch.manual_seed(0)
    generator = SCFEGANGenerator.preset("compact", width=4, resolution=128, **options).eval()
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
    generator = SCFEGANGenerator.preset("compact", width=4, stages=2, fill="none", resolution=128)
    generator.save_pretrained(tmp_path / "model")
    assert main(["export", "--onnx", str(tmp_path / "edit.onnx"), "--model", str(tmp_path / "model")]) == 0
    assert (tmp_path / "edit.onnx").stat().st_size > 1000
    assert main(["export", "--onnx", str(tmp_path / "nowhere" / "edit.onnx"), "--model", str(tmp_path / "model")]) == 1
