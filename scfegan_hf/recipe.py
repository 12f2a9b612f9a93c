"""The contract between a GAN and the trainer: turns of optimisers, data by role, words for the card, and all in one Recipe."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from scfegan_hf.ranges import check_range

Networks = Mapping[str, nn.Module]
Batch = Mapping[str, Tensor]
Losses = dict[str, Tensor]

KINDS = ("adam", "muon", "sgd")
SCHEDULES = ("constant", "cosine", "linear")


class Shared(dict):
    """What one turn leaves for the later turns of the same step on the same part of a batch; empty when a step begins.

    A turn that does not run in every step leaves nothing in the others: ask with `in` before reading. Leave tensors
    detached where a later turn must not reach back.
    """

    def __missing__(self, key: str):
        held = ", ".join(map(repr, self)) or "nothing"
        raise LookupError(f"No turn of this step has left {key!r} for this one; there is {held}. Ask with `in` first.")


@dataclass(frozen=True)
class Optimizer:
    """How the parameters of one or more updates move. Raises ValueError for a kind or schedule that there is none of.

    ``kind``: Adam; Muon, which makes the steps of convolutions and matrices orthogonal and leaves the rest to Adam
    (training/muon.py); stochastic gradient descent with momentum. ``betas``: how much of the past the mean of gradients
    and that of their squares keep; the first is Muon's and SGD's momentum. ``schedule`` and ``warmup_steps`` are the run's
    where None.
    """

    learning_rate: float
    kind: str = "adam"
    betas: tuple[float, float] = (0.5, 0.999)
    weight_decay: float = 0.0
    schedule: str | None = None
    warmup_steps: int | None = None

    def __post_init__(self):
        if self.kind not in KINDS:
            raise ValueError(f"An optimiser is {', '.join(KINDS[:-1])} or {KINDS[-1]}, not {self.kind!r}.")
        if self.schedule not in (None, *SCHEDULES):
            raise ValueError(f"A schedule is {', '.join(SCHEDULES[:-1])} or {SCHEDULES[-1]}, not {self.schedule!r}.")


@dataclass(frozen=True)
class Update:
    """One optimiser's turn in a training step.

    ``trains`` names the networks whose parameters move; updates that train the same set share an optimiser, and sets must
    not overlap. ``loss(networks, batch, shared)`` returns named scalar tensors, already weighted, which the trainer sums;
    a name that starts with "_" is only logged. The update runs in every ``every``-th step (n_critic, lazy penalties).
    """

    name: str
    trains: tuple[str, ...]
    loss: Callable[[Networks, Batch, Shared], Losses]
    optimizer: Optimizer
    every: int = 1


@dataclass(frozen=True)
class Role:
    """One kind of data that a recipe reads: the columns of its rows, what it is in words, and whether it may be left out."""

    columns: tuple[str, ...]
    what: str
    optional: bool = False


@dataclass(frozen=True)
class Sources:
    """Where a run's data lie: folders and Hub datasets by role.

    ``weights``: share of the samples from each source of the recipe's first role; () counts each by its size.
    ``streaming``: rows are read as they arrive, and the dataset is an IterableDataset whose `take(batches)` says which
    samples to yield.
    """

    by_role: Mapping[str, tuple[str, ...]]
    weights: tuple[float, ...] = ()
    streaming: bool = False

    def __getitem__(self, role: str) -> tuple[str, ...]:
        return self.by_role.get(role, ())


@dataclass(frozen=True)
class Card:
    """What is said of a release. Markdown; in ``usage`` {repository} stands for where the release is."""

    title: str  # after the repository's name: "edit a face by drawing on it"
    task: str  # of the Hub, such as "image-to-image"
    tags: tuple[str, ...]
    about: str
    usage: str
    sheet: str  # caption of samples.png
    limits: str
    ethics: str
    citation: str = ""  # BibTeX


MOST_RATE, MOST_COUNT, MOST_WEIGHT = 10.0, 10**9, 1e9  # of what a recipe's flags may say


@dataclass(frozen=True)
class Recipe:
    """A GAN: hyper-parameters with their defaults, networks, data, updates, figures and what is said of its release.

    Subclasses are frozen dataclasses in recipes/; `name` is what the command line calls them. A dataset returns the
    n-th sample of an endless stream as a function of (seed, n) alone, so that training resumes exactly on any number
    of processes. What a loss draws at random (dropout, augmentation) comes from PyTorch's own generator, which the
    trainer seeds anew in each step.
    """

    name: str = field(default="", init=False, repr=False)

    training: ClassVar[Mapping[str, Any]] = {}  # other defaults of TrainConfig: {"resolution": 64}
    anew: ClassVar[frozenset[str]] = frozenset()  # names of networks that never change and come anew, whatever they hold
    loading: ClassVar[frozenset[str]] = frozenset()  # of "streaming" and "weights", what its dataset can do

    # (least, most) of numbers, and of those in tuples, where that is not 0 to MOST_COUNT or MOST_WEIGHT.
    ranges: ClassVar[Mapping[str, tuple[float, float]]] = {}

    def __post_init__(self):
        """Raises ValueError, naming the flag, for a number outside its range, or not finite, and for a rate of 0."""
        for each in fields(self):
            value = getattr(self, each.name)
            for number in value if isinstance(value, tuple) else (value,):
                if isinstance(number, int | float) and not isinstance(number, bool):
                    rate = each.name.endswith("learning_rate")
                    most = MOST_RATE if rate else MOST_COUNT if isinstance(number, int) else MOST_WEIGHT
                    check_range(each.name, number, *self.ranges.get(each.name, (0, most)), open_low=rate)

    def networks(self, resolution: int) -> dict[str, nn.Module]:
        """Fresh networks by name, for pictures of ``resolution`` pixels: trainable ones, frozen ones, and helpers with
        buffers alone."""
        raise NotImplementedError("A recipe must define networks().")

    def roles(self) -> dict[str, Role]:
        """The data it reads by role; flags that name no role mean the first."""
        raise NotImplementedError("A recipe must define roles().")

    def dataset(self, sources: Sources, split: str, resolution: int, seed: int) -> Dataset:
        """The samples of a split ("train" or "validation"): dicts of tensors, endless for training.

        A sample's "_skipped" counts the unreadable rows that it stands in for. Raises FileNotFoundError for data that are
        not there, and ValueError in words for what it cannot do with these sources or this resolution.
        """
        raise NotImplementedError("A recipe must define dataset().")

    def updates(self) -> list[Update]:
        """The turns of one training step, in order."""
        raise NotImplementedError("A recipe must define updates().")

    def sample(self, networks: Networks, batch: Batch) -> dict[str, Tensor]:
        """Pictures (N, 3, H, W) in [-1, 1] by title, for one row each of a validation sheet."""
        raise NotImplementedError("A recipe must define sample().")

    def card(self) -> Card:
        """What is said of a release."""
        raise NotImplementedError("A recipe must define card().")

    @classmethod
    def tiny(cls, folder: Path) -> tuple["Recipe", dict[str, Any]]:
        """This recipe with networks so small that a test takes seconds, and options of TrainConfig to go with them.

        Weights that it reads are made up and written to ``folder``.
        """
        raise NotImplementedError("A recipe must define tiny().")

    def release(self) -> tuple[str, ...]:
        """Names of the networks that a release holds; the first one is what users load."""
        return ("generator",)

    def averaged(self) -> tuple[str, ...]:
        """Names of the networks whose weights are averaged over steps; validated and released are the averages."""
        return self.release()

    def kept(self, networks: Networks) -> tuple[str, ...]:
        """Names of the networks that a checkpoint holds.

        By default all that have something to train, and those with buffers alone (a pool of pictures, a strength that
        adapts). Networks whose parameters are all frozen, and those of `anew`, are left out: they come from where networks()
        has them.
        """
        return tuple(name for name, network in networks.items() if name not in self.anew and _has_state_of_its_own(network))

    def metrics(self, networks: Networks, batch: Batch) -> dict[str, Tensor]:
        """Validation figures by name, each a (N,) tensor; none by default."""
        return {}

    def evaluate(self, networks: Networks, batches: Iterable[Batch]) -> dict[str, float]:
        """Validation figures by name, of all validation samples: by default the means of `metrics`."""
        values: dict[str, list[Tensor]] = {}
        for batch in batches:
            for name, each in self.metrics(networks, batch).items():
                values.setdefault(name, []).append(each.float().cpu())
        return {name: torch.cat(parts).mean().item() for name, parts in values.items()}


def from_options(network: Callable[..., nn.Module], options: str, flag: str, **given: Any) -> nn.Module:
    """``network(...)`` by a JSON object of its arguments, which stand before what is ``given``. Raises ValueError that names
    the ``flag`` the ``options`` came from."""
    try:
        return network(**{**given, **json.loads(options)})
    except (TypeError, json.JSONDecodeError) as error:
        raise ValueError(f"--{flag} is not a JSON object of the network's arguments: {error}") from error


def _has_state_of_its_own(network: nn.Module) -> bool:
    parameters = list(network.parameters())
    return any(p.requires_grad for p in parameters) or (not parameters and bool(network.state_dict()))
