"""A disk that is full: jobs are refused, nothing half a job is seen, and with room again all goes on by itself.

    python -m benchmarks.serving.disk [--megabytes 64]        needs root: it mounts a tmpfs

Jobs are sent until the disk takes none; those that were promised get their room back by erasing; then more are sent.
Temporary files lie on the same disk.
"""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import tempfile
import time
from pathlib import Path

from PIL import Image

from benchmarks.batch import photographs
from benchmarks.serving.served import Served, serving

ASYNC = {"Content_Type": "image/jpeg", "Prefer": "respond-async"}


def filled(served: Served, image: bytes, most: int) -> tuple[list[str], dict[int, int]]:
    """The jobs that were taken, and how often each answer came, until a dozen were refused in a row."""
    names: list[str] = []
    answers: dict[int, int] = {}
    refused = 0
    while refused < 12 and len(names) < most:
        status, _, body = served.ask("POST", "/v1/cutouts?empty=keep", image, **ASYNC)
        answers[status] = answers.get(status, 0) + 1
        refused = 0 if status == 202 else refused + 1
        names += [json.loads(body)["id"]] if status == 202 else []
    return names, answers


def whole(served: Served, name: str) -> bool:
    status, _, body = served.ask("GET", f"/v1/jobs/{name}/result")
    if status != 200:
        return False
    with Image.open(io.BytesIO(body)) as picture:
        picture.load()
    return True


def ended(served: Served, names: list[str], seconds: float) -> dict[str, int]:
    """States, once all are over or the time is."""
    end = time.monotonic() + seconds
    while True:
        states = [served.job(name)["state"] for name in names]
        if time.monotonic() > end or not {"queued", "running"} & set(states):
            return {s: states.count(s) for s in sorted(set(states))}
        time.sleep(0.2)


def run(megabytes: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        photographs(folder / "in", 1, (4000, 3000))
        image = next((folder / "in").iterdir()).read_bytes()
        disk = folder / "disk"
        disk.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(disk)], check=True)
        try:
            (disk / "tmp").mkdir()
            with serving(disk, TMPDIR=str(disk / "tmp")) as served:
                report(served, image)
        finally:
            subprocess.run(["umount", "-l", str(disk)], check=True)


def report(served: Served, image: bytes) -> None:
    names, answers = filled(served, image, 1000)
    print(f"jobs of {len(image) / 1e6:.1f} MB until the disk is full: {answers}")
    print(f"a picture at once, meanwhile: {served.ask('POST', '/v1/cutouts?empty=keep', image)[0]}")
    print(f"alive: {served.ask('GET', '/livez')[0]}, listed: {listed(served) == set(names)}")
    print(f"after 30 s: {ended(served, names, 30)}")
    done = [n for n in names if served.job(n)["state"] == "done"]
    print(f"results of those done that are whole: {sum(whole(served, n) for n in done)} of {len(done)}")
    while {"queued", "running"} & ended(served, names, 0).keys():
        for name in [n for n in names if served.job(n)["state"] == "done"]:
            assert served.ask("DELETE", f"/v1/jobs/{name}")[0] == 204
            names.remove(name)
        time.sleep(1)
    states = ended(served, names, 60)
    print(f"as those done are erased, the others: {states}, whole {sum(whole(served, n) for n in names)}")
    for name in names:
        served.ask("DELETE", f"/v1/jobs/{name}")
    more, answers = filled(served, image, 4)
    print(f"with room again, without a restart: {answers}, {ended(served, more, 60)}")
    print(f"tracebacks in the log: {(served.data / 'log').read_bytes().count(b'Traceback')}")


def listed(served: Served) -> set[str]:
    return {each["id"] for each in json.loads(served.ask("GET", "/v1/jobs")[2])["jobs"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=64)
    run(parser.parse_args().megabytes)


if __name__ == "__main__":
    main()
