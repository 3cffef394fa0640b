"""The queue in front of the workers: order, fairness between callers, room, and limits of waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from mattebox.server.workers import task_queue
from mattebox.server.workers.task_queue import ServerBusy, TaskClass, TaskQueue

Run = Callable[[TaskClass, str], "asyncio.Task[None]"]


def small(caller: str = "me", **options: Any) -> TaskClass:
    return TaskClass(caller, 10, **options)


class Bench:
    """A queue whose tasks run until they are released by name."""

    def __init__(self, max_running: int = 1, max_waiting: int = 4, max_pixels: int = 1000, wait: float = 60) -> None:
        self.seconds = 0.0
        self.queue = TaskQueue(max_running, max_waiting, max_pixels, wait, lambda: self.seconds)
        self.started: list[str] = []
        self.gates: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def start(self, name: str, task: TaskClass) -> None:
        """Send a task, and let everything that can happen at once happen."""
        self.gates[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._work(name, task))
        await settle()

    async def release(self, name: str, seconds: float = 1.0) -> None:
        """Let a running task end, after so many seconds."""
        self.seconds += seconds
        self.gates[name].set()
        await self.tasks[name]
        await settle()

    async def run_all(self) -> list[str]:
        """Release the tasks in the order in which they start; that order."""
        while any(not task.done() for task in self.tasks.values()):
            running = [name for name in self.started if not self.tasks[name].done()]
            await self.release(running[0])
        return self.started

    async def _work(self, name: str, task: TaskClass) -> None:
        async with self.queue.hold_turn(task):
            self.started.append(name)
            await self.gates[name].wait()


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def run(test: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(test())  # type: ignore[arg-type]


def test_tasks_run_in_the_order_of_arrival_and_as_many_as_there_are_workers() -> None:
    async def test() -> None:
        bench = Bench(max_running=2)
        for name in "abcd":
            await bench.start(name, small())
        assert bench.started == ["a", "b"]
        assert await bench.run_all() == ["a", "b", "c", "d"]
        assert (bench.queue.waiting, bench.queue.running) == ([], [])

    run(test)


def test_a_full_queue_refuses_and_says_when_to_come_again() -> None:
    async def test() -> None:
        bench = Bench(max_waiting=2)
        for name in "abc":
            await bench.start(name, small())
        await bench.start("d", small())
        with pytest.raises(ServerBusy, match="too many pictures wait") as error:
            await bench.tasks["d"]
        assert error.value.retry_after >= 1
        assert await bench.run_all() == ["a", "b", "c"]

    run(test)


def test_pixels_that_wait_are_limited_but_one_larger_picture_is_not_refused() -> None:
    async def test() -> None:
        bench = Bench(max_pixels=100)
        await bench.start("a", TaskClass("me", 60))
        await bench.start("huge", TaskClass("me", 5000))
        await bench.start("b", TaskClass("me", 60))
        with pytest.raises(ServerBusy):
            await bench.tasks["b"]
        assert await bench.run_all() == ["a", "huge"]

    run(test)


def test_pixels_that_run_are_limited() -> None:
    async def test() -> None:
        bench = Bench(max_running=3, max_pixels=100)
        for name in "abc":
            await bench.start(name, TaskClass("me", 50))
        assert bench.started == ["a", "b"]
        assert bench.queue.pixels_in_flight == 100
        assert await bench.run_all() == ["a", "b", "c"]

    run(test)


def test_a_task_waits_only_so_long() -> None:
    async def test() -> None:
        bench = Bench(wait=0.01)
        await bench.start("a", small())
        await bench.start("b", small())
        await bench.start("job", small(is_batch=True))
        with pytest.raises(ServerBusy, match="waited 0.01 s"):
            await bench.tasks["b"]
        assert await bench.run_all() == ["a", "job"]

    run(test)


def test_a_cancelled_task_leaves_the_queue_and_a_cancelled_running_one_its_worker() -> None:
    async def test() -> None:
        bench = Bench()
        for name in "abc":
            await bench.start(name, small())
        for name in "ba":
            bench.tasks[name].cancel()
        await settle()
        assert bench.started == ["a", "c"]
        await bench.release("c")
        assert (bench.queue.waiting, bench.queue.running) == ([], [])

    run(test)


def test_a_turn_is_not_given_to_a_task_that_is_being_cancelled() -> None:
    async def test() -> None:
        bench = Bench()
        for name in "abc":
            await bench.start(name, small())
        bench.gates["a"].set()
        bench.tasks["b"].cancel()
        await bench.run_all() if bench.tasks["b"].done() else await settle()
        await bench.release("c")
        assert bench.started == ["a", "c"]

    run(test)


def test_callers_take_turns_however_many_tasks_one_has() -> None:
    async def test() -> None:
        bench = Bench(max_waiting=20)
        for number in range(8):
            await bench.start(f"many{number}", small("many"))
        for number in range(3):
            await bench.start(f"few{number}", small("few"))
        order = await bench.run_all()
        assert [order.index(f"few{number}") for number in range(3)] == [1, 3, 5]

    run(test)


def test_callers_are_charged_with_the_time_that_they_take() -> None:
    async def test() -> None:
        bench = Bench(max_waiting=40)
        for number in range(6):
            await bench.start(f"slow{number}", small("slow"))
            await bench.start(f"quick{number}", small("quick"))
        while len(bench.started) < 8:
            name = bench.started[-1]
            await bench.release(name, 3.0 if name.startswith("slow") else 0.5)
        assert sum(name.startswith("slow") for name in bench.started) == 2
        await bench.run_all()

    run(test)


def test_a_newcomer_takes_the_place_of_the_newest_task_of_the_caller_with_most() -> None:
    async def test() -> None:
        bench = Bench(max_waiting=3)
        for name in "abcd":
            await bench.start(name, small("many"))
        await bench.start("x", small("few"))
        with pytest.raises(ServerBusy, match="other callers"):
            await bench.tasks["d"]
        await bench.start("y", small("few"))
        with pytest.raises(ServerBusy):
            await bench.tasks["y"]
        assert sorted(await bench.run_all()) == ["a", "b", "c", "x"]

    run(test)


def test_interactive_tasks_go_first_until_a_batch_task_has_waited_long() -> None:
    async def test() -> None:
        bench = Bench()
        await bench.start("a", small())
        await bench.start("job", small(is_batch=True))
        await bench.start("b", small())
        await bench.release("a")
        assert bench.started == ["a", "b"]
        bench.seconds += task_queue.AGEING_SECONDS + 1
        await bench.start("c", small())
        await bench.release("b")
        assert bench.started == ["a", "b", "job"]
        await bench.run_all()

    run(test)


def test_batch_tasks_take_no_room() -> None:
    async def test() -> None:
        bench = Bench(max_waiting=1)
        for number in range(5):
            await bench.start(f"job{number}", small(is_batch=True))
        await bench.start("a", small())
        assert len(await bench.run_all()) == 6

    run(test)


def test_long_tasks_leave_a_worker_to_short_ones() -> None:
    async def test() -> None:
        bench = Bench(max_running=2)
        for name in "ab":
            await bench.start(name, small(is_long=True))
        await bench.start("short", small())
        assert bench.started == ["a", "short"]
        await bench.release("short")
        assert bench.started == ["a", "short"]
        assert await bench.run_all() == ["a", "short", "b"]
        alone = Bench(max_running=1)
        await alone.start("long", small(is_long=True))
        assert await alone.run_all() == ["long"]

    run(test)


def test_a_worker_is_kept_for_a_caller_who_was_here_a_moment_ago() -> None:
    async def test() -> None:
        bench = Bench(max_running=2)
        await bench.start("good", small("good"))
        for name in "abc":
            await bench.start(name, small("many"))
        assert bench.started == ["good", "a"]
        await bench.release("good")
        assert bench.started == ["good", "a"]
        await bench.start("again", small("good"))
        assert bench.started == ["good", "a", "again"]
        assert await bench.run_all() == ["good", "a", "again", "b", "c"]

    run(test)


def test_a_worker_is_kept_only_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task_queue, "ANTICIPATION_SECONDS", 0.01)

    async def test() -> None:
        bench = Bench(max_running=2)
        await bench.start("good", small("good"))
        for name in "ab":
            await bench.start(name, small("many"))
        await bench.release("good", 0.0)
        assert bench.started == ["good", "a"]
        bench.seconds += 0.02
        await asyncio.sleep(0.05)
        assert bench.started == ["good", "a", "b"]
        await bench.run_all()

    run(test)


def test_a_caller_with_few_tasks_is_asked_to_come_again_soon() -> None:
    async def test() -> None:
        bench = Bench(max_waiting=40)
        for number in range(30):
            await bench.start(f"many{number}", small("many"))
        bench.queue.mean_seconds = 1.0
        assert bench.queue.retry_after("many") == 29
        assert bench.queue.retry_after("few") == 1
        await bench.start("few", small("few"))
        assert bench.queue.retry_after("few") == 2
        await bench.run_all()

    run(test)
