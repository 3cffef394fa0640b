"""All attacks at once beside a good client: nothing may fail, no job may be lost, memory must stay bounded.

    python -m benchmarks.serving.chaos [--minutes 10] [--intensity 1.0] [--file-megabytes 24] [--kill-seconds 30]

The attackers have an API key, and the good client another one. It sends photographs one after another, every fourth as
a job, while /livez is polled and a worker is killed now and then. The exit code is 1 for whatever must not happen:
a response that the contract does not allow, a good request that fails, a job that does not finish, too much memory.
Times are printed, not judged: they are for a quiet machine. The tests run a short form. With `--stalls FILE` the
event loop is watched (see `watched_server`), which costs a little.
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import random
import re
import signal
import socket
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing.queues import Queue
from pathlib import Path

from benchmarks.common import argument_parser, jpeg_photographs, sample_periodically
from benchmarks.serving.attackers import AttackResults, run_attackers
from benchmarks.serving.attacks import AttackContext
from benchmarks.serving.server_process import (
    ASYNC_HEADERS,
    CUTOUT_PATH,
    JPEG_HEADERS,
    ServerProcess,
    percentile,
    running_server,
)

GOOD_KEY, HOSTILE_KEY = "good", "hostile"
MAX_SERVER_MEGABYTES = 300.0  # of the server's own process
MAX_WAIT_SECONDS = 300.0  # of the good client, for one picture, retries included
JOB_WAIT_SECONDS = 600.0
LIVEZ_PAUSE_SECONDS = 0.1
WATCHED_COMMAND = [sys.executable, "-W", "ignore", "-m", "benchmarks.serving.watched_server", "serve", "--port", "PORT"]
JOB_INTERVAL = 4  # every so manyth picture of the good client is a job


@dataclass
class ChaosReport:
    """What was seen. Times in seconds, memory in megabytes."""

    alone_seconds: list[float] = field(default_factory=list)
    good_seconds: list[float] = field(default_factory=list)
    livez_seconds: list[float] = field(default_factory=list)
    good_answers: Counter[str] = field(default_factory=Counter)
    livez_answers: Counter[str] = field(default_factory=Counter)
    job_ids: list[str] = field(default_factory=list)
    job_states: Counter[str] = field(default_factory=Counter)
    server_megabytes: list[float] = field(default_factory=list)
    tree_megabytes: list[float] = field(default_factory=list)
    attacks: AttackResults = field(default_factory=lambda: AttackResults(Counter(), Counter()))
    internal_errors: list[str] = field(default_factory=list)  # lines of the server's log
    loop_delays: dict[str, float] = field(default_factory=dict)  # cumulative counts by upper bound in seconds

    def violations(self) -> list[str]:
        """What must not happen, times apart."""
        found = [f"attacked: {fault} ({count} times)" for fault, count in self.attacks.faults.items()]
        found += [f"good client: {a} ({n} times)" for a, n in self.good_answers.items() if a not in ("200", "202")]
        found += [f"/livez: {a} ({n} times)" for a, n in self.livez_answers.items() if a != "200"]
        found += [f"good jobs: {n} {state}" for state, n in self.job_states.items() if state != "done"]
        if not self.good_seconds or not self.job_ids:
            found.append("the good client got nothing done")
        if max(self.server_megabytes) > MAX_SERVER_MEGABYTES:
            found.append(f"the server's process took {max(self.server_megabytes):.0f} MB")
        found += [f"log: {shorten_log_line(line)}" for line in self.internal_errors]
        return found

    def lines(self) -> Iterator[str]:
        """The report as text."""
        for label, seconds in (
            ("good client alone", self.alone_seconds),
            ("good client among attackers", self.good_seconds),
            ("/livez", self.livez_seconds),
        ):
            if seconds:
                parts = (f"{share:.0%} {1000 * percentile(seconds, share):.0f}" for share in (0.5, 0.95, 0.99))
                yield f"{label}, ms: {', '.join(parts)}, max {1000 * max(seconds):.0f} ({len(seconds)} requests)"
        if total := self.loop_delays.get("+Inf"):
            limits = {bound: count for bound, count in self.loop_delays.items() if bound != "+Inf"}
            shares = (f"{count / total:.2%} within {1000 * float(bound):g} ms" for bound, count in limits.items())
            yield f"event loop, by its own clock: {', '.join(shares)}"
        yield f"good jobs: {dict(self.job_states)}; good answers: {dict(self.good_answers)}"
        yield f"attackers' answers: {dict(sorted(self.attacks.statuses.items()))}"
        for label, samples in (("server's process", self.server_megabytes), ("process tree", self.tree_megabytes)):
            third = max(1, len(samples) // 3)
            yield (f"memory of the {label}, MB: max {max(samples):.0f}, first third {max(samples[:third]):.0f}, "
                   f"last {max(samples[-third:]):.0f}")  # fmt: skip
        yield from self.violations() or ["nothing happened that must not happen"]


def shorten_log_line(line: str) -> str:
    """A line of the server's log without its middle: it starts with the error's kind and ends where it was raised."""
    return line if len(line) <= 1500 else f"{line[:200]} ... {line[-1300:]}"


def run_chaos(
    seconds: float, intensity: float, file_bytes: int, kill_seconds: float, model: str, stalls: str = ""
) -> ChaosReport:
    """Run a server with attackers and a good client for so many seconds."""
    report, image = ChaosReport(), next(jpeg_photographs(1, (1200, 900)))
    with tempfile.TemporaryDirectory() as name, silent_server() as silent_url:
        data = Path(name)
        settings = server_settings(data, silent_url, model) | ({"MATTEBOX_STALLS": stalls} if stalls else {})
        with running_server(data, WATCHED_COMMAND if stalls else None, settings=settings) as server:
            send_pictures(server, image, min(10.0, seconds / 3), report.alone_seconds, ChaosReport())
            context = AttackContext(server.port, HOSTILE_KEY, silent_url, file_bytes)
            stop, prober = threading.Event(), threading.Thread(target=lambda: probe_liveness(server, report, stop))
            killer = threading.Thread(target=lambda: kill_workers(server, kill_seconds, stop))
            with attackers(context, intensity, report), sample_periodically(lambda: measure(server, report), 0.5):
                prober.start()
                killer.start()
                send_pictures(server, image, seconds, report.good_seconds, report)
                stop.set()
                prober.join()
                killer.join()
            report.loop_delays = read_loop_delays(server)
            report.job_states = Counter(finished_state(server, job_id) for job_id in report.job_ids)
        lines = (data / "log").read_text(errors="replace").splitlines()
        report.internal_errors = [line for line in lines if "internal error" in line or "Traceback" in line]
    return report


def server_settings(data: Path, silent_url: str, model: str) -> dict[str, str]:
    """Settings of a server with two keys, downloads and web hooks. Time limits are wide, for slow machines."""
    (data / "keys").write_text(f"{GOOD_KEY}\n{HOSTILE_KEY}\n")
    settings = {
        "KEYS": str(data / "keys"),
        "URLS": "true",
        "URL_NETWORKS": "127.0.0.1/32",
        "URL_PORTS": silent_url.split(":")[2].split("/")[0],
        "HOOK_SECRET": "secret",
        "LOG": "json",
        "TIMEOUT": "300",
        "QUEUE_WAIT": "120",
        "WORKERS": "2",
        "MODEL": model,
    }
    return {f"MATTEBOX_SERVER_{name}": value for name, value in settings.items()}


@contextlib.contextmanager
def silent_server() -> Iterator[str]:
    """The address of a server that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=1000) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/silent.jpg"


