"""Jobs that run while the service starts or after it has been closed."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import CancelledError
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mattebox.server import job_service
from mattebox.server.auditing import Auditor
from mattebox.server.auth import AccessControl
from mattebox.server.content_buffer import Content
from mattebox.server.job_service import JobService
from mattebox.server.settings import Settings
from mattebox.server.usage import UsageStore
from mattebox.server.workers.protocol import WorkerTask
from mattebox.server.workers.worker_pool import WorkerPool, WorkerResponse
from tests.serving import make_buffer


class StartingManager:
    """A job manager whose stored job runs before its start is over."""

    def __init__(self, service: JobService, task: WorkerTask) -> None:
        self.service, self.task, self.results = service, task, list[tuple[dict[str, Any], Content]]()
        self.store = SimpleNamespace(job=lambda _: {"owner": "local", "created": time.time()})
        self.index = SimpleNamespace(mark_counted=lambda _: None)

    def start(self, _: int) -> None:
        self.run_job()

    def run_job(self) -> None:
        self.results.append(self.service.run_task("1", lambda: self.task, lambda _: None))

    def stop(self, _: int) -> None:
        """Nothing runs any more."""


def test_a_stored_job_runs_while_the_manager_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def execute_task(pool: WorkerPool, *_: Any, **__: Any) -> WorkerResponse:
        return WorkerResponse({"width": 1}, pool.buffer.store(b"result"))

    async def run() -> None:
        settings, buffer = Settings(data=str(tmp_path)), make_buffer()
        service = JobService(settings, WorkerPool(settings, buffer), UsageStore(), Auditor(settings, AccessControl()))
        manager = StartingManager(service, WorkerTask({}, (buffer.store(b"picture"),), 1))
        monkeypatch.setattr(service, "_create_manager", lambda: manager)
        await service.open_manager()
        assert [(header, body.read()) for header, body in manager.results] == [({"width": 1}, b"result")]
        await service.close()
        with pytest.raises(CancelledError):  # which hands the job back; anything else would fail it
            manager.run_job()

    monkeypatch.setattr(job_service, "execute_task", execute_task)
    asyncio.run(run())
