"""The view of the queue under load, on three machines, one of which is lost."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from mattebox.jobs.queue import JobQueue, QueueHandler
from mattebox.jobs.queue_view import READ_QUERY, read_queue_depths
from tests.jobs.test_postgres import address as address
from tests.jobs.test_postgres import pytestmark as needs_postgres
from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
JOBS, MACHINES, CONCURRENCY = 300, 3, 4
MAX_SECONDS = 130.0  # on a busy machine
COUNT_QUERY = "SELECT status, count(*) FROM dbos.workflow_status WHERE queue_name = 'jobs' GROUP BY status"


@contextlib.contextmanager
def start_machines(address: str, folder: Path) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Processes that do jobs."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    words = (sys.executable, "-m", "tests.jobs.queue_machine", address)
    processes = [
        subprocess.Popen([*words, f"m{n}", str(folder), str(CONCURRENCY)], cwd=ROOT, env=environment)
        for n in range(MACHINES)
    ]
    try:
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.wait()


def read_view_and_rows(address: str) -> tuple[tuple[int, int], tuple[int, int]]:
    """What waits and runs by the view, and by the rows of the queue's library, in one snapshot."""
    with psycopg.connect(address) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        view = {row[0]: (row[1], row[2]) for row in connection.execute(READ_QUERY)}
        rows: dict[str, int] = dict(connection.execute(COUNT_QUERY).fetchall())  # type: ignore[arg-type]
    return view["jobs"], (rows.get("ENQUEUED", 0), rows.get("PENDING", 0))


@needs_postgres
@pytest.mark.timeout(300)
def test_the_view_equals_the_jobs_though_a_third_of_the_machines_is_lost(address: str, tmp_path: Path) -> None:
    queue = JobQueue(address, "producer")
    queue.start({"jobs": QueueHandler(print, 1), "hooks": QueueHandler(print, 1)}, is_consumer=False)
    names = [f"load{n}" for n in range(JOBS)]
    samples = []
    try:
        for name in names:
            queue.add("jobs", name)
        assert read_queue_depths(address)["jobs"][:2] == (JOBS, 0)
        with start_machines(address, tmp_path) as machines:
            wait_until(lambda: len(list(tmp_path.iterdir())) > JOBS // 4, MAX_SECONDS)
            wait_until(lambda: read_queue_depths(address)["jobs"].running > 0, MAX_SECONDS)  # they wait between polls
            machines[0].kill()
            machines[0].wait()
            in_hand = read_queue_depths(address)["jobs"].running
            queue.adopt("m0")

            def is_drained() -> bool:
                undone_before = JOBS - len(list(tmp_path.iterdir()))
                view, rows = read_view_and_rows(address)
                undone_after = JOBS - len(list(tmp_path.iterdir()))
                assert view == rows
                # A job counts until its end is written down, which is a moment after it is done.
                assert undone_after <= sum(view) <= undone_before + MACHINES * CONCURRENCY
                samples.append(sum(view))
                return sum(view) == 0

            wait_until(is_drained, MAX_SECONDS)
        done = {path.name: path.read_text().split() for path in tmp_path.iterdir()}
        assert sorted(done) == sorted(names)  # none is lost
        repeated = [name for name, machines_of in done.items() if len(machines_of) > 1]
        assert len(repeated) <= CONCURRENCY  # what the lost machine had done and not written down
        assert in_hand <= MACHINES * CONCURRENCY
        assert len(samples) > 3
        assert samples == sorted(samples, reverse=True)
    finally:
        queue.remove("jobs", names)
        queue.stop()
