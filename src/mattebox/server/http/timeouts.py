"""A connection that does not wait for ever: for a request's headers, nor for a client to read its answer.

uvicorn's own, with two clocks. Connections that have asked nothing yet make room for new ones, so that a crowd of them
keeps nobody out.
"""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEADERS = 10.0  # seconds for the headers of a request
LEFTOVER = 3.0  # seconds for the rest of a body that nobody reads, once it is answered
READING = 30.0  # seconds for a client to read any of what lies ready for it
SILENT = 200  # connections that have asked nothing yet


class Patient(H11Protocol):
    """One connection."""

    silent: dict[Patient, None] = {}  # noqa: RUF012  of all connections of the process; the first wait longest

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._clocks: dict[str, asyncio.TimerHandle] = {}

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._waits()
        if len(self.silent) > SILENT:
            next(iter(self.silent)).transport.abort()

    def connection_lost(self, error: Exception | None) -> None:
        self._came()
        self._set("reading", READING, False)
        self._set("leftover", LEFTOVER, False)
        super().connection_lost(error)

    def handle_events(self) -> None:
        before = self.cycle
        super().handle_events()
        if self.cycle is not before:
            self._came()
        if self.conn.their_state is not h11.SEND_BODY:
            self._set("leftover", LEFTOVER, False)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._set("leftover", LEFTOVER, self.conn.their_state is h11.SEND_BODY)
        if self.cycle.response_complete and not self.transport.is_closing():
            self._waits()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._set("reading", READING, True)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._set("reading", READING, False)

    def _waits(self) -> None:
        self.silent[self] = None
        self._set("headers", HEADERS, True)

    def _came(self) -> None:
        self.silent.pop(self, None)
        self._set("headers", HEADERS, False)

    def _set(self, clock: str, seconds: float, runs: bool) -> None:
        if clock in self._clocks:
            self._clocks.pop(clock).cancel()
        if runs:
            self._clocks[clock] = self.loop.call_later(seconds, self.transport.abort)
