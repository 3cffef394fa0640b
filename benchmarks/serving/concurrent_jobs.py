"""Many clients at once, each sending one large photograph after another as a job, while somebody asks whether it lives.

    python -m benchmarks.serving.concurrent_jobs [--clients 64] [--minutes 2] [--megapixels 12] [--jobs 1000]

Accepted or refused, every request is answered; what was accepted is done in the end, of which a server has so many at
most (`MATTEBOX_SERVER_JOBS`). Memory is that of the whole tree.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.batch import write_photographs
from benchmarks.serving.server_process import ServerProcess, percentile, running_server


@dataclass
class ClientStats:
    """What the clients saw."""

    accepted_seconds: list[float] = field(default_factory=list)
    refused_seconds: list[float] = field(default_factory=list)
    livez_seconds: list[float] = field(default_factory=list)
    job_ids: list[str] = field(default_factory=list)
    unexpected_responses: list[str] = field(default_factory=list)
    memory_samples: list[tuple[float, float]] = field(default_factory=list)


def run_client(server: ServerProcess, image: bytes, deadline: float, stats: ClientStats, client_number: int) -> None:
    headers = {"Content_Type": "image/jpeg", "Prefer": "respond-async"}
    count = 0
    while time.monotonic() < deadline:
        count += 1
        begun = time.perf_counter()
        try:
            status, told, body = server.send_request("POST", "/v1/cutouts?empty=keep", image, **headers,
                                            Idempotency_Key=f"{client_number}-{count}")  # fmt: skip
        except OSError as error:
            stats.unexpected_responses.append(repr(error))
            continue
        took = time.perf_counter() - begun
        if status == 202:
            stats.accepted_seconds.append(took)
            stats.job_ids.append(json.loads(body)["id"])
        elif status in (429, 503):
            stats.refused_seconds.append(took)
            time.sleep(float(told["retry-after"]))
        else:
            stats.unexpected_responses.append(f"{status} {body[:200]!r}")


def probe_liveness(server: ServerProcess, stats: ClientStats, stop: threading.Event) -> None:
    while not stop.wait(0.1):
        begun = time.perf_counter()
        try:
            status, *_ = server.send_request("GET", "/livez")
        except OSError as error:
            stats.unexpected_responses.append(f"livez {error!r}")
            continue
        stats.livez_seconds.append(time.perf_counter() - begun)
        if status != 200:
            stats.unexpected_responses.append(f"livez {status}")


def sample_memory(server: ServerProcess, stats: ClientStats, stop: threading.Event) -> None:
    while not stop.wait(0.5):
        stats.memory_samples.append((time.monotonic(), server.resident_megabytes()))


def run(clients: int, minutes: float, megapixels: float, jobs: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        height = round((megapixels * 1e6 * 0.75) ** 0.5)
        write_photographs(folder / "in", 4, (round(height / 0.75), height))
        images = [p.read_bytes() for p in sorted((folder / "in").iterdir())]
        with running_server(folder, MATTEBOX_SERVER_JOBS=str(jobs)) as served:
            for prefer in ("wait", "respond-async"):  # the first of each opens what the others find open
                served.send_request(
                    "POST", "/v1/cutouts?empty=keep", images[0], Content_Type="image/jpeg", Prefer=prefer
                )
            seen, stop, begun = ClientStats(), threading.Event(), time.monotonic()
            watchers = [threading.Thread(target=f, args=(served, seen, stop)) for f in (probe_liveness, sample_memory)]
            senders = [threading.Thread(target=run_client, args=(served, images[i % 4], begun + minutes * 60, seen, i))
                       for i in range(clients)]  # fmt: skip
            for thread in watchers + senders:
                thread.start()
            for thread in senders:
                thread.join()
            sent = time.monotonic()
            print_responses(seen)
            states = wait_until_finished(served, seen.job_ids)
            ended = time.monotonic()
            stop.set()
            for thread in watchers:
                thread.join()
    print_summary(seen, states, begun, sent, ended)


def wait_until_finished(server: ServerProcess, job_ids: list[str]) -> dict[str, int]:
    states: dict[str, int] = {}
    for name in job_ids:
        while (state := server.job_status(name)["state"]) in ("queued", "running"):
            time.sleep(0.2)
        states[state] = states.get(state, 0) + 1
    return states


def print_responses(stats: ClientStats) -> None:
    total = len(stats.accepted_seconds) + len(stats.refused_seconds) + len(stats.unexpected_responses)
    print(
        f"sent {total}: accepted {len(stats.accepted_seconds)}, refused {len(stats.refused_seconds)}, other {len(stats.unexpected_responses)}"
    )
    for line in sorted(set(stats.unexpected_responses))[:5]:
        print("  ", line)
    for what, values in (
        ("accept", stats.accepted_seconds),
        ("refuse", stats.refused_seconds),
        ("livez", stats.livez_seconds),
    ):
        if values:
            parts = (f"{share:.0%} {1000 * percentile(values, share):.0f} ms" for share in (0.5, 0.9, 0.99))
            print(f"{what}: {', '.join(parts)}, most {1000 * max(values):.0f} ms", flush=True)


def print_summary(
    stats: ClientStats, states: dict[str, int], start_time: float, sending_end_time: float, end_time: float
) -> None:
    print(
        f"of the accepted: {states}; sending took {sending_end_time - start_time:.0f} s, all was done after {end_time - start_time:.0f} s"
    )
    third = (end_time - start_time) / 3
    first = max(m for t, m in stats.memory_samples if t <= start_time + third)
    last = max(m for t, m in stats.memory_samples if t >= end_time - third)
    print(
        f"memory of the tree: most {max(m for _, m in stats.memory_samples):.0f} MB, first third {first:.0f}, last {last:.0f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--minutes", type=float, default=2)
    parser.add_argument("--megapixels", type=float, default=12)
    parser.add_argument("--jobs", type=int, default=1000)
    args = parser.parse_args()
    run(args.clients, args.minutes, args.megapixels, args.jobs)


if __name__ == "__main__":
    main()
