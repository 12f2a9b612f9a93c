"""Shards made by processes of this machine, which end with the one that began them, and may end before: then others go on."""

import multiprocessing
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import cv2
import torch

from scfegan_hf.data.prepare.folder import RowMaker, Shard, row_of_file, write_shard

DEADLY = "ended the process that read it"
LOST_AT_MOST = 3  # photographs one after another that end a process of their own, before it is the machine's fault


def make_shards(missing: list[Shard], photos: Path, make_row: RowMaker, processes: int | None = None) -> Iterator[int]:
    """Make ``missing`` shards of photographs below ``photos`` by ``processes`` (one a core); yields 1 for each photograph.

    A photograph that ends a process is left out. Raises ChildProcessError where LOST_AT_MOST in a row do.
    """
    workers = _Workers(processes or os.cpu_count())
    try:
        for shard in missing:
            made = []
            for row in workers.rows(shard.files, make_row):
                made.append(row)
                yield 1
            shard.finish(*write_shard(shard.path, shard.files, made, photos, make_row))
    finally:
        workers.close()


class _Workers:
    """A pool of processes that is made anew when one of them was lost."""

    def __init__(self, processes: int):
        self.processes = processes
        self._open()

    def _open(self) -> None:
        # Spawned, since forked processes hang on the threads that OpenCV and ONNX Runtime may have started here.
        self.pool = ProcessPoolExecutor(self.processes, multiprocessing.get_context("spawn"), begin)

    def rows(self, files: list[Path], make_row: RowMaker) -> Iterator[dict | str]:
        """What `row_of_file` makes of each, in their order."""
        done = 0
        try:
            for row in self.pool.map(row_of_file, files, [make_row] * len(files), chunksize=2):
                done += 1
                yield row
        except BrokenProcessPool:  # it does not say over which, so one goes after the other from there
            yield from self._one_by_one(files[done:], make_row)

    def _one_by_one(self, files: list[Path], make_row: RowMaker) -> Iterator[dict | str]:
        lost = 0
        self._reopen()
        for file in files:
            try:
                yield self.pool.submit(row_of_file, file, make_row).result()
                lost = 0
            except BrokenProcessPool as error:
                lost += 1
                if lost == LOST_AT_MOST:
                    raise ChildProcessError(f"{lost} photographs in a row ended their process, the last {file}.") from error
                self._reopen()
                yield DEADLY

    def _reopen(self) -> None:
        self.close()
        self._open()

    def close(self) -> None:
        self.pool.shutdown(cancel_futures=True)


def begin() -> None:
    """What a process does first: it takes one thread, as there is a process a core, and watches who began it."""
    use_one_thread()
    threading.Thread(target=_end_with_parent, daemon=True).start()


def use_one_thread() -> None:
    """OpenCV and PyTorch would take all cores."""
    cv2.setNumThreads(1)
    torch.set_num_threads(1)


def _end_with_parent() -> None:
    """End at once when the process that began this one has ended, by SIGKILL too, which tells nobody."""
    multiprocessing.parent_process().join()
    os._exit(1)
