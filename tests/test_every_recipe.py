"""One contract over all recipes: those of the package and of the folders that SCFEGAN_RECIPES names.

A new recipe is tested by being there: its networks are those of its `tiny`, its data have the columns of its `roles`.
"""

import math
import os
import subprocess
import sys
from dataclasses import FrozenInstanceError, fields, replace
from pathlib import Path

import pytest
import torch
import yaml
from PIL import Image
from safetensors.torch import load_file

from scfegan_hf.recipe import Card, Optimizer, Recipe, Shared, Sources, Update
from scfegan_hf.recipes import recipe_class, recipe_names, recipe_of
from scfegan_hf.training import command
from scfegan_hf.training.config import TrainConfig
from scfegan_hf.training.optimizers import check_updates
from scfegan_hf.training.pictures import STRIP
from scfegan_hf.training.trainer import Trainer

pytestmark = pytest.mark.usefixtures("fresh_accelerate")
ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(params=recipe_names())
def tiny(request, tmp_path_factory) -> tuple[Recipe, dict]:
    return recipe_class(request.param).tiny(tmp_path_factory.mktemp(request.param))


@pytest.fixture
def recipe(tiny) -> Recipe:
    return tiny[0]


@pytest.fixture
def resolution(tiny) -> int:
    return tiny[1]["resolution"]


@pytest.fixture
def sources(recipe, tiny_source) -> Sources:
    return Sources({name: (tiny_source(role.columns),) for name, role in recipe.roles().items()})


@pytest.fixture
def batch(recipe, sources, resolution) -> dict[str, torch.Tensor]:
    dataset = recipe.dataset(sources, "train", resolution, seed=0)
    return torch.utils.data.default_collate([dataset[n] for n in range(2)])


@pytest.fixture
def configured(tiny, sources, tmp_path):
    """A function from a folder's name and options to the settings of a tiny run."""

    def configure(folder: str = "out", **options) -> TrainConfig:
        given = dict(
            train_data_dir=tuple(f"{role}={name}" for role, (name,) in sources.by_role.items()), report_to="none",
            train_batch_size=2, lr_warmup_steps=1, dataloader_num_workers=0, num_validation_images=2, logging_steps=1,
        )  # fmt: skip
        return TrainConfig(output_dir=str(tmp_path / folder), **{**given, **tiny[1], **options})

    return configure


@pytest.fixture
def trainer(recipe, configured) -> Trainer:
    return Trainer(recipe, configured())


def test_an_unknown_recipe_lists_those_there_are():
    with pytest.raises(ValueError, match=f"No recipe 'gan'; there are {', '.join(recipe_names())}"):
        recipe_class("gan")


def test_it_is_a_frozen_dataclass_called_as_its_file(recipe):
    assert isinstance(recipe, Recipe) and recipe_class(recipe.name) is type(recipe)
    with pytest.raises(FrozenInstanceError):
        recipe.name = "other"


def test_updates_train_networks_that_there_are(recipe, resolution):
    networks, updates = recipe.networks(resolution), recipe.updates()
    trainable = {name for name, network in networks.items() if any(p.requires_grad for p in network.parameters())}
    assert updates and all(isinstance(update, Update) and isinstance(update.optimizer, Optimizer) for update in updates)
    check_updates(updates, networks)  # nobody is left out, and who shares an optimiser agrees on its settings
    assert recipe.release()[0] in trainable and set(recipe.averaged()) <= trainable
    assert set(recipe.release()) <= set(networks) and trainable <= set(recipe.kept(networks))


def test_a_dataset_is_a_function_of_seed_and_number(recipe, sources, resolution):
    one, two = (recipe.dataset(sources, "train", resolution, seed=1) for _ in range(2))
    assert all(torch.equal(one[7][name], two[7][name]) for name in one[7])
    assert len(recipe.dataset(sources, "validation", resolution, seed=1)) == 2


def test_every_turn_moves_only_what_it_trains(trainer, batch):
    """Through the trainer's own turn: losses are finite scalars, gradients and movement only where trained."""
    reached, shared = {}, Shared()
    for optimizer in trainer.turns.optimizers.values():
        optimizer.register_step_pre_hook(lambda *_: reached.update(gradients(trainer)))
    for update in trainer.updates:
        before = {name: [p.detach().clone() for p in network.parameters()] for name, network in trainer.networks.items()}
        reached.clear()
        losses = trainer.turns.take(update, [(batch, shared)], step=0)
        assert losses and all(math.isfinite(value) for value in losses.values()), losses
        assert any(not name.startswith("_") for name in losses)
        assert {name for name, share in reached.items() if share > 0} == set(update.trains)
        for name, network in trainer.networks.items():
            moved = [not torch.equal(a, b) for a, b in zip(before[name], network.parameters(), strict=True)]
            assert any(moved) if name in update.trains else not any(moved), (update.name, name)
        assert all(p.grad is None for network in trainer.networks.values() for p in network.parameters())


