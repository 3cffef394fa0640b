"""Responses that stay open for as long as a job takes, counted by caller: each keeps one of the connections."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

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


class CountedStream(StreamingResponse):
    """Server-sent events, counted as one of a caller's streams from when they are sent until they end."""

    def __init__(self, streams: CallerStreams, caller: str, events: AsyncIterator[str]) -> None:
        super().__init__(events, media_type="text/event-stream")
        self._streams, self._caller = streams, caller

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._streams.count(self._caller):
            await super().__call__(scope, receive, send)
