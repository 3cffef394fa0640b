"""One thread for short calls of many callers, who take turns."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from mattebox.server.fair_turns import FairTurns

T = TypeVar("T")


class FairThread:
    """A thread, and the calls that wait for it.

    Parameters
    ----------
    name
        Of the thread.
    """

    def __init__(self, name: str) -> None:
        self._executor = ThreadPoolExecutor(1, name)
        self._turns = FairTurns()

    async def run(self, caller: str, function: Callable[[], T]) -> T:
        """Run a function in the thread when its caller's turn comes. It is not interrupted, even when nobody waits."""
        loop = asyncio.get_running_loop()
        return await self._turns.run(caller, lambda: loop.run_in_executor(self._executor, function))

    def close(self) -> None:
        """Start no more calls."""
        self._executor.shutdown(wait=False, cancel_futures=True)
