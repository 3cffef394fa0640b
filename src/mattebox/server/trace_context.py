"""W3C Trace Context: the trace that a request belongs to, from its caller through the queue to the worker."""

from __future__ import annotations

import os
import re
from contextvars import ContextVar
from dataclasses import dataclass

HEADER = "traceparent"
PATTERN = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?")
SAMPLED_FLAG = "01"


@dataclass(frozen=True)
class TraceContext:
    """A span's place in its trace: ids in lower-case hexadecimal, and the flags."""

    trace_id: str
    span_id: str
    flags: str = SAMPLED_FLAG

    @classmethod
    def continue_from(cls, traceparent: str | None) -> TraceContext:
        """A new span in the trace of a `traceparent`, or in a new one where there is none or it is malformed."""
        parent = PATTERN.fullmatch(traceparent or "")
        if parent is None:
            return cls(os.urandom(16).hex(), os.urandom(8).hex())
        return cls(parent[1], os.urandom(8).hex(), parent[3])

    def to_header(self) -> str:
        """The value of `traceparent` for what this span causes."""
        return f"00-{self.trace_id}-{self.span_id}-{self.flags}"


current_trace: ContextVar[TraceContext | None] = ContextVar("current_trace", default=None)
"""The context of the request that is being answered."""


def current_traceparent() -> str | None:
    """The `traceparent` for what the request that is being answered causes; None outside of requests."""
    context = current_trace.get()
    return None if context is None else context.to_header()
