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

MOST = 8  # more threads than this gain little on one picture and cost memory

_beside: ContextVar[int] = ContextVar("beside", default=1)


def allowed() -> int:
    """Processors this process may run on, at least 1."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def usable() -> int:
    """Processors this thread may count on, at least 1."""
    return max(1, allowed() // _beside.get())


def workers(pieces: int) -> int:
    """Threads for a job in that many pieces, at least 1."""
    return max(1, min(pieces, usable(), MOST))


def side_by_side(work: Callable[[A], B], items: Sequence[A]) -> list[B]:
    """The work of every item, in their order, in as many threads as there are processors for it; the first exception is
    raised."""
    if workers(len(items)) < 2:
        return [work(item) for item in items]
    with ThreadPoolExecutor(workers(len(items))) as pool:
        return list(pool.map(work, items))


@contextmanager
def shared(among: int) -> Iterator[None]:
    """Inside, this thread is one of `among` that share the processors."""
    token = _beside.set(max(1, among))
    try:
        yield
    finally:
        _beside.reset(token)
