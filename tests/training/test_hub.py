"""Releases on the Hub: pushed by two processes to a loopback Hub, pulled by fresh ones, edited with, pixel-equal."""

import json
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from huggingface_hub import HfApi
from loopback_hub import OWNER, LoopbackHub
from PIL import Image
from safetensors.torch import load_file, save_file
from skimage.data import astronaut
from toy import Toy, toy_config
from whole_runs import ENVIRONMENT, ROOT, train

from scfegan_hf import FaceEditPipeline, SCFEGANGenerator
from scfegan_hf.cli import main
from scfegan_hf.training import checkpoints
from scfegan_hf.training.release import publishing
from scfegan_hf.training.release.card import model_card, public
from scfegan_hf.training.release.hub import card_of

pytestmark = pytest.mark.usefixtures("fresh_accelerate")
REPOSITORY = f"{OWNER}/edited-faces"
PULL = """
import json, sys, torch
from scfegan_hf import FaceEditPipeline
from scfegan_hf import SCFEGANGenerator
repository, first = sys.argv[1:]
exec(open("snippet.py").read())
half = FaceEditPipeline.from_pretrained(repository, dtype="bfloat16")
half("photo.png", "mask.png", detail=False).save("half.png")
old = SCFEGANGenerator.from_pretrained(repository, revision=first)
new = SCFEGANGenerator.from_pretrained(repository)
told = {}
for name, options in {"revision": {"revision": "0" * 40}, "repository": {}}.items():
    try:
        SCFEGANGenerator.from_pretrained(repository if options else "somebody/nothing", **options)
    except FileNotFoundError as error:
        told[name] = str(error)
print(json.dumps({
    "dtype": str(next(half.generator.parameters()).dtype), "told": told,
    "differ": not torch.equal(next(old.parameters()), next(new.parameters())),
}))
"""