@contextlib.contextmanager
def attackers(context: AttackContext, intensity: float, report: ChaosReport) -> Iterator[None]:
    """Attackers in a process of their own while the context is open."""
    spawn = multiprocessing.get_context("spawn")
    finished, results = spawn.Event(), spawn.Queue()
    arguments = context.port, context.key, context.silent_url, context.file_bytes, intensity, finished, results
    process = spawn.Process(target=start_attackers, args=arguments, daemon=True)
    process.start()
    try:
        yield
    finally:
        finished.set()
        report.attacks = results.get(timeout=60)
        process.kill()


def start_attackers(
    port: int,
    key: str,
    silent_url: str,
    file_bytes: int,
    intensity: float,
    finished: multiprocessing.synchronize.Event,
    results: Queue[AttackResults],
) -> None:
    run_attackers(AttackContext(port, key, silent_url, file_bytes), intensity, finished, results)


def send_pictures(
    server: ServerProcess, image: bytes, seconds: float, durations: list[float], report: ChaosReport
) -> None:
    """Cut photographs one after another, every JOB_INTERVALth as a job. The first one warms the server up."""
    end, count = time.monotonic() + seconds, 0
    while time.monotonic() < end or count < JOB_INTERVAL:
        count += 1
        is_job = count % JOB_INTERVAL == 0
        start = time.perf_counter()
        answer = send_picture(server, image, report, ASYNC_HEADERS if is_job else JPEG_HEADERS)
        report.good_answers[answer] += 1
        if answer == "200" and count > 1:
            durations.append(time.perf_counter() - start)


