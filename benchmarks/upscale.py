"""Upscaling four times: ours as users call it, against Real-ESRGAN general-x4v3 (or another) in plain ONNX Runtime.

    python -m benchmarks.upscale speed --network realesr-general-x4v3.onnx [--megapixels 1] [--rounds 3]
    python -m benchmarks.upscale memory [--megapixels 100]

Speed: the same photograph, by turns, in one process, on two processors; medians, and the median of the ratios within a
round. The other's time is its network's alone, without reading, tiles or rounding. Memory: peak resident size of
`mattebox upscale` making that many megapixels, as the kernel counts it.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
import onnxruntime
import skimage.data
from PIL import Image

import mattebox as mb
from mattebox.types import Picture

Image.MAX_IMAGE_PIXELS = None
CPU_CORES = sorted(os.sched_getaffinity(0))[:2]


def make_photograph(megapixels: float) -> np.ndarray:
    """scikit-image's coffee at 3 : 2."""
    height = round((megapixels * 1e6 / 1.5) ** 0.5)
    picture = Image.fromarray(skimage.data.coffee()).resize((round(height * 1.5), height), Image.Resampling.LANCZOS)
    return np.array(picture)


def benchmark_speed(network_path: Path, megapixels: float, rounds: int) -> None:
    os.sched_setaffinity(0, CPU_CORES)
    rgb = make_photograph(megapixels)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = len(CPU_CORES)
    peer = onnxruntime.InferenceSession(str(network_path), options, providers=["CPUExecutionProvider"])
    name = peer.get_inputs()[0].name
    x = np.ascontiguousarray((rgb.astype(np.float32) / 255).transpose(2, 0, 1)[None])
    runs = {
        network_path.stem: lambda: peer.run(None, {name: x}),
        "mattebox 4x": lambda: mb.upscale(Picture(rgb), "4x", device="cpu"),
        "mattebox 2x": lambda: mb.upscale(Picture(rgb), "2x", device="cpu"),
    }
    mb.upscale(Picture(rgb[:64, :64]), "4x", device="cpu")
    took: dict[str, list[float]] = {what: [] for what in runs}
    for _ in range(rounds):
        for what, run in runs.items():
            begun = time.perf_counter()
            run()
            took[what].append(time.perf_counter() - begun)
    print(f"{megapixels:g} MP on {len(CPU_CORES)} processors, medians of {rounds}")
    print(f"| | seconds | {network_path.stem} takes |\n|---|---|---|")
    for what, times in took.items():
        ratio = median(theirs / ours for theirs, ours in zip(took[network_path.stem], times, strict=True))
        print(f"| {what} | {median(times):.2f} | {ratio:.1f}x |")


def benchmark_memory(megapixels: float) -> None:
    with tempfile.TemporaryDirectory() as name:
        source = Path(name) / "photo.png"
        Image.fromarray(make_photograph(megapixels / 16)).save(source)
        begun = time.perf_counter()
        subprocess.run([sys.executable, "-m", "mattebox", "upscale", str(source), "--to", "4x"], check=True)
        with Image.open(source.with_name("photo-upscaled.png")) as made:
            size = made.size
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e3
    print(f"{size[0]} x {size[1]}: {time.perf_counter() - begun:.0f} s, peak {peak:.0f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kinds = parser.add_subparsers(dest="what", required=True)
    fast = kinds.add_parser("speed")
    fast.add_argument("--network", type=Path, required=True)
    fast.add_argument("--megapixels", type=float, default=1)
    fast.add_argument("--rounds", type=int, default=3)
    lean = kinds.add_parser("memory")
    lean.add_argument("--megapixels", type=float, default=100)
    args = parser.parse_args()
    if args.what == "speed":
        benchmark_speed(args.network, args.megapixels, args.rounds)
    else:
        benchmark_memory(args.megapixels)


if __name__ == "__main__":
    main()
