"""What the jobs' queue asks of Postgres: transactions a second of a server that waits, and transactions a job.

    python -m benchmarks.queue_load [--jobs 200] [--seconds 10]

Starts a Postgres cluster of its own, and counts committed and rolled back transactions (pg_stat_database) around what
one server of the real queue does. On a busy machine a server that waits may ask less often than it would.
"""

from __future__ import annotations

import threading
import time

import psycopg

from benchmarks.common import argument_parser
from mattebox.jobs.queue import JobQueue, QueueHandler
from mattebox.jobs.webhook_queue import POLL_FACTOR

SETTLE_SECONDS = 5.0  # until statistics are written


def count_transactions(address: str) -> int:
    """Transactions of the database so far."""
    time.sleep(SETTLE_SECONDS)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("SELECT pg_stat_clear_snapshot()")
        row = connection.execute(
            "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()"
        ).fetchone()
    assert row is not None
    return int(row[0])


def measure_queue(address: str, jobs: int, seconds: float) -> tuple[float, float]:
    """Transactions a second of a server that waits, and transactions of a job beyond them."""
    done = threading.Semaphore(0)
    queue = JobQueue(address, "measured")
    queue.start(
        {"jobs": QueueHandler(lambda _: done.release(), 4), "hooks": QueueHandler(lambda _: None, 1, None, POLL_FACTOR)}
    )
    try:
        begin, first = time.monotonic(), count_transactions(address)
        time.sleep(seconds)
        second, middle = count_transactions(address), time.monotonic()
        idle_rate = (second - first) / (middle - begin)
        for n in range(jobs):
            queue.add("jobs", f"{n}")
        for _ in range(jobs):
            done.acquire()
        queue.remove("jobs", [str(n) for n in range(jobs)])
        third, end = count_transactions(address), time.monotonic()
    finally:
        queue.stop()
    return idle_rate, (third - second - idle_rate * (end - middle)) / jobs


def main() -> None:
    args = argument_parser(__doc__, jobs=200, seconds=10.0).parse_args()
    from tests.jobs.postgres import start_postgres

    with start_postgres() as address:
        idle_rate, per_job = measure_queue(address, args.jobs, args.seconds)
    print(f"a server that waits: {idle_rate:.1f} transactions a second; a job: {per_job:.1f} more")


if __name__ == "__main__":
    main()
