"""A batch in an S3 store that two processes share, one of which is killed again and again, against an undisturbed one.

    pip install 'moto[server]'
    python -m benchmarks.store_crash_recovery [--count 2000] [--seconds-between-kills 5] [--jobs 1] [--seed 1]
    python -m benchmarks.store_crash_recovery --on ray        on a Ray cluster, whose actors are killed
    python -m benchmarks.store_crash_recovery --keep FOLDER   keeps both versions of results that differ

Starts moto's S3 server on this machine. Prints how many results are there, missing, half or differing from those of a
local run, how many pictures were done twice, how the memory of the process that was never killed grew, and what is left
beside the results.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import numpy as np
from PIL import Image

from benchmarks.common import PHOTO_NAMES, argument_parser, load_photograph
from mattebox.io.object_store import list_objects, read_object, write_object
from mattebox.io.store_address import StoreAddress

INPUT, OUTPUT = "s3://benchmark-in", "s3://benchmark-out"
OPTIONS = ("--model", "fast", "--empty", "keep", "--recursive")
LEASE_SECONDS = 10


@contextlib.contextmanager
def s3_server() -> Iterator[str]:
    """moto's S3 server on a free port, with the two buckets, and the environment of its clients; its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-p", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            with contextlib.suppress(OSError):
                urlopen(f"{address}/moto-api/").close()
                break
            time.sleep(0.1)
        os.environ |= {
            "AWS_ENDPOINT_URL": address, "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_REGION": "us-east-1",
        }  # fmt: skip
        for root in (INPUT, OUTPUT):
            urlopen(Request(f"{address}/{root.removeprefix('s3://')}", method="PUT")).close()
        yield address
    finally:
        process.kill()
        process.wait()


