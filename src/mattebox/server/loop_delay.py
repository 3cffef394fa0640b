"""The delay of the event loop: how late it comes to what is due, whichever request holds it up."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from mattebox.server.metrics import Histogram
from mattebox.server.scheduler_slice import DEFAULT_SLICE, SHORT_SLICE_NANOSECONDS, request_slice

MEASUREMENT_INTERVAL_SECONDS = 0.1
THREAD_SWITCH_SECONDS = 0.0005  # Python's own is ten times that, which the loop waits for each thread that computes


@contextmanager
def prefer_event_loop() -> Iterator[None]:
    """Have other threads and processes hand over to the event loop sooner, and what is loaded by now left out of
    searches for garbage. Called in the event loop's thread."""
    former = sys.getswitchinterval()
    sys.setswitchinterval(THREAD_SWITCH_SECONDS)
    request_slice(SHORT_SLICE_NANOSECONDS)
    exempt_loaded_objects()
    try:
        yield
    finally:
        request_slice(DEFAULT_SLICE)
        gc.unfreeze()
        sys.setswitchinterval(former)


def exempt_loaded_objects() -> None:
    """Leave all objects that there are now out of searches for garbage: a search through those of the libraries holds
    up every thread for a tenth of a second."""
    gc.freeze()


async def measure_loop_delay(histogram: Histogram, interval_seconds: float = MEASUREMENT_INTERVAL_SECONDS) -> None:
    """Count, for ever, by how much each of many short sleeps is too long."""
    loop = asyncio.get_running_loop()
    while True:
        start = loop.time()
        await asyncio.sleep(interval_seconds)
        histogram.observe(max(0.0, loop.time() - start - interval_seconds))
