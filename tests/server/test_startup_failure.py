"""A server that cannot start its workers says so in one line, and never that it is listening."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
import uvicorn

from mattebox.server.app import create_app
from mattebox.server.settings import load_settings
from mattebox.server.shutdown import GracefulServer
from mattebox.server.workers import worker_pool
from mattebox.server.workers.worker_pool import WorkerPool, WorkerStartFailure


def test_the_error_is_raised_and_nothing_else_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(self: WorkerPool) -> None:
        raise WorkerStartFailure("a worker was not ready after 1 s", "try again")

    monkeypatch.setattr(WorkerPool, "start", fail)
    app = create_app(load_settings(data=str(tmp_path)))
    listened: list[bool] = []
    server = GracefulServer(uvicorn.Config(app, port=0), app.state.mattebox, lambda: listened.append(True))
    with caplog.at_level(logging.INFO), pytest.raises(WorkerStartFailure, match="after 1 s"):
        server.run()
    assert not listened
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def start_pool(pool: WorkerPool) -> None:
    try:
        await pool.start()
    finally:
        await pool.stop()


def test_a_worker_that_takes_too_long_is_not_said_to_lack_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import asyncio

    monkeypatch.setattr(worker_pool, "START_TIMEOUT_SECONDS", 0.001)
    app = create_app(load_settings(data=str(tmp_path), workers=1))
    with pytest.raises(WorkerStartFailure, match="was not ready after 0.001 s; the machine is busy or slow"):
        asyncio.run(start_pool(app.state.mattebox.worker_pool))
