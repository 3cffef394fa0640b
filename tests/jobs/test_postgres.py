"""The same jobs on Postgres: one setting, another machine, nothing else changed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from benchmarks.autoscaling import simulate_scaling
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
        assert jobs.waiting + jobs.running == 7
        assert jobs.running >= 2  # the queue claims a few ahead of free threads
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


def test_an_autoscaler_reads_the_view_and_nothing_else(address: str) -> None:
    create_queue_view(address)
    with psycopg.connect(address, autocommit=True) as owner:
        owner.execute("CREATE ROLE autoscaler LOGIN")
        owner.execute("GRANT USAGE ON SCHEMA mattebox TO autoscaler")
        owner.execute("GRANT SELECT ON mattebox.queue TO autoscaler")
    with psycopg.connect(address.replace("mattebox@", "autoscaler@"), autocommit=True) as reader:
        row = reader.execute("SELECT waiting + running FROM mattebox.queue WHERE queue = 'jobs'").fetchone()
        assert row is not None
        assert isinstance(row[0], int)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute("SELECT * FROM dbos.workflow_status")
    with pytest.raises(MatteboxError, match="cannot be made"):
        create_queue_view(address.replace("mattebox@", "autoscaler@"))


def test_5000_jobs_drain_without_flapping_and_none_is_lost(address: str) -> None:
    """An autoscaler that reads the view, in simulated time: benchmarks/autoscaling.py."""
    run = simulate_scaling(f"{address.rpartition('/')[0]}/postgres", 5000, target=20, seconds_per_job=4)
    assert (run.finished, run.repeated) == (5000, 0)
    assert run.lost_pods > 5
    assert run.turns == 1  # up, and then down
    assert run.pods[-1] == 0
    assert max(run.pods) == 100


def test_a_database_that_is_away_is_said() -> None:
    with pytest.raises(MatteboxError, match="the queue cannot be read"):
        read_queue_depths("postgresql://nobody@127.0.0.1:1/none")
