"""Bounded thread pools: calls that block hold up neither other callers nor other pools."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable

import pytest

from mattebox.server import thread_pool
from mattebox.server.thread_pool import ThreadPool, ThreadPoolBusy


def run(test: Callable[[ThreadPool, threading.Event], Awaitable[None]]) -> None:
    async def main() -> None:
        pool, gate = ThreadPool("downloads", 4, 2, max_waiting=2), threading.Event()
        try:
            await asyncio.wait_for(test(pool, gate), 20)
        finally:
            gate.set()
            pool.close()

    asyncio.run(main())


def block(pool: ThreadPool, gate: threading.Event, caller: str, count: int) -> list[asyncio.Task[bool]]:
    return [asyncio.create_task(pool.run(caller, gate.wait, 30)) for _ in range(count)]


def test_results_and_errors() -> None:
    async def test(pool: ThreadPool, _: threading.Event) -> None:
        assert await pool.run("me", max, 1, 2) == 2
        with pytest.raises(ZeroDivisionError):
            await pool.run("me", lambda: 1 / 0)

    run(test)


def test_a_caller_whose_calls_block_leaves_threads_to_others() -> None:
    async def test(pool: ThreadPool, gate: threading.Event) -> None:
        blocked = block(pool, gate, "you", 4)
        await asyncio.sleep(0.01)
        assert await pool.run("me", max, 1, 2) == 2
        gate.set()
        assert await asyncio.gather(*blocked) == [True] * 4

    run(test)


def test_too_many_calls_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(pool: ThreadPool, gate: threading.Event) -> None:
        blocked = block(pool, gate, "you", 4)
        await asyncio.sleep(0.01)
        with pytest.raises(ThreadPoolBusy, match="too many downloads"):
            await pool.run("you", max, 1, 2)
        gate.set()
        await asyncio.gather(*blocked)
        gate.clear()
        monkeypatch.setattr(thread_pool, "MAX_WAIT_SECONDS", 0.01)
        held = block(pool, gate, "you", 2)
        await asyncio.sleep(0.01)
        with pytest.raises(ThreadPoolBusy):
            await pool.run("you", max, 1, 2)
        gate.set()
        await asyncio.gather(*held)
        assert await pool.run("you", max, 1, 2) == 2

    run(test)


def test_a_cancelled_call_holds_its_thread_until_it_ends_and_a_waiting_one_none() -> None:
    async def test(pool: ThreadPool, gate: threading.Event) -> None:
        tasks = block(pool, gate, "you", 3)
        await asyncio.sleep(0.01)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        late = block(pool, gate, "you", 1)
        await asyncio.sleep(0.05)
        assert not late[0].done()
        gate.set()
        assert await late[0]

    run(test)
