"""One contract over all recipes of the folder. A new recipe needs a row in conftest's `tiny_options`, nothing here."""

import math
from dataclasses import FrozenInstanceError, fields, replace

import pytest
import torch

from scfegan_hf.recipe import Optimizer, Recipe, Shared, Sources, Update
from scfegan_hf.recipes import recipe_class, recipe_names
from scfegan_hf.training import command
from scfegan_hf.training.config import TrainConfig
from scfegan_hf.training.optimizers import check_updates
from scfegan_hf.training.trainer import Trainer

pytestmark = pytest.mark.usefixtures("fresh_accelerate")
RESOLUTION = 128


@pytest.fixture(params=recipe_names())
def recipe(request, tiny_options) -> Recipe:
    return recipe_class(request.param)(**tiny_options[request.param])


def sources_in(recipe: Recipe, folder: str) -> Sources:
    return Sources({role: (folder,) for role in recipe.roles()})


@pytest.fixture
def batch(recipe, marked) -> dict[str, torch.Tensor]:
    dataset = recipe.dataset(sources_in(recipe, marked), "train", RESOLUTION, seed=0)
    return torch.utils.data.default_collate([dataset[n] for n in range(2)])


@pytest.fixture
def trainer(recipe, prepared, tmp_path) -> Trainer:
    config = TrainConfig(
        output_dir=str(tmp_path), train_data_dir=(prepared,), resolution=RESOLUTION, report_to="none", lr_warmup_steps=1
    )
    return Trainer(recipe, config)


def test_every_recipe_has_tiny_options(tiny_options):
    assert set(tiny_options) == set(recipe_names())


def test_an_unknown_recipe_lists_those_there_are():
    with pytest.raises(ValueError, match=f"No recipe 'gan'; there are {', '.join(recipe_names())}"):
        recipe_class("gan")


def test_it_is_a_frozen_dataclass_called_as_its_file(recipe):
    assert isinstance(recipe, Recipe) and recipe_class(recipe.name) is type(recipe)
    with pytest.raises(FrozenInstanceError):
        recipe.name = "other"


def test_updates_train_networks_that_there_are(recipe):
    networks, updates = recipe.networks(), recipe.updates()
    trainable = {name for name, network in networks.items() if any(p.requires_grad for p in network.parameters())}
    assert updates and all(isinstance(update, Update) and isinstance(update.optimizer, Optimizer) for update in updates)
    check_updates(updates, networks)  # nobody is left out, and who shares an optimiser agrees on its settings
    assert recipe.release()[0] in trainable and set(recipe.averaged()) <= trainable
    assert set(recipe.release()) <= set(networks) and trainable <= set(recipe.kept(networks))


def test_a_dataset_is_a_function_of_seed_and_number(recipe, prepared):
    one, two = (recipe.dataset(sources_in(recipe, prepared), "train", RESOLUTION, seed=1) for _ in range(2))
    assert all(torch.equal(one[7][name], two[7][name]) for name in one[7])
    assert len(recipe.dataset(sources_in(recipe, prepared), "validation", RESOLUTION, seed=1)) == 2


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


def test_samples_are_pictures_and_metrics_are_per_sample(trainer, batch):
    networks = {**trainer.networks, **trainer.averaged}
    pictures = trainer.recipe.sample(networks, batch)
    assert pictures
    for title, picture in pictures.items():
        assert picture.shape == (2, 3, RESOLUTION, RESOLUTION), title
        assert picture.min() >= -1 and picture.max() <= 1 and not picture.requires_grad, title
    for name, values in trainer.recipe.metrics(networks, batch).items():
        assert values.shape == (2,) and values.isfinite().all() and not values.requires_grad, name


def test_metrics_of_a_sample_do_not_depend_on_its_batch(trainer, batch):
    networks = {**trainer.networks, **trainer.averaged}
    together = trainer.recipe.metrics(networks, batch)
    for n in range(2):
        alone = trainer.recipe.metrics(networks, {name: value[n : n + 1] for name, value in batch.items()})
        for name, values in alone.items():
            torch.testing.assert_close(values[0], together[name][n], rtol=1e-3, atol=1e-4)


def test_flags_derive_from_the_dataclass(recipe, capsys):
    with pytest.raises(SystemExit) as stop:
        command.main([recipe.name, "--help"])
    assert stop.value.code == 0
    printed = capsys.readouterr().out
    for field in (*(f for f in fields(recipe) if f.init), *fields(TrainConfig)):
        assert f"--{field.name}" in printed or f"--no_{field.name}" in printed, field.name


def test_a_recipe_must_define_its_parts():
    parts = {"networks": (), "updates": (), "dataset": (Sources({}), "train", 128, 0), "sample": ({}, {})}
    parts |= {"roles": (), "card": ()}
    for part, arguments in parts.items():
        with pytest.raises(NotImplementedError, match=f"A recipe must define {part}"):
            getattr(Recipe(), part)(*arguments)
    assert Recipe().release() == ("generator",) and Recipe().metrics({}, {}) == {}
