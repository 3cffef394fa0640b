"""HTTP/1.1 connections that refuse bodies in a great many tiny chunks.

Each chunk costs the event loop as much as a thousand bytes: a body of single bytes holds it up for minutes.
"""

from __future__ import annotations

from typing import Any

import h11

FREE_CHUNKS = 1_000  # of a body, however small
MIN_MEAN_BYTES = 64  # of the chunks of a body that has more


class ChunkLimitedConnection(h11.Connection):
    """A connection of h11's, on which a body of more than FREE_CHUNKS chunks has MIN_MEAN_BYTES in each, on average."""

    _chunks = _bytes = 0

    def next_event(self) -> Any:
        """The next event. h11.RemoteProtocolError for what is not HTTP, and for tiny chunks."""
        event = super().next_event()
        if isinstance(event, h11.Request):
            self._chunks = self._bytes = 0
        elif isinstance(event, h11.Data):
            self._chunks, self._bytes = self._chunks + event.chunk_start, self._bytes + len(event.data)
            if self._chunks > FREE_CHUNKS and self._bytes < MIN_MEAN_BYTES * self._chunks:
                raise h11.RemoteProtocolError("the chunks of the body are too small")
        return event
