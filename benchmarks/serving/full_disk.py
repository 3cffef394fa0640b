"""A disk that is full: jobs are refused, nothing half a job is seen, and with room again all goes on by itself.

    python -m benchmarks.serving.full_disk [--megabytes 64]        needs root: it mounts a tmpfs

Jobs are sent until the disk takes none, and are done all the same; then, with two at work, something else fills it to
the last byte, and goes away again. Temporary files and the log lie on the same disk.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import subprocess
import tempfile
import time
from pathlib import Path

from PIL import Image

from benchmarks.batch import write_photographs
from benchmarks.serving.server_process import ServerProcess, running_server

ASYNC_HEADERS = {"Content_Type": "image/jpeg", "Prefer": "respond-async"}


def submit_until_refused(server: ServerProcess, image: bytes, max_jobs: int) -> tuple[list[str], dict[int, int]]:
    """The jobs that were taken, and how often each answer came, until a dozen were refused in a row."""
    names: list[str] = []
    answers: dict[int, int] = {}
    refused = 0
    while refused < 12 and len(names) < max_jobs:
        status, _, body = server.send_request("POST", "/v1/cutouts?empty=keep", image, **ASYNC_HEADERS)
        answers[status] = answers.get(status, 0) + 1
        refused = 0 if status == 202 else refused + 1
        names += [json.loads(body)["id"]] if status == 202 else []
    return names, answers


def is_result_complete(server: ServerProcess, job_id: str) -> bool:
    status, _, body = server.send_request("GET", f"/v1/jobs/{job_id}/result")
    if status != 200:
        return False
    with Image.open(io.BytesIO(body)) as picture:
        picture.load()
    return True


def wait_until_finished(server: ServerProcess, job_ids: list[str], timeout_seconds: float) -> dict[str, int]:
    """States, once all are over or the time is."""
    end = time.monotonic() + timeout_seconds
    while True:
        states = [server.job_status(name)["state"] for name in job_ids]
        if time.monotonic() > end or not {"queued", "running"} & set(states):
            return {s: states.count(s) for s in sorted(set(states))}
        time.sleep(0.2)


def run(megabytes: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_photographs(folder / "in", 1, (4000, 3000))
        image = next((folder / "in").iterdir()).read_bytes()
        disk = folder / "disk"
        disk.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(disk)], check=True)
        try:
            (disk / "tmp").mkdir()
            with running_server(disk, TMPDIR=str(disk / "tmp")) as served:
                run_checks(served, image)
        finally:
            subprocess.run(["umount", "-l", str(disk)], check=True)


def run_checks(server: ServerProcess, image: bytes) -> None:
    names, answers = submit_until_refused(server, image, 1000)
    print(f"jobs of {len(image) / 1e6:.1f} MB until the disk takes no more: {answers}; "
          f"listed all and no other: {list_jobs(server) == set(names)}")  # fmt: skip
    print(f"each fetched and erased when it is done: {fetch_and_delete(server, names, 120)} of {len(names)} were whole")
    names = [submit_until_refused(server, image, 1)[0][0] for _ in range(2)]
    print(f"two more: {wait_until_finished(server, names, 60)}; then another two")
    more = [submit_until_refused(server, image, 1)[0][0] for _ in range(2)]
    ballast = server.data_folder / "ballast"
    fill_disk(ballast)
    seconds = 5.0
    print(f"the disk filled to the last byte: {submit_until_refused(server, image, 1)[1]}, at once {request_synchronously(server, image)}, "
          f"alive {server.send_request('GET', '/livez')[0]}, after {seconds:.0f} s {wait_until_finished(server, more, seconds)}")  # fmt: skip
    print(f"results that were there: whole {sum(is_result_complete(server, n) for n in names[:2])} of 2")
    delete_jobs(server, [names[1]])
    print(f"erased one with nothing free: listed all and no other: {list_jobs(server) == {names[0], *more}}")
    ballast.unlink()
    print(
        f"room again, no restart: {wait_until_finished(server, more, 60)}, whole {sum(is_result_complete(server, n) for n in more)}"
    )
    last, answers = submit_until_refused(server, image, 1)
    print(f"and more are taken: {answers}, {wait_until_finished(server, last, 60)}")
    print(f"tracebacks in the log: {(server.data_folder / 'log').read_bytes().count(b'Traceback')}")


def fetch_and_delete(server: ServerProcess, job_ids: list[str], timeout_seconds: float) -> int:
    left, count, end = list(job_ids), 0, time.monotonic() + timeout_seconds
    while left and time.monotonic() < end:
        for name in [n for n in left if server.job_status(n)["state"] == "done"]:
            count += is_result_complete(server, name)
            delete_jobs(server, [name])
            left.remove(name)
        time.sleep(0.5)
    return count


def request_synchronously(server: ServerProcess, image: bytes) -> int:
    return server.send_request("POST", "/v1/cutouts?empty=keep", image, Content_Type="image/jpeg")[0]


def delete_jobs(server: ServerProcess, job_ids: list[str]) -> None:
    for name in job_ids:
        assert server.send_request("DELETE", f"/v1/jobs/{name}")[0] == 204


def fill_disk(ballast: Path) -> None:
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            with contextlib.suppress(OSError):
                while file.write(bytes(size)):
                    pass


def list_jobs(server: ServerProcess) -> set[str]:
    return {each["id"] for each in json.loads(server.send_request("GET", "/v1/jobs")[2])["jobs"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=64)
    run(parser.parse_args().megabytes)


if __name__ == "__main__":
    main()
