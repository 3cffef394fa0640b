"""How many processors this process may use: what its container or `taskset` allows, not what the machine has."""

from __future__ import annotations

import os

MOST = 8  # more threads than this gain little on one picture and cost memory


def usable() -> int:
    """Processors this process may run on, at least 1."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1


def workers(pieces: int) -> int:
    """Threads for a job in that many pieces, at least 1."""
    return max(1, min(pieces, usable(), MOST))
