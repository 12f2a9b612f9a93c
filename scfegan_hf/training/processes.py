"""What several processes need of each other, and what sample workers must not take from them."""

import torch
from accelerate import Accelerator
from torch import nn


def average_gradients(accelerator: Accelerator, parameters: list[nn.Parameter]) -> None:
    """Mean of the gradients over all processes by one flat all-reduce; unused parameters count as zero."""
    if accelerator.num_processes == 1:
        return
    gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in parameters]
    flat = accelerator.reduce(torch.cat([g.flatten() for g in gradients]), reduction="mean")
    start = 0
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = flat[start : start + gradient.numel()].view_as(gradient)
        start += gradient.numel()


def one_thread_worker(_: int) -> None:
    """Sample workers leave the cores to the networks."""
    import cv2

    torch.set_num_threads(1)
    cv2.setNumThreads(1)
