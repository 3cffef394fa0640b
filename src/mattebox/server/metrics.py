"""What Prometheus reads: requests by route and status, seconds spent, pixels in hand. Names no caller."""

from __future__ import annotations

from collections import defaultdict

BUCKETS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Counters:
    """Counts since the start."""

    def __init__(self) -> None:
        self.requests: dict[tuple[str, int], int] = defaultdict(int)
        self.seconds: dict[str, float] = defaultdict(float)
        self.within: dict[tuple[str, float], int] = defaultdict(int)

    def count(self, route: str, status: int, seconds: float) -> None:
        self.requests[route, status] += 1
        self.seconds[route] += seconds
        for bucket in BUCKETS:
            if seconds <= bucket:
                self.within[route, bucket] += 1

    def text(self, pixels: int, restarts: int) -> str:
        """In Prometheus' text format."""
        lines = ["# TYPE mattebox_requests_total counter"]
        lines += [
            f'mattebox_requests_total{{route="{r}",status="{s}"}} {n}' for (r, s), n in sorted(self.requests.items())
        ]
        lines.append("# TYPE mattebox_request_seconds histogram")
        for route in sorted(self.seconds):
            total = sum(n for (r, _), n in self.requests.items() if r == route)
            for bucket in BUCKETS:
                lines.append(
                    f'mattebox_request_seconds_bucket{{route="{route}",le="{bucket}"}} {self.within[route, bucket]}'
                )
            lines.append(f'mattebox_request_seconds_bucket{{route="{route}",le="+Inf"}} {total}')
            lines.append(f'mattebox_request_seconds_sum{{route="{route}"}} {self.seconds[route]:.6f}')
            lines.append(f'mattebox_request_seconds_count{{route="{route}"}} {total}')
        lines += ["# TYPE mattebox_pixels_in_hand gauge", f"mattebox_pixels_in_hand {pixels}"]
        lines += ["# TYPE mattebox_worker_restarts_total counter", f"mattebox_worker_restarts_total {restarts}"]
        return "\n".join(lines) + "\n"
