"""Whole runs of the SC-FEGAN recipe with tiny networks: what they write, going on, the command."""

import json
from pathlib import Path

import pytest
import torch
from accelerate.state import AcceleratorState
from whole_runs import checkpoint, difference, held_by, train

from scfegan_hf.models.scfegan import SCFEGANDiscriminator, SCFEGANGenerator
from scfegan_hf.recipes import recipe_names
from scfegan_hf.recipes.scfegan import SCFEGAN
from scfegan_hf.training import command
from scfegan_hf.training.release import hub
from scfegan_hf.training.trainer import Trainer

pytestmark = pytest.mark.usefixtures("fresh_accelerate")


def test_a_run_writes_release_checkpoint_log_and_sheets(recipe, configured, capsys):
    config = configured(report_to="tensorboard", checkpointing_steps=2)
    trainer = train(recipe, config)
    out = Path(config.output_dir)
    found = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert {
        "model.safetensors", "config.json", "discriminator/model.safetensors", "discriminator/config.json", "README.md",
        "metrics.json", "log.jsonl", "training_config.json", "samples.png", "curves.png",
        "validation/step-00000000.png", "validation/step-00000004.png",
        "checkpoints/step-00000002/state.json", "checkpoints/step-00000004/state.json",
    } <= found  # fmt: skip
    assert any("events.out.tfevents" in name for name in found)
    assert not any(name.endswith(".partial") for name in found)

    generator = SCFEGANGenerator.from_pretrained(out)
    discriminator = SCFEGANDiscriminator.from_pretrained(out / "discriminator")
    for loaded, name in ((generator, "generator"), (discriminator, "discriminator")):
        kept = trainer.averaged[name].state_dict()
        assert all(torch.equal(value, kept[key]) for key, value in loaded.state_dict().items())

    log = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in log] == [0, 1, 2, 3, 4, 4]
    assert all(torch.tensor(list(line.values())).isfinite().all() for line in log)
    losses = {"per_pixel", "perceptual", "style", "total_variation", "adversarial", "discriminator", "drift", "penalty"}
    assert losses <= set(log[1])
    metrics = json.loads((out / "metrics.json").read_text())
    assert metrics["step"] == 4 and metrics["images"] == 8
    assert set(metrics) == {"step", "images", "skipped_pictures", "validation_masked_psnr", "validation_feature_distance"}
    assert json.loads((out / "training_config.json").read_text())["generator_options"] == recipe.generator_options
    assert '"generator_options"' in capsys.readouterr().out  # the settings are printed
    card = (out / "README.md").read_text()
    assert "{{" not in card and "scfegan" in card and f"{metrics['validation_masked_psnr']:.6g}" in card


def test_going_on_equals_never_having_stopped(recipe, configured):
    whole, stopped = configured("whole"), configured("stopped", max_train_steps=2)
    train(recipe, whole)
    train(recipe, stopped)
    start = checkpoint(stopped, 2)
    train(recipe, configured("stopped"))
    expected, found = checkpoint(whole, 4), checkpoint(stopped, 4)
    assert expected.keys() == found.keys() and any(key.startswith("optimizer-generator.0.") for key in found)
    assert [key for key in expected if not torch.equal(expected[key], found[key])] == []
    assert sum(not torch.equal(start[key], found[key]) for key in found) > 0.9 * len(found)  # it did move


def test_a_finished_run_stays_as_it_is(recipe, configured):
    config = configured(max_train_steps=1)
    train(recipe, config)
    files = {path: path.read_bytes() for path in Path(config.output_dir).rglob("*") if path.is_file()}
    trainer = train(recipe, config)
    assert trainer.step == 1
    assert {path: path.read_bytes() for path in Path(config.output_dir).rglob("*") if path.is_file()} == files


def test_other_settings_are_refused_with_what_differs(recipe, configured, tiny_options):
    train(recipe, configured(max_train_steps=1))
    with pytest.raises(ValueError, match="seed: 0 before, 3 now; train_batch_size: 2 before, 1 now"):
        train(recipe, configured(train_batch_size=1, seed=3))
    with pytest.raises(ValueError, match="alpha: 10.0 before, 2.5 now"):
        train(SCFEGAN(**{**tiny_options["scfegan"], "alpha": 2.5}), configured())
    with pytest.raises(ValueError, match="already has checkpoints"):
        train(recipe, configured(resume_from_checkpoint="none"))
    train(recipe, configured(max_train_steps=2, logging_steps=7, checkpoints_total_limit=1))  # these may change


