"""Prometheus metrics: requests by route and status, latencies, the delay of the event loop, and gauges of the queue."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

LATENCY_BUCKETS_SECONDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
LOOP_DELAY_BUCKETS_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)


class Histogram:
    """Counts of durations by bucket, as Prometheus wants them: cumulative, with a sum.

    Parameters
    ----------
    buckets : tuple of float
        Upper bounds in seconds, in ascending order.
    """

    def __init__(self, buckets: tuple[float, ...]) -> None:
        self.buckets = buckets
        self.bucket_counts = dict.fromkeys(buckets, 0)
        self.count = 0
        self.total_seconds = 0.0

    def observe(self, seconds: float) -> None:
        """Count one duration."""
        self.count += 1
        self.total_seconds += seconds
        for bucket in self.buckets:
            if seconds <= bucket:
                self.bucket_counts[bucket] += 1

    def to_lines(self, name: str, labels: str = "") -> Iterator[str]:
        """Its lines in the Prometheus text format; labels are `name="value"` joined by commas."""
        others = f"{labels}," if labels else ""
        braces = f"{{{labels}}}" if labels else ""
        for bucket, count in self.bucket_counts.items():
            yield f'{name}_bucket{{{others}le="{bucket}"}} {count}'
        yield f'{name}_bucket{{{others}le="+Inf"}} {self.count}'
        yield f"{name}_sum{braces} {self.total_seconds:.6f}"
        yield f"{name}_count{braces} {self.count}"


class RequestMetrics:
    """Request counts and latencies since the start, and how late the event loop comes to what is due."""

    def __init__(self) -> None:
        self.request_counts: dict[tuple[str, int], int] = defaultdict(int)
        self.latencies: dict[str, Histogram] = defaultdict(lambda: Histogram(LATENCY_BUCKETS_SECONDS))
        self.loop_delay = Histogram(LOOP_DELAY_BUCKETS_SECONDS)

    def observe(self, route: str, status: int, seconds: float) -> None:
        """Count one request."""
        self.request_counts[route, status] += 1
        self.latencies[route].observe(seconds)

    def to_prometheus_text(self, gauges: Mapping[str, float], worker_restarts: int) -> str:
        """All metrics in the Prometheus text format, with gauges of the moment by name."""
        lines = ["# TYPE mattebox_requests_total counter"]
        lines += [
            f'mattebox_requests_total{{route="{r}",status="{s}"}} {n}'
            for (r, s), n in sorted(self.request_counts.items())
        ]
        lines.append("# TYPE mattebox_request_seconds histogram")
        for route, latency in sorted(self.latencies.items()):
            lines += latency.to_lines("mattebox_request_seconds", f'route="{route}"')
        lines.append("# TYPE mattebox_event_loop_delay_seconds histogram")
        lines += self.loop_delay.to_lines("mattebox_event_loop_delay_seconds")
        for name, value in gauges.items():
            lines += [f"# TYPE mattebox_{name} gauge", f"mattebox_{name} {value}"]
        lines += ["# TYPE mattebox_worker_restarts_total counter", f"mattebox_worker_restarts_total {worker_restarts}"]
        return "\n".join(lines) + "\n"
