"""What several processes need of each other and of their launcher, and what sample workers must not take from them."""

import logging
import os
import signal
import sys
from collections.abc import Iterable, Iterator

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import broadcast
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, IterableDataset

from scfegan_hf.data.order import StepSampler
from scfegan_hf.training.config import TrainConfig

log = logging.getLogger(__name__)

ONE_MODEL_EACH = {
    "ACCELERATE_USE_FSDP": "FSDP",
    "ACCELERATE_USE_DEEPSPEED": "DeepSpeed",
    "ACCELERATE_USE_MEGATRON_LM": "Megatron-LM",
}


def start_processes(config: TrainConfig, **options) -> Accelerator:
    """The Accelerator of this process, which here is devices, collectives and trackers; precision is the turns' own.

    Raises ValueError when the launcher was configured for what this trainer does not do.
    """
    for variable, name in ONE_MODEL_EACH.items():
        if os.environ.get(variable, "false").lower() in ("1", "true"):
            raise ValueError(
                f"accelerate is configured for {name}, which takes one network per training; a GAN has several. Choose plain "
                "multi-GPU in `accelerate config` (or examples/accelerate/*.yaml); to save memory, accumulate gradients."
            )
    launcher = os.environ.get("ACCELERATE_MIXED_PRECISION", "no")
    if launcher not in ("no", config.mixed_precision):
        raise ValueError(
            f"accelerate is configured for {launcher}, the training for {config.mixed_precision}: "
            f"give --mixed_precision {launcher}."
        )
    restarts = os.environ.get("TORCHELASTIC_MAX_RESTARTS", "0")
    if restarts != "0" and os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True":
        log.warning(
            "torchrun may restart this training %s times, but keeps one store for all its attempts (pytorch issue 135712): a "
            "restarted process may look for a dead one in it and fail. Start torchrun with --standalone (several nodes: "
            "--rdzv-backend c10d) and TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1 in its environment.",
            restarts,
        )
    accelerator = Accelerator(mixed_precision="no", **options)
    if config.expect_processes not in (None, accelerator.num_processes):
        raise ValueError(
            f"--expect_processes is {config.expect_processes}, but the launcher started {accelerator.num_processes}. "
            "`accelerate launch --cpu` starts one whatever it is told; see docs/training.md."
        )
    return accelerator


def average_gradients(accelerator: Accelerator, parameters: list[nn.Parameter], reported: Tensor) -> Tensor:
    """Mean over all processes of the gradients and of ``reported`` (N,), by one flat all-reduce; returns the latter.

    Unused parameters count as zero.
    """
    for parameter in parameters:
        if parameter.grad is None:
            parameter.grad = torch.zeros_like(parameter)
    if accelerator.num_processes == 1:
        return reported
    gradients = [p.grad for p in parameters]
    flat = accelerator.reduce(torch.cat([*(g.flatten() for g in gradients), reported]), reduction="mean")
    start = 0
    for parameter, gradient in zip(parameters, gradients, strict=True):
        # In the parameter's own memory format: Adam's fused form pairs elements by their place in memory.
        parameter.grad = torch.empty_like(parameter).copy_(flat[start : start + gradient.numel()].view_as(parameter))
        start += gradient.numel()
    return flat[start:]


@torch.no_grad()
def share_buffers(accelerator: Accelerator, networks: Iterable[nn.Module]) -> None:
    """Give all processes the buffers of the first: running means, pools, strengths. A checkpoint, which holds those of one
    process, is then whole."""
    if accelerator.num_processes == 1:
        return
    held: dict[torch.dtype, list[Tensor]] = {}
    for network in networks:
        for buffer in network.buffers():
            held.setdefault(buffer.dtype, []).append(buffer)
    for buffers in held.values():
        flat = broadcast(torch.cat([buffer.flatten() for buffer in buffers]))
        for buffer, values in zip(buffers, flat.split([b.numel() for b in buffers]), strict=True):
            buffer.copy_(values.view_as(buffer))


def seed_step(seed: int, step: int, process: int) -> None:
    """What a step's losses draw at random follows from these alone, so that resuming draws the same."""
    torch.manual_seed(int(np.random.SeedSequence((seed, step, process)).generate_state(1, np.uint64)[0] >> 1))


def make_loader(dataset: Dataset, batches: StepSampler, workers: int, pin_memory: bool, prefetch: int = 2) -> DataLoader:
    """Batches of a dataset's samples by number, or of a stream that is told the numbers, made by worker processes."""
    stream = isinstance(dataset, IterableDataset)
    workers = min(workers, 1) if stream else workers
    options = dict(
        num_workers=workers, persistent_workers=workers > 0, pin_memory=pin_memory,
        prefetch_factor=prefetch if workers else None, worker_init_fn=quiet_worker if workers else None,
        multiprocessing_context="spawn" if workers else None,  # forked workers hang on the parent's OpenCV threads
    )  # fmt: skip
    if not stream:
        return DataLoader(dataset, batch_sampler=batches, **options)
    dataset.take(batches)
    return DataLoader(dataset, batch_size=batches.batch_size, **options)


def end_workers(batches: Iterator) -> None:
    """End the sample workers of a loader's iterator, if it has any, within seconds.

    They ignore SIGTERM, which is how Python ends them at exit, and it would then wait for them for ever.
    """
    workers = getattr(batches, "_workers", ())  # PyTorch has no public word for them
    if workers:
        batches._shutdown_workers()
    for worker in workers:
        if worker.is_alive():
            worker.kill()
            worker.join()


def quiet_worker(_: int) -> None:
    """Sample workers leave the cores to the networks, and the signals, which a terminal sends to all, to their parent."""
    torch.set_num_threads(1)
    if sys.modules.get("cv2"):  # by the recipe's samples, which have been unpickled by now
        sys.modules["cv2"].setNumThreads(1)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
