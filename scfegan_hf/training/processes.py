"""What several processes need of each other, and what sample workers must not take from them."""

import torch
from accelerate import Accelerator
from torch import nn


def average_gradients(accelerator: Accelerator, parameters: list[nn.Parameter]) -> None:
    """Mean of the gradients over all processes by one flat all-reduce; unused parameters count as zero."""
    for parameter in parameters:
        if parameter.grad is None:
            parameter.grad = torch.zeros_like(parameter)
    if accelerator.num_processes == 1:
        return
    gradients = [p.grad for p in parameters]
    flat = accelerator.reduce(torch.cat([g.flatten() for g in gradients]), reduction="mean")
    start = 0
    for parameter, gradient in zip(parameters, gradients, strict=True):
        # In the parameter's own memory format: Adam's fused form pairs elements by their place in memory.
        parameter.grad = torch.empty_like(parameter).copy_(flat[start : start + gradient.numel()].view_as(parameter))
        start += gradient.numel()


def one_thread_worker(_: int) -> None:
    """Sample workers leave the cores to the networks."""
    import cv2

    torch.set_num_threads(1)
    cv2.setNumThreads(1)
