"""Training samples from rows, whatever is made of them: one class for rows that are stored, one for rows that stream.

A sample is a function of (seed, n) alone, so that training resumes anywhere, on any number of processes.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence

import torch
from torch.utils.data import Dataset, IterableDataset

from scfegan_hf.data.order import Mixture, Passes, SourceOrder, StepSampler
from scfegan_hf.data.rows import decode_row, first_readable, load_rows

Sample = dict[str, torch.Tensor]
Row = dict  # decoded
Choose = Callable[[Sequence, int], Sequence[int]]  # rows and the number of a sample's own to numbers of rows to try
Other = Callable[[Choose], Row | None]
Make = Callable[[Row, int, Other | None], Sample]


def samples_of(
    folders: Sequence[str],
    split: str,
    make: Make,
    seed: int,
    columns: Sequence[str],
    streaming: bool = False,
    weights: Sequence[float] = (),
    decode: Callable[[dict], Row] = decode_row,
    others: bool = False,
) -> Dataset:
    """The samples of a split, from ``folders`` one after another, or mixed by ``weights`` (one each); training may stream.

    ``others``: validation's samples may look at another row too.

    Raises what `load_rows` raises, and ValueError for weights that do not fit the folders.
    """
    if weights and len(weights) != len(folders):
        raise ValueError(f"Give one weight for each of the {len(folders)} data sources, not {len(weights)}.")
    if split == "train" and streaming:
        groups = [(folder,) for folder in folders] if weights else [tuple(folders)]
        sources = [load_rows(group, split, True, columns) for group in groups]
        return StreamedSamples(sources, make, seed, weights=weights or (1,), decode=decode)
    rows, order = load_rows(folders, split, columns=columns), None
    if split == "train" and weights:
        order = Mixture([len(load_rows((folder,), split, columns=columns)) for folder in folders], weights, seed)
    return Samples(rows, make, seed, split == "train", order, decode, others)


class Samples(Dataset):
    """Endless stream of samples; ``self[n]`` is the n-th, what ``make`` makes of a row.

    ``make(row, n, other)`` gets the decoded row, the sample's number, and in training a way to another row: ``other(choose)``
    decodes the first that can be read of those that ``choose(rows, number)`` names, None if it names none. "_skipped" in a
    sample counts the unreadable rows that it stands in for. ``order`` says which row the n-th sample comes from, passes over
    all without it; validation keeps the order of the rows, and has a way to another row only with ``others``.
    """

    def __init__(
        self,
        rows: Sequence,
        make: Make,
        seed: int,
        train: bool = True,
        order: Callable[[int], int] | None = None,
        decode: Callable[[dict], Row] = decode_row,
        others: bool = False,
    ):
        self.rows, self.make, self.seed, self.train, self.decode = rows, make, seed, train, decode
        self.others = train or others
        self.order = order or Passes(len(rows), seed)

    def __len__(self) -> int:
        return len(self.rows)

    def row_number(self, n: int) -> int:
        """The row of the n-th sample."""
        return self.order(n) if self.train else n % len(self.rows)

    def __getitem__(self, n: int) -> Sample:
        first = self.row_number(n)
        row, skipped = self._read((first + attempt) % len(self.rows) for attempt in itertools.count())

        def other(choose: Choose) -> Row | None:
            numbers = choose(self.rows, first)
            return self._read(numbers)[0] if len(numbers) else None

        sample = self.make(row, n, other if self.others else None)
        return {**sample, "_skipped": torch.tensor(skipped)}

    def _read(self, numbers) -> tuple[Row, int]:
        return first_readable(((number, lambda number=number: self.rows[number]) for number in numbers), self.decode)


class StreamedSamples(IterableDataset):
    """The same kind of samples from ``sources`` that are never stored, each in the order in which it arrives.

    Rows are shuffled through a buffer, anew in every pass. Call `take` before iterating. Each of P processes reads files
    of its own where their number divides by P, else every P-th row: none sees another's. Samples are numbered as those of
    `Samples`, but which row has which number depends on P, and after a resume on rows that could not be read; the other row
    is the one before. For one sample worker at most: among several, `datasets` would deal out the files once more.
    """

    def __init__(
        self,
        sources: Sequence,
        make: Make,
        seed: int,
        buffer: int = 1000,
        weights: Sequence[float] = (1,),
        decode: Callable[[dict], Row] = decode_row,
    ):
        super().__init__()
        self.sources, self.make, self.seed, self.decode = sources, make, seed, decode
        self.buffer, self.weights = buffer, weights
        self.batches: StepSampler | None = None

    def take(self, batches: StepSampler) -> None:
        """Which samples to yield."""
        self.batches = batches

    def __iter__(self) -> Iterator[Sample]:
        batches = self.batches
        streams = [self._endless(source, batches.process, batches.processes) for source in self.sources]
        source_of = SourceOrder(self.weights, self.seed)
        before = None
        for k in range(batches.first_sample // batches.processes):  # what this process took before
            before = next(streams[source_of(k)[0]])
        before = self._readable(before)
        for k, n in enumerate(itertools.chain.from_iterable(batches), batches.first_sample // batches.processes):
            stream = streams[source_of(k)[0]]
            row, skipped = first_readable(((n, lambda row=row: row) for row in stream), self.decode)
            sample = self.make(row, n, lambda _, before=before: before)
            yield {**sample, "_skipped": torch.tensor(skipped)}
            before = row

    def _readable(self, row: dict | None) -> Row | None:
        """A decoded row; None of none, or of one that cannot be decoded."""
        try:
            return self.decode(row) if row else None
        except (ValueError, OSError):
            return None

    def _endless(self, source, process: int, processes: int) -> Iterator[dict]:
        from datasets.distributed import split_dataset_by_node

        own = split_dataset_by_node(source, process, processes) if processes > 1 else source
        for epoch in itertools.count():
            empty = True
            for row in own.shuffle(seed=self.seed + epoch, buffer_size=self.buffer):
                empty = False
                yield row
            if empty:
                raise ValueError("The stream holds no rows for this process.")


class Joined(Dataset):
    """The n-th samples of several datasets as one, as for unpaired domains; their names must differ, "_skipped" adds up."""

    def __init__(self, *parts: Dataset):
        self.parts = parts

    def __len__(self) -> int:
        return max(len(part) for part in self.parts)

    def __getitem__(self, n: int) -> Sample:
        samples = [part[n] for part in self.parts]
        names = [name for sample in samples for name in sample if name != "_skipped"]
        if len(set(names)) < len(names):
            raise ValueError(f"Joined samples need names of their own, not {', '.join(names)}.")
        skipped = sum(sample.get("_skipped", torch.tensor(0)) for sample in samples)
        return {**{name: value for sample in samples for name, value in sample.items()}, "_skipped": skipped}
