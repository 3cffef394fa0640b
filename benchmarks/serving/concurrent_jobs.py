"""Many clients that submit large photographs as jobs, one after another, while the liveness probe is polled.

    python -m benchmarks.serving.concurrent_jobs [--clients 64] [--minutes 2] [--megapixels 12] [--jobs 1000]

Every request must be answered, accepted or refused, and every accepted job must finish; a server holds at most
`MATTEBOX_SERVER_JOBS` of them. Memory is that of the whole process tree.
"""

from __future__ import annotations

import json
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.common import argument_parser, jpeg_photographs, sample_periodically
from benchmarks.serving.server_process import (
    ASYNC_HEADERS,
    CUTOUT_PATH,
    ServerProcess,
    percentile,
    running_server,
)


@dataclass
class ClientStats:
    """Latencies and answers of all clients together."""

    accepted_seconds: list[float] = field(default_factory=list)
    refused_seconds: list[float] = field(default_factory=list)
    livez_seconds: list[float] = field(default_factory=list)
    job_ids: list[str] = field(default_factory=list)
    unexpected_responses: list[str] = field(default_factory=list)


def run_client(server: ServerProcess, image: bytes, deadline: float, stats: ClientStats, client_number: int) -> None:
    count = 0
    while time.monotonic() < deadline:
        count += 1
        start = time.perf_counter()
        try:
            headers = ASYNC_HEADERS | {"Idempotency-Key": f"{client_number}-{count}"}
            status, response_headers, body = server.send_request("POST", CUTOUT_PATH, image, headers)
        except OSError as error:
            stats.unexpected_responses.append(repr(error))
            continue
        seconds = time.perf_counter() - start
        if status == 202:
            stats.accepted_seconds.append(seconds)
            stats.job_ids.append(json.loads(body)["id"])
        elif status in (429, 503):
            stats.refused_seconds.append(seconds)
            time.sleep(float(response_headers["retry-after"]))
        else:
            stats.unexpected_responses.append(f"{status} {body[:200]!r}")


def probe_liveness(server: ServerProcess, stats: ClientStats, stop: threading.Event) -> None:
    while not stop.wait(0.1):
        start = time.perf_counter()
        try:
            status = server.send_request("GET", "/livez").status
        except OSError as error:
            stats.unexpected_responses.append(f"livez {error!r}")
            continue
        stats.livez_seconds.append(time.perf_counter() - start)
        if status != 200:
            stats.unexpected_responses.append(f"livez {status}")


def send_jobs(server: ServerProcess, images: list[bytes], clients: int, seconds: float, stats: ClientStats) -> None:
    """Run all clients, and return when the last has ended."""
    deadline = time.monotonic() + seconds
    threads = [
        threading.Thread(target=run_client, args=(server, images[n % len(images)], deadline, stats, n))
        for n in range(clients)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def run(clients: int, minutes: float, megapixels: float, jobs: int) -> None:
    height = round((megapixels * 1e6 * 0.75) ** 0.5)
    images = list(jpeg_photographs(4, (round(height / 0.75), height)))
    stats, stop = ClientStats(), threading.Event()
    with (
        tempfile.TemporaryDirectory() as name,
        running_server(Path(name), settings={"MATTEBOX_SERVER_JOBS": str(jobs)}) as server,
    ):
        server.cut_jpeg(images[0])  # warm up
        server.send_request("POST", CUTOUT_PATH, images[0], ASYNC_HEADERS)
        start = time.monotonic()
        probe = threading.Thread(target=probe_liveness, args=(server, stats, stop))
        probe.start()
        with sample_periodically(lambda: (time.monotonic(), server.resident_megabytes()), 0.5) as memory_samples:
            send_jobs(server, images, clients, minutes * 60, stats)
            sending_end = time.monotonic()
            print_responses(stats)
            states = Counter(server.wait_for_job(job_id)["state"] for job_id in stats.job_ids)
            end = time.monotonic()
        stop.set()
        probe.join()
    print(
        f"of the accepted: {dict(states)}; sent in {sending_end - start:.0f} s, all finished after {end - start:.0f} s"
    )
    print_memory(memory_samples, start, end)


def print_responses(stats: ClientStats) -> None:
    accepted, refused = len(stats.accepted_seconds), len(stats.refused_seconds)
    other = len(stats.unexpected_responses)
    print(f"sent {accepted + refused + other}: accepted {accepted}, refused {refused}, other {other}")
    for line in sorted(set(stats.unexpected_responses))[:5]:
        print("  ", line)
    for label, values in (
        ("accept", stats.accepted_seconds),
        ("refuse", stats.refused_seconds),
        ("livez", stats.livez_seconds),
    ):
        if values:
            parts = (f"{share:.0%} {1000 * percentile(values, share):.0f} ms" for share in (0.5, 0.9, 0.99))
            print(f"{label}: {', '.join(parts)}, max {1000 * max(values):.0f} ms", flush=True)


def print_memory(samples: list[tuple[float, float]], start: float, end: float) -> None:
    third = (end - start) / 3
    peak = max(megabytes for _, megabytes in samples)
    first = max(megabytes for moment, megabytes in samples if moment <= start + third)
    last = max(megabytes for moment, megabytes in samples if moment >= end - third)
    print(f"memory of the process tree: max {peak:.0f} MB, first third {first:.0f}, last {last:.0f}")


def main() -> None:
    args = argument_parser(__doc__, clients=64, minutes=2.0, megapixels=12.0, jobs=1000).parse_args()
    run(args.clients, args.minutes, args.megapixels, args.jobs)


if __name__ == "__main__":
    main()
