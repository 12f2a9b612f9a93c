"""Networks in folders: saved and loaded they answer the same; what does not fit is an error that says so."""

import json
import subprocess
import sys
from inspect import signature
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from scfegan_hf.models.scfegan import PRESETS, SCFEGANDiscriminator, SCFEGANGenerator


def compact():
    return SCFEGANGenerator.preset("compact", width=4, norm="rms", resolution=128)


@pytest.fixture
def folder(tmp_path):
    compact().save_pretrained(tmp_path)
    return tmp_path


def edit_config(folder, change):
    path = folder / "config.json"
    config = json.loads(path.read_text())
    change(config)
    path.write_text(json.dumps(config))


@pytest.mark.parametrize(
    ("build", "channels"),
    [
        (compact, 10),
        (lambda: SCFEGANGenerator.preset("paper", width=4), 9),
        (lambda: SCFEGANDiscriminator(4, kernel_size=3), 8),
    ],
)
def test_saved_and_loaded_it_answers_the_same(tmp_path, build, channels):
    network = build().eval()
    network.save_pretrained(tmp_path)
    loaded = type(network).from_pretrained(tmp_path)
    x = torch.randn(1, channels, 128, 128)
    with torch.no_grad():
        assert torch.equal(loaded(x), network(x))
    assert not loaded.training


def test_the_config_holds_every_argument(folder):
    config = json.loads((folder / "config.json").read_text())
    defaults = {name: p.default for name, p in signature(SCFEGANGenerator.__init__).parameters.items() if name != "self"}
    assert config == {**defaults, "widths": [], **PRESETS["compact"], "width": 4, "norm": "rms", "resolution": 128}


def test_the_card_names_licence_task_and_library(folder):
    card = (folder / "README.md").read_text()
    for line in ("license: other", "pipeline_tag: image-to-image", "library_name: scfegan_hf", "- sc-fegan"):
        assert line in card


def test_without_config(folder):
    (folder / "config.json").unlink()
    with pytest.raises(FileNotFoundError, match="has no config.json"):
        SCFEGANGenerator.from_pretrained(folder)


def test_without_weights(folder):
    (folder / "model.safetensors").unlink()
    with pytest.raises(FileNotFoundError, match="has no model.safetensors"):
        SCFEGANGenerator.from_pretrained(folder)


@pytest.mark.parametrize(("text", "message"), [("{", "not valid JSON"), ("", "not valid JSON"), ("[4]", "must hold a JSON")])
def test_broken_config(folder, text, message):
    (folder / "config.json").write_text(text)
    with pytest.raises(ValueError, match=message):
        SCFEGANGenerator.from_pretrained(folder)


def test_config_that_is_not_text(folder):
    (folder / "config.json").write_bytes(b"\xff\xfe\x00{}")
    with pytest.raises(ValueError, match="not valid JSON"):
        SCFEGANGenerator.from_pretrained(folder)


def test_unknown_key(folder):
    edit_config(folder, lambda config: config.update(depth=7))
    with pytest.raises(ValueError, match="does not take: depth"):
        SCFEGANGenerator.from_pretrained(folder)


def test_missing_key(folder):
    edit_config(folder, lambda config: config.pop("norm"))
    with pytest.raises(ValueError, match="needs but does not find there: norm"):
        SCFEGANGenerator.from_pretrained(folder)


def test_networks_saved_before_there_were_layouts(tmp_path):
    network = SCFEGANGenerator.preset("plain", width=4)
    network.save_pretrained(tmp_path)
    edit_config(tmp_path, lambda config: [config.pop(name) for name in ("layout", "encoder_blocks", "decoder_blocks")])
    x = torch.randn(1, 10, 64, 64)
    with torch.no_grad():
        assert torch.equal(SCFEGANGenerator.from_pretrained(tmp_path)(x), network(x))


def test_config_of_another_network(folder):
    with pytest.raises(ValueError, match="is not one of SCFEGANDiscriminator"):
        SCFEGANDiscriminator.from_pretrained(folder)


def test_value_that_is_no_option(folder):
    edit_config(folder, lambda config: config.update(norm="batch"))
    with pytest.raises(ValueError, match="norm must be"):
        SCFEGANGenerator.from_pretrained(folder)


def test_weights_of_another_shape(folder):
    edit_config(folder, lambda config: config.update(width=8))
    with pytest.raises(ValueError, match="do not fit its config.json"):
        SCFEGANGenerator.from_pretrained(folder)


@pytest.mark.parametrize("change", [lambda t: t.pop("residual.stem.bias"), lambda t: t.update(extra=torch.zeros(1))])
def test_missing_or_extra_tensors(folder, change):
    tensors = load_file(folder / "model.safetensors")
    change(tensors)
    save_file(tensors, folder / "model.safetensors")
    with pytest.raises(ValueError, match="do not fit its config.json"):
        SCFEGANGenerator.from_pretrained(folder)