def test_every_summed_loss_teaches_somebody(trainer, batch):
    """Under the trainer's freezing each term has a gradient, and no term is a detached one's ghost."""
    shared = Shared()
    for update in trainer.updates:
        seen = {}
        noting = replace(update, loss=lambda *given, update=update, seen=seen: seen.update(update.loss(*given)) or seen)
        trainer.turns.take(noting, [(batch, shared)], step=0)
        assert [name for name, value in seen.items() if not name.startswith("_") and not value.requires_grad] == []


def gradients(trainer: Trainer) -> dict[str, float]:
    """By network, the share of parameters that have a gradient other than zero."""
    return {
        name: sum(p.grad is not None and bool(p.grad.abs().sum() > 0) for p in network.parameters())
        / max(len(list(network.parameters())), 1)
        for name, network in trainer.networks.items()
    }


def test_in_a_step_every_parameter_receives_a_gradient(trainer, batch):
    idle = {f"{name}.{key}" for name, network in trainer.trainable.items() for key, _ in network.named_parameters()}

    def note(*_):
        for name, network in trainer.trainable.items():
            idle.difference_update(f"{name}.{k}" for k, p in network.named_parameters() if p.grad is not None and p.grad.any())

    for optimizer in trainer.turns.optimizers.values():
        optimizer.register_step_pre_hook(note)
    shared = Shared()
    for update in trainer.updates:
        trainer.turns.take(update, [(batch, shared)], step=0)
    assert idle == set()


def test_each_turn_can_do_without_the_others(trainer, batch):
    """As in the steps in which those before it do not run."""
    for update in trainer.updates:
        losses = trainer.turns.take(update, [(batch, Shared())], step=0)
        assert all(math.isfinite(value) for value in losses.values()), losses


def test_samples_are_pictures_and_figures_are_numbers(trainer, batch, resolution):
    networks = {**trainer.networks, **trainer.averaged}
    pictures = trainer.recipe.sample(networks, batch)
    assert pictures
    for title, picture in pictures.items():
        assert picture.shape == (2, 3, resolution, resolution), title
        assert picture.min() >= -1 and picture.max() <= 1 and not picture.requires_grad, title
    for name, values in trainer.recipe.metrics(networks, batch).items():
        assert values.shape == (2,) and values.isfinite().all() and not values.requires_grad, name
    figures = trainer.recipe.evaluate(networks, iter([batch, batch]))
    assert figures and all(math.isfinite(value) for value in figures.values()), figures


def test_metrics_of_a_sample_do_not_depend_on_its_batch(trainer, batch):
    networks = {**trainer.networks, **trainer.averaged}
    together = trainer.recipe.metrics(networks, batch)
    for n in range(2):
        alone = trainer.recipe.metrics(networks, {name: value[n : n + 1] for name, value in batch.items()})
        for name, values in alone.items():
            torch.testing.assert_close(values[0], together[name][n], rtol=1e-3, atol=1e-4)


def tensors(folder: Path) -> dict[str, torch.Tensor]:
    """All that the checkpoint of step 4 holds."""
    saved = folder / "checkpoints" / "step-00000004"
    held = {f"{path.stem}.{key}": value for path in saved.glob("*.safetensors") for key, value in load_file(path).items()}
    for path in saved.glob("*.pt"):
        for number, slot in torch.load(path, weights_only=True)["state"].items():
            held |= {f"{path.stem}.{number}.{key}": value for key, value in slot.items()}
    return held


