"""Interface to whatever runs the tasks of jobs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from mattebox.types import OnProgress

LoadTask = Callable[[], Iterable[bytes] | None]
"""Reads a job's task from the disk, in chunks; None when the job has been erased."""


class TaskCrashed(Exception):
    """The worker died while it ran the task."""


class TaskFailed(Exception):
    """The task cannot be done; `error` holds the fields of the problem."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error.get("problem"))
        self.error = error


class TaskRunner(Protocol):
    """Runs tasks, one per calling thread."""

    def run_task(
        self, job_id: str, load_task: LoadTask, on_progress: OnProgress
    ) -> tuple[dict[str, Any], Iterable[bytes] | None]:
        """Run a task to its end: metadata of the result, and its bytes in chunks, which may be read several times; None
        where it is stored elsewhere.

        Raises
        ------
        TaskCrashed, TaskFailed
            There is no result.
        CancelledError
            `cancel_task` was called meanwhile.
        """

    def cancel_task(self, job_id: str) -> None:
        """Cancel the running task of a job, if there is one."""
