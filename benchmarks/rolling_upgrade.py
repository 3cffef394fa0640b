"""Two versions of the server at once on one queue: API servers and workers of an earlier commit and of this tree.

    python -m benchmarks.rolling_upgrade [--old COMMIT] [--jobs 12]

Needs git and a Postgres. The phases are those of an upgrade: jobs of the old API done by new workers, jobs of the new
API done by old workers, and all four servers together, while the old worker is killed. Prints for each how many jobs
were done, and whether both APIs return the same bytes for the same photograph whichever version did it.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from benchmarks.common import PHOTO_NAMES, REPOSITORY_FOLDER, argument_parser, load_photograph
from tests.serving import free_port

OLD_COMMIT = "e5c7528"
START_SECONDS, JOB_SECONDS = 300, 600


@dataclass
class Server:
    """A server process of one version and role."""

    address: str
    process: subprocess.Popen[bytes]


@contextlib.contextmanager
def start_server(source: Path, role: str, name: str, database: str, data: Path) -> Iterator[Server]:
    """A server of the version whose packages lie in `source`."""
    port = free_port()
    settings = {"ROLE": role, "DATABASE": database, "DATA": str(data), "MACHINE": name, "WORKERS": "1", "MODEL": "fast"}
    environment = os.environ | {f"MATTEBOX_SERVER_{key}": value for key, value in settings.items()}
    environment |= {"PYTHONPATH": str(source), "MATTEBOX_OFFLINE": "1"}
    with open(data / f"{name}.log", "ab") as log:
        command = [sys.executable, "-m", "mattebox", "serve", "--port", str(port)]
        process = subprocess.Popen(command, env=environment, stderr=log, cwd=data)
    server = Server(f"http://127.0.0.1:{port}", process)
    try:
        end = time.monotonic() + START_SECONDS
        while True:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{server.address}/readyz", timeout=2).close()
                break
            has_time = process.poll() is None and time.monotonic() < end
            assert has_time, (data / f"{name}.log").read_text()
            time.sleep(0.2)
        yield server
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(60)


def make_photographs(count: int) -> list[bytes]:
    photographs = []
    for n in range(count):
        file = io.BytesIO()
        Image.fromarray(load_photograph(PHOTO_NAMES[n % 4])).resize((240 + n, 180)).save(file, "jpeg")
        photographs.append(file.getvalue())
    return photographs


def submit(server: Server, photograph: bytes) -> str:
    """The path of a new job."""
    headers = {"Content-Type": "image/jpeg", "Prefer": "respond-async"}
    request = urllib.request.Request(f"{server.address}/v1/cutouts?empty=keep", photograph, headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        path: str = json.loads(answer.read())["links"]["self"]
        return path


def wait_for_results(servers: list[Server], paths: list[str]) -> list[bytes]:
    """The results of jobs, which must be the same from each server."""
    results, end = [], time.monotonic() + JOB_SECONDS
    for path in paths:
        while True:
            with urllib.request.urlopen(f"{servers[0].address}{path}", timeout=60) as answer:
                job = json.loads(answer.read())
            if job["finished"]:
                break
            assert time.monotonic() < end, f"{path} is {job['state']} after {JOB_SECONDS} s"
            time.sleep(0.2)
        assert job["state"] == "done", job
        bodies = set()
        for server in servers:
            with urllib.request.urlopen(f"{server.address}{path}/result", timeout=60) as answer:
                bodies.add(answer.read())
        (body,) = bodies
        results.append(body)
    return results


def print_phase(what: str, results: list[bytes], expected: list[bytes] | None) -> None:
    same = (
        "" if expected is None else f"; of other bytes: {sum(a != b for a, b in zip(results, expected, strict=True))}"
    )
    print(f"{what}: {len(results)} done{same}", flush=True)


def upgrade(old: Path, new: Path, database: str, data: Path, photographs: list[bytes]) -> None:
    with start_server(old, "api", "old_api", database, data) as old_api:
        paths = [submit(old_api, photograph) for photograph in photographs]
        with start_server(new, "worker", "new_worker_1", database, data):
            first = wait_for_results([old_api], paths)
        print_phase("jobs of the old API by the new worker", first, None)
        with (
            start_server(new, "api", "new_api", database, data) as new_api,
            start_server(old, "worker", "old_worker", database, data) as old_worker,
        ):
            apis = [old_api, new_api]
            paths = [submit(new_api, photograph) for photograph in photographs]
            print_phase("jobs of the new API by the old worker", wait_for_results(apis, paths), first)
            with start_server(new, "worker", "new_worker_2", database, data):
                paths = [submit(apis[n % 2], photograph) for n, photograph in enumerate(photographs)]
                time.sleep(1)
                old_worker.process.send_signal(signal.SIGKILL)
                results = wait_for_results(apis, paths)
            print_phase("jobs of both by both, the old worker killed", results, first)


def main() -> None:
    args = argument_parser(__doc__, old=OLD_COMMIT, jobs=12).parse_args()
    from tests.jobs.postgres import start_postgres

    with tempfile.TemporaryDirectory() as name, start_postgres() as database:
        folder = Path(name)
        archive = subprocess.run(
            ["git", "archive", args.old, "src"], cwd=REPOSITORY_FOLDER, capture_output=True, check=True
        )
        subprocess.run(["tar", "-x", "-C", str(folder)], input=archive.stdout, check=True)
        (folder / "data").mkdir()
        print(f"old version: {args.old}, {args.jobs} jobs in each phase", flush=True)
        upgrade(folder / "src", REPOSITORY_FOLDER / "src", database, folder / "data", make_photographs(args.jobs))


if __name__ == "__main__":
    main()
