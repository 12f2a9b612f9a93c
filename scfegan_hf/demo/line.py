"""The line before the network: first come, first served, one at a time, and whoever finds it too long is told so at once.

Gradio's own queue refuses with an HTTP 503 and serves from a pool of threads; each of these would get buffers and a team
of PyTorch's threads of its own, which stay. Here one thread does it all.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from typing import Any

BUSY = "The server is busy. Try again in a moment."


class BusyError(ValueError):
    """As many are waiting as may."""


class GoneError(ValueError):
    """Nobody is there to take the answer."""


class Line:
    """``most``: how many may wait, beside the one that is served. All methods belong to one event loop."""

    def __init__(self, most: int):
        self.most = most
        self._places: list[asyncio.Event] = []  # the first is served; each is set when the line has moved
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="network")

    @contextmanager
    def place(self) -> Iterator[asyncio.Event]:
        """A place at the end of the line, left in any case; BusyError if there is none."""
        if len(self._places) > self.most:
            raise BusyError(BUSY)
        own = asyncio.Event()
        self._places.append(own)
        try:
            yield own
        finally:
            self._places.remove(own)
            for other in self._places:
                other.set()

    async def moves(self, place: asyncio.Event) -> AsyncIterator[tuple[int, int]]:
        """(number of the place, how many wait) now and after each move, down to 0; nothing if nobody has to be waited for."""
        waited = False
        while number := self._places.index(place):
            waited = True
            yield number, len(self._places) - 1
            await place.wait()
            place.clear()
        if waited:
            yield 0, len(self._places) - 1

    async def run(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """What ``work`` returns, done in the line's thread with the caller's context variables."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, copy_context().run, work, *arguments)

    async def serve(self, work: Callable[..., Any], *arguments: Any, wanted: Callable[[], bool] = lambda: True) -> Any:
        """The same when the turn comes; GoneError if the answer is then not ``wanted`` any more."""
        with self.place() as place:
            async for _ in self.moves(place):
                pass
            if not wanted():
                raise GoneError("Whoever asked has hung up.")
            return await self.run(work, *arguments)
