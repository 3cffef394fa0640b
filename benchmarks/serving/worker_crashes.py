"""Jobs while processes of the server are killed at random: none may be lost, and no published result may change.

    python -m benchmarks.serving.worker_crashes [--jobs 200] [--kills 30] [--seed 1]

Any process of the tree is killed (SIGKILL): a worker, or the server itself, which is then started again as a service
manager would. Every job is sent twice under one idempotency key; results are read while they appear and compared at the
end.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import os
import random
import signal
import sqlite3
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from benchmarks.common import argument_parser, jpeg_photographs
from benchmarks.serving.server_process import ASYNC_HEADERS, CUTOUT_PATH, ServerProcess, running_server

CONNECTION_ERRORS = (OSError, ValueError, http.client.HTTPException)  # while the server is down


def submit_job(server: ServerProcess, image: bytes, idempotency_key: str) -> str:
    """Submit a job until it is accepted, and return its id."""
    headers = ASYNC_HEADERS | {"Idempotency-Key": idempotency_key}
    while True:
        with contextlib.suppress(*CONNECTION_ERRORS):
            response = server.send_request("POST", CUTOUT_PATH + "&model=fast", image, headers)
            if response.status == 202:
                return str(json.loads(response.body)["id"])
        time.sleep(0.1)


def kill_processes(
    server: ServerProcess, max_kills: int, rng: random.Random, kill_counts: Counter[str], stop: threading.Event
) -> None:
    while kill_counts.total() < max_kills and not stop.wait(rng.uniform(0.3, 1.5)):
        pids = server.process_ids()
        victim = rng.choice(pids)
        role = "server" if victim == pids[0] else "worker"
        with contextlib.suppress(ProcessLookupError):
            os.kill(victim, signal.SIGKILL)
            kill_counts[role] += 1
        if role == "server":
            assert server.process is not None
            server.process.wait()
            server.start()


def hash_result(server: ServerProcess, job_id: str) -> str | None:
    """SHA-256 of a job's result, or None while there is none."""
    response = server.send_request("GET", f"/v1/jobs/{job_id}/result")
    return hashlib.sha256(response.body).hexdigest() if response.status == 200 else None


def poll_results(
    server: ServerProcess, job_ids: list[str], result_hashes: dict[str, set[str]], stop: threading.Event
) -> None:
    """Read all results that can be read, over and over."""
    while not stop.wait(0.05):
        for job_id in list(job_ids):
            with contextlib.suppress(*CONNECTION_ERRORS):
                if (result_hash := hash_result(server, job_id)) is not None:
                    result_hashes.setdefault(job_id, set()).add(result_hash)


def check_database(folder: Path) -> str:
    with contextlib.closing(sqlite3.connect(folder / "queue.sqlite")) as database:
        return str(database.execute("PRAGMA integrity_check").fetchone()[0])


def print_states(server: ServerProcess, job_ids: list[str]) -> None:
    """Wait for all jobs, and count how they ended."""
    statuses = [server.wait_for_job(job_id) for job_id in job_ids]
    outcomes = Counter(s["state"] if s["error"] is None else s["error"]["code"] for s in statuses)
    print(f"{len(job_ids)} jobs: {dict(outcomes)}, attempts at most {max(s['attempts'] for s in statuses)}", flush=True)


def run(jobs: int, kills: int, seed: int) -> None:
    images = list(jpeg_photographs(8, (1200, 900)))
    job_ids: list[str] = []
    result_hashes: dict[str, set[str]] = {}
    kill_counts, stop = Counter({"server": 0, "worker": 0}), threading.Event()
    with tempfile.TemporaryDirectory() as name, running_server(Path(name)) as server:
        killer = threading.Thread(target=kill_processes, args=(server, kills, random.Random(seed), kill_counts, stop))
        poller = threading.Thread(target=poll_results, args=(server, job_ids, result_hashes, stop))
        killer.start()
        poller.start()
        job_ids.extend(submit_job(server, images[number % 8], f"k{number}") for number in range(jobs))
        repeated_ids = [submit_job(server, images[number % 8], f"k{number}") for number in range(jobs)]
        killer.join()
        print(f"killed {dict(kill_counts)}")
        print_states(server, job_ids)
        time.sleep(2)
        stop.set()
        poller.join()
        final_hashes = {job_id: hash_result(server, job_id) for job_id in job_ids}
        server.stop()
        integrity, log = check_database(Path(name)), (Path(name) / "log").read_text()
    changes = sum(hashes != {final_hashes[job_id]} for job_id, hashes in result_hashes.items())
    other_ids = sum(a != b for a, b in zip(job_ids, repeated_ids, strict=True))
    print(f"other ids under the same keys: {other_ids}; results that changed: {changes}; "
          f"the database: {integrity}; tracebacks: {log.count('Traceback')}")  # fmt: skip
    print(log[log.index("Traceback") :][:3000] if "Traceback" in log else "", end="")


def main() -> None:
    args = argument_parser(__doc__, jobs=200, kills=30, seed=1).parse_args()
    run(args.jobs, args.kills, args.seed)


if __name__ == "__main__":
    main()
