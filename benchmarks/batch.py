"""Batch throughput and memory on a folder of photographs: two processors against one, mattebox against `rembg p`.

    python -m benchmarks.batch speed [--u2netp FILE] [--count 12] [--rounds 3]
    python -m benchmarks.batch memory [--count 1000] [--panorama 100]

Speed: whole commands on 12 MP JPEGs, in turn; medians, and medians of the ratios within a round. Without u2netp's
weights only our network runs, on two processors and on one. On a busy machine the CPU time says more than the clock.
`rembg p` needs `rembg[cli]`, which cannot be in requirements/bench.lock (it pulls in gradio): give it a virtual
environment of its own. Memory: resident size of the process while it cuts 1 MP photographs with one panorama (its
megapixels) among them; it is flat if the peak of the last third is that of the first.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from statistics import median
from typing import NamedTuple

from PIL import Image

from benchmarks.common import (
    CPU_PAIR,
    copy_u2netp,
    load_photograph,
    median_ratio,
    rembg_environment,
    rembg_program,
    resident_megabytes,
    run_rounds,
    sample_periodically,
    write_photographs,
)

Image.MAX_IMAGE_PIXELS = None


class BatchCommand(NamedTuple):
    """A command line, and the processors that it may use."""

    arguments: list[str]
    cores: list[int]


class CommandTimes(NamedTuple):
    """Seconds of one command: wall clock and CPU."""

    wall: float
    cpu: float


def mattebox_command(photos: Path, out: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "mattebox", "cut", str(photos), "-o", f"{out}/", "--empty", "keep", *options]


def time_command(work: Path, command: BatchCommand, environment: dict[str, str]) -> CommandTimes:
    """Run a command after the removal of earlier results, which both programs would skip."""
    for folder in work.iterdir():
        if folder.is_dir() and folder.name != "in":
            shutil.rmtree(folder)
    start, cpu_start = time.perf_counter(), _child_cpu_seconds()
    result = subprocess.run(
        command.arguments, env=environment, capture_output=True, text=True,
        preexec_fn=lambda: os.sched_setaffinity(0, command.cores),
    )  # fmt: skip
    if result.returncode:
        sys.exit(f"{' '.join(command.arguments)}\n{result.stderr[-2000:]}")
    return CommandTimes(time.perf_counter() - start, _child_cpu_seconds() - cpu_start)


def _child_cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def same_network_commands(network_path: Path, work: Path) -> dict[str, BatchCommand]:
    """rembg and mattebox with the same network."""
    model = ("--model", str(copy_u2netp(network_path, work)))
    cut = partial(mattebox_command, work / "in")
    rembg = [rembg_program(), "p", "-m", "u2netp", str(work / "in"), str(work / "rembg")]
    white = ("--format", "jpg", "--background", "white")
    plain = ("--edges", "none", "--colours", "source")
    return {
        "rembg p": BatchCommand(rembg, CPU_PAIR),
        "same network, plain": BatchCommand(cut(work / "a", *model, *plain), CPU_PAIR),
        "same network": BatchCommand(cut(work / "b", *model), CPU_PAIR),
        "same network, one processor": BatchCommand(cut(work / "c", *model), CPU_PAIR[:1]),
        "same network, WebP": BatchCommand(cut(work / "d", *model, "--format", "webp"), CPU_PAIR),
        "same network, JPEG on white": BatchCommand(cut(work / "e", *model, *white), CPU_PAIR),
    }


def benchmark_speed(network_path: Path | None, count: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        write_photographs(work / "in", count, (4000, 3000))
        commands = same_network_commands(network_path, work) if network_path else {}
        commands["our network"] = BatchCommand(mattebox_command(work / "in", work / "f"), CPU_PAIR)
        commands["our network, one processor"] = BatchCommand(mattebox_command(work / "in", work / "g"), CPU_PAIR[:1])
        environment = os.environ | rembg_environment(work)
        environment["MATTEBOX_CACHE"] = "0"  # no round may reuse a matte of the one before
        functions = {label: partial(time_command, work, command, environment) for label, command in commands.items()}
        times = run_rounds(functions, rounds)
    wall = {label: [t.wall for t in values] for label, values in times.items()}
    cpu = {label: [t.cpu for t in values] for label, values in times.items()}
    print(f"{count} JPEGs of 12 MP to PNG unless said; seconds for the whole command, medians of {rounds} rounds")
    print("| | seconds | pictures a second | rembg p takes | CPU seconds | rembg p's |\n|---|---|---|---|---|---|")
    for label in times:
        ratios = [f"{median_ratio(s['rembg p'], s[label]):.1f}x" if network_path else "" for s in (wall, cpu)]
        seconds, cpu_seconds = median(wall[label]), median(cpu[label])
        print(f"| {label} | {seconds:.2f} | {count / seconds:.2f} | {ratios[0]} | {cpu_seconds:.2f} | {ratios[1]} |")
    for label in times:
        if (single := wall.get(f"{label}, one processor")) is not None:
            print(f"two processors against one, {label}: {median_ratio(single, wall[label]):.2f}x")


def benchmark_memory(count: int, panorama_megapixels: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        source, out = Path(name) / "in", Path(name) / "out"
        write_photographs(source, count, (1200, 900))
        if panorama_megapixels:
            side = round((panorama_megapixels * 1e6 / 4) ** 0.5)
            panorama = Image.fromarray(load_photograph("coffee")).resize((4 * side, side))
            panorama.save(source / f"{count // 2:04}-panorama.jpg", quality=85)
        process = subprocess.Popen(mattebox_command(source, out), stderr=subprocess.DEVNULL)
        with sample_periodically(lambda: (len(list(out.glob("*"))), resident_megabytes(process.pid)), 0.1) as samples:
            process.wait()
        results = len(list(out.glob("*.png")))
        if process.returncode:
            sys.exit(f"the command ended with {process.returncode} after {results} pictures")
    peak = max(megabytes for _, megabytes in samples)
    first = max(megabytes for finished, megabytes in samples if finished <= count / 3)
    last = max(megabytes for finished, megabytes in samples if finished >= count * 2 / 3)
    print(f"{results} pictures; peak {peak:.0f} MB, first third {first:.0f}, last third {last:.0f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    modes = parser.add_subparsers(dest="mode", required=True)
    speed = modes.add_parser("speed")
    speed.add_argument("--u2netp", type=Path, help="rembg's u2netp.onnx")
    speed.add_argument("--count", type=int, default=12)
    speed.add_argument("--rounds", type=int, default=3)
    memory = modes.add_parser("memory")
    memory.add_argument("--count", type=int, default=1000)
    memory.add_argument("--panorama", type=int, default=100, help="megapixels; 0 for none")
    args = parser.parse_args()
    if args.mode == "speed":
        benchmark_speed(args.u2netp, args.count, args.rounds)
    else:
        benchmark_memory(args.count, args.panorama)


if __name__ == "__main__":
    main()
