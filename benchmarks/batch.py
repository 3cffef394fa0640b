"""A folder of photographs: two processors against one, ours against `rembg p`, and memory over many pictures.

    python -m benchmarks.batch speed [--u2netp FILE] [--count 12] [--rounds 3]
    python -m benchmarks.batch memory [--count 1000] [--panorama 100]

Speed: whole commands on 12 MP JPEGs, taken in turn, so that the machine's mood is shared; medians, and medians of the
ratios within a round; without u2netp's weights, only ours on two processors and on one. On a machine that others use,
too, the processors' time says more than the clock. `rembg p` wants `rembg[cli]`, which no lock of ours can hold
(gradio): give it a virtual environment of its own. Memory: resident size of the
process while it cuts 1 MP photographs with one panorama (in megapixels) in their midst; flat when the last third's peak
is the first third's.
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
from pathlib import Path
from statistics import median

import numpy as np
import skimage.data
from PIL import Image

BENCHMARKS_FOLDER = Path(__file__).parent
Image.MAX_IMAGE_PIXELS = None
CPU_CORES = sorted(os.sched_getaffinity(0))[:2]


def write_photographs(folder: Path, count: int, size: tuple[int, int]) -> None:
    """`count` JPEGs of that size (width, height): scikit-image's, enlarged, moved, with grain: all different, since
    mattes are kept."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    grain = rng.normal(0, 3, (size[1], size[0], 1)).astype(np.float32)
    names = ("astronaut", "coffee", "chelsea", "coffee")
    large = [
        np.asarray(Image.fromarray(getattr(skimage.data, n)()).resize(size, Image.Resampling.BICUBIC)) for n in names
    ]
    for number in range(count):
        moved = np.roll(large[number % 4], 5 * number, 1) + np.roll(grain, 97 * number, 0)
        Image.fromarray(np.clip(moved, 0, 255).astype(np.uint8)).save(folder / f"{number:04}.jpg", quality=92)


def mattebox_command(photos: Path, out: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "mattebox", "cut", str(photos), "-o", f"{out}/", "--empty", "keep", *options]


def measure_seconds(command: list[str], cores: list[int], environment: dict[str, str]) -> tuple[float, float]:
    """By the clock, and of processors' time."""
    begun, spent = time.perf_counter(), _child_cpu_seconds()
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, preexec_fn=lambda: os.sched_setaffinity(0, cores)
    )
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stderr[-2000:]}")
    return time.perf_counter() - begun, _child_cpu_seconds() - spent


def _child_cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


CommandsByName = dict[str, tuple[list[str], list[int]]]  # what -> the command, and the processors it may use


def same_network_commands(network_path: Path, work: Path) -> CommandsByName:
    """rembg and ours with the same network."""
    shutil.copyfile(network_path, work / "u2netp.onnx")
    shutil.copyfile(BENCHMARKS_FOLDER / "u2netp.toml", work / "u2netp.toml")
    same = ("--model", str(work / "u2netp.toml"))
    peer = [str(Path(sys.executable).with_name("rembg")), "p", "-m", "u2netp", str(work / "in"), str(work / "peer")]
    white = ("--format", "jpg", "--background", "white")
    plain = ("--edges", "none", "--colours", "source")
    return {
        "rembg p": (peer, CPU_CORES),
        "same network, plain": (mattebox_command(work / "in", work / "a", *same, *plain), CPU_CORES),
        "same network": (mattebox_command(work / "in", work / "b", *same), CPU_CORES),
        "same network, one processor": (mattebox_command(work / "in", work / "c", *same), CPU_CORES[:1]),
        "same network, WebP": (mattebox_command(work / "in", work / "d", *same, "--format", "webp"), CPU_CORES),
        "same network, JPEG on white": (mattebox_command(work / "in", work / "e", *same, *white), CPU_CORES),
    }