@pytest.mark.parametrize("content", [b"", b"not a safetensors file at all", None])
def test_broken_weights(folder, content):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:5000] if content is None else content)
    with pytest.raises(ValueError, match=str(folder)):
        SCFEGANGenerator.from_pretrained(folder)


@pytest.mark.parametrize("name", ["/no/such/folder", "no such: name", "someone/absent-from-the-cache"])
def test_neither_a_folder_nor_a_repository(name):
    with pytest.raises(FileNotFoundError, match=name):
        SCFEGANGenerator.from_pretrained(name)


@pytest.mark.parametrize("dtype", [torch.bfloat16, "bfloat16", "float16"])
def test_loaded_as_another_type(folder, dtype):
    wanted = getattr(torch, dtype) if isinstance(dtype, str) else dtype
    assert {p.dtype for p in SCFEGANGenerator.from_pretrained(folder, dtype=dtype).parameters()} == {wanted}
    assert {p.dtype for p in SCFEGANGenerator.from_pretrained(folder).parameters()} == {torch.float32}


@pytest.mark.parametrize("dtype", ["bf16", torch.int8, 16])
def test_a_type_that_no_network_has(folder, dtype):
    with pytest.raises(ValueError, match="dtype must be a floating point one"):
        SCFEGANGenerator.from_pretrained(folder, dtype=dtype)


WRONG = {
    "resolution": [0, None, "256", -128, 1.5, True, 10**9, 100], "width": [0, -4, "4", 4.0, None, 10**6, True],
    "stages": [1, 8, None], "dilations": [[0], "1", 7, [1] * 65, [True], [1.0], None, [[1]], [10**4]],
    "encoder_blocks": [[-1, 0, 0], [10**4, 1, 1]], "gate": [7, None], "color_flag": [1, "true", None], "norm": [True, 4],
}  # fmt: skip


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_values_of_another_type_or_range(folder, name, value):
    edit_config(folder, lambda config: config.update({name: value}))
    with pytest.raises(ValueError, match=f"{name} must be"):
        SCFEGANGenerator.from_pretrained(folder)


def test_no_memory_is_taken_for_what_does_not_fit(folder, monkeypatch):
    """A config of two hundred bytes asked for any amount of it, before its weights were looked at."""
    edit_config(folder, lambda config: config.update(width=512, dilations=[1] * 64))
    held = []
    monkeypatch.setattr("torch.nn.Module.load_state_dict", lambda *_, **__: held.append("loaded"))
    empty = torch.empty

    def counted(*size, **options):
        tensor = empty(*size, **options)
        held.extend([tensor.numel()] * (tensor.device.type != "meta"))
        return tensor

    monkeypatch.setattr("torch.empty", counted)
    with pytest.raises(ValueError, match=r"do not fit its config\.json: they lack .* and \d+ more"):
        SCFEGANGenerator.from_pretrained(folder)
    assert held == []


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_finite(folder, value):
    tensors = load_file(folder / "model.safetensors")
    tensors["residual.stem.bias"][1] = value
    save_file(tensors, folder / "model.safetensors")
    with pytest.raises(ValueError, match=r"are not finite, first in residual\.stem\.bias"):
        SCFEGANGenerator.from_pretrained(folder)


def test_saved_files_may_be_read_by_all(folder, tmp_path):
    from scfegan_hf.files import replacing

    with replacing(tmp_path / "held.safetensors") as partial:
        save_file({"a": torch.zeros(1)}, partial)
    for name in ("model.safetensors", "config.json", "held.safetensors"):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o644


def test_every_network_says_what_its_config_may_hold():
    """Each whole number and each list of them has a range, or the one of all."""
    from scfegan_hf.models import annotator, projected

    ours = (SCFEGANGenerator, SCFEGANDiscriminator)
    for cls in (*ours, annotator.Annotator, projected.ProjectedDiscriminator):
        arguments = signature(cls.__init__).parameters
        numbers = {name for name, each in arguments.items() if "int" in str(each.annotation)}
        assert set(cls.ranges) == numbers and numbers


def test_looking_at_weights_brings_in_no_compiler():
    """PyTorch's came along with random values of tensors without memory, and took two seconds of each start."""
    code = (
        "import sys; from scfegan_hf.editing.pipeline import BUNDLED_WEIGHTS; "
        "from scfegan_hf.faces.annotate import FaceAnnotator; from scfegan_hf import SCFEGANGenerator; "
        "SCFEGANGenerator.from_pretrained(BUNDLED_WEIGHTS); FaceAnnotator.from_pretrained(); "
        "print('torch._dynamo' in sys.modules)"
    )
    root = Path(__file__).resolve().parents[2]
    ended = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, timeout=120)
    assert ended.stdout.strip() == "False", ended.stderr
