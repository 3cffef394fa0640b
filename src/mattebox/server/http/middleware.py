"""Middleware of all requests: counts, traces and logs them by route, adds default headers, answers internal errors.

Plain ASGI, because Starlette's BaseHTTPMiddleware starts a task for every request and copies each chunk of its body.
"""

from __future__ import annotations

import time
from traceback import format_tb

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mattebox.server.http.problems import Problem
from mattebox.server.state import AppState
from mattebox.server.tracing import Span

DEFAULT_HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}


class RequestMiddleware:
    """ASGI middleware that observes every HTTP request."""

    def __init__(self, app: ASGIApp, state: AppState) -> None:
        self.app, self.state = app, state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started_at, state, method = time.perf_counter(), self.state, scope["method"]
        has_effect, recorder = method not in ("GET", "HEAD"), _StatusRecorder(send)
        state.requests_in_flight += has_effect
        try:
            with state.tracer.request_span(Headers(scope=scope)) as span:
                await self._call_app(scope, receive, recorder, span)
                route = getattr(scope.get("route"), "path_format", "other")
                span.set_attributes(
                    http__request__method=method, http__route=route, http__response__status_code=recorder.status
                )
        finally:
            state.requests_in_flight -= has_effect
        seconds = time.perf_counter() - started_at
        state.metrics.observe(route, recorder.status, seconds)
        state.log.log_event("request", method=method, route=route, status=recorder.status, seconds=round(seconds, 4))

    async def _call_app(self, scope: Scope, receive: Receive, recorder: _StatusRecorder, span: Span) -> None:
        """Call the application; an unexpected error becomes a 500 response, unless a response has begun."""
        try:
            await self.app(scope, receive, recorder)
        except Exception as error:
            trace = format_tb(error.__traceback__)
            self.state.log.log_event("internal error", "error", kind=type(error).__name__, trace=trace)
            span.set_attributes(error__type=type(error).__name__)
            if recorder.status:
                raise
            problem = Problem(500, "internal", "internal error", "please report it")
            await problem.to_response()(scope, receive, recorder)


class _StatusRecorder:
    """An ASGI `send` that adds the default headers and remembers the status."""

    def __init__(self, send: Send) -> None:
        self._send, self.status = send, 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in DEFAULT_HEADERS.items():
                headers.setdefault(name, value)
        await self._send(message)
