"""CPU counts that respect containers and `taskset`, a fair share of them per worker thread, and a parallel map."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

A = TypeVar("A")
B = TypeVar("B")

MAX_THREADS = 8  # of one picture: more gain little and cost memory

_sharing_threads: ContextVar[int] = ContextVar("sharing_threads", default=1)


def process_cpu_count() -> int:
    """CPUs that this process may run on, at least 1."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def thread_cpu_count() -> int:
    """CPUs for this thread: its share where several work side by side (`share_cpus`), at least 1."""
    return max(1, process_cpu_count() // _sharing_threads.get())


def worker_count(item_count: int) -> int:
    """Threads for that many independent items, at least 1."""
    return max(1, min(item_count, thread_cpu_count(), MAX_THREADS))


def parallel_map(function: Callable[[A], B], items: Sequence[A]) -> list[B]:
    """`function` of every item, in order, computed in `worker_count` threads; the first exception is raised."""
    if worker_count(len(items)) < 2:
        return [function(item) for item in items]
    with ThreadPoolExecutor(worker_count(len(items))) as pool:
        return list(pool.map(function, items))


@contextmanager
def share_cpus(thread_count: int) -> Iterator[None]:
    """Limit this thread to 1/`thread_count` of the CPUs."""
    token = _sharing_threads.set(max(1, thread_count))
    try:
        yield
    finally:
        _sharing_threads.reset(token)
