"""Pauses of running tasks: whom a short task has stopped, for how long, and that its time limit stands still."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable

import pytest

from mattebox.server.workers import task_pauses
from mattebox.server.workers.running_task import RunningTask
from mattebox.server.workers.task_pauses import PAUSE_SECONDS, TaskPauses
from mattebox.server.workers.task_queue import QueueEntry, TaskClass, TaskQueue


class Bench:
    """A queue of two workers whose tasks run until they are told to end, with a clock that is set by hand."""

    def __init__(self, workers: int = 2) -> None:
        self.seconds = 0.0
        self.queue = TaskQueue(workers, 50, 1000, 60.0, lambda: self.seconds)
        self.pauses = TaskPauses(self.queue, self.record, lambda: self.seconds)
        self.queue.on_change = self.pauses.update
        self.paused: set[str] = set()
        self.ends: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    def record(self, entry: QueueEntry, is_paused: bool) -> None:
        (self.paused.add if is_paused else self.paused.remove)(entry.task.caller)

    async def start(self, name: str, caller: str, **kind: bool) -> None:
        self.ends[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._hold(name, TaskClass(caller, 1, **kind)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    async def end(self, name: str) -> None:
        self.ends[name].set()
        await self.tasks[name]

    async def end_all(self) -> None:
        for name in self.tasks:
            self.ends[name].set()
        await asyncio.gather(*self.tasks.values())

    async def _hold(self, name: str, task: TaskClass) -> None:
        async with self.queue.hold_turn(task):
            await self.ends[name].wait()


def run(test: Callable[[Bench], Awaitable[None]], workers: int = 2) -> None:
    async def run_all() -> None:
        bench = Bench(workers)
        await test(bench)
        await bench.end_all()
        assert bench.paused == set()

    asyncio.run(run_all())


def test_a_long_task_is_paused_while_a_short_one_of_a_caller_with_fewer_tasks_runs() -> None:
    async def test(bench: Bench) -> None:
        for number in range(20):
            await bench.start(f"upscaling{number}", "greedy", is_long=True)
        for number in range(3):
            await bench.start(f"cutout{number}", "good")
            assert bench.paused == {"greedy"}
            await bench.end(f"cutout{number}")
            assert bench.paused == set()

    run(test)


@pytest.mark.parametrize(
    ("greedy", "good"),
    [
        ({}, {}),  # short tasks are not paused
        ({"is_long": True}, {"is_batch": True}),  # nobody waits for a job
        ({"is_long": True}, {"is_long": True}),
    ],
)
def test_nothing_is_paused(greedy: dict[str, bool], good: dict[str, bool]) -> None:
    async def test(bench: Bench) -> None:
        for number in range(3):
            await bench.start(f"{number}", "greedy", **greedy)
        await bench.start("good", "good", **good)
        assert bench.paused == set()

    run(test)


def test_a_caller_with_many_short_tasks_does_not_pause_the_job_of_another() -> None:
    async def test(bench: Bench) -> None:
        await bench.start("job", "good", is_batch=True)
        for number in range(5):
            await bench.start(f"{number}", "greedy")
        assert bench.paused == set()

    run(test)


def test_a_short_task_pauses_one_other_at_most() -> None:
    async def test(bench: Bench) -> None:
        for number in range(2):
            await bench.start(f"{number}", f"greedy{number}", is_batch=True)
            await bench.start(f"{number} again", f"greedy{number}", is_batch=True)
        await bench.start("short", "good")
        assert len(bench.paused) == 1

    run(test, workers=5)


def test_a_paused_task_goes_on_after_a_while_and_runs_for_its_share_of_the_time() -> None:
    async def test(bench: Bench) -> None:
        for number in range(2):
            await bench.start(f"{number}", "greedy", is_long=True)
        paused_seconds = 0.0
        for number in range(100):
            await bench.start(f"short{number}", "good")
            for _ in range(5):
                paused_seconds += 0.1 * bool(bench.paused)
                bench.seconds += 0.1
                bench.pauses.update()
            await bench.end(f"short{number}")
        assert 0.7 * bench.seconds < paused_seconds < PAUSE_SECONDS + 0.76 * bench.seconds
        assert next(e for e in bench.queue.running).paused_seconds == pytest.approx(paused_seconds)

    run(test)


def test_a_pause_ends_by_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task_pauses, "PAUSE_SECONDS", 0.01)

    async def test(bench: Bench) -> None:
        for number in range(2):
            await bench.start(f"{number}", "greedy", is_long=True)
        await bench.start("short", "good")
        assert bench.paused == {"greedy"}
        bench.seconds += 0.02
        await asyncio.sleep(0.1)
        assert bench.paused == set()

    run(test)


@pytest.mark.skipif(sys.platform != "linux", reason="the state of a process is read from /proc")
def test_a_paused_process_stands_still_and_its_time_limit_too() -> None:
    async def test() -> None:
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", "while True: pass")
        try:
            async with asyncio.timeout(0.2) as deadline:
                running = RunningTask(process, deadline)
                running.resume()  # nothing happens
                running.pause()
                running.pause()
                await asyncio.sleep(0.4)
                assert read_state(process.pid) == "T"
                running.resume()
                await asyncio.sleep(0.05)
                assert read_state(process.pid) == "R"
                assert deadline.when() is not None
        finally:
            os.kill(process.pid, signal.SIGKILL)
            await process.wait()

    asyncio.run(test())


def read_state(pid: int) -> str:
    """The state of a process by the kernel: T is stopped."""
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rpartition(")")[2].split()[0]