def benchmark_speed(network_path: Path | None, count: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        write_photographs(work / "in", count, (4000, 3000))
        runs = same_network_commands(network_path, work) if network_path else {}
        runs["our network"] = mattebox_command(work / "in", work / "f"), CPU_CORES
        runs["our network, one processor"] = mattebox_command(work / "in", work / "g"), CPU_CORES[:1]
        environment = os.environ | {"U2NET_HOME": name, "MODEL_CHECKSUM_DISABLED": "1"}
        environment["MATTEBOX_CACHE"] = "0"  # every run asks anew
        took: dict[str, list[float]] = {what: [] for what in runs}
        busy: dict[str, list[float]] = {what: [] for what in runs}
        for _ in range(rounds):
            for what, (command, cores) in runs.items():
                for out in work.iterdir():  # both leave alone what is there already
                    if out.is_dir() and out.name != "in":
                        shutil.rmtree(out)
                clock, processors = measure_seconds(command, cores, environment)
                took[what].append(clock)
                busy[what].append(processors)
    print(f"{count} JPEGs of 12 MP to PNG unless said; seconds for the whole command, medians of {rounds} rounds")
    print(
        "| | seconds | pictures a second | rembg p takes | processors' seconds | rembg p's |\n|---|---|---|---|---|---|"
    )
    for what, times in took.items():
        ratio, labour = (_speedup_text(among["rembg p"], among[what]) if network_path else "" for among in (took, busy))
        spent = median(busy[what])
        print(f"| {what} | {median(times):.2f} | {count / median(times):.2f} | {ratio} | {spent:.2f} | {labour} |")
    for what in took:
        if (alone := took.get(f"{what}, one processor")) is not None:
            gain = median(a / b for a, b in zip(alone, took[what], strict=True))
            print(f"two processors against one, {what}: {gain:.2f}x")


def _speedup_text(theirs: list[float], ours: list[float]) -> str:
    return f"{median(a / b for a, b in zip(theirs, ours, strict=True)):.1f}x"


def benchmark_memory(count: int, panorama_megapixels: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        write_photographs(work / "in", count, (1200, 900))
        if panorama_megapixels:
            side = round((panorama_megapixels * 1e6 / 4) ** 0.5)
            wide = Image.fromarray(skimage.data.coffee()).resize((4 * side, side))
            wide.save(work / "in" / f"{count // 2:04}-panorama.jpg", quality=85)
        process = subprocess.Popen(mattebox_command(work / "in", work / "out"), stderr=subprocess.DEVNULL)
        sizes: list[tuple[int, float]] = []
        while process.poll() is None:
            sizes.append(
                (len(list((work / "out").glob("*"))) if (work / "out").exists() else 0, resident_megabytes(process.pid))
            )
            time.sleep(0.1)
        made = len(list((work / "out").glob("*.png")))
        if process.returncode:
            sys.exit(f"ended with {process.returncode} after {made} pictures")
    first = max(s for done, s in sizes if done <= count / 3)
    last = max(s for done, s in sizes if done >= count * 2 / 3)
    print(f"{made} pictures; peak {max(s for _, s in sizes):.0f} MB, first third {first:.0f}, last third {last:.0f}")


def resident_megabytes(pid: int) -> float:
    """Megabytes."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("VmRSS")), 0.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kinds = parser.add_subparsers(dest="what", required=True)
    fast = kinds.add_parser("speed")
    fast.add_argument("--u2netp", type=Path)
    fast.add_argument("--count", type=int, default=12)
    fast.add_argument("--rounds", type=int, default=3)
    lean = kinds.add_parser("memory")
    lean.add_argument("--count", type=int, default=1000)
    lean.add_argument("--panorama", type=int, default=100, help="megapixels; 0 for none")
    args = parser.parse_args()
    if args.what == "speed":
        benchmark_speed(args.u2netp, args.count, args.rounds)
    else:
        benchmark_memory(args.count, args.panorama)


if __name__ == "__main__":
    main()
