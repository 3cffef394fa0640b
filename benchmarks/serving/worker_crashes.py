"""Jobs while processes of the server are killed at random: none is lost, and no result changes once it was seen.

    python -m benchmarks.serving.worker_crashes [--jobs 200] [--kills 30] [--seed 1]

Any process of the tree is killed (SIGKILL): a worker, or the server itself, which is started again as whoever minds it
would. Every job is sent twice under one key; results are read as they come and compared at the end.
"""

from __future__ import annotations

import argparse
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
from pathlib import Path

from benchmarks.batch import write_photographs
from benchmarks.serving.server_process import ServerProcess, running_server

CUTOUT_PATH = "/v1/cutouts?empty=keep&model=fast"


def submit_job(server: ServerProcess, image: bytes, idempotency_key: str) -> str:
    """Its name; asked for until the server is there and has room."""
    while True:
        with contextlib.suppress(OSError, ValueError, http.client.HTTPException):
            told = {"Content_Type": "image/jpeg", "Prefer": "respond-async", "Idempotency_Key": idempotency_key}
            status, _, body = server.send_request("POST", CUTOUT_PATH, image, **told)
            if status == 202:
                return str(json.loads(body)["id"])
        time.sleep(0.1)


def kill_processes(
    server: ServerProcess, max_kills: int, rng: random.Random, kill_counts: dict[str, int], stop: threading.Event
) -> None:
    while sum(kill_counts.values()) < max_kills and not stop.wait(rng.uniform(0.3, 1.5)):
        found = server.process_ids()
        victim = rng.choice(found)
        what = "server" if victim == found[0] else "worker"
        with contextlib.suppress(ProcessLookupError):
            os.kill(victim, signal.SIGKILL)
            kill_counts[what] += 1
        if what == "server":
            assert server.process is not None
            server.process.wait()
            server.start()


def poll_results(
    server: ServerProcess, job_ids: list[str], result_hashes: dict[str, set[str]], stop: threading.Event
) -> None:
    """Read whatever result can be read, over and over."""
    while not stop.wait(0.05):
        for name in list(job_ids):
            with contextlib.suppress(OSError, ValueError, http.client.HTTPException):
                status, _, body = server.send_request("GET", f"/v1/jobs/{name}/result")
                if status == 200:
                    result_hashes.setdefault(name, set()).add(hashlib.sha256(body).hexdigest())


def check_database(folder: Path) -> str:
    with contextlib.closing(sqlite3.connect(folder / "queue.sqlite")) as base:
        return str(base.execute("PRAGMA integrity_check").fetchone()[0])


def run(jobs: int, kills: int, seed: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder, chance = Path(name), random.Random(seed)
        write_photographs(folder / "in", 8, (1200, 900))
        images = [p.read_bytes() for p in sorted((folder / "in").iterdir())]
        with running_server(folder) as served:
            names: list[str] = []
            seen: dict[str, set[str]] = {}
            done, stop = {"server": 0, "worker": 0}, threading.Event()
            threads = [threading.Thread(target=kill_processes, args=(served, kills, chance, done, stop)),
                       threading.Thread(target=poll_results, args=(served, names, seen, stop))]  # fmt: skip
            for thread in threads:
                thread.start()
            names.extend(submit_job(served, images[number % 8], f"k{number}") for number in range(jobs))
            again = [submit_job(served, images[number % 8], f"k{number}") for number in range(jobs)]
            threads[0].join()
            states: dict[str, int] = {}
            attempts = 0
            for each in names:
                while (told := served.job_status(each))["state"] in ("queued", "running"):
                    time.sleep(0.1)
                what = told["state"] if told["error"] is None else told["error"]["code"]
                states[what] = states.get(what, 0) + 1
                attempts = max(attempts, told["attempts"])
            time.sleep(2)
            stop.set()
            threads[1].join()
            last = {n: hashlib.sha256(served.send_request("GET", f"/v1/jobs/{n}/result")[2]).hexdigest() for n in names}
            served.stop()
            base = check_database(folder)
            log = (folder / "log").read_text()
    changed = sum(seen.get(n, {last[n]}) != {last[n]} for n in names)
    print(f"{jobs} jobs, killed {done}: {states}, attempts at most {attempts}")
    print(f"other names under the same keys: {sum(a != b for a, b in zip(names, again, strict=True))}; "
          f"results that changed: {changed}; the database: {base}; tracebacks: {log.count('Traceback')}")  # fmt: skip
    print(log[log.index("Traceback") :][:3000] if "Traceback" in log else "", end="")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    run(args.jobs, args.kills, args.seed)


if __name__ == "__main__":
    main()
