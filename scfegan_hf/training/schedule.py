"""What depends on the step alone: learning rates, and how much of the past the averaged weights keep."""

import math
from collections.abc import Mapping

import torch
from torch import nn

LAST = 0.05  # share of the learning rate that schedules end at


def rate_factor(step: int, schedule: str, warmup_steps: int, total_steps: int) -> float:
    """Share of the learning rate at ``step``: linear warm-up, then "constant", "cosine" down to 0.05, or "linear".

    The last stays at 1 for the first half and then goes down to 0.05 along a line, as pix2pix and CycleGAN are trained.
    Raises ValueError for another schedule.
    """
    done = min(step / total_steps, 1.0)
    shapes = {"constant": 1.0, "cosine": 0.5 * (1 + math.cos(math.pi * done)), "linear": min(1.0, 2 * (1 - done))}
    if schedule not in shapes:
        raise ValueError(f"A schedule is {', '.join(shapes)}, not {schedule!r}.")
    return min(1.0, (step + 1) / max(warmup_steps, 1)) * (LAST + (1 - LAST) * shapes[schedule])


@torch.no_grad()
def average(averaged: Mapping[str, nn.Module], networks: Mapping[str, nn.Module], step: int, decay: float) -> None:
    """Exponential moving average after ``step`` steps; early on the decay is lower, so that the start is forgotten."""
    decay = min(decay, (1 + step) / (10 + step))
    for name, average in averaged.items():
        torch._foreach_lerp_(list(average.parameters()), list(networks[name].parameters()), 1 - decay)
        for ours, theirs in zip(average.buffers(), networks[name].buffers(), strict=True):
            ours.copy_(theirs)
