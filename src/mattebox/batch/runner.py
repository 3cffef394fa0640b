"""Runs jobs in a thread pool and yields their results in order; Ctrl-C lets running jobs finish and starts no more.

Threads suffice: decoders, networks and encoders release Python's interpreter lock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

A = TypeVar("A")
B = TypeVar("B")

QUEUED_JOBS_PER_WORKER = 3  # started ahead of the next result: limits what waits in memory


def map_in_order(
    function: Callable[[A], B],
    jobs: Iterable[A],
    worker_count: int,
    on_next_job: Callable[[A], None] | None = None,
    waiting_per_worker: int = QUEUED_JOBS_PER_WORKER,
) -> Iterator[B]:
    """`function` of every job, in order, computed in a pool of threads (or in the caller's, with one worker).

    At most `waiting_per_worker` jobs for each worker are started ahead of the result that is asked for next.
    `on_next_job` is called with each job, in the caller's thread, before its result is awaited. An exception of
    `function` is raised, and no further job is started.
    """
    if worker_count < 2:
        for job in jobs:
            if on_next_job:
                on_next_job(job)
            yield function(job)
        return
    queue = iter(jobs)
    with ThreadPoolExecutor(worker_count) as pool:
        waiting: deque[tuple[A, Future[B]]] = deque(
            (job, pool.submit(function, job)) for job in islice(queue, worker_count * waiting_per_worker)
        )
        try:
            while waiting:
                job, future = waiting.popleft()
                if on_next_job:
                    on_next_job(job)
                outcome = future.result()
                for following in islice(queue, 1):
                    waiting.append((following, pool.submit(function, following)))
                del future
                yield outcome
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
