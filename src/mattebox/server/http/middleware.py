"""Middleware of all requests: counts, traces and logs them by route, adds default headers, answers HEAD and internal
errors.

Plain ASGI, because Starlette's BaseHTTPMiddleware starts a task for every request and copies each chunk of its body.
"""

from __future__ import annotations

import time
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mattebox.server.error_responses import error_response
from mattebox.server.http.problems import Problem
from mattebox.server.state import AppState
from mattebox.server.trace_context import current_trace
from mattebox.server.tracing import Span

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"})
DEFAULT_HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}
CLIENT_CLOSED_REQUEST = 499  # nginx's status of requests whose client went away; it is counted, never sent


class RequestMiddleware:
    """ASGI middleware that observes every HTTP request."""

    def __init__(self, app: ASGIApp, state: AppState) -> None:
        self.app, self.state = app, state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started_at, state = time.perf_counter(), self.state
        method = scope["method"] if scope["method"] in METHODS else "other"  # a client may send any word
        has_effect, is_head = method not in ("GET", "HEAD"), method == "HEAD"
        recorder = _ResponseRecorder(send, has_body=not is_head)
        if is_head:  # every GET route is one of HEAD, too
            scope = {**scope, "method": "GET"}
        state.requests_in_flight += has_effect
        try:
            with state.tracer.request_span(Headers(scope=scope)) as span:
                current_trace.set(span.context)
                await self._call_app(scope, receive, recorder, span)
                route = getattr(scope.get("route"), "path_format", "other")
                span.set_attributes(
                    http__request__method=method, http__route=route, http__response__status_code=recorder.status
                )
        finally:
            state.requests_in_flight -= has_effect
        seconds = time.perf_counter() - started_at
        state.metrics.observe(route, recorder.status, seconds)
        fields: dict[str, Any] = {"method": method, "route": route, "status": recorder.status}
        fields |= {"seconds": round(seconds, 4)}
        state.log.log_event("request", **fields, trace_id=span.context.trace_id)

    async def _call_app(self, scope: Scope, receive: Receive, recorder: _ResponseRecorder, span: Span) -> None:
        """Call the application; an unexpected error becomes a 500 response, unless a response has begun."""
        try:
            await self.app(scope, receive, recorder)
        except ClientDisconnect:
            recorder.status = recorder.status or CLIENT_CLOSED_REQUEST
        except Exception as error:
            self.state.log.log_exception(error)
            span.set_attributes(error__type=type(error).__name__)
            if recorder.status:
                raise
            problem = Problem(500, "internal", "internal error", "please report it")
            await error_response(scope["path"], problem)(scope, receive, recorder)


class _ResponseRecorder:
    """An ASGI `send` that adds the default headers, remembers the status, and leaves out the body for HEAD."""

    def __init__(self, send: Send, has_body: bool) -> None:
        self._send, self._has_body, self.status, self._is_complete = send, has_body, 0, False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in DEFAULT_HEADERS.items():
                headers.setdefault(name, value)
        elif not self._has_body:
            if self._is_complete:
                return
            self._is_complete, message = True, {"type": "http.response.body"}
        await self._send(message)
