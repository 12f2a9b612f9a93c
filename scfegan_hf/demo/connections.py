"""Connections on which nobody asks anything are closed: uvicorn itself waits for a first request for ever."""

import asyncio
import logging
import time
from typing import Any

log = logging.getLogger(__name__)
EVERY, IDLE = 5.0, 30.0  # seconds
MOST = 1000  # connections; beyond these, those that are idle are closed at once


def close_idle(connections: set[Any], idle_since: dict[Any, float], now: float, most: int = MOST) -> int:
    """Close uvicorn's ``connections`` on which no request has been answered for IDLE seconds; returns how many.

    ``idle_since``: when each was first seen so, kept up to date here.
    """
    waiting = {each for each in connections if each.cycle is None or each.cycle.response_complete}
    for known in [*idle_since]:
        if known not in waiting:
            del idle_since[known]
    for each in waiting:
        idle_since.setdefault(each, now)
    crowded = len(connections) > most
    closed = [each for each in waiting if crowded or now - idle_since[each] >= IDLE]
    for each in closed:
        each.transport.close()
        del idle_since[each]
    return len(closed)


async def close_idle_always(app: Any) -> None:
    """`close_idle` of the server that Gradio runs for its ``app``, until cancelled; whatever goes wrong does not end it."""
    idle_since: dict[Any, float] = {}
    while True:
        await asyncio.sleep(EVERY)
        try:
            state = getattr(getattr(app.get_blocks(), "server", None), "server_state", None)
            closed = close_idle(state.connections, idle_since, time.monotonic()) if state else 0
            if closed:
                log.info("%d idle connections closed", closed)
        except Exception:
            log.exception("Closing idle connections went wrong; it is tried again")
