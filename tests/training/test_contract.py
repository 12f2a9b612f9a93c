"""What the trainer holds recipes to: state, what turns share, optimisers that agree, data by role. On toys."""

import json
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file
from torch import nn
from torch.optim import SGD, Adam
from toy import Toy, toy_config
from whole_runs import checkpoint, train

from scfegan_hf.recipe import Optimizer, Role, Shared, Update
from scfegan_hf.training.continuing import check_folder
from scfegan_hf.training.muon import Muon
from scfegan_hf.training.optimizers import check_updates
from scfegan_hf.training.sources import sources_of
from scfegan_hf.training.trainer import Trainer

pytestmark = pytest.mark.usefixtures("fresh_accelerate")


# state


class Pool(nn.Module):
    """Mixes what it is given with what it was given before: buffers, and nothing to train."""

    def __init__(self):
        super().__init__()
        self.register_buffer("held", torch.zeros(2))

    def forward(self, x):
        mixed = x + self.held
        self.held.copy_(0.5 * self.held + 0.1 * x.detach())
        return mixed


class Pooled(Toy):
    """The generator is pulled to the product of itself and a pool of what it said before, with dropout."""

    def networks(self, resolution=256):
        return {**super().networks(), "pool": Pool()}

    def updates(self):
        def loss(networks, batch, shared):
            said = nn.functional.dropout(networks["generator"](batch["x"]).mean(0), 0.5)
            return {"loss": networks["pool"](said).square().sum()}

        plain = {u.name: u for u in super().updates()}
        return [replace(plain["generator"], loss=loss), plain["critic"]]


def test_a_helper_of_buffers_alone_goes_on_where_it_was(tmp_path):
    train(Pooled(), toy_config(tmp_path / "whole", max_train_steps=6))
    train(Pooled(), toy_config(tmp_path / "stopped", max_train_steps=3))
    train(Pooled(), toy_config(tmp_path / "stopped", max_train_steps=6))
    whole, stopped = (checkpoint(toy_config(tmp_path / name), 6) for name in ("whole", "stopped"))
    assert whole["pool.held"].any() and whole.keys() == stopped.keys()
    assert [key for key in whole if not torch.equal(whole[key], stopped[key])] == []


def test_networks_that_are_all_frozen_are_not_in_checkpoints(tmp_path):
    trainer = train(Pooled(), toy_config(tmp_path / "out"))
    assert "frozen" in trainer.networks and set(trainer.kept) == {"generator", "critic", "pool"}
    written = {path.name for path in (tmp_path / "out" / "checkpoints" / "step-00000004").glob("*.safetensors")}
    assert written == {"generator.safetensors", "critic.safetensors", "pool.safetensors", "ema-generator.safetensors"}


def test_what_is_kept_averaged_and_released_is_the_recipes_word(tmp_path):
    class Own(Toy):
        def kept(self, networks):
            return (*super().kept(networks), "frozen")

        def release(self):
            return ("generator", "critic", "frozen")

        def averaged(self):
            return ("generator",)

    out = tmp_path / "out"
    trainer = train(Own(), toy_config(out))
    written = {path.name for path in (out / "checkpoints" / "step-00000004").glob("*.safetensors")}
    assert written == {"generator.safetensors", "critic.safetensors", "frozen.safetensors", "ema-generator.safetensors"}
    assert torch.equal(load_file(out / "critic" / "model.safetensors")["weight"], trainer.networks["critic"].weight)
    assert torch.equal(load_file(out / "model.safetensors")["weight"], trainer.averaged["generator"].weight)
    assert not torch.equal(trainer.averaged["generator"].weight, trainer.networks["generator"].weight)
    assert (load_file(out / "frozen" / "model.safetensors")["weight"] == 5).all()


def test_a_recipe_that_keeps_less_than_it_trains_is_refused(tmp_path):
    class Forgetful(Toy):
        def kept(self, networks):
            return ("generator",)

    with pytest.raises(ValueError, match=r"toy trains critic, but its kept\(\) leaves it out"):
        Trainer(Forgetful(), toy_config(tmp_path / "out"))


def test_a_checkpoint_from_before_there_was_a_helper_is_refused_in_words(tmp_path):
    train(Toy(), toy_config(tmp_path / "out"))
    with pytest.raises(ValueError, match=r"step-00000004 has no pool.safetensors: the recipe or the package was another"):
        train(Pooled(), toy_config(tmp_path / "out", max_train_steps=6))


