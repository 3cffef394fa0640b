"""A fake task runner, and a job manager on a real queue."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any

from mattebox.jobs.encryption import PlaintextCipher
from mattebox.jobs.manager import JobManager
from mattebox.jobs.queue import JobQueue
from mattebox.jobs.status import JobStatus
from mattebox.jobs.store import JobStore
from mattebox.jobs.task_runner import LoadTask
from mattebox.types import OnProgress
from tests.waiting import wait_until


class FakeTaskRunner:
    """Returns the bytes of a task doubled, after `act` and once `gate` is open."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.act: Callable[[bytes], None] = lambda _: None
        self.gate = threading.Event()
        self.gate.set()
        self.cancelled: set[str] = set()

    def run_task(self, job_id: str, load_task: LoadTask, on_progress: OnProgress) -> tuple[dict[str, Any], list[bytes]]:
        task = b"".join(load_task() or ())
        self.calls.append(job_id)
        on_progress(0.25)
        self.act(task)
        while not self.gate.wait(0.01):
            if job_id in self.cancelled:
                raise CancelledError
        return {"width": len(task)}, [task, task]

    def cancel_task(self, job_id: str) -> None:
        self.cancelled.add(job_id)

    def wait_for_calls(self, count: int = 1) -> None:
        """Wait until so many tasks have been begun."""
        wait_until(lambda: len(self.calls) >= count)


def start_manager(folder: Path, runner: FakeTaskRunner, **options: Any) -> JobManager:
    jobs = JobManager(JobStore(folder / "jobs", PlaintextCipher()), JobQueue(str(folder)), runner, **options)
    jobs.store.prepare()
    jobs.start(2)
    return jobs


def wait_until_finished(jobs: JobManager, job_id: str) -> JobStatus:
    for _ in range(1000):
        status = jobs.status(job_id, "me")
        assert status is not None
        if status.is_finished:
            return status
        time.sleep(0.01)
    raise AssertionError(status)
