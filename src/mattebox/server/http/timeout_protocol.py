"""HTTP/1.1 protocol with time limits for reading headers and unread bodies and for writing responses.

uvicorn's h11 protocol with timers. When there are too many idle connections, the oldest is closed, so that a crowd of
them cannot keep others out. Requests beyond the limit of connections, and what is not HTTP, are answered with a problem
document.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

import h11
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from mattebox.server.error_responses import error_response
from mattebox.server.http.chunk_limit import ChunkLimitedConnection
from mattebox.server.http.connection_shares import ConnectionShares
from mattebox.server.http.problems import Problem

HEADER_TIMEOUT_SECONDS = 10.0  # to receive a request's headers
UNREAD_BODY_TIMEOUT_SECONDS = 3.0  # to receive the rest of a body after the response
CLIENT_READ_TIMEOUT_SECONDS = 30.0  # for a client to read any of the response
MAX_HEADER_BYTES = 64 * 1024
MAX_IDLE_CONNECTIONS = 200  # connections without a request
RETRY_SECONDS = 5  # for those that come when there are too many connections
RECEIVE_BYTES = 64 * 1024  # at a time, a quarter of asyncio's own: so much less of one upload comes before others' turn


class TimeoutProtocol(H11Protocol):
    """One connection."""

    idle_connections: dict[TimeoutProtocol, None] = {}  # noqa: RUF012  shared by the process, oldest first
    connection_shares = ConnectionShares()  # shared by the process

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._max_connections, self.limit_concurrency = self.limit_concurrency, None  # uvicorn's own has no document
        self._limited_app, self.app = self.app, self._call_app
        self._address = ""
        self.conn = ChunkLimitedConnection(h11.SERVER, self.config.h11_max_incomplete_event_size or MAX_HEADER_BYTES)
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._address = self.client[0] if self.client else ""
        self.connection_shares.add(self._address)
        if hasattr(transport, "max_size"):  # of asyncio's own event loops
            transport.max_size = RECEIVE_BYTES
        self._mark_idle()
        if len(self.idle_connections) > MAX_IDLE_CONNECTIONS:
            next(iter(self.idle_connections)).transport.abort()

    def connection_lost(self, error: Exception | None) -> None:
        self.connection_shares.remove(self._address)
        self._mark_active()
        self._set_timer("client_read", CLIENT_READ_TIMEOUT_SECONDS, False)
        self._set_timer("unread_body", UNREAD_BODY_TIMEOUT_SECONDS, False)
        super().connection_lost(error)

    def handle_events(self) -> None:
        before = self.cycle
        super().handle_events()
        if self.cycle is not before:
            self._mark_active()
        if self.conn.their_state is not h11.SEND_BODY:
            self._set_timer("unread_body", UNREAD_BODY_TIMEOUT_SECONDS, False)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._set_timer("unread_body", UNREAD_BODY_TIMEOUT_SECONDS, self.conn.their_state is h11.SEND_BODY)
        if self.cycle.response_complete and not self.transport.is_closing():
            self._mark_idle()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._set_timer("client_read", CLIENT_READ_TIMEOUT_SECONDS, True)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._set_timer("client_read", CLIENT_READ_TIMEOUT_SECONDS, False)

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP; without an answer where one has begun."""
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            self.transport.abort()
            return
        problem = Problem(400, "bad_request", "the request is not valid HTTP/1.1", "leave it to your HTTP library")
        body = json.dumps(problem.to_document()).encode()
        headers = [("content-type", "application/problem+json"), ("content-length", str(len(body)))]
        response = h11.Response(status_code=400, headers=[*headers, ("connection", "close")], reason=b"Bad Request")
        for event in (response, h11.Data(data=body), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    async def _call_app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application, unless there are too many connections."""
        limit = self._max_connections
        if limit is None or len(self.connections) < self.connection_shares.limit_for(self._address, limit):
            await self._limited_app(scope, receive, send)
            return
        headers = {"Retry-After": str(RETRY_SECONDS), "Connection": "close"}
        problem = Problem(503, "busy", "there are too many connections", f"try again in {RETRY_SECONDS} s", headers)
        await error_response(scope["path"], problem)(scope, receive, send)

    def _mark_idle(self) -> None:
        self.idle_connections[self] = None
        self._set_timer("headers", HEADER_TIMEOUT_SECONDS, True)

    def _mark_active(self) -> None:
        self.idle_connections.pop(self, None)
        self._set_timer("headers", HEADER_TIMEOUT_SECONDS, False)

    def _set_timer(self, timer: str, seconds: float, is_running: bool) -> None:
        """Restart or cancel a timer, at the end of which the connection is closed."""
        if timer in self._timers:
            self._timers.pop(timer).cancel()
        if is_running:
            self._timers[timer] = self.loop.call_later(seconds, self.transport.abort)
