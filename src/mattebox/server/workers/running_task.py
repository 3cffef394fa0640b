"""A task that a worker runs: its process can be stopped and go on, and its time limit with it."""

from __future__ import annotations

import asyncio
import contextlib
import signal


class RunningTask:
    """One task on one worker.

    Parameters
    ----------
    worker
        The process that runs it.
    deadline
        When it is given up; it stands still while the task is paused.
    """

    def __init__(self, worker: asyncio.subprocess.Process, deadline: asyncio.Timeout) -> None:
        self._worker, self._deadline = worker, deadline
        self._left_seconds: float | None = None  # of the time limit, while it is paused

    def pause(self) -> None:
        """Stop the worker, where the system can (not on Windows)."""
        end = self._deadline.when()
        if not hasattr(signal, "SIGSTOP") or self._left_seconds is not None or end is None or self._deadline.expired():
            return
        self._left_seconds = max(0.0, end - asyncio.get_running_loop().time())
        self._deadline.reschedule(None)
        self._send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let the worker go on, if it was stopped."""
        if self._left_seconds is not None:
            self._deadline.reschedule(asyncio.get_running_loop().time() + self._left_seconds)
            self._left_seconds = None
            self._send_signal(signal.SIGCONT)

    def _send_signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):  # it has died
            self._worker.send_signal(number)
