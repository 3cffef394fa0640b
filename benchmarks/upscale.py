"""Fourfold upscaling: `mattebox.upscale` against Real-ESRGAN general-x4v3 (or another network) in plain ONNX Runtime.

    python -m benchmarks.upscale speed --network realesr-general-x4v3.onnx [--megapixels 1] [--rounds 3]
    python -m benchmarks.upscale memory [--megapixels 100]

Speed: the same photograph in one process on two processors, in turn; medians, and medians of the ratios within a
round. The other network is timed alone, without reading, tiling or rounding. Memory: peak resident size of
`mattebox upscale` for a result of that many megapixels, as the kernel counts it.
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
from PIL import Image

import mattebox as mb
from benchmarks.common import CPU_PAIR, load_photograph, median_ratio, time_rounds
from mattebox.types import Picture

Image.MAX_IMAGE_PIXELS = None


def make_photograph(megapixels: float) -> np.ndarray:
    """scikit-image's coffee, resized to 3:2."""
    height = round((megapixels * 1e6 / 1.5) ** 0.5)
    photo = Image.fromarray(load_photograph("coffee"))
    return np.array(photo.resize((round(height * 1.5), height), Image.Resampling.LANCZOS))


def benchmark_speed(network_path: Path, megapixels: float, rounds: int) -> None:
    os.sched_setaffinity(0, CPU_PAIR)
    rgb = make_photograph(megapixels)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = len(CPU_PAIR)
    network = onnxruntime.InferenceSession(str(network_path), options, providers=["CPUExecutionProvider"])
    feeds = {
        network.get_inputs()[0].name: np.ascontiguousarray((rgb.astype(np.float32) / 255).transpose(2, 0, 1)[None])
    }
    functions = {
        network_path.stem: lambda: network.run(None, feeds),
        "mattebox 4x": lambda: mb.upscale(Picture(rgb), "4x", device="cpu"),
        "mattebox 2x": lambda: mb.upscale(Picture(rgb), "2x", device="cpu"),
    }
    mb.upscale(Picture(rgb[:64, :64]), "4x", device="cpu")  # warm up
    seconds = time_rounds(functions, rounds)
    print(f"{megapixels:g} MP on {len(CPU_PAIR)} processors, medians of {rounds}")
    print(f"| | seconds | {network_path.stem} takes |\n|---|---|---|")
    for name, values in seconds.items():
        ratio = median_ratio(seconds[network_path.stem], values)
        print(f"| {name} | {median(values):.2f} | {ratio:.1f}x |")


def benchmark_memory(megapixels: float) -> None:
    with tempfile.TemporaryDirectory() as name:
        source = Path(name) / "photo.png"
        Image.fromarray(make_photograph(megapixels / 16)).save(source)
        start = time.perf_counter()
        subprocess.run([sys.executable, "-m", "mattebox", "upscale", str(source), "--to", "4x"], check=True)
        seconds = time.perf_counter() - start
        with Image.open(source.with_name("photo-upscaled.png")) as result:
            width, height = result.size
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e3
    print(f"{width} x {height}: {seconds:.0f} s, peak {peak:.0f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    modes = parser.add_subparsers(dest="mode", required=True)
    speed = modes.add_parser("speed")
    speed.add_argument("--network", type=Path, required=True)
    speed.add_argument("--megapixels", type=float, default=1)
    speed.add_argument("--rounds", type=int, default=3)
    memory = modes.add_parser("memory")
    memory.add_argument("--megapixels", type=float, default=100)
    args = parser.parse_args()
    if args.mode == "speed":
        benchmark_speed(args.network, args.megapixels, args.rounds)
    else:
        benchmark_memory(args.megapixels)


if __name__ == "__main__":
    main()
