"""What goes wrong in the middle of a training, really caused: signals, kills, full disks, bad numbers and pictures."""

import json
import os
import re
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
import torch
from toy import Point, Toy, toy_config
from whole_runs import ENVIRONMENT, ROOT, checkpoint, difference, held_by, launch, ranks, train

from scfegan_hf.data.rows import load_rows
from scfegan_hf.training import checkpoints, command
from scfegan_hf.training.faults import RESUME_ME, Stopped, TrainingFault

pytestmark = pytest.mark.usefixtures("fresh_accelerate")


def steps_logged(out: Path) -> list[int]:
    lines = (out / "log.jsonl").read_text().splitlines() if (out / "log.jsonl").exists() else []
    return [line["step"] for line in map(json.loads, lines) if "images_per_second" in line]


def wait_for(condition, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.002)


# signals


@dataclass(frozen=True)
class Signalled(Toy):
    """Sends its own process a signal in the generator's sixth turn."""

    number: int = signal.SIGTERM

    def turn(self, name: str):
        plain = super().turn(name)

        def loss(networks, batch, shared):
            if name == "generator" and batch["x"][0, 0] == 10:
                os.kill(os.getpid(), self.number)
            return plain(networks, batch, shared)

        return loss


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_saves_at_the_end_of_the_step_and_the_same_command_goes_on(tmp_path, number):
    options = dict(max_train_steps=8, ema_decay=0.9, lr_scheduler="cosine", logging_steps=1)
    before = signal.getsignal(number)
    with pytest.raises(Stopped, match=f"{number.name} asked to stop; all is saved at step 6"):
        train(Signalled(number=number), toy_config(tmp_path / "stopped", **options))
    assert signal.getsignal(number) is before
    assert [p.name for p in checkpoints.all_checkpoints(tmp_path / "stopped" / "checkpoints")] == ["step-00000006"]
    train(Signalled(number=number), toy_config(tmp_path / "stopped", **options))
    train(Toy(), toy_config(tmp_path / "whole", **options))
    stopped, whole = (checkpoint(toy_config(tmp_path / name), 8) for name in ("stopped", "whole"))
    assert whole.keys() == stopped.keys() and all(torch.equal(whole[key], stopped[key]) for key in whole)
    assert steps_logged(tmp_path / "stopped") == steps_logged(tmp_path / "whole") == list(range(1, 9))


def flags_of(tiny_options: dict, prepared: str, out: Path, **options) -> list[str]:
    given = dict(
        output_dir=out, train_data_dir=prepared, resolution=128, train_batch_size=1, dataloader_num_workers=0,
        report_to="none", num_validation_images=1, validation_steps=10000, lr_warmup_steps=1, logging_steps=1,
    )  # fmt: skip
    return ["scfegan", *(f"--{name}={value}" for name, value in {**tiny_options["scfegan"], **given, **options}.items())]


