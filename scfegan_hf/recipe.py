"""The contract between a GAN and the trainer: turns of optimisers (Update) and all that makes a GAN (Recipe)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn
from torch.utils.data import Dataset

Networks = Mapping[str, nn.Module]
Batch = Mapping[str, Tensor]
Losses = dict[str, Tensor]


@dataclass(frozen=True)
class AdamOptions:
    """Adam's settings for the parameters of one or more updates. Schedule and warm-up are the run's where None.

    ``orthogonal``: convolutions and matrices take orthogonalised steps instead (training/muon.py).
    """

    learning_rate: float
    betas: tuple[float, float] = (0.5, 0.999)
    weight_decay: float = 0.0
    schedule: str | None = None
    warmup_steps: int | None = None
    orthogonal: bool = False


@dataclass(frozen=True)
class Update:
    """One optimiser's turn in a training step.

    ``trains`` names the networks whose parameters move; updates with equal ``trains`` share an optimiser.
    ``loss(networks, batch)`` returns named scalar tensors, already weighted, which the trainer sums; a name that
    starts with "_" is only logged. The update runs in every ``every``-th step (n_critic, lazy penalties).
    """

    name: str
    trains: tuple[str, ...]
    loss: Callable[[Networks, Batch], Losses]
    optimizer: AdamOptions
    every: int = 1


@dataclass(frozen=True)
class Recipe:
    """A GAN: hyper-parameters with their defaults, networks, data, updates and a sample of what it has learned.

    Subclasses are frozen dataclasses in recipes/; `name` is what the command line calls them. A dataset returns the
    n-th sample of an endless stream as a function of (seed, n) alone, so that training resumes exactly on any number
    of processes.
    """

    name: str = field(default="", init=False, repr=False)

    def networks(self) -> dict[str, nn.Module]:
        """Fresh trainable networks by name, and frozen helpers, which are recognised by having nothing to train."""
        raise NotImplementedError("A recipe must define networks().")

    def dataset(self, folders: tuple[str, ...], split: str, resolution: int, seed: int) -> Dataset:
        """The samples of a split ("train" or "validation"): dicts of tensors, endless for training.

        A recipe that can stream takes ``streaming: bool = False`` as well, and then returns an IterableDataset whose
        `take(batches)` says which samples to yield; one that can mix takes ``weights: tuple[float, ...] = ()``, one share
        per folder. A sample's "_skipped" counts the unreadable rows that it stands in for.
        """
        raise NotImplementedError("A recipe must define dataset().")

    def updates(self) -> list[Update]:
        """The turns of one training step, in order."""
        raise NotImplementedError("A recipe must define updates().")

    def sample(self, networks: Networks, batch: Batch) -> dict[str, Tensor]:
        """Pictures (N, 3, H, W) in [-1, 1] by title, for one row each of a validation sheet."""
        raise NotImplementedError("A recipe must define sample().")

    def release(self) -> tuple[str, ...]:
        """Names of the networks whose averaged weights are the result; the first one is what users load."""
        return ("generator",)

    def metrics(self, networks: Networks, batch: Batch) -> dict[str, Any]:
        """Validation figures by name, each a (N,) tensor; none by default."""
        return {}
