"""The same jobs on Postgres: one setting, another machine, nothing else changed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mattebox.errors import MatteboxError
from mattebox.jobs.encryption import PlaintextCipher
from mattebox.jobs.manager import JobManager
from mattebox.jobs.queue import JobQueue, QueueHandler
from mattebox.jobs.queue_view import create_queue_view, read_queue_depths
from mattebox.jobs.store import JobStore
from tests.jobs.fakes import FakeTaskRunner, wait_until_finished
from tests.jobs.postgres import postgres_can_run, start_postgres
from tests.waiting import wait_until

pytestmark = pytest.mark.skipif(not postgres_can_run(), reason="no Postgres on this machine: apt install postgresql")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A cluster of this module's own."""
    with start_postgres() as database:
        yield database


def test_jobs_on_postgres(address: str, tmp_path: Path) -> None:
    for machine in ("one", "two"):
        jobs = JobManager(JobStore(tmp_path / "jobs", PlaintextCipher()), JobQueue(address, machine), FakeTaskRunner())
        jobs.start(4)
        try:
            names = {jobs.submit("me", [b"%d" % i], idempotency_key=str(i)) for i in range(8)}
            assert {wait_until_finished(jobs, name).state for name in names} == {"done"}
            assert len(names) == len(jobs.store.job_ids()) == 8
            assert jobs.erase(names.pop(), "me")
        finally:
            jobs.stop()
    assert list(tmp_path.glob("*.sqlite*")) == []


def test_the_view_counts_what_waits_and_runs(address: str) -> None:
    may_end, started = threading.Event(), threading.Semaphore(0)

    def handle(name: str) -> None:
        started.release()
        may_end.wait(30)

    queue = JobQueue(address, "viewer")
    queue.start({"jobs": QueueHandler(handle, 2), "hooks": QueueHandler(handle, 1)})
    try:
        assert read_queue_depths(address) == {"jobs": (0, 0, 0.0), "hooks": (0, 0, 0.0)}
        for n in range(7):
            queue.add("jobs", f"view-{n}")
        for _ in range(2):
            assert started.acquire(timeout=20)
        jobs = read_queue_depths(address)["jobs"]
        assert (jobs.waiting, jobs.running) == (5, 2)
        assert jobs.oldest_seconds >= 0
        threads = [threading.Thread(target=create_queue_view, args=(address,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        may_end.set()
        wait_until(lambda: read_queue_depths(address)["jobs"][:2] == (0, 0))
    finally:
        may_end.set()
        queue.stop()


def test_a_database_that_is_away_is_said() -> None:
    with pytest.raises(MatteboxError, match="the queue cannot be read"):
        read_queue_depths("postgresql://nobody@127.0.0.1:1/none")
