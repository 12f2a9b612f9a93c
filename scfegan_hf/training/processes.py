"""What several processes need of each other, and what sample workers must not take from them."""

import torch
from accelerate import Accelerator
from torch import nn
from torch.utils.data import DataLoader, Dataset, IterableDataset

from scfegan_hf.data.datasets import StepSampler


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


def make_loader(dataset: Dataset, batches: StepSampler, workers: int, pin_memory: bool) -> DataLoader:
    """Batches of a dataset's samples by number, or of a stream that is told the numbers, made by worker processes."""
    stream = isinstance(dataset, IterableDataset)
    workers = 0 if stream else workers
    options = dict(
        num_workers=workers, persistent_workers=workers > 0, pin_memory=pin_memory,
        worker_init_fn=one_thread_worker if workers else None,
        multiprocessing_context="spawn" if workers else None,  # forked workers hang on the parent's OpenCV threads
    )  # fmt: skip
    if not stream:
        return DataLoader(dataset, batch_sampler=batches, **options)
    dataset.take(batches)
    return DataLoader(dataset, batch_size=batches.batch_size, **options)


def one_thread_worker(_: int) -> None:
    """Sample workers leave the cores to the networks."""
    import cv2

    torch.set_num_threads(1)
    cv2.setNumThreads(1)
