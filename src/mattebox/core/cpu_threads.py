"""How many processors this process may use: what its container or `taskset` allows, not what the machine has.

A thread that works beside others on pictures of their own takes its share of them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

A = TypeVar("A")
B = TypeVar("B")

MAX_THREADS = 8  # more threads than this gain little on one picture and cost memory

_sharing_threads: ContextVar[int] = ContextVar("beside", default=1)


def process_cpu_count() -> int:
    """Processors this process may run on, at least 1."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def thread_cpu_count() -> int:
    """Processors this thread may count on, at least 1."""
    return max(1, process_cpu_count() // _sharing_threads.get())


def worker_count(item_count: int) -> int:
    """Threads for a job in that many pieces, at least 1."""
    return max(1, min(item_count, thread_cpu_count(), MAX_THREADS))


def parallel_map(function: Callable[[A], B], items: Sequence[A]) -> list[B]:
    """The work of every item, in their order, in as many threads as there are processors for it; the first exception is
    raised."""
    if worker_count(len(items)) < 2:
        return [function(item) for item in items]
    with ThreadPoolExecutor(worker_count(len(items))) as pool:
        return list(pool.map(function, items))


@contextmanager
def share_cpus(thread_count: int) -> Iterator[None]:
    """Inside, this thread is one of `thread_count` that share the processors."""
    token = _sharing_threads.set(max(1, thread_count))
    try:
        yield
    finally:
        _sharing_threads.reset(token)