def make_photographs(folder: Path, count: int, rng: random.Random) -> None:
    """Small JPEGs in subfolders, and the same as objects."""
    sources = [Image.fromarray(load_photograph(name)) for name in PHOTO_NAMES]
    for n in range(count):
        path = folder / f"{n % 7}" / f"{n:05}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        width = rng.randrange(120, 260)
        sources[n % 4].resize((width, width * 3 // 4)).save(path)
        write_object(StoreAddress(INPUT, f"{path.relative_to(folder)}"), path.read_bytes(), overwrite=True)


def start(inputs: str, output: str, report: Path, *words: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "mattebox", "cut", inputs, "-o", f"{output}/", *OPTIONS]
    return subprocess.Popen([*command, "--report", str(report), "--resume", *words], stderr=subprocess.DEVNULL)


def resident_megabytes(process: subprocess.Popen[bytes]) -> float:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
    return 0.0


def run_with_kills(folder: Path, jobs: int, pause: float, rng: random.Random) -> tuple[int, list[float]]:
    """Two processes do the batch, the second is killed and started again: kills, and the first one's memory."""
    share = ("--share", "--lease", str(LEASE_SECONDS), "--jobs", str(jobs))
    steady = start(INPUT, OUTPUT, folder / "steady.jsonl", *share)
    kill_count, memory = 0, []
    while steady.poll() is None:
        victim = start(INPUT, OUTPUT, folder / "victim.jsonl", *share)
        end = time.monotonic() + rng.uniform(0.5, 1.5) * pause
        while time.monotonic() < end and steady.poll() is None:
            memory.append(resident_megabytes(steady))
            time.sleep(0.5)
        if victim.poll() is None:
            victim.kill()
            kill_count += 1
        victim.wait()
    print(f"exit code of the process that was not killed: {steady.returncode}")
    return kill_count, memory


def actor_processes(driver: int) -> list[int]:
    """The processes of a driver's Ray actors: of its raylet's children those that Ray calls so."""
    parents, names = {}, {}
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError):
            parents[int(path.name)] = int((path / "stat").read_text().rpartition(")")[2].split()[1])
            names[int(path.name)] = (path / "cmdline").read_bytes()
    return [
        process
        for process, name in names.items()
        if name.startswith(b"ray::JobActor") and parents.get(parents[process]) == driver
    ]


def run_on_ray(folder: Path, jobs: int, pause: float, rng: random.Random) -> tuple[int, list[float]]:
    """A cluster on this machine does the batch, one of its actors is killed again and again: kills, the driver's
    memory."""
    driver = start(INPUT, OUTPUT, folder / "steady.jsonl", "--on", "ray", "--jobs", str(max(2, jobs)))
    kill_count, memory, next_kill = 0, [], time.monotonic() + pause
    while driver.poll() is None:
        time.sleep(0.5)
        memory.append(resident_megabytes(driver))
        processes = actor_processes(driver.pid)
        if time.monotonic() > next_kill and len(processes) > 1:
            with contextlib.suppress(ProcessLookupError):
                os.kill(rng.choice(processes), signal.SIGKILL)
                kill_count += 1
            next_kill = time.monotonic() + rng.uniform(0.5, 1.5) * pause
    print(f"exit code of the driver: {driver.returncode}")
    return kill_count, memory


def describe_difference(first: bytes, second: bytes) -> str:
    """How many samples of two PNG files differ, in which channels, and by how much; or that only their bytes do."""
    a, b = (np.asarray(Image.open(io.BytesIO(content)).convert("RGBA"), np.int16) for content in (first, second))
    if a.shape != b.shape:
        return f"{a.shape} and {b.shape}"
    difference = np.abs(a - b)
    counts = dict(zip("RGBA", np.count_nonzero(difference, axis=(0, 1)).tolist(), strict=True))
    return f"samples {counts}, by up to {difference.max()}" if difference.any() else "the same pixels in other bytes"


def print_comparison(folder: Path, keep: Path | None) -> None:
    reference = {str(p.relative_to(folder / "local")): p.read_bytes() for p in (folder / "local").rglob("*.png")}
    keys = [found.address.key for found in list_objects(StoreAddress(OUTPUT, ""))]
    results = {key: read_object(StoreAddress(OUTPUT, key), 1 << 30)[0] for key in keys if key.endswith(".png")}
    differing = sum(reference.get(key) != content for key, content in results.items())
    print(f"results: {len(results)} of {len(reference)}; missing: {len(reference.keys() - results.keys())}; ", end="")
    print(f"unexpected: {len(results.keys() - reference.keys())}; differing from the local run: {differing}")
    for key in sorted(key for key, content in results.items() if reference.get(key, content) != content):
        print(f"  {key}: {describe_difference(reference[key], results[key])}")
        if keep:
            for name, content in (("local", reference[key]), ("shared", results[key])):
                path = keep / f"{Path(key).stem}-{name}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
    print(f"objects beside them: {[key for key in keys if not key.endswith('.png')]}")
    reports = [path for name in ("steady", "victim") if (path := folder / f"{name}.jsonl").exists()]
    lines = [line for path in reports for line in path.read_text().splitlines()]
    rows = [json.loads(line) for line in lines if line.endswith("}")]
    counts = Counter(row["output"] for row in rows if row["verdict"] != "failed")
    wrong = sum(
        hashlib.sha256(results.get(row["output"].removeprefix(f"{OUTPUT}/"), b"")).hexdigest() != row["output_sha256"]
        for row in rows
        if row["verdict"] != "failed"
    )
    print(f"in the reports: {len(counts)}; twice: {sum(c > 1 for c in counts.values())}; of other bytes: {wrong}")


def main() -> None:
    args = argument_parser(__doc__, count=2000, seconds_between_kills=5.0, jobs=1, seed=1, on="", keep="").parse_args()
    rng = random.Random(args.seed)
    with tempfile.TemporaryDirectory() as name, s3_server():
        folder = Path(name)
        make_photographs(folder / "in", args.count, rng)
        begin = time.monotonic()
        start(str(folder / "in"), str(folder / "local"), folder / "local.jsonl", "--jobs", "2").wait()
        local_seconds, begin = time.monotonic() - begin, time.monotonic()
        disturb = run_on_ray if args.on == "ray" else run_with_kills
        kills, memory = disturb(folder, args.jobs, args.seconds_between_kills, rng)
        print(f"{args.count} objects, {kills} kills, {time.monotonic() - begin:.0f} s; local {local_seconds:.0f} s")
        third = max(1, len(memory) // 3)
        middle, last = max(memory[third : 2 * third]), max(memory[-third:])
        print(f"memory, MB: {middle:.0f} in the middle third, {last:.0f} in the last")
        print_comparison(folder, Path(args.keep) if args.keep else None)


if __name__ == "__main__":
    main()
