"""What ends badly ends, and what is damaged is known: workers, checkpoints, logs, numbers that are not finite, wrong flags."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from toy import Toy, toy_config
from whole_runs import ENVIRONMENT, ROOT, checkpoint, train

from scfegan_hf.recipes.scfegan import SCFEGAN
from scfegan_hf.recipes.vanilla import Vanilla
from scfegan_hf.training import checkpoints
from scfegan_hf.training.config import TrainConfig
from scfegan_hf.training.faults import TrainingFault, explained_memory
from scfegan_hf.training.watching import read_log

pytestmark = pytest.mark.usefixtures("fresh_accelerate")
OPTIONS = dict(max_train_steps=6, checkpointing_steps=2, checkpoints_total_limit=5)


def test_a_run_with_workers_whose_turn_raises_ends(tmp_path):
    """It hung for ever at exit: workers ignore SIGTERM, and Python waits for them."""
    here = Path(__file__).parent
    environment = {**ENVIRONMENT, "PYTHONPATH": os.pathsep.join((str(ROOT), str(here)))}
    command = [sys.executable, str(here / "failing_run.py"), str(tmp_path / "out")]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240)
    assert ended.returncode == 1 and "this turn fails" in ended.stderr


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run of six steps with checkpoints of the second, fourth and sixth."""
    from accelerate.state import AcceleratorState

    out = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ACCELERATE_USE_CPU", "1")
        train(Toy(), toy_config(out, **OPTIONS))
        AcceleratorState._reset_state(reset_partial_state=True)
    return out


