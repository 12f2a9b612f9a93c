"""Optimisers from a recipe's updates: one for each set of networks, by a name that checkpoints know."""

from collections.abc import Iterable

import torch
from torch import Tensor, device, nn
from torch.optim import SGD, Adam
from torch.optim import Optimizer as TorchOptimizer

from scfegan_hf.recipe import Networks, Optimizer, Update
from scfegan_hf.training.muon import Muon


def key_of(update: Update) -> str:
    """The name of the optimiser that an update steps: its networks, whatever their order."""
    return "-".join(sorted(update.trains))


def check_updates(updates: list[Update], networks: Networks) -> None:
    """Raises ValueError, naming the updates, where they contradict each other or the networks."""
    names = [update.name for update in updates]
    if len(set(names)) < len(names):
        raise ValueError(f"Two updates have one name: {', '.join(names)}.")
    trainable = {name for name, network in networks.items() if any(p.requires_grad for p in network.parameters())}
    for update in updates:
        unknown = sorted(set(update.trains) - trainable)
        if unknown or not update.trains:
            names = ", ".join(unknown) or "nothing"
            raise ValueError(f"The update {update.name!r} trains {names}, which has no parameters to train.")
        if len(set(update.trains)) < len(update.trains) or update.every < 1:
            raise ValueError(f"The update {update.name!r} names a network twice or runs in every {update.every}th step.")
    for number, one in enumerate(updates):
        for other in updates[number + 1 :]:
            check_pair(one, other)
    idle = sorted(trainable - {name for update in updates for name in update.trains})
    if idle:
        raise ValueError(f"No update trains {', '.join(idle)}. Freeze what stays as it is by requires_grad_(False).")


def check_pair(one: Update, other: Update) -> None:
    """Raises ValueError for updates of the same networks by other settings, or of overlapping sets."""
    if set(one.trains) == set(other.trains):
        if one.optimizer != other.optimizer:
            raise ValueError(
                f"The updates {one.name!r} and {other.name!r} train the same networks and disagree on how: "
                f"{one.optimizer} and {other.optimizer}."
            )
    elif both := sorted(set(one.trains) & set(other.trains)):
        raise ValueError(
            f"The updates {one.name!r} and {other.name!r} both train {', '.join(both)}, each together with others. "
            "A network belongs to one optimiser: train the same set in both, or sets without a common network."
        )


def make_optimizer(options: Optimizer, parameters: Iterable[Tensor], on: device, exact: bool) -> TorchOptimizer:
    """The optimiser of ``options``; ``exact``: Muon's matrices are multiplied in fp32 rather than bf16."""
    common = {"lr": options.learning_rate, "weight_decay": options.weight_decay}
    if options.kind == "sgd":
        return SGD(parameters, momentum=options.betas[0], **common)
    if options.kind == "muon":
        dtype = torch.float32 if exact else torch.bfloat16
        return Muon(parameters, momentum=options.betas[0], betas=options.betas, dtype=dtype, **common)
    return Adam(parameters, betas=options.betas, fused=on.type in ("cpu", "cuda"), **common)


def parameters_of(update: Update, networks: dict[str, nn.Module]) -> dict[str, nn.Parameter]:
    """By name, the parameters that an update moves, networks in the order of their names."""
    return {f"{name}.{key}": p for name in sorted(update.trains) for key, p in networks[name].named_parameters()}
