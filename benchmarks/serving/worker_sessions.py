"""How late a process is that waits beside its busy workers, while other programs compute: workers by niceness alone, in
sessions of their own (Linux shares processors among sessions first), and then with a short slice for the process.

    python -m benchmarks.serving.worker_sessions [--seconds 8] [--rounds 3]

Each round measures all three, one after the other: two workers compute, and three processes of another session. The
process sleeps for 8 ms, computes for about three, and so on; another of its threads computes two fifths of the time.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import threading
import time

from benchmarks.common import argument_parser
from benchmarks.serving.server_process import percentile
from mattebox.server.scheduler_slice import DEFAULT_SLICE, SHORT_SLICE_NANOSECONDS, request_slice

SLEEP_SECONDS, START_SECONDS, WORKERS, OTHERS, NICENESS = 0.008, 0.6, 2, 3, 10
HASHED, THREAD_SLEEP = b"x" * 2_000_000, 1.5  # times that it computed
COMPUTE = "while True: sum(range(10000))"
BY_NICENESS = f"import os; os.nice({NICENESS})\n{COMPUTE}"
BY_SESSION = f"from mattebox.server.workers.child_process import lower_priority; lower_priority({NICENESS})\n{COMPUTE}"
MEASURE = "from benchmarks.serving.worker_sessions import measure; import sys; measure(*sys.argv[1:])"
VARIANTS = (
    ("niceness", BY_NICENESS, DEFAULT_SLICE),
    ("sessions", BY_SESSION, DEFAULT_SLICE),
    ("sessions, short slice", BY_SESSION, SHORT_SLICE_NANOSECONDS),
)


def compute_in_thread() -> None:
    """Hash, and sleep, for ever."""
    while True:
        start = time.thread_time()
        hashlib.sha256(HASHED).digest()
        time.sleep(THREAD_SLEEP * (time.thread_time() - start))


def measure(worker: str, slice_nanoseconds: str, seconds: str) -> None:
    """Print how late this process is beside workers that run this program."""
    workers = [subprocess.Popen([sys.executable, "-c", worker]) for _ in range(WORKERS)]
    time.sleep(START_SECONDS)
    threading.Thread(target=compute_in_thread, daemon=True).start()
    request_slice(int(slice_nanoseconds))
    delays, end = [], time.monotonic() + float(seconds)
    while time.monotonic() < end:
        start, computed = time.perf_counter(), time.thread_time()
        time.sleep(SLEEP_SECONDS)
        sum(range(90_000))
        delays.append(time.perf_counter() - start - SLEEP_SECONDS - (time.thread_time() - computed))
    for process in workers:
        process.kill()
        process.wait()
    shares = ", ".join(f"{share:.0%} {1000 * percentile(delays, share):.0f}" for share in (0.5, 0.95, 0.99))
    print(f"late by ms: {shares}, max {1000 * max(delays):.0f} ({len(delays)} sleeps)", flush=True)


def main() -> None:
    args = argument_parser(__doc__, seconds=8.0, rounds=3).parse_args()
    others = [subprocess.Popen([sys.executable, "-c", COMPUTE]) for _ in range(OTHERS)]
    try:
        for _ in range(args.rounds):
            for label, worker, nanoseconds in VARIANTS:
                print(label, end=" ", flush=True)
                command = [sys.executable, "-c", MEASURE, worker, str(nanoseconds), str(args.seconds)]
                subprocess.run(command, check=True, start_new_session=True)
    finally:
        for process in others:
            process.kill()


if __name__ == "__main__":
    main()
