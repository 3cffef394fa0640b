"""The delay of the event loop: how late it comes to what is due, whichever request holds it up."""

from __future__ import annotations

import asyncio

from mattebox.server.metrics import Histogram

MEASUREMENT_INTERVAL_SECONDS = 0.1


async def measure_loop_delay(histogram: Histogram, interval_seconds: float = MEASUREMENT_INTERVAL_SECONDS) -> None:
    """Count, for ever, by how much each of many short sleeps is too long."""
    loop = asyncio.get_running_loop()
    while True:
        start = loop.time()
        await asyncio.sleep(interval_seconds)
        histogram.observe(max(0.0, loop.time() - start - interval_seconds))
