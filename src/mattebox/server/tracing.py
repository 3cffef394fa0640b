"""OpenTelemetry traces, configured by the standard variables (OTEL_EXPORTER_OTLP_ENDPOINT and others).

One span per request, named by its route, and within it one per picture with the seconds of each stage. Spans hold no
names, addresses or picture content. Without an endpoint, OpenTelemetry is not even imported.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from mattebox._version import __version__
from mattebox.core.interface import install_extra
from mattebox.errors import UsageError

ENDPOINT_VARIABLES = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


class Span:
    """A span that discards its attributes: what a disabled tracer creates."""

    def set_attributes(self, **attributes: Any) -> None:
        """Set attributes by name; two underscores stand for a dot."""


class _OtelSpan(Span):
    def __init__(self, span: Any) -> None:
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
            yield Span()
            return
        from opentelemetry.propagate import extract
        from opentelemetry.trace import SpanKind

        with self._otel_tracer.start_as_current_span("request", extract(headers), SpanKind.SERVER) as span:
            yield _RequestSpan(span)

    @contextmanager
    def span(self, name: str) -> Iterator[Span]:
        """A child of the current span."""
        if self._otel_tracer is None:
            yield Span()
            return
        with self._otel_tracer.start_as_current_span(name) as span:
            yield _OtelSpan(span)

    def close(self) -> None:
        """Export the remaining spans."""
        if self._provider is not None:
            self._provider.shutdown()
