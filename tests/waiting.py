"""Waiting for what other threads do."""

from __future__ import annotations

import time
from collections.abc import Callable

MAX_WAIT_SECONDS = 30.0


def wait_until(condition: Callable[[], bool], max_seconds: float = MAX_WAIT_SECONDS) -> None:
    """Wait until a condition holds. AssertionError when it never does."""
    end = time.monotonic() + max_seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)
