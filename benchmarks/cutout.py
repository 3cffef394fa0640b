"""A photograph to a transparent PNG: ours against rembg, paired, in one run.

    python -m benchmarks.cutout [--u2netp FILE] [--repeats 7] [--sizes 12 1]

Both contenders hold their network loaded and answer in turn, A B A B, so that the machine's mood is shared; medians
and the median of the paired ratios are printed. The photograph is scikit-image's astronaut, enlarged, with a little
noise so that neither decoder nor encoder has it easy.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import skimage.data
from PIL import Image

BENCHMARKS_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Contender:
    library: str
    mode: str
    model: str

    def __str__(self) -> str:
        return f"{self.library} {self.mode} ({Path(self.model).stem})"


class WorkerProcess:
    """A contender's process."""

    def __init__(self, contender: Contender, photo: Path, threads: int, environment_variables: dict[str, str]) -> None:
        command = [sys.executable, "-m", "benchmarks.cutout_worker", contender.library, contender.mode, contender.model]
        self.process = subprocess.Popen(
            [*command, str(photo), str(threads)],
            cwd=BENCHMARKS_FOLDER.parent, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment_variables,
        )  # fmt: skip
        self._read_answer()

    def run_once(self) -> dict[str, Any]:
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        return self._read_answer()

    def stop(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(30)

    def _read_answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"a worker stopped (exit code {self.process.wait()}); its error is above")
        answer: dict[str, Any] = json.loads(line)
        return answer


def write_photograph(megapixels: float, folder: Path) -> Path:
    """A 4:3 JPEG of that many megapixels."""
    width = round((megapixels * 1e6 * 4 / 3) ** 0.5)
    height = round(width * 3 / 4)
    picture = Image.fromarray(skimage.data.astronaut()).resize((width, height), Image.Resampling.BICUBIC)
    noise = np.random.default_rng(0).normal(0, 3, (height, width, 1))
    path = folder / f"photo-{megapixels:g}mp.jpg"
    Image.fromarray(np.clip(np.asarray(picture) + noise, 0, 255).astype(np.uint8)).save(path, quality=92)
    return path


def benchmark_pair(
    ours: Contender, theirs: Contender, photo: Path, repeats: int, threads: int, environment_variables: dict[str, str]
) -> str:
    """One row of the table."""
    workers = [WorkerProcess(c, photo, threads, environment_variables) for c in (ours, theirs)]
    rounds = [[w.run_once() for w in workers] for _ in range(repeats)]
    for worker in workers:
        worker.stop()

    def of(side: int, value: str) -> float:
        return median(r[side]["total"] - r[side]["network"] if value == "rest" else r[side][value] for r in rounds)

    whole = median(r[1]["total"] / r[0]["total"] for r in rounds)
    rest = median((r[1]["total"] - r[1]["network"]) / (r[0]["total"] - r[0]["network"]) for r in rounds)
    cells = [str(ours), str(theirs)]
    cells += [f"{of(i, 'total') * 1000:.0f}" for i in (0, 1)] + [f"{whole:.1f}x"]
    cells += [f"{of(i, 'rest') * 1000:.0f}" for i in (0, 1)] + [f"{rest:.1f}x"]
    cells += [f"{of(i, 'peak'):.0f}" for i in (0, 1)]
    return "| " + " | ".join(cells) + " |"


def prepare_environment(u2netp: Path, folder: Path) -> tuple[dict[str, str], Path]:
    """The peer's folder of networks, and our card beside a copy of the same file."""
    shutil.copy(u2netp, folder / "u2netp.onnx")
    card = folder / "u2netp.toml"
    shutil.copy(BENCHMARKS_FOLDER / "u2netp.toml", card)
    return {**os.environ, "U2NET_HOME": str(folder), "MODEL_CHECKSUM_DISABLED": "1"}, card


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--u2netp", type=Path, default=BENCHMARKS_FOLDER / "u2netp.onnx", help="the peer's u2netp.onnx")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--sizes", type=float, nargs="+", default=[12, 1], help="megapixels")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    args = parser.parse_args()
    if not args.u2netp.exists():
        parser.error(f"{args.u2netp} is missing; give the peer's network with --u2netp FILE")
    with tempfile.TemporaryDirectory() as folder:
        env, card = prepare_environment(args.u2netp, Path(folder))
        peer = [Contender("rembg", mode, "u2netp") for mode in ("plain", "decontaminate")]
        print(f"{args.threads} threads, medians of {args.repeats} paired rounds; ms, MB; rest = all but the network")
        print(
            "| ours | theirs | ours ms | theirs ms | faster | ours rest | theirs rest | faster | ours MB | theirs MB |"
        )
        print("|---|---|---|---|---|---|---|---|---|---|")
        for megapixels in args.sizes:
            photo = write_photograph(megapixels, Path(folder))
            print(f"| **{megapixels:g} MP** | | | | | | | | | |")
            for mode, model, other in (
                ("plain", str(card), peer[0]),
                ("refined", str(card), peer[1]),
                ("plain", "balanced", peer[0]),
                ("refined", "balanced", peer[0]),
                ("refined", "balanced", peer[1]),
            ):
                ours = Contender("mattebox", mode, model)
                print(benchmark_pair(ours, other, photo, args.repeats, args.threads, env), flush=True)


if __name__ == "__main__":
    main()
