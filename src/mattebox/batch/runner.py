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

AHEAD = 3  # jobs begun for each worker before the first must be told: bounds what waits in memory


def each(
    work: Callable[[A], B], jobs: Iterable[A], workers: int, begun: Callable[[A], None] | None = None
) -> Iterator[B]:
    """`work` of every job, in order; `begun` is told, from the caller's thread, when a job is next to be told.

    With one worker there are no threads. An exception of `work` stops all that has not begun.
    """
    if workers < 2:
        for job in jobs:
            if begun:
                begun(job)
            yield work(job)
        return
    queue = iter(jobs)
    with ThreadPoolExecutor(workers) as pool:
        waiting: deque[tuple[A, Future[B]]] = deque(
            (job, pool.submit(work, job)) for job in islice(queue, workers * AHEAD)
        )
        try:
            while waiting:
                job, future = waiting.popleft()
                if begun:
                    begun(job)
                outcome = future.result()
                for following in islice(queue, 1):
                    waiting.append((following, pool.submit(work, following)))
                del future
                yield outcome
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