def run(code: list, folder: Path, hub: LoopbackHub, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, *code], cwd=folder, capture_output=True, text=True, timeout=280,
        env={**ENVIRONMENT, **hub.environment(folder / "home"), **environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout + done.stderr


def test_two_processes_push_and_a_fresh_process_edits_with_it(tiny_options, prepared, tmp_path):
    out = tmp_path / "out"
    given = dict(
        output_dir=out, train_data_dir=prepared, resolution=128, train_batch_size=1, dataloader_num_workers=0, report_to="none",
        num_validation_images=2, lr_warmup_steps=1, learning_rate=0.01, max_train_steps=4, checkpointing_steps=2,
        validation_steps=2, hub_model_id="edited-faces", weights_license="apache-2.0",
    )  # fmt: skip
    flags = [f"--{name}={value}" for name, value in {**tiny_options["scfegan"], **given}.items()]
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2", ROOT / "train_accelerate.py", "scfegan"]
    with LoopbackHub(refuse=1) as hub:
        printed = run([*launcher, *flags, "--push_to_hub"], tmp_path, hub)
        assert "Upload failed" in printed and "trying again in 1 s" in printed  # the first commit was refused
        assert f"Uploaded to {REPOSITORY}." in printed
        assert any("objects/batch" in line for line in hub.requests) and hub.lfs

        pushed = hub.files(REPOSITORY)
        assert set(pushed) == {
            "model.safetensors", "config.json", "discriminator/model.safetensors", "discriminator/config.json", "README.md",
            "training_config.json", "metrics.json", "samples.png", "curves.png",
        }  # fmt: skip
        assert pushed["model.safetensors"] == (out / "model.safetensors").read_bytes()
        assert json.loads(pushed["metrics.json"])["images"] == 8
        assert str(tmp_path) not in pushed["training_config.json"].decode() and prepared.encode() not in pushed["README.md"]
        assert not list(out.glob(".upload-*"))
        check_card(pushed["README.md"].decode(), json.loads(pushed["metrics.json"]))

        photo, mask = astronaut()[:200, 120:320], np.zeros((200, 200), np.uint8)
        mask[60:100, 70:130] = 255
        color = np.zeros((200, 200, 4), np.uint8)
        color[70:80, 80:90] = (200, 60, 50, 255)
        for name, array in {
            "photo": photo,
            "mask": mask,
            "sketch": mask * (np.arange(200) % 20 == 0)[:, None],
            "color": color,
        }.items():
            Image.fromarray(array).save(tmp_path / f"{name}.png")
        (tmp_path / "snippet.py").write_text(re.search(r"```python\n(.*?)```", pushed["README.md"].decode(), re.DOTALL)[1])
        commits = hub.repositories[REPOSITORY]  # a slow upload is passed over, so the first may hold the last weights already
        first, changed = commits[0][0], commits[0][1]["model.safetensors"] != commits[-1][1]["model.safetensors"]
        found = json.loads(run(["-c", PULL, REPOSITORY, first], tmp_path, hub).splitlines()[-1])
        assert found["dtype"] == "torch.bfloat16" and found["differ"] is changed
        assert "has no revision" in found["told"]["revision"] and "There is no Hub repository" in found["told"]["repository"]

        pulled = np.asarray(Image.open(tmp_path / "edited.png"))
        given = [str(tmp_path / f"{name}.png") for name in ("photo", "mask", "sketch", "color")]
        assert np.array_equal(pulled, np.asarray(FaceEditPipeline.from_pretrained(out)(*given).image))
        assert (pulled != photo).any() and (pulled[mask == 0] == photo[mask == 0]).all()
        half = np.asarray(Image.open(tmp_path / "half.png")).astype(int)
        whole = np.asarray(FaceEditPipeline.from_pretrained(out, dtype="float32")(*given[:2], detail=False).image).astype(int)
        assert 0 < np.abs(half - whole).max() < 16

        # Offline, from the cache alone; and what is not in the cache is an error that says so.
        (tmp_path / "edited.png").unlink()
        run(["snippet.py"], tmp_path, hub, HF_HUB_OFFLINE="1")
        assert np.array_equal(np.asarray(Image.open(tmp_path / "edited.png")), pulled)
        absent = "from scfegan_hf import SCFEGANGenerator as G\n"
        absent += "try: G.from_pretrained('a/b')\nexcept FileNotFoundError as e: print(e)"
        assert "not in the cache and the Hub cannot be reached" in run(["-c", absent], tmp_path, hub, HF_HUB_OFFLINE="1")


def check_card(card: str, metrics: dict) -> None:
    front = yaml.safe_load(card.split("---")[1])
    assert {"license", "library_name", "pipeline_tag", "tags", "metrics", "model-index"} <= set(front)
    assert front["license"] == "apache-2.0" and front["pipeline_tag"] == "image-to-image"
    assert "inpainting" in front["tags"] and front["metrics"] == ["masked_psnr", "feature_distance"]
    (model,) = front["model-index"]
    values = {m["type"]: m["value"] for result in model["results"] for m in result["metrics"]}
    assert values == {name: metrics[f"validation_{name}"] for name in ("masked_psnr", "feature_distance")}
    assert f'FaceEditPipeline.from_pretrained("{REPOSITORY}")' in card and "![" in card and "(samples.png)" in card
    assert "4 steps of 2 samples (8 in all) of 128 pixels in fp32 on 2 processes" in card
    assert "{{" not in card and "more information needed" not in card.lower() and "None" not in card.split("<details>")[0]
    for heading in ("## Use", "## Training", "## Limits", "## Ethics", "## Citation"):
        assert heading in card


def test_a_hub_that_never_answers_does_not_end_the_training(monkeypatch, tmp_path, caplog, capsys):
    """A port where nobody listens; the result is whole, and the last words say how to upload it."""
    monkeypatch.setattr(publishing, "WAITS", (0.01, 0.01))
    monkeypatch.setattr(publishing, "HfApi", lambda: HfApi("http://127.0.0.1:9", token="hf_x"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    trainer = train(Toy(), toy_config(tmp_path / "out", push_to_hub=True, checkpointing_steps=2))
    assert trainer.step == 4 and (tmp_path / "out" / "model.safetensors").is_file()
    assert caplog.text.count("Upload failed") >= 3 and "hf upload out" in caplog.text
    assert "Uploaded to" not in capsys.readouterr().out and not list((tmp_path / "out").glob(".upload-*"))


@pytest.mark.parametrize("hang", ["POST /api/repos/create", "PUT /objects/"])
def test_a_hub_that_hangs_does_not_hold_the_end(hang, tmp_path):
    """It takes the connection and says nothing; the end comes when PATIENCE is over, here 3 seconds."""
    here = Path(__file__).parent
    code = [str(here / "hanging_run.py"), str(tmp_path / "out")]
    with LoopbackHub(hang=hang) as hub:
        environment = {"PYTHONPATH": os.pathsep.join((str(ROOT), str(here)))}
        printed = run(code, tmp_path, hub, **environment)
        assert any(line.startswith(hang) for line in hub.requests)
    assert "was not uploaded" in printed and "hf upload" in printed and "Uploaded to" not in printed
    assert (tmp_path / "out" / "model.safetensors").is_file()


def test_a_newer_release_takes_the_place_of_one_that_waits(monkeypatch, tmp_path):
    """Uploads are slower than checkpoints: those between are passed over, the last one is uploaded."""
    seen, going_on = [], threading.Event()

    def upload(self, snapshot):
        going_on.wait(20)
        seen.append(json.loads((snapshot / "metrics.json").read_text())["step"])
        return True

    monkeypatch.setattr(publishing.Publisher, "_upload", upload)
    (tmp_path / "metrics.json").write_text('{"step": 1}')
    publisher = publishing.Publisher(tmp_path, Toy().card(), {"hub_model_id": "a/b", "train_data_dir": []}, ["generator"])
    publisher.push()
    while publisher._waiting:
        pass
    for step in (2, 3, 4):
        (tmp_path / "new").write_text(json.dumps({"step": step}))
        os.replace(tmp_path / "new", tmp_path / "metrics.json")
        publisher.push()
    going_on.set()
    publisher.finish()
    assert seen[0] == 1 and set(seen[1:]) == {4} and not list(tmp_path.glob(".upload-*"))


def test_paths_of_the_machine_stay_private(tmp_path):
    settings = {
        "output_dir": str(tmp_path / "out"), "first": "/home/me/first", "options": '{"a": "b/c/d"}', "rate": 0.5,
        "train_data_dir": [str(tmp_path / "faces"), "relative/deep/folder", "a=/home/me/horses"],
        "perceptual_weights": "/home/me/vgg.safetensors", "pretrained_model_name_or_path": "somebody/model",
        "resume_from_checkpoint": "latest", "dataset_name": ["a/b"],
    }  # fmt: skip
    assert public(settings) == {
        "output_dir": "out", "first": "first", "options": '{"a": "b/c/d"}', "rate": 0.5,
        "train_data_dir": ["faces", "folder", "a=horses"], "perceptual_weights": "vgg.safetensors",
        "pretrained_model_name_or_path": "somebody/model", "resume_from_checkpoint": "latest", "dataset_name": ["a/b"],
    }  # fmt: skip


def test_a_card_without_figures_or_pictures_is_still_whole(tmp_path):
    trainer = train(Toy(), toy_config(tmp_path / "out"))
    settings = {**trainer.settings, "dataset_name": ["somebody/faces"], "train_data_dir": []}
    card = model_card(Toy().card(), settings, {"step": 4, "images": 8}, "somebody/toy", {})
    front = yaml.safe_load(card.split("---")[1])
    assert front["datasets"] == ["somebody/faces"] and "model-index" not in front and "metrics" not in front
    assert "{{" not in card and "None" not in card.split("<details>")[0]
    shown = card_of(tmp_path / "out", Toy().card(), settings, {"step": 4, "images": 8}, "a/b")
    assert shown.count("![") == 2  # samples and curves


@pytest.mark.parametrize("dtype", ["fp32", "fp16"])
def test_convert_makes_a_release_from_a_checkpoint(recipe, configured, tmp_path, capsys, dtype):
    trainer = train(recipe, configured(max_train_steps=2))
    path = tmp_path / "run" / "checkpoints" / "step-00000002"
    assert main(["convert", str(path), str(tmp_path / "release"), "--dtype", dtype]) == 0
    assert str(path) in capsys.readouterr().out
    stored = load_file(tmp_path / "release" / "model.safetensors")
    assert {value.dtype for value in stored.values()} == {torch.float32 if dtype == "fp32" else torch.float16}
    kept = trainer.averaged["generator"].state_dict()
    loaded = SCFEGANGenerator.from_pretrained(tmp_path / "release").state_dict()
    tolerance = 0 if dtype == "fp32" else 1e-3
    assert all(torch.allclose(loaded[key], kept[key], rtol=tolerance, atol=tolerance / 100) for key in kept)
    assert any(not torch.equal(kept[key], value) for key, value in trainer.trainable["generator"].state_dict().items())
    assert {"README.md", "metrics.json", "training_config.json", "config.json", "discriminator"} <= {
        file.name for file in (tmp_path / "release").iterdir()
    }


def test_convert_says_what_is_wrong(tmp_path, capsys):
    assert main(["convert", str(tmp_path), str(tmp_path / "release")]) == 1
    assert "No checkpoint at" in capsys.readouterr().err and not (tmp_path / "release").exists()


def test_convert_says_what_is_damaged(recipe, configured, tmp_path, capsys):
    train(recipe, configured(max_train_steps=2))
    path = tmp_path / "run" / "checkpoints" / "step-00000002"
    weights, state = path / "ema-generator.safetensors", path / "state.json"
    (path / checkpoints.CHECKSUMS).unlink()  # as older checkpoints have none; with them damage is told before it is read
    whole = {file: file.read_bytes() for file in (weights, state)}
    diverged = {key: value * float("nan") for key, value in load_file(weights).items()}
    save_file(diverged, tmp_path / "diverged.safetensors")
    for file, content, words in (
        (weights, whole[weights][:1000], "is missing or damaged"),
        (weights, b"", "is missing or damaged"),
        (weights, (tmp_path / "diverged.safetensors").read_bytes(), "are not finite"),
        (state, whole[state][:50], "is damaged"),
        (state, b"[]", "is damaged: it has no configs"),
        (state, b'{"configs": {}, "settings": 7}', "is damaged: it has no settings"),
        (state, b"\xff\xfe", "is damaged"),
    ):
        file.write_bytes(content)
        assert main(["convert", str(path), str(tmp_path / "release")]) == 1
        assert words in capsys.readouterr().err and not (tmp_path / "release").exists()
        file.write_bytes(whole[file])
    weights.unlink()
    assert main(["convert", str(path), str(tmp_path / "release")]) == 1
    assert "is missing or damaged" in capsys.readouterr().err
    weights.write_bytes(whole[weights])
    assert main(["convert", str(path), str(tmp_path / "release")]) == 0
    assert (tmp_path / "release" / "model.safetensors").stat().st_mode & 0o777 == 0o644
