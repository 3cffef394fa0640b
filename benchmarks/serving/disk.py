"""A disk that is full: jobs are refused, nothing half a job is seen, and with room again all goes on by itself.

    python -m benchmarks.serving.disk [--megabytes 64]        needs root: it mounts a tmpfs

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
    print(f"jobs of {len(image) / 1e6:.1f} MB until the disk takes no more: {answers}; "
          f"listed all and no other: {listed(served) == set(names)}")  # fmt: skip
    print(f"each fetched and erased when it is done: {fetched(served, names, 120)} of {len(names)} were whole")
    names = [filled(served, image, 1)[0][0] for _ in range(2)]
    print(f"two more: {ended(served, names, 60)}; then another two")
    more = [filled(served, image, 1)[0][0] for _ in range(2)]
    ballast = served.data / "ballast"
    fill(ballast)
    seconds = 5.0
    print(f"the disk filled to the last byte: {filled(served, image, 1)[1]}, at once {now(served, image)}, "
          f"alive {served.ask('GET', '/livez')[0]}, after {seconds:.0f} s {ended(served, more, seconds)}")  # fmt: skip
    print(f"results that were there: whole {sum(whole(served, n) for n in names[:2])} of 2")
    erase(served, [names[1]])
    print(f"erased one with nothing free: listed all and no other: {listed(served) == {names[0], *more}}")
    ballast.unlink()
    print(f"room again, no restart: {ended(served, more, 60)}, whole {sum(whole(served, n) for n in more)}")
    last, answers = filled(served, image, 1)
    print(f"and more are taken: {answers}, {ended(served, last, 60)}")
    print(f"tracebacks in the log: {(served.data / 'log').read_bytes().count(b'Traceback')}")


def fetched(served: Served, names: list[str], seconds: float) -> int:
    left, count, end = list(names), 0, time.monotonic() + seconds
    while left and time.monotonic() < end:
        for name in [n for n in left if served.job(n)["state"] == "done"]:
            count += whole(served, name)
            erase(served, [name])
            left.remove(name)
        time.sleep(0.5)
    return count


def now(served: Served, image: bytes) -> int:
    return served.ask("POST", "/v1/cutouts?empty=keep", image, Content_Type="image/jpeg")[0]


def erase(served: Served, names: list[str]) -> None:
    for name in names:
        assert served.ask("DELETE", f"/v1/jobs/{name}")[0] == 204


def fill(ballast: Path) -> None:
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            with contextlib.suppress(OSError):
                while file.write(bytes(size)):
                    pass


def listed(served: Served) -> set[str]:
    return {each["id"] for each in json.loads(served.ask("GET", "/v1/jobs")[2])["jobs"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=64)
    run(parser.parse_args().megabytes)


if __name__ == "__main__":
    main()
