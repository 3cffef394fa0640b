"""Pauses of running tasks: long tasks and jobs make way for short ones of callers who have fewer tasks.

Processors are shared by all workers, and two that are halves of one core slow each other down. So a short task that
somebody waits for has one other worker stopped, which goes on afterwards where it was: preemption, between any two
instructions. Nobody starves: a task is paused for PAUSE_SECONDS and for PAUSED_SHARE of its time at most, and its time
limit stands still meanwhile.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable

from mattebox.server.workers.task_queue import QueueEntry, TaskQueue

PAUSE_SECONDS = 1.0  # for which any task may be paused
PAUSED_SHARE = 0.75  # of the time of a longer one, at most
ROUNDING_SECONDS = 0.001

SetPaused = Callable[[QueueEntry, bool], None]
"""Stops the worker of a task, or lets it go on."""


class TaskPauses:
    """Which of a queue's running tasks are paused.

    Parameters
    ----------
    queue
        The tasks.
    set_paused
        Called with each task that is to be paused or to go on.
    now
        The clock, in seconds.
    """

    def __init__(self, queue: TaskQueue, set_paused: SetPaused, now: Callable[[], float] = time.monotonic) -> None:
        self._queue, self._set_paused, self._now = queue, set_paused, now
        self._paused_at: dict[QueueEntry, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def __contains__(self, entry: QueueEntry) -> bool:
        return entry in self._paused_at

    def __len__(self) -> int:
        return len(self._paused_at)

    def update(self) -> None:
        """Pause and resume what the tasks in the queue ask for now; to be called whenever they change."""
        now = self._now()
        chosen = self._choose(now)
        for entry in [entry for entry in self._paused_at if entry not in chosen]:
            entry.paused_seconds += now - self._paused_at.pop(entry)
            self._set_paused(entry, False)
        for entry in [entry for entry in chosen if entry not in self._paused_at]:
            self._paused_at[entry] = now
            self._set_paused(entry, True)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._paused_at:
            seconds = min(self._allowed_seconds(entry, now) for entry in self._paused_at)
            self._timer = asyncio.get_running_loop().call_later(seconds + ROUNDING_SECONDS, self.update)

    def _choose(self, now: float) -> list[QueueEntry]:
        """At most one task for each urgent one: those paused already, then the newest."""
        running = self._queue.running
        counts = Counter(entry.task.caller for entry in (*running, *self._queue.waiting))
        candidates = [e for e in reversed(running) if not e.task.is_urgent and self._allowed_seconds(e, now) > 0]
        candidates.sort(key=lambda entry: entry not in self._paused_at)
        chosen: list[QueueEntry] = []
        for caller in [entry.task.caller for entry in running if entry.task.is_urgent]:
            others = (e for e in candidates if e not in chosen and counts[e.task.caller] > counts[caller])
            chosen += [entry for entry in others if entry.task.caller != caller][:1]
        return chosen

    def _allowed_seconds(self, entry: QueueEntry, now: float) -> float:
        """For how much longer a task may be paused."""
        paused_seconds = entry.paused_seconds + now - self._paused_at.get(entry, now)
        run_seconds = now - entry.started_at - paused_seconds
        return PAUSE_SECONDS + run_seconds * PAUSED_SHARE / (1 - PAUSED_SHARE) - paused_seconds
