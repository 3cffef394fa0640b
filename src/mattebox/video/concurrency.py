"""Stages of a pipeline side by side: each in a thread of its own, with bounded queues between them.

Threads suffice: decoders, networks, NumPy and encoders release Python's interpreter lock.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

from mattebox.core import cpu_threads

A = TypeVar("A")
B = TypeVar("B")

POLL_SECONDS = 0.1


@dataclass(frozen=True)
class _Item(Generic[A]):
    value: A


@dataclass(frozen=True)
class _End:
    error: BaseException | None = None


def read_ahead(items: Iterable[A], depth: int = 2) -> Generator[A, None, None]:
    """The items, computed in another thread at most `depth` ahead; its exceptions are raised here.

    Closing the iterator ends the thread, and closes `items` where it is a generator.
    """
    ready: queue.Queue[_Item[A] | _End] = queue.Queue(depth)
    stop = threading.Event()
    thread = threading.Thread(target=_produce, args=(items, ready, stop), daemon=True)
    thread.start()
    try:
        while True:
            entry = ready.get()
            if isinstance(entry, _End):
                if entry.error is not None:
                    raise entry.error
                return
            yield entry.value
    finally:
        stop.set()
        thread.join()


def map_ahead(function: Callable[[A], B], items: Iterable[A], workers: int) -> Generator[B, None, None]:
    """`function` of every item, in order, by several threads that share the processors; `workers` ahead at most."""

    def call(item: A) -> B:
        with cpu_threads.share_cpus(workers):
            return function(item)

    with ThreadPoolExecutor(workers) as pool:
        waiting: deque[Future[B]] = deque()
        try:
            for item in items:
                waiting.append(pool.submit(call, item))
                if len(waiting) > workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _produce(items: Iterable[A], ready: queue.Queue[_Item[A] | _End], stop: threading.Event) -> None:
    error: BaseException | None = None
    try:
        for item in items:
            if not _put(ready, _Item(item), stop):
                break
    except BaseException as caught:  # noqa: BLE001  raised in the reader's thread
        error = caught
    finally:
        close = getattr(items, "close", None)
        if close is not None:
            close()
    _put(ready, _End(error), stop)


def _put(ready: queue.Queue[_Item[A] | _End], entry: _Item[A] | _End, stop: threading.Event) -> bool:
    """Whether it was put in before the reader went away."""
    while not stop.is_set():
        try:
            ready.put(entry, timeout=POLL_SECONDS)
        except queue.Full:
            continue
        return True
    return False
