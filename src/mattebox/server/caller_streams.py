"""Responses that stay open for as long as a job takes, counted by caller: each keeps one of the connections."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from mattebox.server.http.problems import Problem

MAX_STREAMS = 64  # of one caller
RETRY_SECONDS = 5


class CallerStreams:
    """The open streams of all callers."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def check_room(self, caller: str) -> None:
        """Problem 503 for a caller who has as many streams as one may have."""
        if self._counts[caller] >= MAX_STREAMS:
            problem, remedy = f"you follow {MAX_STREAMS} jobs already", "ask for their states in turn, or use web hooks"
            raise Problem(503, "busy", problem, remedy, {"Retry-After": str(RETRY_SECONDS)})

    @contextmanager
    def count(self, caller: str) -> Iterator[None]:
        """Count a stream while the context is open."""
        self._counts[caller] += 1
        try:
            yield
        finally:
            self._counts[caller] -= 1
            if not self._counts[caller]:
                del self._counts[caller]
