"""The training loop on recipes small enough to follow by hand."""

import json

import pytest
import torch
from torch import nn
from toy import Toy, toy_config
from whole_runs import train

from scfegan_hf.recipe import Sources
from scfegan_hf.training import schedule
from scfegan_hf.training.pictures import SMALL, STRIP, save_sheet
from scfegan_hf.training.processes import average_gradients
from scfegan_hf.training.trainer import Trainer
from scfegan_hf.training.turns import iterate_once

pytestmark = pytest.mark.usefixtures("fresh_accelerate")


@pytest.fixture
def configured(tmp_path):
    Toy.turns.clear()
    return lambda output_dir=tmp_path / "out", **options: toy_config(output_dir, **options)


def test_turns_come_in_order_with_others_frozen_and_as_often_as_they_say(configured):
    recipe = Toy(every=3)
    trainer = train(recipe, configured())
    assert [turn for turn, _, _ in recipe.turns] == [
        "generator", "critic", "extra", "generator", "critic", "generator", "critic", "generator", "critic", "extra",
    ]  # fmt: skip
    assert all(frozen_but == {"generator" if turn == "generator" else "critic"} for turn, _, frozen_but in recipe.turns)
    assert [batch for turn, batch, _ in recipe.turns if turn == "generator"] == [[0, 1], [2, 3], [4, 5], [6, 7]]
    assert torch.equal(trainer.networks["frozen"].weight, torch.full((2,), 5.0))


def test_updates_of_the_same_networks_share_an_optimiser(configured):
    trainer = train(Toy(), configured())
    assert set(trainer.turns.optimizers) == {"generator", "critic"}
    (slot,) = trainer.turns.optimizers["critic"].state_dict()["state"].values()
    assert slot["step"] == 8
    # Adam moves by the learning rate while the gradient stays, which is 2 a turn for the second weight.
    assert trainer.networks["critic"].weight[1].item() == pytest.approx(-1 - 8 * 0.01, abs=1e-5)


def test_losses_with_an_underscore_are_only_logged(configured, tmp_path):
    plain = train(Toy(), configured(output_dir=str(tmp_path / "a")))
    noisy = train(Toy(noise=1e6), configured(output_dir=str(tmp_path / "b")))
    assert torch.equal(plain.networks["generator"].weight, noisy.networks["generator"].weight)
    line = json.loads((tmp_path / "b" / "log.jsonl").read_text().splitlines()[1])
    assert line["_shown"] == pytest.approx(1e6 * line["loss_of_extra"])


