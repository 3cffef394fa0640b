"""What several benchmarks share: photographs, timing in paired rounds, memory readings, rembg's set-up, options.

Measured processes import this module, so it loads nothing heavier than NumPy and Pillow.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import resource
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import TypeVar

import numpy as np
from PIL import Image

T = TypeVar("T")

REPOSITORY_FOLDER = Path(__file__).parents[1]
CPU_CORES = sorted(os.sched_getaffinity(0))
CPU_PAIR = CPU_CORES[:2]  # the published figures are for two processors
PHOTO_NAMES = ("astronaut", "chelsea", "coffee", "rocket")  # public domain or CC0, in scikit-image


def argument_parser(description: str | None, **defaults: int | float | str) -> argparse.ArgumentParser:
    """A parser with one option for each default, of the default's type."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in defaults.items():
        parser.add_argument("--" + name.replace("_", "-"), type=type(default), default=default)
    return parser


# Photographs


def load_photograph(name: str) -> np.ndarray:
    """One of scikit-image's photographs, H x W x 3, uint8."""
    import skimage.data

    return np.ascontiguousarray(getattr(skimage.data, name)())


def enlarge_photograph(name: str, size: tuple[int, int]) -> np.ndarray:
    """One of scikit-image's photographs at another size (width, height)."""
    return np.asarray(Image.fromarray(load_photograph(name)).resize(size, Image.Resampling.BICUBIC))


def encode_jpeg(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(file, "jpeg", quality=92)
    return file.getvalue()


def jpeg_photographs(count: int, size: tuple[int, int]) -> Iterator[bytes]:
    """JPEG files of one size (width, height): enlarged photographs, shifted, with grain.

    All differ, so that no cached matte is ever reused.
    """
    grain = np.random.default_rng(0).normal(0, 3, (size[1], size[0], 1)).astype(np.float32)
    enlarged = [enlarge_photograph(name, size) for name in ("astronaut", "coffee", "chelsea", "coffee")]
    for number in range(count):
        yield encode_jpeg(np.roll(enlarged[number % 4], 5 * number, 1) + np.roll(grain, 97 * number, 0))


def write_photographs(folder: Path, count: int, size: tuple[int, int]) -> None:
    """Write `jpeg_photographs` to a new folder."""
    folder.mkdir()
    for number, content in enumerate(jpeg_photographs(count, size)):
        (folder / f"{number:04}.jpg").write_bytes(content)


# Timing


def time_call(function: Callable[[], object]) -> float:
    """Wall-clock seconds of one call."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def run_rounds(functions: Mapping[str, Callable[[], T]], rounds: int) -> dict[str, list[T]]:
    """Call all functions in turn, once a round, and return their results by name.

    Whatever else the machine does then slows all of them alike, and ratios within a round can be trusted.
    """
    results: dict[str, list[T]] = {name: [] for name in functions}
    for _ in range(rounds):
        for name, function in functions.items():
            results[name].append(function())
    return results


def time_rounds(functions: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Wall-clock seconds of `run_rounds`, by name."""
    return run_rounds({name: partial(time_call, function) for name, function in functions.items()}, rounds)


def median_ratio(numerators: Sequence[float], denominators: Sequence[float]) -> float:
    """Median of the ratios within a round."""
    return median(a / b for a, b in zip(numerators, denominators, strict=True))


# Memory


def resident_megabytes(pid: int) -> float:
    """Resident size of a process (Linux); 0 once it has ended."""
    return _status_megabytes(Path(f"/proc/{pid}/status"), "VmRSS")


def peak_megabytes() -> float:
    """Peak resident size of this process.

    On Linux this is not `ru_maxrss`, which a child inherits from its parent.
    """
    status = Path("/proc/self/status")
    if status.exists():
        return _status_megabytes(status, "VmHWM")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def _status_megabytes(path: Path, field: str) -> float:
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith(field)), 0.0)


@contextlib.contextmanager
def sample_periodically(read: Callable[[], T], interval_seconds: float) -> Iterator[list[T]]:
    """Collect readings in a thread while the block runs; the first is taken before it starts."""
    samples, stop = [read()], threading.Event()

    def collect() -> None:
        while not stop.wait(interval_seconds):
            samples.append(read())

    thread = threading.Thread(target=collect)
    thread.start()
    try:
        yield samples
    finally:
        stop.set()
        thread.join()


# rembg


def rembg_program() -> str:
    """Path of the `rembg` command beside this Python; exits with a message if there is none."""
    path = Path(sys.executable).with_name("rembg")
    if not path.exists():
        sys.exit(f"{path} is missing; install rembg[cli] in this environment")
    return str(path)


def rembg_environment(network_folder: Path) -> dict[str, str]:
    """Environment variables with which rembg takes u2netp.onnx from a folder instead of downloading it."""
    return {"U2NET_HOME": str(network_folder), "MODEL_CHECKSUM_DISABLED": "1"}


def copy_u2netp(network_path: Path, folder: Path) -> Path:
    """Copy rembg's network and our card for it into a folder, and return the card's path."""
    shutil.copy(network_path, folder / "u2netp.onnx")
    return Path(shutil.copy(Path(__file__).with_name("u2netp.toml"), folder))