def test_a_setting_that_came_later_counts_as_its_default(tmp_path):
    settings = {"noise": 0.0, "seed": 0}
    check_folder(tmp_path, settings, {}, write=True)
    (tmp_path / "checkpoints" / "step-00000001").mkdir(parents=True)
    (tmp_path / "checkpoints" / "step-00000001" / "state.json").write_text("{}")
    later = {**settings, "width": 4}
    check_folder(tmp_path, later, {"width": 4}, write=False)
    with pytest.raises(ValueError, match="width: 4 before, 8 now"):
        check_folder(tmp_path, {**later, "width": 8}, {"width": 4}, write=False)
    assert json.loads((tmp_path / "training_config.json").read_text()) == settings


# what turns share


class Sharing(Toy):
    """The critic's turn reads what the generator's turn, in every second step, has left on the same part of the batch."""

    seen = []
    ask = True

    def updates(self):
        def leave(networks, batch, shared):
            assert not shared  # each step and part begins with nothing
            shared["numbers"] = batch["x"][:, 0].tolist()
            return {"left": networks["generator"].weight.sum()}

        def read(networks, batch, shared):
            if not self.ask or "numbers" in shared:
                self.seen.append((shared["numbers"], batch["x"][:, 0].tolist()))
            return {"read": networks["critic"].weight.sum()}

        plain = {u.name: u for u in super().updates()}
        return [replace(plain["generator"], loss=leave, every=2), replace(plain["critic"], loss=read)]


def test_what_is_shared_belongs_to_a_part_of_the_batch_and_a_step(tmp_path):
    Sharing.seen.clear()
    train(Sharing(), toy_config(tmp_path / "out", gradient_accumulation_steps=2))
    assert Sharing.seen == [([n, n + 1], [n, n + 1]) for n in (0.0, 2.0, 8.0, 10.0)]  # of steps 0 and 2


def test_reading_what_no_turn_has_left_is_an_error_in_a_sentence(tmp_path):
    class Hasty(Sharing):
        ask = False

    with pytest.raises(LookupError, match=r"No turn of this step has left 'numbers' for this one; there is nothing"):
        train(Hasty(), toy_config(tmp_path / "out"))
    with pytest.raises(LookupError, match="there is 'a', 'b'"):
        Shared(a=1, b=2)["c"]


# optimisers


def update(name: str, *trains: str, every: int = 1, **options) -> Update:
    return Update(name, trains, lambda *_: {}, Optimizer(0.1, **options), every)


@pytest.mark.parametrize(
    ("updates", "message"),
    [
        ([update("one", "a"), update("two", "a", kind="muon"), update("rest", "b", "c")], "'one' and 'two' train the same"),
        ([update("one", "a", "b"), update("two", "b", "a", kind="sgd"), update("rest", "c")], "'one' and 'two' train the same"),
        ([update("one", "a", "b"), update("two", "b", "c")], "'one' and 'two' both train b"),
        ([update("one", "a", "b"), update("two", "a"), update("rest", "c")], "'one' and 'two' both train a"),
        ([update("one", "a"), update("one", "b", "c")], "Two updates have one name"),
        ([update("one", "a", "b", "c", "frozen")], "trains frozen, which has no parameters"),
        ([update("one", "a", "b", "c", "d")], "trains d, which has no parameters"),
        ([update("one", "a", "b")], "No update trains c"),
        ([update("one", "a", "b", "c", every=0)], "every 0th step"),
        ([update("one", "a", "b", "c", "c")], "names a network twice"),
        ([update("one")], "trains nothing"),
    ],
)
def test_updates_that_contradict_each_other_are_refused(updates, message):
    networks = {**{name: nn.Linear(1, 1) for name in "abc"}, "frozen": nn.Linear(1, 1).requires_grad_(False)}
    with pytest.raises(ValueError, match=message):
        check_updates(updates, networks)


def test_the_order_of_names_does_not_make_two_optimisers(tmp_path):
    class Both(Toy):
        def updates(self):
            def loss(networks, batch, shared):
                return {"sum": networks["generator"].weight.sum() + networks["critic"].weight.sum()}

            how = Optimizer(0.01)
            return [Update("one", ("generator", "critic"), loss, how), Update("two", ("critic", "generator"), loss, how)]

    trainer = train(Both(), toy_config(tmp_path / "out", max_train_steps=2))
    assert list(trainer.turns.optimizers) == ["critic-generator"]
    assert [slot["step"] for slot in trainer.turns.optimizers["critic-generator"].state_dict()["state"].values()] == [4, 4]