def test_control_c_reaches_all_processes_of_a_terminal_and_the_exit_code_says_resume_me(tiny_options, prepared, tmp_path):
    out = tmp_path / "out"
    flags = flags_of(tiny_options, prepared, out, max_train_steps=1000, dataloader_num_workers=1)
    running = subprocess.Popen(
        [sys.executable, "train_accelerate.py", *flags], cwd=ROOT, env=ENVIRONMENT, start_new_session=True, text=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        wait_for(lambda: len(steps_logged(out)) >= 2 or running.poll() is not None)
        os.killpg(running.pid, signal.SIGINT)  # what a terminal does: the sample worker gets it too
        _, printed = running.communicate(timeout=120)
    finally:
        running.kill()
    assert running.returncode == RESUME_ME == 75, printed[-2000:]
    (saved,) = checkpoints.all_checkpoints(out / "checkpoints")
    step = json.loads((saved / "state.json").read_text())["step"]
    assert step == steps_logged(out)[-1] and f"saved at step {step}. Exit code 75: run the same command again" in printed


@pytest.mark.slow
def test_torchrun_restarts_after_a_worker_was_killed_and_loses_no_more_than_since_the_last_checkpoint(
    recipe, configured, tiny_options, prepared, tmp_path
):
    out = tmp_path / "out"
    flags = flags_of(tiny_options, prepared, out, max_train_steps=12, checkpointing_steps=3, expect_processes=2)
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2", "--max-restarts=1"]
    environment = {**ENVIRONMENT, "TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1"}  # as docs/training.md says
    with open(tmp_path / "printed", "w") as printed:
        running = subprocess.Popen(
            [*launcher, "train_accelerate.py", *flags], cwd=ROOT, env=environment, stdout=printed, stderr=subprocess.STDOUT
        )
    try:
        wait_for(lambda: len(steps_logged(out)) >= 5 or running.poll() is not None, 400)
        workers = [p for p in psutil.Process(running.pid).children() if "train_accelerate.py" in " ".join(p.cmdline())]
        assert len(workers) == 2
        workers[1].kill()
        assert running.wait(400) == 0, (tmp_path / "printed").read_text()[-3000:]
    finally:
        running.terminate()  # of no effect on what has ended; torchrun ends its workers
    (resumed,) = re.findall(r"Going on from step (\d+)", (tmp_path / "printed").read_text())
    assert int(resumed) % 3 == 0 and int(resumed) >= 3
    assert steps_logged(out) == list(range(1, 13))  # what was lost was taken back from the log
    unbroken = configured("unbroken", max_train_steps=12, train_batch_size=1)
    launch(2, [(recipe, unbroken)], tmp_path)
    final = checkpoints.all_checkpoints(out / "checkpoints")[-1]
    trainer = train(recipe, configured("again", max_train_steps=1))
    checkpoints.load(final, trainer.kept, trainer.averaged, trainer.turns.optimizers)
    for network in ("generator", "discriminator"):
        assert difference(held_by(trainer), ranks(unbroken, 2)[0], network)[0] < 1e-6


@pytest.mark.slow
def test_killed_twenty_times_the_newest_checkpoint_is_always_whole(tmp_path):
    script = Path(__file__).with_name("killed_again.py")
    done = subprocess.run(
        [sys.executable, script, tmp_path], cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, timeout=280
    )
    assert done.returncode == 0, done.stderr[-3000:]
    kills = [json.loads(line) for line in (tmp_path / "kills.jsonl").read_text().splitlines()]
    assert len(kills) == 20 and all(kill["signal"] == signal.SIGKILL for kill in kills)
    assert all(kill["damaged"] == [] for kill in kills)
    assert [kill["newest"] for kill in kills] == sorted(kill["newest"] for kill in kills)
    assert sum(kill["while_saving"] for kill in kills) >= 3, "hardly any kill met a checkpoint being written"
    whole, killed = (checkpoint(toy_config(tmp_path / name), 60) for name in ("whole", "killed"))
    assert all(torch.equal(whole[key], killed[key]) for key in whole)
    assert not list((tmp_path / "killed" / "checkpoints").glob(".partial-*"))


# full disks


@dataclass(frozen=True)
class Wide(Toy):
    """A checkpoint of some 13 MB."""

    def networks(self, resolution=256):
        return {"generator": Point(1.0, 400_000), "critic": Point(-1.0, 400_000)}


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", folder], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"may not mount a small disk here: {mounted.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)  # the error's traceback may still hold a file open


def test_a_full_disk_ends_the_training_orderly(tmp_path):
    """The second checkpoint does not fit; the first stays whole, to be gone on from when there is room."""
    with small_disk(tmp_path / "disk"):
        config = toy_config(tmp_path / "disk" / "run", checkpointing_steps=2, checkpoints_total_limit=5)
        with pytest.raises(TrainingFault, match=r"step 4 could not be written.*step-00000002 is whole. Make room") as raised:
            train(Wide(), config)
        assert "No space left" in str(raised.value) or "File too large" in str(raised.value)
        left = [path.name for path in (tmp_path / "disk" / "run" / "checkpoints").iterdir()]
        assert left == ["step-00000002"]
        assert checkpoint(config, 2)["generator.weight"].numel() == 400_000


def test_a_file_that_may_not_grow_ends_the_training_orderly_and_room_lets_it_go_on(tmp_path):
    config = toy_config(tmp_path / "run", checkpointing_steps=2)
    train(Wide(), toy_config(tmp_path / "run", max_train_steps=2))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))  # Python ignores the signal that comes with it
    try:
        with pytest.raises(TrainingFault, match="step 4 could not be written.*step-00000002 is whole"):
            train(Wide(), config)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [path.name for path in (tmp_path / "run" / "checkpoints").iterdir()] == ["step-00000002"]
    assert train(Wide(), config).step == 4


