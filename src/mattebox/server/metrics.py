"""Prometheus metrics: requests by route and status, their latency, and gauges of the queue."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

LATENCY_BUCKETS_SECONDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class RequestMetrics:
    """Request counts and latencies since the start."""

    def __init__(self) -> None:
        self.request_counts: dict[tuple[str, int], int] = defaultdict(int)
        self.total_seconds: dict[str, float] = defaultdict(float)
        self.bucket_counts: dict[tuple[str, float], int] = defaultdict(int)

    def observe(self, route: str, status: int, seconds: float) -> None:
        """Count one request."""
        self.request_counts[route, status] += 1
        self.total_seconds[route] += seconds
        for bucket in LATENCY_BUCKETS_SECONDS:
            if seconds <= bucket:
                self.bucket_counts[route, bucket] += 1

    def to_prometheus_text(self, gauges: Mapping[str, float], worker_restarts: int) -> str:
        """All metrics in the Prometheus text format, with gauges of the moment by name."""
        lines = ["# TYPE mattebox_requests_total counter"]
        lines += [
            f'mattebox_requests_total{{route="{r}",status="{s}"}} {n}'
            for (r, s), n in sorted(self.request_counts.items())
        ]
        lines.append("# TYPE mattebox_request_seconds histogram")
        for route in sorted(self.total_seconds):
            total = sum(n for (r, _), n in self.request_counts.items() if r == route)
            for bucket in LATENCY_BUCKETS_SECONDS:
                count = self.bucket_counts[route, bucket]
                lines.append(f'mattebox_request_seconds_bucket{{route="{route}",le="{bucket}"}} {count}')
            lines.append(f'mattebox_request_seconds_bucket{{route="{route}",le="+Inf"}} {total}')
            lines.append(f'mattebox_request_seconds_sum{{route="{route}"}} {self.total_seconds[route]:.6f}')
            lines.append(f'mattebox_request_seconds_count{{route="{route}"}} {total}')
        for name, value in gauges.items():
            lines += [f"# TYPE mattebox_{name} gauge", f"mattebox_{name} {value}"]
        lines += ["# TYPE mattebox_worker_restarts_total counter", f"mattebox_worker_restarts_total {worker_restarts}"]
        return "\n".join(lines) + "\n"