def test_the_average_follows_by_its_decay(configured):
    trainer = Trainer(Toy(), configured(ema_decay=0.9))
    average, weight = trainer.averaged["generator"].weight, trainer.networks["generator"].weight
    expected = torch.ones(2)
    for step in range(1, 200):
        trainer.step = step
        weight.data.fill_(float(step))
        schedule.average(trainer.averaged, trainer.networks, trainer.step, 0.9)
        decay = min(0.9, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * step
        torch.testing.assert_close(average, expected)
    trainer.networks["generator"].calls.fill_(7)
    schedule.average(trainer.averaged, trainer.networks, trainer.step, 0.9)
    assert trainer.averaged["generator"].calls == 7  # buffers are copied
    assert not average.requires_grad and not trainer.averaged["generator"].training


@pytest.mark.parametrize(
    ("scheduler", "expected"),
    [
        ("constant", [0.25, 0.5, 0.75, 1, 1, 1, 1, 1, 1]),
        ("cosine", [0.25, 0.48191, 0.64566, 0.70677, 0.525, 0.34322, 0.18912, 0.08616, 0.05]),
        ("linear", [0.25, 0.5, 0.75, 1, 1, 0.7625, 0.525, 0.2875, 0.05]),
    ],
)
def test_learning_rates_rise_and_fall(configured, scheduler, expected):
    trainer = Trainer(Toy(), configured(lr_scheduler=scheduler, lr_warmup_steps=4, max_train_steps=8))
    found = []
    for step in range(9):
        trainer.step = step
        found.append(trainer.turns.rate(trainer.updates[0], trainer.step))
    assert found == pytest.approx(expected, abs=1e-4)


def test_gradients_are_clipped_to_their_norm(configured, tmp_path):
    def biggest(**options) -> float:
        trainer, seen = Trainer(Toy(), configured(**options)), []
        trainer.turns.optimizers["generator"].register_step_pre_hook(
            lambda optimizer, *_: seen.append(optimizer.param_groups[0]["params"][0].grad.norm().item())
        )
        trainer.train()
        return max(seen)

    assert biggest(output_dir=str(tmp_path / "free")) > 10
    assert biggest(output_dir=str(tmp_path / "clipped"), max_grad_norm=0.5) == pytest.approx(0.5, rel=1e-4)


def test_unused_parameters_take_a_zero_gradient_on_any_number_of_processes(configured):
    """Two processes must fill them in to average; Adam skips None but not zero, so that one process fills them in too."""
    trainer = Trainer(Toy(), configured())
    used, unused = nn.Parameter(torch.ones(2)), nn.Parameter(torch.ones(3))
    used.grad = torch.tensor([1.0, 2.0])
    reported = average_gradients(trainer.accelerator, [used, unused], torch.tensor([7.0]))
    assert reported.tolist() == [7.0]
    assert torch.equal(used.grad, torch.tensor([1.0, 2.0])) and torch.equal(unused.grad, torch.zeros(3))


def test_validation_takes_the_averages_and_all_samples_before_the_first_and_after_the_last_step(configured, tmp_path):
    trainer = train(Toy(), configured())
    log = [line for line in (tmp_path / "out" / "log.jsonl").read_text().splitlines() if "validation" in line]
    assert len(log) == 2
    assert '"step": 0' in log[0] and '"step": 4' in log[1]
    assert trainer.metrics["validation_first"] == 1  # the mean of 0, 1, 2
    assert trainer.metrics["validation_weight"] == pytest.approx(trainer.averaged["generator"].weight[0].item())


def test_without_data_it_says_what_to_give(configured):
    with pytest.raises(ValueError, match="Give --train_data_dir FOLDER"):
        train(Toy(), configured(train_data_dir=()))


@pytest.mark.parametrize("channels_last", [True, False])
def test_pictures_are_laid_out_as_asked(configured, channels_last):
    trainer = Trainer(Toy(), configured(channels_last=channels_last))
    picture = trainer._to_device({"picture": torch.zeros(2, 3, 4, 4), "x": torch.zeros(2, 2)})["picture"]
    assert picture.is_contiguous(memory_format=torch.channels_last) is channels_last


def test_a_sheet_has_one_row_per_title_which_stands_above_it(tmp_path):
    from PIL import Image

    rows = {"black": torch.full((2, 3, 4, 5), -1.0), "white": torch.full((2, 3, 4, 5), 7.0)}
    rows["white"][1, 0] = 0
    save_sheet(rows, tmp_path / "below" / "sheet.png")
    sheet = Image.open(tmp_path / "below" / "sheet.png")
    factor = SMALL // 4  # the pictures are small and so enlarged, without smoothing
    assert sheet.size == (10 * factor, 2 * (4 * factor + STRIP))
    corners = ((0, 0), (9, 3), (0, 4), (9, 7))
    middles = [((x + 0.5) * factor, (y + 0.5) * factor + STRIP * (1 + y // 4)) for x, y in corners]
    colors = [sheet.getpixel((int(x), int(y))) for x, y in middles]
    assert colors == [(0, 0, 0), (0, 0, 0), (255, 255, 255), (128, 255, 255)]
    for top in (0, 4 * factor + STRIP):
        title = sheet.convert("L").crop((0, top, 60, top + STRIP))
        assert title.getextrema()[0] < 100 and title.histogram()[255] > 0.5 * 60 * STRIP
    assert [path.name for path in (tmp_path / "below").iterdir()] == ["sheet.png"]


def test_samples_are_made_ahead_by_workers_that_stay(configured):
    trainer = Trainer(Toy(), configured(dataloader_num_workers=2, dataloader_prefetch_factor=3))
    loader = trainer._loader(trainer.recipe.dataset(Sources({}), "train", 128, 0))
    assert (loader.num_workers, loader.prefetch_factor, loader.persistent_workers) == (2, 3, True)
    assert loader.pin_memory is (trainer.device.type == "cuda")


def test_spectral_norm_moves_once_a_turn_whatever_the_number_of_passes():
    from torch.nn.utils.parametrizations import spectral_norm

    network = spectral_norm(nn.Linear(5, 4))
    vector = network.parametrizations.weight[0]._u
    before = vector.clone()
    iterate_once(network)
    moved = vector.clone()
    assert not torch.equal(before, moved)
    first, second = network(torch.ones(1, 5)), network(torch.ones(1, 5))
    assert torch.equal(vector, moved) and torch.equal(first, second)
    iterate_once(network)
    assert not torch.equal(vector, moved)