# numbers that are not finite


@dataclass(frozen=True)
class Poisoned(Toy):
    """The generator's turns on samples from ``first`` to ``last`` are spoilt in one of three ways."""

    how: str = "nan"
    first: int = 2
    last: int = 5

    def turn(self, name: str):
        plain = super().turn(name)

        def loss(networks, batch, shared):
            losses = plain(networks, batch, shared)
            if name == "generator" and self.first <= batch["x"][0, 0] <= self.last:
                spoilt = {
                    "nan": lambda: torch.log(-networks["generator"].weight.square().sum()),
                    "inf": lambda: networks["generator"].weight.sum() / 0,
                    "gradient": lambda: torch.sqrt(networks["generator"].weight * 0).sum(),  # a slope of inf times 0
                }[self.how]
                losses["spoilt"] = spoilt()
            return losses

        return loss


@pytest.mark.parametrize(("how", "term"), [("nan", "spoilt"), ("inf", "spoilt"), ("gradient", "gradient of generator.weight")])
def test_a_turn_that_is_not_finite_takes_no_step_and_is_counted(tmp_path, caplog, how, term):
    trainer = train(Poisoned(how=how), toy_config(tmp_path / "out", logging_steps=1))
    states = {name: optimizer.state_dict()["state"][0]["step"] for name, optimizer in trainer.turns.optimizers.items()}
    assert states == {"generator": 2, "critic": 8}  # two of four turns left out, the critic's two turns a step all taken
    assert all(p.isfinite().all() for network in trainer.trainable.values() for p in network.parameters())
    assert caplog.text.count("The generator's turn was left out") == 2 and term in caplog.text
    last = json.loads((tmp_path / "out" / "log.jsonl").read_text().splitlines()[-2])
    assert last["skipped_turns"] == 2


@pytest.mark.parametrize(("how", "term"), [("nan", "spoilt"), ("gradient", "gradient of generator.weight")])
def test_past_a_limit_training_stops_and_names_the_term(tmp_path, how, term):
    with pytest.raises(TrainingFault, match=f"4 turns of the generator in a row were not finite; the last: {term}"):
        train(Poisoned(how=how, last=10**9), toy_config(tmp_path / "out", max_train_steps=10, max_skipped_turns=3))


# pictures, memory, settings


@pytest.fixture
def damaged(prepared, tmp_path) -> str:
    """The prepared folder with one of its five training faces cut short."""
    rows = load_rows((prepared,), "train")
    table = [
        {**row, "image": {"bytes": row["image"]["bytes"][:300], "path": None}} if i == 2 else row for i, row in enumerate(rows)
    ]
    (tmp_path / "damaged" / "data").mkdir(parents=True)
    type(rows).from_list(table, features=rows.features).to_parquet(str(tmp_path / "damaged" / "data" / "train-00000.parquet"))
    return str(tmp_path / "damaged")


