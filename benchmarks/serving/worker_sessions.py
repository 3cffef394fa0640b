"""How late a process is that waits beside its busy workers, while other programs compute: workers by niceness alone, or
in sessions of their own (Linux shares processors among sessions first).

    python -m benchmarks.serving.worker_sessions [--seconds 8] [--rounds 3]

Each round measures both, one after the other: two workers compute, and three processes of another session. The server
sleeps for 10 ms, computes for about one, and so on.
"""

from __future__ import annotations

import subprocess
import sys
import time

from benchmarks.common import argument_parser
from benchmarks.serving.server_process import percentile

SLEEP_SECONDS, WORKERS, OTHERS, NICENESS = 0.01, 2, 3, 10
COMPUTE = "while True: sum(range(10000))"
BY_NICENESS = f"import os; os.nice({NICENESS})\n{COMPUTE}"
BY_SESSION = f"from mattebox.server.workers.child_process import lower_priority; lower_priority({NICENESS})\n{COMPUTE}"
MEASURE = "from benchmarks.serving.worker_sessions import measure; import sys; measure(sys.argv[1], float(sys.argv[2]))"


def measure(worker: str, seconds: float) -> None:
    """Print how late this process is beside workers that run this program."""
    workers = [subprocess.Popen([sys.executable, "-c", worker]) for _ in range(WORKERS)]
    delays, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        start = time.perf_counter()
        time.sleep(SLEEP_SECONDS)
        sum(range(20_000))
        delays.append(time.perf_counter() - start - SLEEP_SECONDS)
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
            for label, worker in (("niceness", BY_NICENESS), ("sessions", BY_SESSION)):
                print(label, end=" ", flush=True)
                command = [sys.executable, "-c", MEASURE, worker, str(args.seconds)]
                subprocess.run(command, check=True, start_new_session=True)
    finally:
        for process in others:
            process.kill()


if __name__ == "__main__":
    main()
