"""A full disk: finished results wait for room, and jobs can be cancelled and erased all the same."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mattebox.errors import OutputError
from mattebox.jobs import executor, store
from mattebox.jobs.manager import JobManager
from mattebox.jobs.task_runner import TaskFailed
from tests.jobs.fakes import FakeTaskRunner, start_manager, wait_until_finished
from tests.waiting import wait_until


class Disk:
    """Refuses new files while it is full, as a disk without a free block does; existing blocks can be written."""

    def __init__(self) -> None:
        self.is_full = False
        self.refusals = 0

    def write_bytes(self, path: Path, content: bytes, **options: Any) -> None:
        if self.is_full:
            self.refusals += 1
            raise OutputError("full", "free some space") from OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        WRITE_BYTES(path, content, **options)

    def write_synced(self, path: Path, chunks: Iterable[bytes]) -> None:
        if self.is_full:
            self.refusals += 1
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        WRITE_SYNCED(path, chunks)


WRITE_BYTES, WRITE_SYNCED = store.write_bytes, store.write_synced


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    disk = Disk()
    monkeypatch.setattr(store, "write_bytes", disk.write_bytes)
    monkeypatch.setattr(store, "write_synced", disk.write_synced)
    monkeypatch.setattr(executor, "STORAGE_FULL_DELAY_SECONDS", 0.02)
    return disk


@pytest.fixture
def fake() -> FakeTaskRunner:
    return FakeTaskRunner()


@pytest.fixture
def jobs(tmp_path: Path, fake: FakeTaskRunner, disk: Disk) -> Iterator[JobManager]:
    manager = start_manager(tmp_path, fake)
    yield manager
    manager.stop()


def start_job(jobs: JobManager, fake: FakeTaskRunner) -> str:
    """Submit a job that runs until the gate is open."""
    fake.gate.clear()
    job_id = jobs.submit("me", [b"task"])
    fake.wait_for_calls()
    return job_id


def fill_while_running(jobs: JobManager, fake: FakeTaskRunner, disk: Disk) -> str:
    """Submit a job, and fill the disk while it runs."""
    job_id = start_job(jobs, fake)
    disk.is_full = True
    fake.gate.set()
    wait_until(lambda: disk.refusals >= 3)
    return job_id


def test_a_finished_result_waits_for_room_and_is_not_computed_again(
    jobs: JobManager, fake: FakeTaskRunner, disk: Disk
) -> None:
    job_id = fill_while_running(jobs, fake, disk)
    disk.is_full = False
    status = wait_until_finished(jobs, job_id)
    assert (status.state, status.attempts, fake.calls) == ("done", 1, [job_id])
    result = jobs.result(job_id, "me")
    assert result is not None
    assert b"".join(result[1]) == b"tasktask"


def test_jobs_are_cancelled_and_erased_on_a_full_disk(jobs: JobManager, fake: FakeTaskRunner, disk: Disk) -> None:
    running = fill_while_running(jobs, fake, disk)
    status = jobs.cancel(running, "me")
    assert status is not None
    assert status.state == "cancelled"
    assert sorted(p.name for p in (jobs.store.root / running).iterdir()) == ["job", "losses", "outcome"]
    assert jobs.erase(running, "me")
    assert jobs.list("me") == []
    disk.is_full = False
    assert wait_until_finished(jobs, jobs.submit("me", [b"next"])).state == "done"
    assert len(fake.calls) == 2


def test_a_job_fails_on_a_full_disk(jobs: JobManager, fake: FakeTaskRunner, disk: Disk) -> None:
    def act(_: bytes) -> None:
        disk.is_full = True
        raise TaskFailed({"code": "no_subject", "problem": "no subject"})

    fake.act = act
    assert wait_until_finished(jobs, jobs.submit("me", [b"task"])).outcome["error"]["code"] == "no_subject"
    assert len(fake.calls) == 1


def test_the_first_outcome_stays_on_a_full_disk(jobs: JobManager, fake: FakeTaskRunner, disk: Disk) -> None:
    job_id = start_job(jobs, fake)
    disk.is_full = True
    assert jobs.store.finish(job_id, {"state": "cancelled"})
    assert not jobs.store.finish(job_id, {"state": "failed"})
    outcome = jobs.store.outcome(job_id)
    assert outcome is not None
    assert outcome["state"] == "cancelled"
    fake.gate.set()
