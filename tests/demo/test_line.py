"""The line before the network: its order, its length, one thread for all, and who leaves it."""

import asyncio
import threading
from contextvars import ContextVar

import pytest

from scfegan_hf.demo.line import BusyError, Line

GIVEN = ContextVar("given")


def test_first_come_first_served_by_one_thread_one_at_a_time():
    served, threads, busy = [], set(), threading.Lock()

    def work(number):
        assert busy.acquire(blocking=False), "two at once"
        threads.add(threading.get_ident())
        served.append((number, GIVEN.get()))
        busy.release()
        return number

    async def visit(line, number):
        GIVEN.set(f"of {number}")
        return await line.serve(work, number)

    async def rush():
        line = Line(20)
        return await asyncio.gather(*(visit(line, number) for number in range(20)))

    assert asyncio.run(rush()) == list(range(20))
    assert served == [(number, f"of {number}") for number in range(20)]
    assert len(threads) == 1 and threading.get_ident() not in threads


def test_who_finds_the_line_full_is_told_at_once_and_places_are_told_as_they_move():
    gate = threading.Event()

    async def waits(line, seen):
        with line.place() as place:
            async for number, waiting in line.moves(place):
                seen.append((number, waiting))
            await line.run(gate.wait)

    async def rush():
        line, seen = Line(2), [[], [], []]
        visits = [asyncio.create_task(waits(line, each)) for each in seen]
        await asyncio.sleep(0.05)
        with pytest.raises(BusyError, match="busy"):
            await line.serve(print)
        visits[1].cancel()  # gone before its turn: the next moves up
        await asyncio.sleep(0.05)
        assert seen == [[], [(1, 1)], [(2, 2), (1, 1)]]
        gate.set()
        await asyncio.gather(visits[0], visits[2])
        assert seen[2] == [(2, 2), (1, 1), (0, 0)]
        assert await line.serve(lambda: "free again") == "free again"

    asyncio.run(rush())


def test_a_failure_leaves_the_line():
    async def fail():
        line = Line(0)
        for _ in range(2):
            with pytest.raises(ZeroDivisionError):
                await line.serve(lambda: 1 // 0)

    asyncio.run(fail())
