"""A batch killed at random moments and started again, against one left alone.

    python -m benchmarks.batch_crash_recovery [--count 300] [--kills 10] [--seed 1]

Photographs of mixed formats, one in twenty broken. Prints how many results differ from the undisturbed run's, whether
the report is complete, and whether temporary files are left over.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import skimage.data
from PIL import Image

PHOTO_SUFFIXES = ("jpg", "png", "webp", "tif", "bmp", "gif", "avif")


def write_photographs(folder: Path, count: int, rng: random.Random) -> None:
    sources = [Image.fromarray(getattr(skimage.data, n)()) for n in ("astronaut", "chelsea", "coffee", "rocket")]
    for n in range(count):
        path = folder / f"{n % 7}" / f"{n}.{PHOTO_SUFFIXES[n % len(PHOTO_SUFFIXES)]}"
        path.parent.mkdir(parents=True, exist_ok=True)
        if n % 20 == 7:
            path.write_bytes(b"\xff\xd8\xff" + rng.randbytes(300))
            continue
        width = rng.randrange(200, 600)
        Image.fromarray(np.asarray(sources[n % 4].resize((width, width * 3 // 4)))).save(path)


def start_batch(folder: Path, out: Path) -> subprocess.Popen[bytes]:
    words = ["cut", str(folder), "-o", f"{out}/", "--recursive", "--model", "fast", "--empty", "keep", "--resume"]
    command = [sys.executable, "-m", "mattebox", *words, "--report", str(out.with_suffix(".jsonl"))]
    return subprocess.Popen(command, stderr=subprocess.DEVNULL)


def hash_files(folder: Path) -> dict[str, str]:
    files = (p for p in sorted(folder.rglob("*")) if p.is_file())
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    rng = random.Random(args.seed)
    with tempfile.TemporaryDirectory() as name:
        folder, whole, out = Path(name) / "in", Path(name) / "whole", Path(name) / "out"
        write_photographs(folder, args.count, rng)
        begun = time.monotonic()
        start_batch(folder, whole).wait()
        alone, kills = time.monotonic() - begun, 0
        for _ in range(args.kills):
            process = start_batch(folder, out)
            time.sleep(rng.uniform(0.3, 0.6 + 1.5 * alone / args.kills))
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
                kills += 1
            process.wait()
        code = start_batch(folder, out).wait()
        made, known = hash_files(out), hash_files(whole)
        lines = out.with_suffix(".jsonl").read_text().splitlines()
        lines = out.with_suffix(".jsonl").read_text().splitlines()
        rows = [json.loads(line) for line in lines if line.endswith("}")]
        finished = {r["output"] for r in rows if r["verdict"] != "failed"}
        differing = sum(made.get(k) != v for k, v in known.items())
        extra = len(made.keys() - known.keys())
        left = sum(Path(name).name.startswith(".") for name in made)
        print(f"{args.count} photographs, {kills} kills, exit code {code}, {alone:.0f} s undisturbed")
        print(f"results: {len(made)} of {len(known)}; differing: {differing}; not in the undisturbed run: {extra}")
        print(f"in the report: {len(finished)}; temporary files left: {left}")


if __name__ == "__main__":
    main()