def test_a_dry_run_writes_nothing(recipe, configured, tmp_path, capsys):
    train(recipe, configured(dry_run=True, report_to="tensorboard"))
    assert list(tmp_path.iterdir()) == []
    printed = capsys.readouterr().out
    assert "generator: 0." in printed and "M parameters" in printed
    for name in ("per_pixel", "discriminator", "penalty"):
        assert name in printed


def test_bfloat16_trains_float32_weights(recipe, configured):
    exact = held_by(train(recipe, configured("exact", max_train_steps=2)))
    AcceleratorState._reset_state(reset_partial_state=True)  # it keeps the precision of the first run in this process
    found = held_by(train(recipe, configured(mixed_precision="bf16", max_train_steps=2)))
    assert all(value.dtype == torch.float32 and value.isfinite().all() for value in found.values())
    for network in ("generator", "discriminator"):
        relative, _ = difference(found, exact, network)
        assert 0 < relative < 0.02


def test_workers_change_nothing(recipe, configured):
    train(recipe, configured("plain", max_train_steps=1))
    train(recipe, configured("workers", max_train_steps=1, dataloader_num_workers=1))
    plain, workers = checkpoint(configured("plain"), 1), checkpoint(configured("workers"), 1)
    assert all(torch.equal(plain[key], workers[key]) for key in plain)


def test_starting_from_a_release(recipe, configured, tmp_path):
    first = configured("first", max_train_steps=1)
    trainer = train(recipe, first)
    fresh = Trainer(recipe, configured("second", pretrained_model_name_or_path=first.output_dir, seed=5))
    for name in ("generator", "discriminator"):
        expected = trainer.averaged[name].state_dict()
        for group in (fresh.networks, fresh.averaged):
            assert all(torch.equal(value, expected[key]) for key, value in group[name].state_dict().items())
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="has no model.safetensors"):
        hub.load_initial_weights(fresh.networks, str(tmp_path / "empty"))
    with pytest.raises(ValueError, match="does not fit this generator"):
        hub.load_initial_weights({"generator": SCFEGANGenerator(width=8)}, first.output_dir)


# the command


def test_an_unknown_recipe_is_refused_in_one_line():
    for arguments in (["gan"], []):
        with pytest.raises(SystemExit) as stop:
            command.main(arguments)
        assert f"{{{','.join(recipe_names())}}}" in stop.value.code and "\n" not in stop.value.code


def test_the_command_trains(tiny_options, prepared, tmp_path):
    options = [f"--{name}={value}" for name, value in tiny_options["scfegan"].items()]
    flags = {
        "output_dir": tmp_path / "out", "train_data_dir": prepared, "resolution": 128, "train_batch_size": 1,
        "max_train_steps": 1, "dataloader_num_workers": 0, "report_to": "none", "num_validation_images": 1,
    }  # fmt: skip
    command.main(["scfegan", *options, *(f"--{name}={value}" for name, value in flags.items())])
    assert SCFEGANGenerator.from_pretrained(tmp_path / "out").residual.head.out_channels == 12
    assert json.loads((tmp_path / "out" / "training_config.json").read_text())["penalty_every"] == 2


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ([], "Give --perceptual_weights FILE"),
        (["--perceptual_weights=absent.safetensors"], "No perceptual weights at absent.safetensors"),
        (["--generator_options={width"], "error: "),
    ],
)
def test_a_users_error_is_one_line(tmp_path, flags, message):
    with pytest.raises(SystemExit) as stop:
        command.main(["scfegan", f"--output_dir={tmp_path / 'out'}", "--perceptual=squeezenet", *flags])
    assert message in stop.value.code and stop.value.code.startswith("error: ") and "\n" not in stop.value.code


def test_options_that_no_generator_has_are_one_line(tmp_path, squeezenet_file):
    flags = ["--perceptual=squeezenet", f"--perceptual_weights={squeezenet_file}", '--generator_options={"depth": 9}']
    with pytest.raises(SystemExit, match="depth"):
        command.main(["scfegan", f"--output_dir={tmp_path / 'out'}", *flags])


def test_a_resolution_the_network_cannot_take_is_refused_before_anything_is_written(recipe, configured, tmp_path):
    with pytest.raises(ValueError, match="divisible by 16"):
        train(recipe, configured(resolution=100))
    assert not (tmp_path / "run").exists()


def test_an_unknown_flag_is_refused(tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        command.main(["scfegan", f"--output_dir={tmp_path}", "--batch_sise=3"])
    assert stop.value.code == 2 and "batch_sise" in capsys.readouterr().err
