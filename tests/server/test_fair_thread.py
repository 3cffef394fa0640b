"""The thread that callers share by turns."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable

import pytest

from mattebox.server.fair_thread import FairThread


def run(test: Callable[[FairThread], Awaitable[None]]) -> None:
    async def main() -> None:
        thread = FairThread("test")
        try:
            await asyncio.wait_for(test(thread), 20)
        finally:
            thread.close()

    asyncio.run(main())


def test_callers_take_turns() -> None:
    async def test(thread: FairThread) -> None:
        gate, order = threading.Event(), []
        first = asyncio.create_task(thread.run("crowd", gate.wait))
        await asyncio.sleep(0)
        calls = [("crowd", 1), ("crowd", 2), ("crowd", 3), ("good", 1), ("good", 2)]
        tasks = [asyncio.create_task(thread.run(c, lambda c=c, n=n: order.append((c, n)))) for c, n in calls]  # type: ignore[misc]
        await asyncio.sleep(0)
        gate.set()
        await asyncio.gather(first, *tasks)
        assert order == [("crowd", 1), ("good", 1), ("crowd", 2), ("good", 2), ("crowd", 3)]

    run(test)


def test_results_and_errors_are_those_of_the_function() -> None:
    async def test(thread: FairThread) -> None:
        assert await thread.run("me", lambda: 7) == 7
        with pytest.raises(ZeroDivisionError):
            await thread.run("me", lambda: 1 / 0)
        assert await thread.run("me", lambda: 8) == 8

    run(test)


@pytest.mark.parametrize("turns_of_the_loop", range(6))
def test_a_caller_that_goes_keeps_the_thread_from_nobody(turns_of_the_loop: int) -> None:
    async def test(thread: FairThread) -> None:
        gate = threading.Event()
        first = asyncio.create_task(thread.run("a", gate.wait))
        gone = asyncio.create_task(thread.run("b", lambda: None))
        await asyncio.sleep(0)
        last = asyncio.create_task(thread.run("c", lambda: 3))
        await asyncio.sleep(0)
        gate.set()
        if turns_of_the_loop > 2:
            await first
        for _ in range(turns_of_the_loop % 3):
            await asyncio.sleep(0)
        gone.cancel()
        assert await last == 3
        assert await thread.run("d", lambda: 4) == 4

    run(test)
