"""OpenTelemetry traces, configured by the standard variables (OTEL_EXPORTER_OTLP_ENDPOINT and others).

One span per request, named by its route, and within it one per picture with the seconds of each stage. A job carries
its request's context to the server that runs it, which adds spans for the wait in the queue and for the job. Spans hold
no names, addresses or picture content. Without an endpoint, OpenTelemetry is not even imported, but every request and
job has the id of its trace all the same, for the log.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from mattebox._version import __version__
from mattebox.core.interface import install_extra
from mattebox.errors import UsageError
from mattebox.server.trace_context import HEADER, TraceContext, current_traceparent

ENDPOINT_VARIABLES = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


class Span:
    """A span that discards its attributes: what a disabled tracer creates. `context` is its place in its trace."""

    def __init__(self, context: TraceContext) -> None:
        self.context = context

    def set_attributes(self, **attributes: Any) -> None:
        """Set attributes by name; two underscores stand for a dot."""


class _OtelSpan(Span):
    def __init__(self, span: Any) -> None:
        place = span.get_span_context()
        super().__init__(
            TraceContext(f"{place.trace_id:032x}", f"{place.span_id:016x}", f"{int(place.trace_flags):02x}")
        )
        self._span = span

    def set_attributes(self, **attributes: Any) -> None:
        for name, value in attributes.items():
            self._span.set_attribute(name.replace("__", "."), value)


class _RequestSpan(_OtelSpan):
    """A request's span, named by method and route once they are known."""

    def set_attributes(self, **attributes: Any) -> None:
        super().set_attributes(**attributes)
        if "http__route" in attributes:
            self._span.update_name(f"{attributes['http__request__method']} {attributes['http__route']}")


class Tracer:
    """Creates spans; disabled without an OpenTelemetry tracer."""

    def __init__(self, otel_tracer: Any = None, provider: Any = None) -> None:
        self._otel_tracer, self._provider = otel_tracer, provider

    @classmethod
    def from_environment(cls) -> Tracer:
        """A tracer for the configured endpoint. UsageError when OpenTelemetry is not installed."""
        if not any(os.environ.get(name) for name in ENDPOINT_VARIABLES):
            return cls()
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.resources import Resource
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
        except ImportError as error:
            raise UsageError("traces need extra packages", install_extra("telemetry")) from error
        attributes = {"service.name": os.environ.get("OTEL_SERVICE_NAME", "mattebox"), "service.version": __version__}
        provider = TracerProvider(resource=Resource.create(attributes))
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        return cls(provider.get_tracer("mattebox", __version__), provider)

    @contextmanager
    def request_span(self, headers: Mapping[str, str]) -> Iterator[Span]:
        """The span of a request, a child of the caller's span (W3C Trace Context)."""
        if self._otel_tracer is None:
            yield Span(TraceContext.continue_from(headers.get(HEADER)))
            return
        from opentelemetry.propagate import extract
        from opentelemetry.trace import SpanKind

        with self._otel_tracer.start_as_current_span("request", extract(headers), SpanKind.SERVER) as span:
            yield _RequestSpan(span)

    @contextmanager
    def job_span(self, traceparent: str | None, queued_at: float) -> Iterator[Span]:
        """The span of an attempt at a job, in the trace of the request that made it, after one of its wait.

        Parameters
        ----------
        traceparent
            As the job carries it; None for a job of an earlier version, which starts a trace of its own.
        queued_at
            When the job was made, in seconds since 1970.
        """
        if self._otel_tracer is None:
            yield Span(TraceContext.continue_from(traceparent))
            return
        from opentelemetry.propagate import extract
        from opentelemetry.trace import SpanKind

        parent = extract({HEADER: traceparent} if traceparent else {})
        self._otel_tracer.start_span("queued", parent, SpanKind.INTERNAL, start_time=int(queued_at * 1e9)).end()
        with self._otel_tracer.start_as_current_span("job", parent, SpanKind.CONSUMER) as span:
            yield _OtelSpan(span)

    @contextmanager
    def span(self, name: str) -> Iterator[Span]:
        """A child of the current span."""
        if self._otel_tracer is None:
            yield Span(TraceContext.continue_from(current_traceparent()))
            return
        with self._otel_tracer.start_as_current_span(name) as span:
            yield _OtelSpan(span)

    def close(self) -> None:
        """Export the remaining spans."""
        if self._provider is not None:
            self._provider.shutdown()
