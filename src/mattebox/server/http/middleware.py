"""Around every request: it is counted, traced and logged by its route, its answer carries the headers that each does,
and our own mistakes become answers.

Plain ASGI: Starlette's convenience for this makes a task of every piece of a body. Knows no route.
"""

from __future__ import annotations

import time
from traceback import format_tb
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mattebox.server.http import problems
from mattebox.server.http.problems import Problem
from mattebox.server.state import AppState

DEFAULT_HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}


class RequestMiddleware:
    """Middleware."""

    def __init__(self, app: ASGIApp, state: AppState) -> None:
        self.app, self.state = app, state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun, house, method = time.perf_counter(), self.state, scope["method"]
        works, answer = method not in ("GET", "HEAD"), _StatusRecorder(send)
        house.requests_in_flight += works
        try:
            with house.tracer.request_span(Headers(scope=scope)) as span:
                await self._call_app(scope, receive, answer, span)
                route = getattr(scope.get("route"), "path_format", "other")
                span.set_attributes(
                    http__request__method=method, http__route=route, http__response__status_code=answer.status
                )
        finally:
            house.requests_in_flight -= works
        took = time.perf_counter() - begun
        house.metrics.observe(route, answer.status, took)
        house.log.log_event("request", method=method, route=route, status=answer.status, seconds=round(took, 4))

    async def _call_app(self, scope: Scope, receive: Receive, recorder: _StatusRecorder, span: Any) -> None:
        """An error becomes an answer, where none has begun."""
        try:
            await self.app(scope, receive, recorder)
        except Exception as error:
            trace = format_tb(error.__traceback__)
            self.state.log.log_event("internal error", "error", kind=type(error).__name__, trace=trace)
            span.tell(error__type=type(error).__name__)
            if recorder.status:
                raise
            problem = Problem(500, "internal", "internal error", "please report it")
            await problems.problem_response(problem)(scope, receive, recorder)


class _StatusRecorder:
    """Sends on, and remembers the status."""

    def __init__(self, send: Send) -> None:
        self._send, self.status = send, 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in DEFAULT_HEADERS.items():
                headers.setdefault(name, value)
        await self._send(message)
