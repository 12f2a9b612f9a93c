"""What depends on the step alone: learning rates, and how much of the past the averaged weights keep."""

import math
from collections.abc import Mapping

import torch
from torch import nn


def rate_factor(step: int, schedule: str, warmup_steps: int, total_steps: int) -> float:
    """Share of the learning rate at ``step``: linear warm-up, then "constant", or "cosine" down to 0.05.

    Raises ValueError for another schedule.
    """
    warm = min(1.0, (step + 1) / max(warmup_steps, 1))
    if schedule == "constant":
        return warm
    if schedule != "cosine":
        raise ValueError(f"A schedule is constant or cosine, not {schedule!r}.")
    done = min(step / total_steps, 1.0)
    return warm * (0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * done)))


@torch.no_grad()
def average(averaged: Mapping[str, nn.Module], networks: Mapping[str, nn.Module], step: int, decay: float) -> None:
    """Exponential moving average after ``step`` steps; early on the decay is lower, so that the start is forgotten."""
    decay = min(decay, (1 + step) / (10 + step))
    for name, average in averaged.items():
        torch._foreach_lerp_(list(average.parameters()), list(networks[name].parameters()), 1 - decay)
        for ours, theirs in zip(average.buffers(), networks[name].buffers(), strict=True):
            ours.copy_(theirs)
