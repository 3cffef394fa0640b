"""Clients that go, time limits and dying workers at every turn of the event loop: no worker is lost or left behind,
and no task receives another one's response. The workers are simulated in this process."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any

import pytest

from mattebox.server.http.problems import Problem
from mattebox.server.settings import Settings
from mattebox.server.workers import worker_pool
from mattebox.server.workers.protocol import PROGRESS_KEY, WorkerTask, pack_frame
from mattebox.server.workers.worker_pool import TaskTimeout, WorkerLost, WorkerPool, WorkerStartFailure
from tests.serving import make_buffer

TURNS = 24  # more than a task takes


class SimulatedWorker:
    """A process that responds to each task with its number, a few bytes a turn. It dies after so many turns."""

    returncode = -9  # once it has died

    def __init__(self, max_turns: int | None) -> None:
        self.stdin, self.stdout, self.is_dead = self, asyncio.StreamReader(), False
        self.turns_left = max_turns
        self._loop_task: asyncio.Task[None] | None = None

    def write(self, data: bytes) -> None:
        if self.is_dead:
            raise BrokenPipeError
        if b"number" in data:
            number = json.loads(data[data.index(b"{") :])["number"]
            self._loop_task = asyncio.create_task(self._respond(number))

    async def drain(self) -> None:
        await self._pass_turn()
        if self.is_dead:
            raise ConnectionResetError

    def close(self) -> None:
        """Standard input's end."""

    def kill(self) -> None:
        if not self.is_dead:
            self.is_dead = True
            self.stdout.feed_eof()

    async def wait(self) -> None:
        await asyncio.sleep(0)

    async def _respond(self, number: int) -> None:
        response = pack_frame({PROGRESS_KEY: 0.5}) + pack_frame({"number": number}, b"result")
        for start in range(0, len(response), 10):
            await self._pass_turn()
            if self.is_dead:
                return
            self.stdout.feed_data(response[start : start + 10])

    async def _pass_turn(self) -> None:
        await asyncio.sleep(0)
        if self.turns_left is not None:
            self.turns_left -= 1
            if self.turns_left < 0:
                self.kill()


class SimulatedPool(WorkerPool):
    """A pool of one worker; the first one dies after so many turns, further ones do not."""

    def __init__(self, max_turns: int | None) -> None:
        super().__init__(Settings(model="fast", workers=1), make_buffer())
        self.max_turns, self.started = max_turns, list[SimulatedWorker]()
        self._idle_workers.put_nowait(None)

    async def _start_worker(self) -> Any:
        await asyncio.sleep(0)
        worker = SimulatedWorker(None if self.started else self.max_turns)
        self.started.append(worker)
        self._workers.add(worker)  # type: ignore[arg-type]
        return worker

    def numbered_task(self, number: int) -> WorkerTask:
        return WorkerTask({"number": number}, (self.buffer.store(b"picture"),), 1)


async def interrupt(cancel_turn: int, max_turns: int | None, timeout: float | None) -> None:
    """Cancel a task after so many turns, run another one, and look at what is left."""
    pool = SimulatedPool(max_turns)
    first = asyncio.create_task(pool.run_on_worker(pool.numbered_task(1), lambda _: None, timeout))
    for _ in range(cancel_turn):
        await asyncio.sleep(0)
    first.cancel()
    with contextlib.suppress(asyncio.CancelledError, TaskTimeout, WorkerLost):
        assert (await first).header == {"number": 1}
    try:
        second = await pool.run_on_worker(pool.numbered_task(2))
    except WorkerLost:
        second = await pool.run_on_worker(pool.numbered_task(2))
    assert second.header == {"number": 2}
    assert await asyncio.to_thread(second.body.read) == b"result"
    while pool._abandoned_tasks:
        await asyncio.wait(pool._abandoned_tasks)
    assert pool._idle_workers.qsize() == 1
    idle = pool._idle_workers.get_nowait()
    assert [worker for worker in pool.started if not worker.is_dead] == ([] if idle is None else [idle])
    assert pool._workers == (set() if idle is None else {idle})


@pytest.mark.parametrize("timeout", [None, 0.0])
@pytest.mark.parametrize("max_turns", [None, *range(0, TURNS, 2)])
def test_an_interrupted_task_frees_its_worker(
    max_turns: int | None, timeout: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def interrupt_everywhere() -> None:
        for seconds in (0.0, 1.0):
            monkeypatch.setattr(worker_pool, "ABANDONED_TASK_SECONDS", seconds)
            for cancel_turn in range(TURNS):
                await interrupt(cancel_turn, max_turns, timeout)

    asyncio.run(interrupt_everywhere())


def test_a_worker_that_does_not_start_is_worth_another_try() -> None:
    problem = Problem.from_error(WorkerStartFailure("a worker does not start", "give it more memory"))
    assert problem.status == 503
    assert problem.headers["Retry-After"] == str(worker_pool.RETRY_SECONDS)
