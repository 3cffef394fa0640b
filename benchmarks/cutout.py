"""One photograph to a transparent PNG: mattebox against rembg, in paired rounds.

    python -m benchmarks.cutout [--u2netp FILE] [--repeats 7] [--sizes 12 1]

Both contenders keep their network loaded in a process of their own and work in turn, A B A B; medians, and medians of
the ratios within a round, are printed. The photograph is scikit-image's astronaut, enlarged, with a little noise that
makes decoding and encoding as costly as for a camera's picture.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.common import (
    CPU_CORES,
    REPOSITORY_FOLDER,
    argument_parser,
    copy_u2netp,
    encode_jpeg,
    enlarge_photograph,
    median_ratio,
    rembg_environment,
    run_rounds,
)

Measurement = dict[str, float]  # the worker's answer: seconds in total and in the network, bytes, peak MB


@dataclass(frozen=True)
class Contender:
    library: str
    mode: str
    model: str

    def __str__(self) -> str:
        return f"{self.library} {self.mode} ({Path(self.model).stem})"


class WorkerProcess:
    """The process of one contender (see `benchmarks.cutout_worker`)."""

    def __init__(self, contender: Contender, photo: Path, threads: int, environment: dict[str, str]) -> None:
        command = [sys.executable, "-m", "benchmarks.cutout_worker", contender.library, contender.mode, contender.model]
        self.process = subprocess.Popen(
            [*command, str(photo), str(threads)],
            cwd=REPOSITORY_FOLDER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
        )  # fmt: skip
        self._read_answer()

    def run_once(self) -> Measurement:
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        return self._read_answer()

    def stop(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(30)

    def _read_answer(self) -> Measurement:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"a worker stopped (exit code {self.process.wait()}); its error is above")
        answer: Measurement = json.loads(line)
        return answer


def write_photograph(megapixels: float, folder: Path) -> Path:
    """A 4:3 JPEG of that many megapixels."""
    width = round((megapixels * 1e6 * 4 / 3) ** 0.5)
    height = round(width * 3 / 4)
    noise = np.random.default_rng(0).normal(0, 3, (height, width, 1))
    path = folder / f"photo-{megapixels:g}mp.jpg"
    path.write_bytes(encode_jpeg(enlarge_photograph("astronaut", (width, height)) + noise))
    return path


def benchmark_pair(
    ours: Contender, theirs: Contender, photo: Path, repeats: int, threads: int, environment: dict[str, str]
) -> str:
    """One row of the table."""
    workers = [WorkerProcess(contender, photo, threads, environment) for contender in (ours, theirs)]
    results = run_rounds({str(i): worker.run_once for i, worker in enumerate(workers)}, repeats).values()
    for worker in workers:
        worker.stop()
    totals = [[r["total"] for r in side] for side in results]
    rests = [[r["total"] - r["network"] for r in side] for side in results]
    cells = [str(ours), str(theirs)]
    for seconds in (totals, rests):
        cells += [f"{median(side) * 1000:.0f}" for side in seconds]
        cells.append(f"{median_ratio(seconds[1], seconds[0]):.1f}x")
    cells += [f"{median(r['peak'] for r in side):.0f}" for side in results]
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    parser = argument_parser(__doc__, repeats=7, threads=len(CPU_CORES))
    default_network = Path(__file__).with_name("u2netp.onnx")
    parser.add_argument("--u2netp", type=Path, default=default_network, help="rembg's u2netp.onnx")
    parser.add_argument("--sizes", type=float, nargs="+", default=[12, 1], help="megapixels")
    args = parser.parse_args()
    if not args.u2netp.exists():
        parser.error(f"{args.u2netp} is missing; give rembg's network with --u2netp FILE")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        card = str(copy_u2netp(args.u2netp, folder))
        environment = os.environ | rembg_environment(folder)
        plain, clean = (Contender("rembg", mode, "u2netp") for mode in ("plain", "decontaminate"))
        print(f"{args.threads} threads, medians of {args.repeats} paired rounds; ms, MB; rest = all but the network")
        print(
            "| ours | theirs | ours ms | theirs ms | faster | ours rest | theirs rest | faster | ours MB | theirs MB |"
        )
        print("|---|---|---|---|---|---|---|---|---|---|")
        for megapixels in args.sizes:
            photo = write_photograph(megapixels, folder)
            print(f"| **{megapixels:g} MP** | | | | | | | | | |")
            for mode, model, theirs in (
                ("plain", card, plain),
                ("refined", card, clean),
                ("plain", "balanced", plain),
                ("refined", "balanced", plain),
                ("refined", "balanced", clean),
            ):
                ours = Contender("mattebox", mode, model)
                print(benchmark_pair(ours, theirs, photo, args.repeats, args.threads, environment), flush=True)


if __name__ == "__main__":
    main()
