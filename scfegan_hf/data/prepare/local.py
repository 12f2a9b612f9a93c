"""Shards made by processes of this machine."""

import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import cv2
import torch

from scfegan_hf.data.prepare.folder import RowMaker, Shard, row_of_file, write_shard


def make_shards(missing: list[Shard], photos: Path, make_row: RowMaker, processes: int | None = None) -> Iterator[int]:
    """Make ``missing`` shards of photographs below ``photos`` by ``processes`` (one a core); yields 1 for each photograph."""
    # Spawned, since forked processes hang on the threads that OpenCV and ONNX Runtime may have started here.
    with ProcessPoolExecutor(processes or os.cpu_count(), multiprocessing.get_context("spawn"), use_one_thread) as pool:
        for shard in missing:
            made = []
            for row in pool.map(row_of_file, shard.files, [make_row] * len(shard.files), chunksize=2):
                made.append(row)
                yield 1
            shard.finish(*write_shard(shard.path, shard.files, made, photos, make_row))


def use_one_thread() -> None:
    """There is a process for each core."""
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