@pytest.fixture
def out(trained, tmp_path):
    shutil.copytree(trained, tmp_path / "out")
    return tmp_path / "out"


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def turn_a_bit(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[-3] ^= 4
    file.write_bytes(data)


@pytest.mark.parametrize("name", ["generator.safetensors", "ema-generator.safetensors", "optimizer-critic.pt", "state.json"])
@pytest.mark.parametrize("harm", [cut, turn_a_bit, lambda file: file.write_bytes(b""), Path.unlink])
def test_a_damaged_checkpoint_is_passed_over_and_training_comes_to_the_same_end(out, name, harm, caplog):
    whole = {key: value.clone() for key, value in checkpoint(toy_config(out), 6).items()}  # files are mapped, not read
    newest = out / "checkpoints" / "step-00000006"
    harm(newest / name)
    if (newest / "state.json").is_file():  # without it there is no checkpoint
        with pytest.raises(ValueError, match="step-00000006 is damaged"):
            checkpoints.find(out / "checkpoints", str(newest))
    train(Toy(), toy_config(out, **OPTIONS))
    again = checkpoint(toy_config(out), 6)
    assert whole.keys() == again.keys() and all(torch.equal(whole[key], again[key]) for key in whole)
    if name != "state.json" or harm is not Path.unlink:
        assert any("step-00000006 is passed over" in message and name in message for message in caplog.messages)


def test_where_none_is_whole_it_says_so(out):
    for folder in (out / "checkpoints").iterdir():
        cut(folder / "generator.safetensors")
    with pytest.raises(ValueError, match=r"is whole \(step-00000006: generator.safetensors is not what was written"):
        train(Toy(), toy_config(out, **OPTIONS))


def test_checkpoints_without_checksums_still_resume_and_their_damage_is_told(out):
    newest = out / "checkpoints" / "step-00000006"
    for folder in (out / "checkpoints").iterdir():
        (folder / checkpoints.CHECKSUMS).unlink()
    assert train(Toy(), toy_config(out, **{**OPTIONS, "max_train_steps": 7})).step == 7
    shutil.rmtree(out / "checkpoints" / "step-00000007")
    cut(newest / "critic.safetensors")
    with pytest.raises(ValueError, match=r"critic.safetensors of .*step-00000006 is damaged.*go on from an older one"):
        train(Toy(), toy_config(out, **{**OPTIONS, "max_train_steps": 7}))


def test_garbage_in_the_log_is_left_out(out, caplog):
    lines = read_log(out / "log.jsonl")
    with open(out / "log.jsonl", "ab") as log:
        log.write(b'\x00\xff garbage\n[1]\n{"step": "one"}\n{"half": ')
    assert train(Toy(), toy_config(out, **{**OPTIONS, "max_train_steps": 8})).step == 8
    assert any("3 lines of" in message for message in caplog.messages)
    found = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    assert found[: len(lines)] == lines and len(found) > len(lines)


def test_weights_that_are_not_finite_are_not_saved(tmp_path):
    network = torch.nn.Linear(2, 2)
    optimizer = torch.optim.Adam(network.parameters(), 0.1)
    checkpoints.save(tmp_path, {"step": 1}, {"generator": network}, {}, {"generator": optimizer}, 2)
    network.bias.data[0] = float("nan")
    for networks, averages in (({"generator": network}, {}), ({}, {"generator": network})):
        with pytest.raises(TrainingFault, match="bias of .*generator is not finite"):
            checkpoints.save(tmp_path, {"step": 2}, networks, averages, {}, 2)
    assert [path.name for path in tmp_path.iterdir()] == ["step-00000001"]


@pytest.mark.parametrize(
    "said",
    [
        "unable to write to file </torch_123_456>: No space left on device (28)",
        "DataLoader worker (pid 7) is killed by signal: Bus error. It is possible that dataloader's workers are out of shared "
        "memory. Please try to raise your shared memory limit.",
    ],
)
def test_full_shared_memory_is_not_called_too_large_a_batch(tmp_path, said):
    with pytest.raises(TrainingFault, match="/dev/shm") as fault, explained_memory(toy_config(tmp_path)):
        raise RuntimeError(said)
    assert "train_batch_size" not in str(fault.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("gradient_accumulation_steps", 0), ("train_batch_size", 0), ("resolution", 0), ("max_train_steps", -1),
        ("checkpointing_steps", 0), ("validation_steps", 0), ("logging_steps", 0), ("num_validation_images", 0),
        ("ema_decay", 2.0), ("ema_decay", float("nan")), ("max_skipped_share", 1.5), ("max_grad_norm", -1.0),
        ("lr_warmup_steps", -1), ("dataloader_prefetch_factor", 0), ("dataloader_num_workers", -1), ("expect_processes", 0),
        ("checkpoints_total_limit", 0), ("seed", -1), ("stretch_minutes", -1.0), ("stretch_minutes", float("nan")),
        # With these it hung, or ended in a traceback.
        ("num_validation_images", 10**20), ("dataloader_num_workers", 10**20), ("train_batch_size", 10**20),
        ("gradient_accumulation_steps", 10**20),
    ],
)  # fmt: skip
def test_a_flag_out_of_its_range_is_refused_before_anything_starts(name, value):
    with pytest.raises(ValueError, match=f"--{name} must be at least"):
        TrainConfig(output_dir="nowhere", **{name: value})


def test_shares_and_names_are_checked_too():
    with pytest.raises(ValueError, match="--train_data_weights must be above 0, not 0"):
        TrainConfig(output_dir="nowhere", train_data_weights=(1.0, 0.0))
    with pytest.raises(ValueError, match="--hub_model_id"):
        TrainConfig(output_dir="nowhere", hub_model_id="too/many/parts")
    assert TrainConfig(output_dir="nowhere", hub_model_id="you/your-faces", train_data_weights=(0.2,)).seed == 0


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("learning_rate", float("nan"), "above 0 and at most 10, not nan"),
        ("learning_rate", 0.0, "above 0"), ("alpha", -1.0, "at least 0"),
        ("sigma", float("inf"), "at least 0 and at most 1e.09, not inf"), ("penalty_every", -2, "at least 1"),
    ],
)  # fmt: skip
def test_a_recipes_numbers_are_checked(name, value, words):
    with pytest.raises(ValueError, match=f"--{name} must be {words}"):
        SCFEGAN(**{name: value})


@pytest.mark.parametrize(
    ("name", "value"), [("z_size", 0), ("hidden", (16, 0)), ("dropout", 1.0), ("smoothing", 0.0), ("seed_hidden", 10**9)]
)
def test_a_recipe_may_have_ranges_of_its_own(name, value):
    with pytest.raises(ValueError, match=f"--{name} must be at least"):
        Vanilla(**{name: value})
