"""Many jobs, several at a time, in threads: decoders, networks and encoders let each other run. Outcomes come in the
jobs' order. Ctrl-C lets those in hand finish, starts no more, and passes on.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

A = TypeVar("A")
B = TypeVar("B")

QUEUED_JOBS_PER_WORKER = 3  # jobs begun for each worker before the first must be told: bounds what waits in memory


def map_in_order(
    function: Callable[[A], B], jobs: Iterable[A], worker_count: int, on_next_job: Callable[[A], None] | None = None
) -> Iterator[B]:
    """`function` of every job, in order; `on_next_job` is told, from the caller's thread, when a job is next to be told.

    With one worker there are no threads. An exception of `function` stops all that has not begun.
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
            (job, pool.submit(function, job)) for job in islice(queue, worker_count * QUEUED_JOBS_PER_WORKER)
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
