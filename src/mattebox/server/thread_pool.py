"""Bounded pools of threads for blocking calls, shared fairly: no caller takes more than its part of one.

Downloads and look-ups of jobs have a pool each, so that addresses which never answer hold up downloads alone. A call
that does not get a thread in time is refused (a bulkhead; Nygard 2018, "Release It!").
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from mattebox.errors import MatteboxError

MAX_WAIT_SECONDS = 10.0  # for a thread
RETRY_SECONDS = 5

P = ParamSpec("P")
T = TypeVar("T")


class ThreadPoolBusy(MatteboxError):
    """No thread became free in time."""

    code = "busy"
    retry_after = RETRY_SECONDS


class ThreadPool:
    """Threads for one kind of blocking call.

    Parameters
    ----------
    purpose
        What they do, in the plural, for the error.
    threads
        How many there are.
    max_per_caller
        How many one caller may hold.
    max_waiting
        Calls that may wait for a thread.
    """

    def __init__(self, purpose: str, threads: int, max_per_caller: int, max_waiting: int = 64) -> None:
        self.purpose, self.threads = purpose, threads
        self.max_per_caller, self.max_waiting = max_per_caller, max_waiting
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=purpose.replace(" ", "-"))
        self._held: defaultdict[str, int] = defaultdict(int)  # threads by caller
        self._waiting: list[tuple[str, asyncio.Future[None]]] = []  # in the order of arrival

    async def run(self, caller: str, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a blocking call in a thread, on behalf of a caller. ThreadPoolBusy."""
        await self._take_thread(caller)

        async def call() -> T:
            try:
                loop = asyncio.get_running_loop()
                return await loop.run_in_executor(self._executor, lambda: function(*args, **kwargs))
            finally:
                self._give_back(caller)

        # A thread cannot be interrupted: it stays taken until the call ends, even when nobody waits for it any more.
        return await asyncio.shield(asyncio.create_task(call()))

    @property
    def threads_in_use(self) -> int:
        """Threads that run a call."""
        return sum(self._held.values())

    def close(self) -> None:
        """Start no more calls."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    async def _take_thread(self, caller: str) -> None:
        if self._has_thread(caller):
            self._held[caller] += 1
            return
        busy = ThreadPoolBusy(f"there are too many {self.purpose} at once", f"try again in {RETRY_SECONDS} s")
        if len(self._waiting) >= self.max_waiting:
            raise busy
        place = caller, asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        has_turn = False
        try:
            async with asyncio.timeout(MAX_WAIT_SECONDS):
                await place[1]
            has_turn = True
        except TimeoutError:
            raise busy from None
        finally:
            if place in self._waiting:
                self._waiting.remove(place)
            elif not has_turn:  # it was given a thread at the same moment
                self._give_back(caller)

    def _has_thread(self, caller: str) -> bool:
        return self._held.get(caller, 0) < self.max_per_caller and self.threads_in_use < self.threads

    def _give_back(self, caller: str) -> None:
        """Give a thread back, and to those that wait for one."""
        self._held[caller] -= 1
        if not self._held[caller]:
            del self._held[caller]
        for place in list(self._waiting):
            if self._has_thread(place[0]) and not place[1].done():
                self._waiting.remove(place)
                self._held[place[0]] += 1
                place[1].set_result(None)
