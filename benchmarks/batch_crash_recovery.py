"""A batch that is killed at random moments and resumed, compared with one that runs undisturbed.

    python -m benchmarks.batch_crash_recovery [--count 300] [--kills 10] [--seed 1]

The photographs are of seven formats, one in twenty is broken. Prints how many results differ from the undisturbed
run's, whether the report is complete, and whether temporary files remain.
"""

from __future__ import annotations

import hashlib
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

from benchmarks.common import PHOTO_NAMES, argument_parser, load_photograph

PHOTO_SUFFIXES = ("jpg", "png", "webp", "tif", "bmp", "gif", "avif")


def write_photographs(folder: Path, count: int, rng: random.Random) -> None:
    """Photographs in subfolders, of random widths and in turn of all formats; one in twenty is not readable."""
    sources = [Image.fromarray(load_photograph(name)) for name in PHOTO_NAMES]
    for n in range(count):
        path = folder / f"{n % 7}" / f"{n}.{PHOTO_SUFFIXES[n % len(PHOTO_SUFFIXES)]}"
        path.parent.mkdir(parents=True, exist_ok=True)
        if n % 20 == 7:
            path.write_bytes(b"\xff\xd8\xff" + rng.randbytes(300))
            continue
        width = rng.randrange(200, 600)
        sources[n % 4].resize((width, width * 3 // 4)).save(path)


def start_batch(folder: Path, out: Path) -> subprocess.Popen[bytes]:
    options = ["--recursive", "--model", "fast", "--empty", "keep", "--resume", "--report", str(report_path(out))]
    command = [sys.executable, "-m", "mattebox", "cut", str(folder), "-o", f"{out}/", *options]
    return subprocess.Popen(command, stderr=subprocess.DEVNULL)


def report_path(out: Path) -> Path:
    return out.with_suffix(".jsonl")


def hash_files(folder: Path) -> dict[str, str]:
    """SHA-256 by path below the folder."""
    files = (p for p in sorted(folder.rglob("*")) if p.is_file())
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def run_with_kills(folder: Path, out: Path, kills: int, max_seconds: float, rng: random.Random) -> tuple[int, int]:
    """Kill the batch up to `kills` times, then let it finish: kills that hit a running batch, and the exit code."""
    kill_count = 0
    for _ in range(kills):
        process = start_batch(folder, out)
        time.sleep(rng.uniform(0.3, max_seconds))
        if process.poll() is None:
            process.kill()
            kill_count += 1
        process.wait()
    return kill_count, start_batch(folder, out).wait()


def print_comparison(out: Path, reference: Path) -> None:
    hashes, reference_hashes = hash_files(out), hash_files(reference)
    lines = report_path(out).read_text().splitlines()
    rows = [json.loads(line) for line in lines if line.endswith("}")]
    finished = {row["output"] for row in rows if row["verdict"] != "failed"}
    differing = sum(hashes.get(name) != value for name, value in reference_hashes.items())
    extra = len(hashes.keys() - reference_hashes.keys())
    temporary = sum(Path(name).name.startswith(".") for name in hashes)
    print(f"results: {len(hashes)} of {len(reference_hashes)}; differing: {differing}; unexpected: {extra}")
    print(f"in the report: {len(finished)}; temporary files left: {temporary}")


def main() -> None:
    args = argument_parser(__doc__, count=300, kills=10, seed=1).parse_args()
    rng = random.Random(args.seed)
    with tempfile.TemporaryDirectory() as name:
        folder, reference, out = (Path(name) / part for part in ("in", "reference", "out"))
        write_photographs(folder, args.count, rng)
        start = time.monotonic()
        start_batch(folder, reference).wait()
        seconds = time.monotonic() - start
        kills, exit_code = run_with_kills(folder, out, args.kills, 0.6 + 1.5 * seconds / max(1, args.kills), rng)
        print(f"{args.count} photographs, {kills} kills, exit code {exit_code}, {seconds:.0f} s undisturbed")
        print_comparison(out, reference)


if __name__ == "__main__":
    main()
