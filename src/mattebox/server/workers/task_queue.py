"""Bounded, fair queue in front of the workers: who runs next, who waits, and who is asked to come again.

Order: interactive tasks before batch tasks, which count as interactive once they have waited AGEING_SECONDS; then
start-time fair queueing by caller, charged with the seconds that a task held its worker (Goyal, Guo and Vin 1996, "A
hierarchical CPU scheduler"; SFQ(D) of Jin, Chase and Kaur 2004 for several workers); then arrival.
Room: a full queue drops the newest task of the caller that takes most of it, unless that is the newcomer (longest queue
drop; McKenney 1990, "Stochastic fairness queueing").
Where there are several workers, long tasks leave one to short ones, and a caller leaves one to those that were here a
moment ago: they will be back, and nothing that runs is interrupted (anticipatory scheduling; Iyer and Druschel 2001).
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from mattebox.errors import MatteboxError

ANTICIPATION_SECONDS = 2.0  # that a worker is kept for a caller after its last task
AGEING_SECONDS = 10.0  # of waiting, after which a batch task is as urgent as an interactive one
INITIAL_TASK_SECONDS, MEAN_WEIGHT = 0.5, 0.1  # of the moving average of the seconds of a task
MAX_RETRY_SECONDS = 60
ROUNDING = 1e-9  # of sums of shares


class ServerBusy(MatteboxError):
    """A task does not get its turn; `retry_after` in seconds."""

    code = "busy"

    def __init__(self, problem: str, retry_after: int) -> None:
        super().__init__(problem, f"try again in {retry_after} s")
        self.retry_after = retry_after


@dataclass(frozen=True)
class TaskClass:
    """What the queue needs to know about a task.

    Attributes
    ----------
    caller
        Whose share it is charged to.
    pixels
        Pixels that it holds while it runs.
    is_batch
        Nobody waits for it: it waits as long as it takes, behind the interactive ones.
    is_long
        It takes many seconds.
    """

    caller: str
    pixels: int
    is_batch: bool = False
    is_long: bool = False

    @property
    def is_urgent(self) -> bool:
        """Whether somebody waits for it who can expect it soon."""
        return not (self.is_batch or self.is_long)


@dataclass(eq=False)
class QueueEntry:
    """A task that waits or runs."""

    task: TaskClass
    arrived_at: float
    turn: asyncio.Future[None]
    started_at: float = 0.0
    charged_seconds: float = 0.0  # an estimate, until it has run
    paused_seconds: float = 0.0


class TaskQueue:
    """The tasks that wait and those that run.

    Parameters
    ----------
    max_running
        Workers.
    max_waiting
        Interactive tasks that may wait.
    max_pixels
        Pixels that may run at a time, and as many that may wait; a single larger task runs, or waits, alone.
    max_wait_seconds
        How long an interactive task waits for its turn.
    now
        The clock, in seconds.

    Attributes
    ----------
    on_change
        Called when tasks have begun, ended, or come to wait.
    """

    def __init__(
        self,
        max_running: int,
        max_waiting: int,
        max_pixels: int,
        max_wait_seconds: float,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.max_running, self.max_waiting = max_running, max_waiting
        self.max_pixels, self.max_wait_seconds = max_pixels, max_wait_seconds
        self._now = now
        self.on_change: Callable[[], None] = lambda: None
        self.waiting: list[QueueEntry] = []
        self.running: list[QueueEntry] = []
        self.mean_seconds = INITIAL_TASK_SECONDS
        self._virtual_time = 0.0
        self._finish_tags: dict[str, float] = {}  # by caller
        self._seen_at: dict[str, float] = {}  # when each caller last had a task here
        self._timer: asyncio.TimerHandle | None = None

    @property
    def pixels_in_flight(self) -> int:
        """Pixels of the tasks that run."""
        return sum(entry.task.pixels for entry in self.running)

    def retry_after(self, caller: str) -> int:
        """Seconds until the tasks of a caller that wait now will have run, as callers take turns."""
        callers = {entry.task.caller for entry in self.waiting} | {caller}
        own_tasks = sum(entry.task.caller == caller for entry in self.waiting)
        seconds = self.mean_seconds * min(len(self.waiting), own_tasks * len(callers)) / self.max_running
        return min(MAX_RETRY_SECONDS, max(1, math.ceil(seconds)))

    @asynccontextmanager
    async def hold_turn(self, task: TaskClass) -> AsyncIterator[QueueEntry]:
        """Wait for a turn and hold it while the context is open.

        Raises
        ------
        ServerBusy
            There is no room, the task waited too long, or it made room for another caller's.
        """
        entry = QueueEntry(task, self._now(), asyncio.get_running_loop().create_future())
        self._make_room(task)
        self.waiting.append(entry)
        self._seen_at[task.caller] = entry.arrived_at
        self._start_next()
        try:
            await self._wait_for_turn(entry)
            yield entry
        finally:
            self._remove(entry)

    async def _wait_for_turn(self, entry: QueueEntry) -> None:
        try:
            async with asyncio.timeout(None if entry.task.is_batch else self.max_wait_seconds):
                await entry.turn
        except TimeoutError:
            problem = f"the picture waited {self.max_wait_seconds:g} s for a worker"
            raise ServerBusy(problem, self.retry_after(entry.task.caller)) from None

    def _make_room(self, task: TaskClass) -> None:
        """Drop tasks of callers that take more of the queue than this task's caller would. ServerBusy."""
        waiting = [entry for entry in self.waiting if not entry.task.is_batch]
        if task.is_batch or not waiting:
            return
        loads: defaultdict[str, float] = defaultdict(float)
        for entry in waiting:
            loads[entry.task.caller] += self._load(entry.task)
        own_load, dropped = loads[task.caller] + self._load(task), []
        while sum(loads.values()) + self._load(task) > 1 + ROUNDING:
            caller = max(loads, key=lambda name: loads[name])
            if loads[caller] <= own_load + ROUNDING:
                raise ServerBusy("too many pictures wait already", self.retry_after(task.caller))
            dropped.append(next(e for e in reversed(waiting) if e.task.caller == caller))
            waiting.remove(dropped[-1])
            loads[caller] -= self._load(dropped[-1].task)
        for entry in dropped:
            self.waiting.remove(entry)
            if not entry.turn.done():
                seconds = self.retry_after(entry.task.caller)
                entry.turn.set_exception(ServerBusy("other callers have fewer pictures that wait", seconds))

    def _load(self, task: TaskClass) -> float:
        """The share of the queue that a task takes: of its places or of its pixels, whichever is more."""
        return max(1 / self.max_waiting, task.pixels / self.max_pixels)

    def _start_next(self) -> None:
        """Give their turns to as many tasks as may run now."""
        while len(self.running) < self.max_running and (entry := self._choose_next()) is not None:
            self.waiting.remove(entry)
            self.running.append(entry)
            entry.started_at, entry.charged_seconds = self._now(), self.mean_seconds
            self._virtual_time = self._next_start_tag(entry.task.caller)
            self._finish_tags[entry.task.caller] = self._virtual_time + entry.charged_seconds
            entry.turn.set_result(None)
        if self.waiting and len(self.running) < self.max_running and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(ANTICIPATION_SECONDS, self._stop_waiting_for_others)
        self.on_change()

    def _stop_waiting_for_others(self) -> None:
        self._timer = None
        self._start_next()

    def _choose_next(self) -> QueueEntry | None:
        """The task whose turn it is; None when nothing waits that may run now."""
        now = self._now()
        candidates = [entry for entry in self.waiting if not entry.turn.done() and self._may_start(entry.task, now)]
        if not candidates:
            return None

        def order(entry: QueueEntry) -> tuple[bool, float, float]:
            is_behind = entry.task.is_batch and now - entry.arrived_at < AGEING_SECONDS
            return is_behind, self._next_start_tag(entry.task.caller), entry.arrived_at

        entry = min(candidates, key=order)
        fits = not self.running or self.pixels_in_flight + entry.task.pixels <= self.max_pixels
        return entry if fits else None

    def _may_start(self, task: TaskClass, now: float) -> bool:
        """Whether a task would leave a worker to those for whom one is kept."""
        if len(self.running) < self.max_running - 1 or not self.running:
            return True
        if task.is_long and all(entry.task.is_long for entry in self.running):
            return False
        holds_all_others = all(entry.task.caller == task.caller for entry in self.running)
        return not (holds_all_others and self._expects_others(task.caller, now))

    def _expects_others(self, caller: str, now: float) -> bool:
        """Whether another caller had a task a moment ago, or has one that waits."""
        recent = {name for name, seen_at in self._seen_at.items() if now - seen_at < ANTICIPATION_SECONDS}
        return bool((recent | {entry.task.caller for entry in self.waiting}) - {caller})

    def _next_start_tag(self, caller: str) -> float:
        return max(self._virtual_time, self._finish_tags.get(caller, 0.0))

    def _remove(self, entry: QueueEntry) -> None:
        """Remove a task that has run or given up, and charge its caller with the time that it took."""
        if entry in self.waiting:
            self.waiting.remove(entry)
        if entry in self.running:
            self.running.remove(entry)
            self._seen_at[entry.task.caller] = self._now()
            seconds = self._now() - entry.started_at - entry.paused_seconds
            self._finish_tags[entry.task.caller] += seconds - entry.charged_seconds
            self.mean_seconds += MEAN_WEIGHT * (seconds - self.mean_seconds)
        if not self.running and not self.waiting:
            self._finish_tags.clear()
            self._seen_at.clear()
            self._virtual_time = 0.0
        self._start_next()