@pytest.mark.parametrize("workers", [0, 1])
def test_a_corrupt_picture_is_skipped_counted_and_reported(recipe, configured, damaged, tmp_path, workers, capfd):
    options = dict(train_data_dir=(damaged,), max_train_steps=5, dataloader_num_workers=workers)
    train(recipe, configured(max_skipped_share=0.5, **options))
    last = json.loads((tmp_path / "run" / "log.jsonl").read_text().splitlines()[-1])
    assert last["step"] == 5 and last["skipped_pictures"] == 2  # ten samples, two passes over five rows
    assert json.loads((tmp_path / "run" / "metrics.json").read_text())["skipped_pictures"] == 2


def test_too_many_corrupt_pictures_are_an_error(recipe, configured, damaged):
    with pytest.raises(
        TrainingFault, match=r"2 rows could not be read while \d+ samples were made, more than --max_skipped_share 0.1"
    ):
        train(recipe, configured(train_data_dir=(damaged,), max_train_steps=5, max_skipped_share=0.1))


@dataclass(frozen=True)
class Greedy(Toy):
    """Its loss wants more memory than any machine has."""

    def turn(self, name: str):
        return lambda networks, batch, shared: {"loss": networks["generator"].weight.sum() * torch.ones(2**46).sum()}


def test_too_little_memory_names_what_to_change(tmp_path):
    message = "--train_batch_size 2, --resolution 64, --gradient_accumulation_steps 3. Halve the first and double the last"
    with pytest.raises(TrainingFault, match=message):
        train(Greedy(), toy_config(tmp_path / "out", resolution=64, gradient_accumulation_steps=3))


def test_faults_are_one_line_on_the_command_line(monkeypatch, tiny_options, prepared, tmp_path):
    def fail(_):
        raise TrainingFault("too little of everything")

    monkeypatch.setattr(command.Trainer, "train", fail)
    with pytest.raises(SystemExit) as stop:
        command.main(flags_of(tiny_options, prepared, tmp_path))
    assert stop.value.code == "error: too little of everything"


@pytest.mark.parametrize(("variable", "name"), [("ACCELERATE_USE_FSDP", "FSDP"), ("ACCELERATE_USE_DEEPSPEED", "DeepSpeed")])
def test_what_takes_one_network_per_training_is_refused(monkeypatch, tmp_path, variable, name):
    monkeypatch.setenv(variable, "true")
    with pytest.raises(ValueError, match=f"accelerate is configured for {name}, which takes one network"):
        train(Toy(), toy_config(tmp_path / "out"))


@pytest.mark.parametrize(("shared", "restarts", "warned"), [("True", "3", True), ("False", "3", False), ("True", "0", False)])
def test_a_store_that_outlives_restarts_is_warned_of(monkeypatch, tmp_path, caplog, shared, restarts, warned):
    monkeypatch.setenv("TORCHELASTIC_USE_AGENT_STORE", shared)
    monkeypatch.setenv("TORCHELASTIC_MAX_RESTARTS", restarts)
    train(Toy(), toy_config(tmp_path / "out", max_train_steps=1))
    assert ("TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1" in caplog.text) == warned


def test_a_launcher_of_another_precision_or_number_of_processes_is_refused(monkeypatch, tmp_path):
    with pytest.raises(ValueError, match="--expect_processes is 2, but the launcher started 1"):
        train(Toy(), toy_config(tmp_path / "out", expect_processes=2))
    monkeypatch.setenv("ACCELERATE_MIXED_PRECISION", "bf16")
    with pytest.raises(ValueError, match="give --mixed_precision bf16"):
        train(Toy(), toy_config(tmp_path / "out"))


def test_a_second_signal_ends_at_once(tmp_path):
    """The first one is noted, the second does what it would have done."""
    from scfegan_hf.training.faults import StopSignals

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell has jobs in the background ignore it
    try:
        with pytest.raises(KeyboardInterrupt), StopSignals() as signals:
            threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()
            wait_for(lambda: signals.asked == "SIGINT", 5)
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(1)
    finally:
        signal.signal(signal.SIGINT, before)
