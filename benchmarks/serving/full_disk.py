"""A full disk: jobs must be refused, no partial job may be visible, and work must go on once there is space again.

    python -m benchmarks.serving.full_disk [--megabytes 64]        needs root: it mounts a tmpfs

Jobs are sent until the disk takes no more, and must finish all the same. Then, with two jobs running, another file
fills the disk to the last byte and is removed again. Temporary files and the log lie on the same disk.
"""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import tempfile
import time
from collections import Counter
from pathlib import Path

from PIL import Image

from benchmarks.common import argument_parser, jpeg_photographs
from benchmarks.serving.server_process import (
    ASYNC_HEADERS,
    CUTOUT_PATH,
    UNFINISHED_STATES,
    ServerProcess,
    running_server,
)

MAX_CONSECUTIVE_REFUSALS = 12
MAX_JOBS = 1000
FULL_DISK_SECONDS = 5.0


def submit_until_refused(server: ServerProcess, image: bytes, max_jobs: int) -> tuple[list[str], dict[int, int]]:
    """Ids of the accepted jobs, and counts by status, until a dozen in a row are refused."""
    job_ids: list[str] = []
    counts: Counter[int] = Counter()
    refusals = 0
    while refusals < MAX_CONSECUTIVE_REFUSALS and len(job_ids) < max_jobs:
        response = server.send_request("POST", CUTOUT_PATH, image, ASYNC_HEADERS)
        counts[response.status] += 1
        if response.status == 202:
            job_ids.append(json.loads(response.body)["id"])
        refusals = 0 if response.status == 202 else refusals + 1
    return job_ids, dict(counts)


def cancelled_state(server: ServerProcess, job_id: str) -> str:
    """The state of a job that is cancelled, or the status of the refusal."""
    response = server.send_request("POST", f"/v1/jobs/{job_id}:cancel")
    return str(json.loads(response.body).get("state", response.status))


def submit_two(server: ServerProcess, image: bytes) -> list[str]:
    return [submit_until_refused(server, image, 1)[0][0] for _ in range(2)]


def is_result_complete(server: ServerProcess, job_id: str) -> bool:
    response = server.send_request("GET", f"/v1/jobs/{job_id}/result")
    if response.status != 200:
        return False
    with Image.open(io.BytesIO(response.body)) as picture:
        picture.load()
    return True


def count_complete(server: ServerProcess, job_ids: list[str]) -> int:
    return sum(is_result_complete(server, job_id) for job_id in job_ids)


def wait_until_finished(server: ServerProcess, job_ids: list[str], timeout_seconds: float) -> dict[str, int]:
    """Counts by state, once all jobs have ended or the time is over."""
    deadline = time.monotonic() + timeout_seconds
    while True:
        states = Counter(server.job_status(job_id)["state"] for job_id in job_ids)
        if time.monotonic() > deadline or not UNFINISHED_STATES & states.keys():
            return dict(sorted(states.items()))
        time.sleep(0.2)


def fetch_and_delete(server: ServerProcess, job_ids: list[str], timeout_seconds: float) -> int:
    """Read and delete each result once it is done; how many were complete."""
    remaining, count, deadline = list(job_ids), 0, time.monotonic() + timeout_seconds
    while remaining and time.monotonic() < deadline:
        for job_id in [j for j in remaining if server.job_status(j)["state"] == "done"]:
            count += is_result_complete(server, job_id)
            delete_job(server, job_id)
            remaining.remove(job_id)
        time.sleep(0.5)
    return count


def delete_job(server: ServerProcess, job_id: str) -> None:
    assert server.send_request("DELETE", f"/v1/jobs/{job_id}").status == 204


def list_jobs(server: ServerProcess) -> set[str]:
    return {job["id"] for job in json.loads(server.send_request("GET", "/v1/jobs").body)["jobs"]}


def fill_disk(ballast: Path) -> None:
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            with contextlib.suppress(OSError):
                while file.write(bytes(size)):
                    pass


def check_queue_fills_disk(server: ServerProcess, image: bytes) -> None:
    job_ids, counts = submit_until_refused(server, image, MAX_JOBS)
    print(f"jobs of {len(image) / 1e6:.1f} MB until the disk takes no more: {counts}; "
          f"listed exactly: {list_jobs(server) == set(job_ids)}")  # fmt: skip
    complete = fetch_and_delete(server, job_ids, 120)
    print(f"fetched and deleted when done: {complete} of {len(job_ids)} were complete", flush=True)


def check_other_file_fills_disk(server: ServerProcess, image: bytes) -> None:
    done = submit_two(server, image)
    print(f"two more: {wait_until_finished(server, done, 60)}; then another two")
    running, unwanted = submit_two(server, image), submit_two(server, image)[0]
    ballast = server.data_folder / "ballast"
    fill_disk(ballast)
    print(f"disk full: asynchronous {submit_until_refused(server, image, 1)[1]}, synchronous {server.cut_jpeg(image)}, "
          f"livez {server.send_request('GET', '/livez').status}, after {FULL_DISK_SECONDS:.0f} s "
          f"{wait_until_finished(server, running, FULL_DISK_SECONDS)}")  # fmt: skip
    print(f"earlier results: complete {count_complete(server, done)} of 2")
    attempts = {job_id: server.job_status(job_id)["attempts"] for job_id in running}
    print(f"one cancelled while the disk is full: {cancelled_state(server, unwanted)}")
    delete_job(server, done[1])
    print(f"one deleted while the disk is full: gone: {done[1] not in list_jobs(server)}")
    ballast.unlink()
    states = wait_until_finished(server, running, 60)
    again = sum(server.job_status(job_id)["attempts"] - max(1, attempts[job_id]) for job_id in running)
    print(f"space again, no restart: {states}, complete {count_complete(server, running)}, computed again {again}")
    job_ids, counts = submit_until_refused(server, image, 1)
    print(f"and new jobs: {counts}, {wait_until_finished(server, job_ids, 60)}")
    print(f"tracebacks in the log: {(server.data_folder / 'log').read_bytes().count(b'Traceback')}")


def run(megabytes: int) -> None:
    image = next(jpeg_photographs(1, (4000, 3000)))
    with tempfile.TemporaryDirectory() as name:
        disk = Path(name)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(disk)], check=True)
        try:
            (disk / "tmp").mkdir()
            with running_server(disk, settings={"TMPDIR": str(disk / "tmp")}) as server:
                check_queue_fills_disk(server, image)
                check_other_file_fills_disk(server, image)
        finally:
            subprocess.run(["umount", "-l", str(disk)], check=True)


def main() -> None:
    run(argument_parser(__doc__, megabytes=64).parse_args().megabytes)


if __name__ == "__main__":
    main()
