"""Timing of functions against each other."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence


def best_run_times(functions: Sequence[Callable[[], object]], run_count: int) -> list[float]:
    """Shortest time in seconds of each function; they run in turns, so that a busy machine slows all alike."""
    best = [float("inf")] * len(functions)
    for _ in range(run_count):
        for i, function in enumerate(functions):
            start = time.perf_counter()
            function()
            best[i] = min(best[i], time.perf_counter() - start)
    return best