def send_picture(server: ServerProcess, image: bytes, report: ChaosReport, headers: dict[str, str]) -> str:
    """The status of the response, once the server is not busy any more, or the error."""
    end = time.monotonic() + MAX_WAIT_SECONDS
    while True:
        try:
            key = {"X-API-Key": GOOD_KEY}
            response = server.send_request("POST", CUTOUT_PATH, image, headers | key, MAX_WAIT_SECONDS)
        except OSError as error:
            return type(error).__name__
        if response.status == 202:
            report.job_ids.append(json.loads(response.body)["id"])
        if response.status not in (429, 503) or "retry-after" not in response.headers or time.monotonic() > end:
            return str(response.status) if response.status < 300 else f"{response.status} {response.body[:200]!r}"
        time.sleep(float(response.headers["retry-after"]))


def finished_state(server: ServerProcess, job_id: str) -> str:
    """The state of one of the good client's jobs once it has ended."""
    end = time.monotonic() + JOB_WAIT_SECONDS
    while True:
        response = server.send_request("GET", f"/v1/jobs/{job_id}", headers={"X-API-Key": GOOD_KEY})
        state = json.loads(response.body).get("state", f"status {response.status}")
        if state not in ("queued", "running") or time.monotonic() > end:
            return str(state)
        time.sleep(0.2)


def probe_liveness(server: ServerProcess, report: ChaosReport, stop: threading.Event) -> None:
    while not stop.wait(LIVEZ_PAUSE_SECONDS):
        start = time.perf_counter()
        try:
            report.livez_answers[str(server.send_request("GET", "/livez").status)] += 1
        except OSError as error:
            report.livez_answers[type(error).__name__] += 1
        report.livez_seconds.append(time.perf_counter() - start)


def read_loop_delays(server: ServerProcess) -> dict[str, float]:
    """How often the event loop was late by at most so many seconds, from the server's metrics."""
    text = server.send_request("GET", "/metrics").body.decode()
    rows = re.findall(r'^mattebox_event_loop_delay_seconds_bucket\{le="(.+)"\} (\d+)', text, re.MULTILINE)
    return {bound: float(count) for bound, count in rows}


def kill_workers(server: ServerProcess, pause_seconds: float, stop: threading.Event) -> None:
    """Kill one of the workers now and then; never with a pause of 0."""
    while pause_seconds and not stop.wait(pause_seconds):
        if workers := server.process_ids()[1:]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(random.choice(workers), signal.SIGKILL)


def measure(server: ServerProcess, report: ChaosReport) -> float:
    """Record the memory of the server's own process and of the whole tree."""
    report.server_megabytes.append(server.own_megabytes())
    report.tree_megabytes.append(server.resident_megabytes())
    return report.tree_megabytes[-1]


def main() -> None:
    parser = argument_parser(
        __doc__, minutes=10.0, intensity=1.0, file_megabytes=24.0, kill_seconds=30.0, model="balanced", stalls=""
    )
    args = parser.parse_args()
    report = run_chaos(
        60 * args.minutes, args.intensity, int(1e6 * args.file_megabytes), args.kill_seconds, args.model, args.stalls
    )
    print("\n".join(report.lines()))
    sys.exit(bool(report.violations()))


if __name__ == "__main__":
    main()
