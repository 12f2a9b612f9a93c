"""Which samples a step takes, and which row the n-th sample comes from: passes over one source, or several mixed.

All are functions of (seed, n) alone, so that training resumes anywhere, on any number of processes.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from torch.utils.data import Sampler

BLOCK = 1000  # samples over which the shares of a mixture hold exactly; weights count to a thousandth


class Passes:
    """Every pass over ``length`` rows has an order of its own."""

    def __init__(self, length: int, seed: int | tuple[int, ...]):
        self.length, self.seed = length, seed if isinstance(seed, tuple) else (seed, 0)
        self._order: tuple[int, np.ndarray] | None = None

    def __call__(self, n: int) -> int:
        """The row of the n-th sample."""
        epoch, position = divmod(n, self.length)
        if self._order is None or self._order[0] != epoch:
            self._order = (epoch, np.random.default_rng((*self.seed, epoch)).permutation(self.length))
        return int(self._order[1][position])


class SourceOrder:
    """Which source the n-th sample comes from, and how many of that source came before it.

    Each block of a thousand samples holds every source by its weight, in an order of its own.
    """

    def __init__(self, weights: Sequence[float], seed: int):
        if not weights or min(weights) <= 0:
            raise ValueError(f"Weights of data sources must be positive, not {tuple(weights)}.")
        ends = np.round(np.cumsum(weights) / sum(weights) * BLOCK).astype(int)
        self.counts = np.diff(ends, prepend=0)
        if not self.counts.all():
            raise ValueError(f"Weights of data sources must be at least a thousandth of their sum, not {tuple(weights)}.")
        self.seed = seed
        self._block: tuple[int, np.ndarray, np.ndarray] | None = None

    def __call__(self, n: int) -> tuple[int, int]:
        """(source, how many samples of that source came before)."""
        block, position = divmod(n, BLOCK)
        if self._block is None or self._block[0] != block:
            source = np.random.default_rng((self.seed, 2, block)).permutation(
                np.repeat(np.arange(len(self.counts)), self.counts)
            )
            before = np.empty(BLOCK, int)
            for number, count in enumerate(self.counts):
                before[source == number] = block * count + np.arange(count)
            self._block = (block, source, before)
        return int(self._block[1][position]), int(self._block[2][position])


class Mixture:
    """Rows of several sources, joined one after another, drawn by weight; each source in passes of its own."""

    def __init__(self, lengths: Sequence[int], weights: Sequence[float], seed: int):
        self.sources = SourceOrder(weights, seed)
        self.starts = np.cumsum([0, *lengths])
        self.passes = [Passes(length, (seed, 3, number)) for number, length in enumerate(lengths)]

    def __call__(self, n: int) -> int:
        """The row of the n-th sample, counted over all sources."""
        source, before = self.sources(n)
        return int(self.starts[source]) + self.passes[source](before)


class StepSampler(Sampler):
    """Sample numbers of one process, batch by batch, from ``first_step`` on: a checkpoint needs no sampler state.

    A step of the whole run takes the next P*A*B samples after ``first_sample`` (all earlier steps' by default); process r
    of P takes the r-th slice, in ``accumulation`` = A batches of B. So 1 x 8, 2 x 4 and 1 x 4 twice take the same ones.
    """

    def __init__(
        self,
        first_step: int,
        last_step: int,
        batch_size: int,
        process: int,
        processes: int,
        accumulation: int = 1,
        first_sample: int | None = None,
    ):
        self.first_step, self.last_step, self.batch_size = first_step, last_step, batch_size
        self.process, self.processes, self.accumulation = process, processes, accumulation
        self.whole = batch_size * accumulation * processes
        self.first_sample = first_step * self.whole if first_sample is None else first_sample

    def __len__(self) -> int:
        return max(self.last_step - self.first_step, 0) * self.accumulation

    def __iter__(self) -> Iterator[list[int]]:
        for step in range(max(self.last_step - self.first_step, 0)):
            start = self.first_sample + step * self.whole + self.process * self.batch_size * self.accumulation
            for part in range(start, start + self.batch_size * self.accumulation, self.batch_size):
                yield list(range(part, part + self.batch_size))
