"""A doer that answers a task with its bytes doubled, or does as it is told; and a desk of jobs on a real queue."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any

from mattebox.jobs.encryption import PlaintextCipher
from mattebox.jobs.manager import JobManager, JobStatus
from mattebox.jobs.queue import JobQueue
from mattebox.jobs.store import JobStore


class Fake:
    """Answers a task with its bytes doubled; or does as it is told."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.act: Callable[[bytes], None] = lambda _: None
        self.gate = threading.Event()
        self.gate.set()
        self.dropped: set[str] = set()

    def do(self, name: str, task: bytes, tell: Callable[[float], None]) -> tuple[dict[str, Any], bytes]:
        self.calls.append(name)
        tell(0.25)
        self.act(task)
        while not self.gate.wait(0.01):
            if name in self.dropped:
                raise CancelledError
        return {"width": len(task)}, task * 2

    def drop(self, name: str) -> None:
        self.dropped.add(name)


def opened(folder: Path, fake: Fake, **options: Any) -> JobManager:
    jobs = JobManager(JobStore(folder / "jobs", PlaintextCipher()), JobQueue(str(folder)), fake, **options)
    jobs.store.prepare()
    jobs.start(2)
    return jobs


def ended(jobs: JobManager, name: str) -> JobStatus:
    for _ in range(1000):
        status = jobs.status(name, "me")
        assert status is not None
        if status.is_finished:
            return status
        time.sleep(0.01)
    raise AssertionError(status)
