"""A run in stretches: each ends with figures, a sheet, a checkpoint and a line, and the parts are the whole."""

import json
from itertools import count

import pytest
import torch
from toy import Toy, toy_config
from whole_runs import train

from scfegan_hf.training import checkpoints, faults
from scfegan_hf.training.faults import Stopped, StopSignals
from scfegan_hf.training.stretches import machine

pytestmark = pytest.mark.usefixtures("fresh_accelerate")


@pytest.fixture
def clock(monkeypatch):
    """Every look at the clock is a second later."""
    seconds = count()
    monkeypatch.setattr(faults.time, "perf_counter", lambda: float(next(seconds)))


def lines(folder) -> list[dict]:
    return [json.loads(line) for line in (folder / "stretches.jsonl").read_text().splitlines()]


def test_a_stretch_ends_validated_and_saved_and_the_next_goes_on(tmp_path, clock):
    options = dict(max_train_steps=400, checkpointing_steps=1000)
    with pytest.raises(Stopped, match="--stretch_minutes asked to stop; all is saved at step"):
        train(Toy(), toy_config(tmp_path, stretch_minutes=10, **options))
    (first,) = lines(tmp_path)
    step = first["step"]
    assert 1 < step < 400 and first["first_step"] == 0 and first["images"] == 2 * step and first["validation_first"] == 1
    assert [path.name for path in checkpoints.all_checkpoints(tmp_path / "checkpoints")] == [f"step-{step:08d}"]
    assert (tmp_path / "validation" / f"step-{step:08d}.png").is_file()
    train(Toy(), toy_config(tmp_path, **options))  # one stretch to the end
    assert [(line["first_step"], line["step"]) for line in lines(tmp_path)] == [(0, step), (step, 400)]


def test_without_a_length_nobody_asks(clock):
    assert StopSignals().asked is None
    signals = StopSignals(3)
    assert [signals.asked for _ in range(4)] == [None, None, "--stretch_minutes", "--stretch_minutes"]


def test_a_machine_is_told_without_its_name():
    import platform

    words = machine(torch.device("cpu"))
    assert "threads" in words and platform.node() not in words.split()