def test_it_trains_resumes_bit_for_bit_and_makes_a_release(recipe, configured, tmp_path):
    trainer = Trainer(recipe, configured("whole", max_train_steps=4))
    trainer.train()
    Trainer(recipe, configured("parts", max_train_steps=2)).train()
    Trainer(recipe, configured("parts", max_train_steps=4)).train()
    whole, parts = tensors(tmp_path / "whole"), tensors(tmp_path / "parts")
    assert whole.keys() == parts.keys() and {name.split(".")[0] for name in whole} >= set(trainer.trainable)
    assert [name for name in whole if not torch.equal(whole[name], parts[name])] == []

    out = tmp_path / "whole"
    for number, name in enumerate(recipe.release()):
        network = trainer.released[name]
        loaded = type(network).from_pretrained(out if number == 0 else out / name)
        assert all(torch.equal(value, loaded.state_dict()[key]) for key, value in network.state_dict().items())
    assert recipe_of(trainer.settings) == recipe
    check_card(recipe, (out / "README.md").read_text(), out.name)
    sheet = Image.open(out / "samples.png")
    titles = trainer.recipe.sample({**trainer.networks, **trainer.averaged}, two_samples(trainer, configured()))
    row = (sheet.height - STRIP * len(titles)) // len(titles)
    for number in range(len(titles)):  # a title in black on white stands above each row
        strip = sheet.convert("L").crop((0, number * (row + STRIP), min(sheet.width, 60), number * (row + STRIP) + STRIP))
        darkest, lightest = strip.getextrema()
        assert darkest < 100 and lightest == 255 and strip.histogram()[255] > 0.5 * strip.width * strip.height


def two_samples(trainer: Trainer, config: TrainConfig) -> dict[str, torch.Tensor]:
    sources = Sources({flag.split("=", 1)[0]: (flag.split("=", 1)[1],) for flag in config.train_data_dir})
    dataset = trainer.recipe.dataset(sources, "validation", config.resolution, 0)
    return torch.utils.data.default_collate([dataset[n] for n in range(2)])


def check_card(recipe: Recipe, text: str, title: str) -> None:
    card, front = recipe.card(), yaml.safe_load(text.split("---")[1])
    assert isinstance(card, Card) and front["pipeline_tag"] == card.task and front["tags"] == list(card.tags)
    assert f"# {title}: {card.title}" in text and card.about in text and card.limits in text and card.ethics in text
    assert card.sheet in text and "(samples.png)" in text and f'from_pretrained("{title}")' in text
    assert (card.citation in text) and ("## Citation" in text) == bool(card.citation)
    assert "{{" not in text and "{repository}" not in text and "more information needed" not in text.lower()


def test_flags_derive_from_the_dataclass(recipe, capsys):
    with pytest.raises(SystemExit) as stop:
        command.main([recipe.name, "--help"])
    assert stop.value.code == 0
    printed = capsys.readouterr().out
    for field in (*(f for f in fields(recipe) if f.init), *fields(TrainConfig)):
        assert f"--{field.name}" in printed or f"--no_{field.name}" in printed, field.name
    assert set(recipe.training) <= {f.name for f in fields(TrainConfig)}


def test_its_data_stream_or_it_says_that_they_do_not(recipe, configured):
    config = configured("streamed", streaming=True, max_train_steps=1)
    if "streaming" in recipe.loading:
        trainer = Trainer(recipe, config)
        trainer.train()
        assert trainer.step == 1
    else:
        with pytest.raises(ValueError, match=f"{recipe.name} cannot stream"):
            Trainer(recipe, config).train()


def test_a_recipe_must_define_its_parts():
    parts = {"networks": (128,), "updates": (), "dataset": (Sources({}), "train", 128, 0), "sample": ({}, {})}
    parts |= {"roles": (), "card": (), "tiny": (Path(),)}
    for part, arguments in parts.items():
        with pytest.raises(NotImplementedError, match=f"A recipe must define {part}"):
            getattr(Recipe(), part)(*arguments)
    assert Recipe().release() == Recipe().averaged() == ("generator",)
    assert Recipe().metrics({}, {}) == {} and Recipe().evaluate({}, [{}]) == {}


def test_a_file_dropped_into_a_folder_is_a_recipe_that_is_tested(tmp_path):
    """With two domains, a pool of pictures and a strength that adapts, none of which the package knows of."""
    (tmp_path / "cycle.py").write_text((Path(__file__).parent / "recipes" / "cycle.txt").read_text())
    environment = {**os.environ, "SCFEGAN_RECIPES": str(tmp_path), "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    chosen = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_every_recipe.py", "-k", "cycle"]
    done = subprocess.run(chosen, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stdout[-3000:]
    assert " passed" in done.stdout and "failed" not in done.stdout and "error" not in done.stdout
    workers = "from scfegan_hf.recipes import recipe_class; print(recipe_class('cycle').__name__)"
    found = subprocess.run([sys.executable, "-c", workers], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert found.stdout.strip() == "Cycle", found.stderr
