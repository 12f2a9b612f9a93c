"""What can go wrong in the middle of a training: being stopped, numbers that are not finite, too little memory."""

import logging
import math
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from scfegan_hf.training.config import TrainConfig

log = logging.getLogger(__name__)

# What PyTorch says when it is full: of the worker that could not write, and of one that was ended by a bus error.
SHARED_MEMORY = ("shared memory", "unable to write to file </torch_", "killed by signal: Bus error")
RESUME_ME = 75  # sysexits.h's EX_TEMPFAIL: not done, try again


class Stopped(Exception):
    """Training was asked to stop and has saved; the same command goes on."""


class TrainingFault(Exception):
    """Training cannot go on; the message says why and what to do."""


class StopSignals:
    """While entered, SIGTERM and SIGINT are noted in ``asked`` instead of ending the process; a second one does end it.

    After ``seconds`` the end of the stretch asks in the same way; 0 is never.
    """

    def __init__(self, seconds: float = 0.0):
        self.signal: str | None = None
        self._before: dict = {}
        self._end = time.perf_counter() + seconds if seconds else math.inf

    @property
    def asked(self) -> str | None:
        """Who asked to stop."""
        return self.signal or ("--stretch_minutes" if time.perf_counter() >= self._end else None)

    def __enter__(self) -> "StopSignals":
        if threading.current_thread() is threading.main_thread():  # Python lets no other one handle signals
            self._before = {number: signal.signal(number, self._note) for number in (signal.SIGTERM, signal.SIGINT)}
        return self

    def _note(self, number: int, _) -> None:
        self.signal = signal.Signals(number).name
        self._restore()

    def _restore(self) -> None:
        while self._before:
            signal.signal(*self._before.popitem())

    def __exit__(self, *_) -> None:
        self._restore()


class NonFinite:
    """Counts turns that were left out because a loss or gradient was not finite."""

    def __init__(self, limit: int):
        self.limit, self.total, self.in_a_row = limit, 0, {}

    def skip(self, turn: str, terms: list[str]) -> None:
        """Raises TrainingFault, naming the terms, when this is one too many in a row."""
        self.total += 1
        self.in_a_row[turn] = self.in_a_row.get(turn, 0) + 1
        log.warning("The %s's turn was left out: not finite: %s.", turn, ", ".join(terms))
        if self.in_a_row[turn] > self.limit:
            raise TrainingFault(
                f"{self.in_a_row[turn]} turns of the {turn} in a row were not finite; the last: {', '.join(terms)}. "
                "Lower the learning rate or the weight of that term, or train in fp32 or bf16. The newest checkpoint may "
                "come from before."
            )

    def fine(self, turn: str) -> None:
        """A turn that was taken."""
        self.in_a_row[turn] = 0


@contextmanager
def explained_memory(config: TrainConfig) -> Iterator[None]:
    """Turn an allocation that failed, on a GPU, a CPU or in shared memory, into a TrainingFault that names what to change."""
    try:
        yield
    except (MemoryError, torch.OutOfMemoryError, RuntimeError) as error:
        if any(words in str(error) for words in SHARED_MEMORY):
            raise TrainingFault(
                "The sample workers hand over their samples in shared memory, and that (/dev/shm) is full. Give it more room "
                "(docker run --shm-size 1g), or lower --dataloader_prefetch_factor, or --dataloader_num_workers to 0. "
                f"({str(error).splitlines()[0]})"
            ) from error
        if type(error) is RuntimeError and "alloc" not in str(error):  # the CPU's allocator has no error of its own
            raise
        raise TrainingFault(
            f"Out of memory with --train_batch_size {config.train_batch_size}, --resolution {config.resolution}, "
            f"--gradient_accumulation_steps {config.gradient_accumulation_steps}. Halve the first and double the last, which "
            f"trains the same, or lower the resolution. ({str(error).splitlines()[0]})"
        ) from error


def check_skipped(skipped: int, seen: int, config: TrainConfig) -> None:
    """Raises TrainingFault when more than the allowed share of the samples ``seen`` stood in for unreadable ones.

    One in the first hundred is let pass, however small the share.
    """
    if skipped > max(config.max_skipped_share * seen, 1):
        raise TrainingFault(
            f"{skipped} rows could not be read while {seen} samples were made, more than --max_skipped_share "
            f"{config.max_skipped_share} allows. The warnings above name them. Prepare the photographs again."
        )
