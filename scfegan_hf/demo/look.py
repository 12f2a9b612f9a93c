"""Uploaded pictures are looked at in processes that can be ended, before their edit takes a place in the line."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from scfegan_hf.demo.line import BUSY, BusyError
from scfegan_hf.demo.payload import MAX_PHOTO_PIXELS
from scfegan_hf.editing.reading import READERS, PictureCheck

MOST = 40  # pictures that may wait to be looked at


class Look:
    """A `PictureCheck` for the event loop. All methods belong to one loop."""

    def __init__(self, check: PictureCheck | None = None, most: int = MOST):
        self.check, self.most = check or PictureCheck(MAX_PHOTO_PIXELS), most
        self._threads = ThreadPoolExecutor(READERS, thread_name_prefix="look")
        self._waiting = 0

    async def at(self, path: str | None, name: str) -> None:
        """Raises ValueError unless the picture can be read; None is none, and is fine. BusyError while too many wait."""
        if path is None:
            return
        if self._waiting >= self.most:
            raise BusyError(BUSY)
        self._waiting += 1
        try:
            await asyncio.get_running_loop().run_in_executor(self._threads, self.check.check, path, name)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """End the processes and threads."""
        self._threads.shutdown()
        self.check.close()
