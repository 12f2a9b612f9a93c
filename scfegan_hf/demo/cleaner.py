"""What strangers uploaded and what was made of it is deleted after an hour, whoever wrote it and whatever became of him.

Gradio's own cleaner knows the files of this process alone, misses uploads that were cut off, and ends for good when a file
arrives while it works.
"""

import asyncio
import contextlib
import logging
import os
import time
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)
EVERY, AFTER = 600.0, 3600.0  # seconds


def clean(folder: str | Path, after: float = AFTER) -> int:
    """Delete all below ``folder`` that was last written more than ``after`` seconds ago; returns how many files.

    Empty folders go too, links are not followed. What cannot be deleted is told in the log and left.
    """
    before, deleted = time.time() - after, 0

    def tell(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError):  # before the first upload there is no folder
            log.warning("Not cleaned: %s", error)

    for place, _, files in os.walk(folder, topdown=False, onerror=tell):
        for name in files:
            deleted += _delete(Path(place, name), before)
        if Path(place) != Path(folder) and _age(place) < before:
            with contextlib.suppress(OSError):  # not empty
                os.rmdir(place)
    return deleted


def _age(path: str | Path) -> float:
    """When something was last written or renamed; infinity if it is gone."""
    try:
        return os.lstat(path).st_ctime
    except FileNotFoundError:
        return float("inf")


def _delete(path: Path, before: float) -> bool:
    try:
        if _age(path) >= before:
            return False
        path.unlink()
        return True
    except FileNotFoundError:
        return False
    except OSError as error:
        log.warning("Not deleted: %s", error)
        return False


async def clean_always(folder: str | Path, every: float = EVERY, after: float = AFTER) -> None:
    """`clean` now and then, in a thread, until cancelled; whatever goes wrong is told and does not end it."""
    while True:
        try:
            deleted = await asyncio.to_thread(clean, folder, after)
            log.info("%d files deleted", deleted)
        except Exception:
            log.exception("Cleaning %s went wrong; it is tried again", folder)
        await asyncio.sleep(every)


@contextlib.asynccontextmanager
async def kept_up(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Work that goes on as long as the block does."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
