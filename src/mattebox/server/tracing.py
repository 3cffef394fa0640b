"""OpenTelemetry traces, where the environment says whither (OTEL_EXPORTER_OTLP_ENDPOINT and its kin).

A span for each request, by its route, and one for each picture within it, with the seconds of its stages. They hold no
name, no address, nothing of a picture. Without that variable nothing is imported.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from mattebox._version import __version__
from mattebox.errors import UsageError

WHITHER = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


class Span:
    """Takes facts, and does nothing with them."""

    def tell(self, **facts: Any) -> None:
        """Facts of the span, by name; dots are written as two underscores."""


class _Real(Span):
    def __init__(self, span: Any) -> None:
        self._span = span

    def tell(self, **facts: Any) -> None:
        for name, value in facts.items():
            self._span.set_attribute(name.replace("__", "."), value)


class Traces:
    """Makes spans; without a tracer, such as tell nobody."""

    def __init__(self, tracer: Any = None, provider: Any = None) -> None:
        self._tracer, self._provider = tracer, provider

    @classmethod
    def from_environment(cls) -> Traces:
        """UsageError when traces are asked for and their packages are not there."""
        if not any(os.environ.get(name) for name in WHITHER):
            return cls()
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.resources import Resource
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
        except ImportError as error:
            raise UsageError("traces need packages more", "pip install mattebox[telemetry]") from error
        named = {"service.name": os.environ.get("OTEL_SERVICE_NAME", "mattebox"), "service.version": __version__}
        provider = TracerProvider(resource=Resource.create(named))
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        return cls(provider.get_tracer("mattebox", __version__), provider)

    @contextmanager
    def request(self, headers: Mapping[str, str]) -> Iterator[Span]:
        """The span of a request, within the caller's own (W3C Trace Context)."""
        if self._tracer is None:
            yield Span()
            return
        from opentelemetry.propagate import extract
        from opentelemetry.trace import SpanKind

        with self._tracer.start_as_current_span("request", extract(headers), SpanKind.SERVER) as span:
            yield _Named(span)

    @contextmanager
    def span(self, name: str) -> Iterator[Span]:
        """A span within whatever goes on."""
        if self._tracer is None:
            yield Span()
            return
        with self._tracer.start_as_current_span(name) as span:
            yield _Real(span)

    def close(self) -> None:
        """Send what is left."""
        if self._provider is not None:
            self._provider.shutdown()


class _Named(_Real):
    """A request's span takes its name from its method and route."""

    def tell(self, **facts: Any) -> None:
        super().tell(**facts)
        if "http__route" in facts:
            self._span.update_name(f"{facts['http__request__method']} {facts['http__route']}")
