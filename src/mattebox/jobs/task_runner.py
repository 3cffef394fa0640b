"""Interface to whatever runs the tasks of jobs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from mattebox.types import OnProgress

LoadTask = Callable[[], bytes | None]
"""Reads a job's task from the disk; None when the job has been erased."""


class TaskCrashed(Exception):
    """The worker died while it ran the task."""


class TaskFailed(Exception):
    """The task cannot be done; `error` holds the fields of the problem."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error.get("problem"))
        self.error = error


class TaskRunner(Protocol):
    """Runs tasks, one per calling thread."""

    def run_task(self, job_id: str, load_task: LoadTask, on_progress: OnProgress) -> tuple[dict[str, Any], bytes]:
        """Run a task, which is in memory only while it is loaded, to its end: metadata and bytes of the result.

        Raises
        ------
        TaskCrashed, TaskFailed
            There is no result.
        CancelledError
            `cancel_task` was called meanwhile.
        """

    def cancel_task(self, job_id: str) -> None:
        """Cancel the running task of a job, if there is one."""
