"""What a run says about itself: log, curves, trackers, where its time goes; and the precisions it can take."""

import importlib.util
import json
import shutil
import time
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from toy import Toy, toy_config
from whole_runs import checkpoint, difference, held_by, train

from scfegan_hf.recipe import Optimizer, Update
from scfegan_hf.training import watching
from scfegan_hf.training.faults import TrainingFault
from scfegan_hf.training.timing import Stopwatch
from scfegan_hf.training.trainer import Trainer

pytestmark = pytest.mark.usefixtures("fresh_accelerate")


# log and trackers


@pytest.mark.parametrize("name", ["wandb", "trackio"])
def test_a_tracker_that_is_not_installed_is_an_error(tmp_path, name):
    if importlib.util.find_spec(name):
        pytest.skip(f"{name} is installed")
    with pytest.raises(ValueError, match=f"--report_to {name} needs a package that is not installed: pip install {name}"):
        Trainer(Toy(), toy_config(tmp_path / "out", report_to=name))


def test_an_unknown_tracker_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="must be one of tensorboard, wandb, trackio or none, not 'tensorbored'"):
        Trainer(Toy(), toy_config(tmp_path / "out", report_to="tensorbored"))


def test_what_a_killed_run_logged_after_its_checkpoint_is_taken_back(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    config = toy_config(tmp_path / "out", logging_steps=1, max_train_steps=6, checkpointing_steps=2, report_to="tensorboard")
    train(Toy(), config)
    for name in ("step-00000006", "step-00000004"):
        shutil.rmtree(tmp_path / "out" / "checkpoints" / name)
    # As after a kill in step 6 with the newest checkpoint at 2: lines up to 5, and half a line.
    log = tmp_path / "out" / "log.jsonl"
    (tmp_path / "out" / "checkpoints").mkdir(exist_ok=True)
    train(Toy(), replace(config, output_dir=str(tmp_path / "other"), max_train_steps=2))
    shutil.copytree(tmp_path / "other" / "checkpoints" / "step-00000002", tmp_path / "out" / "checkpoints" / "step-00000002")
    log.write_text(log.read_text() + '{"step": 7, "half')
    train(Toy(), config)
    steps = [line["step"] for line in watching.read_log(log) if "images_per_second" in line]
    assert steps == [1, 2, 3, 4, 5, 6] and log.read_text().endswith("}\n")
    events = EventAccumulator(str(tmp_path / "out" / "logs"))
    events.Reload()
    assert [event.step for event in events.Scalars("loss_of_generator")] == [1, 2, 3, 4, 5, 6]


def test_curves_show_the_losses_of_each_turn_and_validation(tmp_path, monkeypatch):
    drawn = {}
    real = watching.draw_curves

    def note(log, groups, png):
        drawn.update(groups)
        real(log, groups, png)

    monkeypatch.setattr("scfegan_hf.training.trainer.draw_curves", note)
    train(Toy(), toy_config(tmp_path / "out", logging_steps=1))
    assert drawn == {
        "generator": {"loss_of_generator", "_shown"}, "critic": {"loss_of_critic", "_shown"},
        "extra": {"loss_of_extra", "_shown"},
    }  # fmt: skip
    curves = Image.open(tmp_path / "out" / "curves.png")
    assert curves.size == (880, 5 * 330)  # three turns and two validation figures
    assert len(np.unique(np.asarray(curves))) > 50


def test_the_share_of_time_that_waits_for_data_is_logged(tmp_path):
    class Slow(Toy):
        def dataset(self, *given):
            plain = super().dataset(*given)
            return type("Slow", (type(plain),), {"__getitem__": lambda _, n: (time.sleep(0.05), plain[n])[1]})()

    train(Slow(), toy_config(tmp_path / "slow", logging_steps=2))
    train(Toy(), toy_config(tmp_path / "fast", logging_steps=2))

    def share(name: str) -> float:
        return next(line for line in watching.read_log(tmp_path / name / "log.jsonl") if line["step"] == 4)["data_wait"]

    assert 0 < share("fast") < share("slow") < 1 and share("slow") > 0.5


# where time goes


def test_parts_within_parts_count_their_own_time():
    watch = Stopwatch(torch.device("cpu"))
    with watch("outer"):
        time.sleep(0.02)
        with watch("inner"):
            time.sleep(0.05)
        time.sleep(0.02)
    assert 0.04 <= watch.seconds["outer"] < 0.05 <= watch.seconds["inner"]
    assert [line.split("|")[1].strip() for line in watch.table(10).splitlines()[2:]] == ["inner", "outer"]
    with pytest.raises(RuntimeError, match="not the innermost"):
        watch.enter("a")
        watch.leave("b")


def test_a_frozen_networks_forward_and_backward_passes_are_its_own():
    class Sleepy(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            time.sleep(0.03)
            return x * 2

        @staticmethod
        def backward(ctx, gradient):
            time.sleep(0.05)
            return gradient * 2

    class Features(torch.nn.Module):
        def forward(self, x):
            return [x + 1, Sleepy.apply(x)]

    watch, network = Stopwatch(torch.device("cpu")), Features()
    watch.watch(network, "features")
    x = torch.ones(3, requires_grad=True)
    with watch("generator"):
        one, two = network(x * 1)
        (one + two).sum().backward()
        time.sleep(0.01)
    assert x.grad.tolist() == [3, 3, 3] and 0.08 <= watch.seconds["features"] < 0.12 and watch.seconds["generator"] >= 0.01
    with watch("generator"):
        network(torch.ones(3))  # without a gradient nothing is left open
    assert watch._open == []


def test_a_profile_names_all_parts_and_changes_nothing(recipe, configured, tmp_path, capsys):
    plain = held_by(train(recipe, configured("plain", max_train_steps=2)))
    profiled = held_by(train(recipe, configured("profiled", max_train_steps=2, profile=True)))
    assert all(torch.equal(plain[key], profiled[key]) for key in plain)
    table = capsys.readouterr().out
    parts = {"data", "generator", "discriminator", "penalty", "features", "communication", "average"}
    assert all(f"| {part} |" in table for part in parts)
    profile = json.loads((tmp_path / "profiled" / "profile.json").read_text())
    assert set(profile["seconds"]) == parts and profile["steps"] == 2 and all(v > 0 for v in profile["seconds"].values())


# schedules and precisions


class TwoRates(Toy):
    """The critic has a schedule of its own."""

    def updates(self):
        own = Optimizer(0.02, schedule="cosine", warmup_steps=4)
        return [replace(u, optimizer=own) if u.name != "generator" else u for u in super().updates()]


def test_networks_may_have_schedules_of_their_own(tmp_path):
    trainer = Trainer(TwoRates(), toy_config(tmp_path / "out", lr_warmup_steps=2, max_train_steps=8))
    generator, critic, _ = trainer.updates
    assert [trainer.turns.rate(generator, step) for step in (0, 1, 8)] == [0.5, 1.0, 1.0]
    assert [trainer.turns.rate(critic, step) for step in (0, 8)] == pytest.approx([0.25, 0.05])
    used = []
    trainer.turns.optimizers["critic"].register_step_pre_hook(lambda o, *_: used.append(o.param_groups[0]["lr"]))
    trainer.train()
    assert used[0] == pytest.approx(0.02 * 0.25) and used[-1] < used[-3]


def test_the_discriminators_schedule_is_a_flag_of_the_recipe(recipe):
    turns = {u.name: u for u in replace(recipe, discriminator_lr_scheduler="cosine", discriminator_lr_warmup_steps=7).updates()}
    assert (turns["discriminator"].optimizer.schedule, turns["discriminator"].optimizer.warmup_steps) == ("cosine", 7)
    assert (turns["generator"].optimizer.schedule, turns["generator"].optimizer.warmup_steps) == (None, None)


def test_fp16_trains_float32_weights_and_resumes_exactly_with_its_scaler(recipe, configured):
    exact = held_by(train(recipe, configured("exact", max_train_steps=2)))
    half = dict(mixed_precision="fp16")
    found = held_by(train(recipe, configured("half", max_train_steps=2, **half)))
    for network in ("generator", "discriminator"):
        assert 0 < difference(found, exact, network)[0] < 0.02
    assert all(value.dtype == torch.float32 for value in found.values())
    train(recipe, configured("half", **half))
    train(recipe, configured("whole", **half))
    stopped, whole = (checkpoint(configured(name), 4) for name in ("half", "whole"))
    assert all(torch.equal(whole[key], stopped[key]) for key in whole)


class Steep(Toy):
    """The generator's gradient is a sum in fp16 that overflows until the scaler's factor has come down."""

    factor = 1.0

    def updates(self):
        def loss(networks, batch, shared):
            return {"steep": self.factor * nn.functional.linear(batch["x"], networks["generator"].weight[None]).float().sum()}

        plain = {u.name: u for u in super().updates()}
        return [Update("generator", ("generator",), loss, Optimizer(0.01)), plain["critic"]]


def test_fp16s_scaler_backs_off_and_its_factor_is_in_the_checkpoint(tmp_path):
    config = toy_config(tmp_path / "out", mixed_precision="fp16", max_train_steps=8, max_skipped_turns=0)
    trainer = train(Steep(), config)
    scale = trainer.turns.scalers["generator"].get_scale()
    assert scale < 2**16 and trainer.turns.scalers["critic"].get_scale() == 2**16  # each has its own
    assert trainer.turns.not_finite.total == 0 and trainer.networks["generator"].weight[0] < 1
    again = Trainer(Steep(), config)
    again._load(tmp_path / "out" / "checkpoints" / "step-00000008")
    assert again.turns.scalers["generator"].get_scale() == scale


def test_in_fp16_what_never_fits_stops_the_training(tmp_path):
    class Hopeless(Steep):
        factor = float("inf")

    with pytest.raises(TrainingFault, match="not finite; the last: steep"):
        train(Hopeless(), toy_config(tmp_path / "out", mixed_precision="fp16", max_train_steps=40, max_skipped_turns=2))


@pytest.mark.parametrize("allowed", [True, False])
def test_tf32_is_as_asked(tmp_path, allowed):
    before = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    try:
        Trainer(Toy(), toy_config(tmp_path / "out", allow_tf32=allowed))
        assert torch.backends.cuda.matmul.allow_tf32 is allowed and torch.backends.cudnn.allow_tf32 is allowed
    finally:
        torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = before


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # Inductor's own
def test_a_compiled_generator_trains_the_same(recipe, configured):
    if not any(map(shutil.which, ("g++", "clang++", "c++"))):
        pytest.skip("needs a C++ compiler")
    plain = held_by(train(recipe, configured("plain", max_train_steps=1)))
    trainer = train(recipe, configured("compiled", max_train_steps=1, torch_compile=True))
    assert trainer.networks["generator"]._compiled_call_impl and trainer.networks["features"]._compiled_call_impl
    assert difference(held_by(trainer), plain, "generator")[0] < 1e-3
