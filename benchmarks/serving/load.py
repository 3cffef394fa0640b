"""Many clients at once, each sending one large photograph after another as a job, while somebody asks whether it lives.

    python -m benchmarks.serving.load [--clients 64] [--minutes 2] [--megapixels 12] [--jobs 1000]

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

from benchmarks.batch import photographs
from benchmarks.serving.served import Served, percentile, serving


@dataclass
class Seen:
    """What the clients saw."""

    accept: list[float] = field(default_factory=list)
    refuse: list[float] = field(default_factory=list)
    lives: list[float] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    other: list[str] = field(default_factory=list)
    memory: list[tuple[float, float]] = field(default_factory=list)


def client(served: Served, image: bytes, end: float, seen: Seen, number: int) -> None:
    headers = {"Content_Type": "image/jpeg", "Prefer": "respond-async"}
    count = 0
    while time.monotonic() < end:
        count += 1
        begun = time.perf_counter()
        try:
            status, told, body = served.ask("POST", "/v1/cutouts?empty=keep", image, **headers,
                                            Idempotency_Key=f"{number}-{count}")  # fmt: skip
        except OSError as error:
            seen.other.append(repr(error))
            continue
        took = time.perf_counter() - begun
        if status == 202:
            seen.accept.append(took)
            seen.names.append(json.loads(body)["id"])
        elif status in (429, 503):
            seen.refuse.append(took)
            time.sleep(float(told["retry-after"]))
        else:
            seen.other.append(f"{status} {body[:200]!r}")


def probe(served: Served, seen: Seen, stop: threading.Event) -> None:
    while not stop.wait(0.1):
        begun = time.perf_counter()
        try:
            status, *_ = served.ask("GET", "/livez")
        except OSError as error:
            seen.other.append(f"livez {error!r}")
            continue
        seen.lives.append(time.perf_counter() - begun)
        if status != 200:
            seen.other.append(f"livez {status}")


def weigh(served: Served, seen: Seen, stop: threading.Event) -> None:
    while not stop.wait(0.5):
        seen.memory.append((time.monotonic(), served.memory()))


def run(clients: int, minutes: float, megapixels: float, jobs: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        height = round((megapixels * 1e6 * 0.75) ** 0.5)
        photographs(folder / "in", 4, (round(height / 0.75), height))
        images = [p.read_bytes() for p in sorted((folder / "in").iterdir())]
        with serving(folder, MATTEBOX_SERVER_JOBS=str(jobs)) as served:
            for prefer in ("wait", "respond-async"):  # the first of each opens what the others find open
                served.ask("POST", "/v1/cutouts?empty=keep", images[0], Content_Type="image/jpeg", Prefer=prefer)
            seen, stop, begun = Seen(), threading.Event(), time.monotonic()
            watchers = [threading.Thread(target=f, args=(served, seen, stop)) for f in (probe, weigh)]
            senders = [threading.Thread(target=client, args=(served, images[i % 4], begun + minutes * 60, seen, i))
                       for i in range(clients)]  # fmt: skip
            for thread in watchers + senders:
                thread.start()
            for thread in senders:
                thread.join()
            sent = time.monotonic()
            told(seen)
            states = finished(served, seen.names)
            ended = time.monotonic()
            stop.set()
            for thread in watchers:
                thread.join()
    told_at_last(seen, states, begun, sent, ended)


def finished(served: Served, names: list[str]) -> dict[str, int]:
    states: dict[str, int] = {}
    for name in names:
        while (state := served.job(name)["state"]) in ("queued", "running"):
            time.sleep(0.2)
        states[state] = states.get(state, 0) + 1
    return states


def told(seen: Seen) -> None:
    total = len(seen.accept) + len(seen.refuse) + len(seen.other)
    print(f"sent {total}: accepted {len(seen.accept)}, refused {len(seen.refuse)}, other {len(seen.other)}")
    for line in sorted(set(seen.other))[:5]:
        print("  ", line)
    for what, values in (("accept", seen.accept), ("refuse", seen.refuse), ("livez", seen.lives)):
        if values:
            parts = (f"{share:.0%} {1000 * percentile(values, share):.0f} ms" for share in (0.5, 0.9, 0.99))
            print(f"{what}: {', '.join(parts)}, most {1000 * max(values):.0f} ms", flush=True)


def told_at_last(seen: Seen, states: dict[str, int], begun: float, sent: float, ended: float) -> None:
    print(f"of the accepted: {states}; sending took {sent - begun:.0f} s, all was done after {ended - begun:.0f} s")
    third = (ended - begun) / 3
    first = max(m for t, m in seen.memory if t <= begun + third)
    last = max(m for t, m in seen.memory if t >= ended - third)
    print(f"memory of the tree: most {max(m for _, m in seen.memory):.0f} MB, first third {first:.0f}, last {last:.0f}")


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
