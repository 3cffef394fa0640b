"""Waiting for what other threads do."""

from __future__ import annotations

import time
from collections.abc import Callable

MAX_WAIT_SECONDS = 30.0


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds. AssertionError when it never does."""
    end = time.monotonic() + MAX_WAIT_SECONDS
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)