@pytest.mark.parametrize(("kind", "expected"), [("adam", Adam), ("muon", Muon), ("sgd", SGD)])
def test_each_kind_trains_and_goes_on_exactly(tmp_path, kind, expected):
    class Kind(Toy):
        def updates(self):
            how = Optimizer(0.01, kind=kind, betas=(0.8, 0.9), weight_decay=0.1)
            return [replace(u, optimizer=how) if u.trains == ("generator",) else u for u in super().updates()]

    trainer = train(Kind(), toy_config(tmp_path / "whole", lr_scheduler="linear"))
    optimizer = trainer.turns.optimizers["generator"]
    assert type(optimizer) is expected and optimizer.param_groups[0].get("momentum", 0.8) == 0.8
    assert optimizer.param_groups[0]["weight_decay"] == 0.1
    signalled = toy_config(tmp_path / "parts", lr_scheduler="linear", checkpointing_steps=2, checkpoints_total_limit=9)
    train(Kind(), signalled)
    (tmp_path / "parts" / "checkpoints" / "step-00000004").rename(tmp_path / "away")
    train(Kind(), signalled)  # from step 2
    whole, parts = (checkpoint(toy_config(tmp_path / name), 4) for name in ("whole", "parts"))
    assert all(torch.equal(whole[key], parts[key]) for key in whole)


def test_what_is_no_optimiser_or_schedule_is_refused():
    with pytest.raises(ValueError, match="An optimiser is adam, muon or sgd, not 'lion'"):
        Optimizer(0.1, kind="lion")
    with pytest.raises(ValueError, match="A schedule is constant, cosine or linear, not 'step'"):
        Optimizer(0.1, schedule="step")


# data by role


class Domains(Toy):
    """Reads two roles, one of which may be left out."""

    def roles(self):
        return {"a": Role(("image",), "horses"), "b": Role(("image",), "zebras"), "labels": Role((), "breeds", optional=True)}


def test_flags_name_roles_and_mean_the_first_without(tmp_path):
    config = toy_config(tmp_path, train_data_dir=("one", "b=two", "a=three"), dataset_name=("b=somebody/four", "somebody/x"))
    sources = sources_of(Domains(), config)
    assert sources["a"] == ("one", "three", "somebody/x") and sources["b"] == ("two", "somebody/four")
    assert sources["labels"] == () and not sources.streaming and sources.weights == ()
    odd = tmp_path / "c=d"
    odd.mkdir()  # a folder may be called so
    assert sources_of(Domains(), toy_config(tmp_path, train_data_dir=(str(odd), "b=x")))["a"] == (str(odd),)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"train_data_dir": ("one",)}, "Give --train_data_dir b=FOLDER or --dataset_name b=NAME: zebras"),
        ({"train_data_dir": ("b=one",)}, "Give --train_data_dir FOLDER or --dataset_name NAME: horses"),
        ({"train_data_dir": ("a=one", "c=two")}, "toy reads no data as 'c', only as a, b, labels"),
        ({"train_data_dir": ("a=one", "b=two"), "streaming": True}, "toy cannot stream"),
        ({"train_data_dir": ("a=one", "b=two"), "train_data_weights": (1.0,)}, "toy cannot mix"),
    ],
)
def test_what_a_recipe_cannot_read_is_refused_in_words(tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        train(Domains(), toy_config(tmp_path / "out", **options))
    assert not (tmp_path / "out").exists()


def test_a_recipe_that_says_it_streams_must(tmp_path):
    class Boastful(Toy):
        loading = frozenset({"streaming", "weights"})

    with pytest.raises(ValueError, match="toy was asked for a stream and has no such dataset"):
        train(Boastful(), toy_config(tmp_path / "out", streaming=True))
    with pytest.raises(ValueError, match="one weight for each of the 1 data sources, not 2"):
        train(Boastful(), toy_config(tmp_path / "out", train_data_weights=(1.0, 2.0)))


# figures


def test_figures_of_validation_are_the_recipes_word(tmp_path):
    class Counting(Toy):
        def evaluate(self, networks, batches):
            return {**super().evaluate(networks, batches), "batches": 7}

    means = train(Toy(), toy_config(tmp_path / "means")).metrics
    counted = train(Counting(), toy_config(tmp_path / "counted")).metrics
    assert counted == {**means, "validation_batches": 7.0} and means["validation_first"] == 1
