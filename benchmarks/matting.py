"""Edge refinement against known mattes: ours, rembg's alpha matting and post-processing, and PyMatting, in one run.

    python -m benchmarks.matting [--sizes 1 4 12] [--mattes hard hair soft] [--jobs ...] [--timeout 1800]
    python -m benchmarks.matting --mattes real --data DATA

PyMatting's closed form (Levin et al. 2008), KNN (Chen et al. 2013) and foreground need PyMatting, rembg's methods need
rembg. All methods start from the same coarse alpha: the known one at a network's resolution, a little blurred. "real"
are COUNT composites of real subjects with our network's own matte, of which the mean is printed
(benchmarks.matting_scenes).

Each method runs in a process of its own, after a small picture to warm up. Seconds are those of alpha, with foreground
colours where the method estimates them; MB is the peak resident size, inputs included. SAD, Grad and Conn are in
thousands, MSE in thousandths. "halo" is the mean colour error along the edge, of 255; "black", "white" and "green" are
that of the cutout shown on these colours, in the band where the true matte or the coarse one is between 0 and 1.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.common import REPOSITORY_FOLDER, argument_parser, peak_megabytes
from benchmarks.matting_methods import METHODS, MattingMethod, enlarge_alpha
from benchmarks.matting_scenes import MattingScene, load_real_scenes, make_synthetic_scene
from mattebox.metrics.matting import connectivity_error, gradient_error, mse, sad
from mattebox.types import Floats

WARM_UP_MEGAPIXELS = 0.05
BACKDROP_COLOURS = {"black": (0, 0, 0), "white": (255, 255, 255), "green": (0, 177, 64)}
ERROR_MEASURES: dict[str, tuple[Callable[[Floats, Floats], float], int]] = {  # name -> measure, factor
    "SAD": (sad, 1),
    "MSE": (mse, 1000),
    "Grad": (gradient_error, 1),
    "Conn": (connectivity_error, 1),
}
COLUMN_NAMES = ("s", "MB", *ERROR_MEASURES, "halo", *BACKDROP_COLOURS)


def measure_method(method_name: str, scenes: list[MattingScene]) -> dict[str, float]:
    """Run a method in this process: the mean over scenes of each column."""
    method = METHODS[method_name]
    method(*make_synthetic_scene("hard", WARM_UP_MEGAPIXELS)[:2])
    rows = [_measure_scene(method, scene) for scene in scenes]
    return {name: float(np.mean([row[name] for row in rows])) for name in COLUMN_NAMES}


def _measure_scene(method: MattingMethod, scene: MattingScene) -> dict[str, float]:
    reset_peak_memory()
    start = time.perf_counter()
    alpha_levels, foreground_rgb = method(scene.picture, scene.coarse_matte)
    figures = {"s": time.perf_counter() - start, "MB": peak_megabytes()}
    alpha = alpha_levels.astype(np.float32) / np.float32(255)
    rgb = scene.picture.rgb if foreground_rgb is None else foreground_rgb
    figures |= {name: measure(alpha, scene.truth) * factor for name, (measure, factor) in ERROR_MEASURES.items()}
    return figures | {"halo": halo_error(rgb, scene.foreground_rgb, scene.truth), **edge_band_errors(alpha, rgb, scene)}


def edge_band_errors(alpha: Floats, rgb: np.ndarray, scene: MattingScene) -> dict[str, float]:
    """Mean colour error, 0..255, of the cutout shown on each backdrop, in the band along the edge."""
    coarse = enlarge_alpha(scene.picture, scene.coarse_matte)
    band = ((scene.truth > 0) & (scene.truth < 1)) | ((coarse > 0.02 * 255) & (coarse < 0.98 * 255))
    return backdrop_errors(alpha[band], rgb[band], scene.truth[band], scene.foreground_rgb[band])


def backdrop_errors(alpha: Floats, rgb: np.ndarray, truth: Floats, foreground_rgb: np.ndarray) -> dict[str, float]:
    """Mean colour error, 0..255, of N pixels (alpha N, colours N x 3) shown on each backdrop."""
    a, b = alpha[:, None], truth[:, None]
    colours, true_colours = rgb.astype(np.float32), foreground_rgb.astype(np.float32)
    backdrops = {name: np.array(colour, np.float32) for name, colour in BACKDROP_COLOURS.items()}
    return {
        name: float(np.abs(a * colours + (1 - a) * backdrop - b * true_colours - (1 - b) * backdrop).mean())
        for name, backdrop in backdrops.items()
    }


def halo_error(rgb: np.ndarray, foreground_rgb: np.ndarray, truth: Floats) -> float:
    """Mean colour error, 0..255, where the true alpha is between 0 and 1, weighted by it."""
    edge = (truth > 0) & (truth < 1)
    weight = truth[edge][:, None].astype(np.float64)
    return float((weight * np.abs(rgb[edge].astype(float) - foreground_rgb[edge])).sum() / (3 * weight.sum()))


def reset_peak_memory() -> None:
    """Reset the kernel's high-water mark, where it can be reset (Linux)."""
    if Path("/proc/self/clear_refs").exists():
        Path("/proc/self/clear_refs").write_text("5")


def run_table_row(
    method_name: str, matte_kind: str, megapixels: float, timeout_seconds: float, extra_arguments: list[str]
) -> str:
    command = [sys.executable, "-m", "benchmarks.matting", "--job", method_name, *extra_arguments]
    command += ["--mattes", matte_kind, "--sizes", str(megapixels)]
    try:
        result = subprocess.run(
            command, cwd=REPOSITORY_FOLDER, stdout=subprocess.PIPE, text=True, timeout=timeout_seconds, check=False
        )
    except subprocess.TimeoutExpired:
        return f"| {method_name} | {matte_kind} | stopped after {timeout_seconds:g} s |"
    if result.returncode:
        return f"| {method_name} | {matte_kind} | failed with exit code {result.returncode} |"
    figures: dict[str, float] = json.loads(result.stdout.splitlines()[-1])
    return f"| {method_name} | {matte_kind} | " + " | ".join(f"{figures[name]:.2f}" for name in COLUMN_NAMES) + " |"


def main() -> None:
    kinds = ["hard", "hair", "soft"]
    parser = argument_parser(__doc__)
    parser.add_argument("--sizes", type=float, nargs="+", default=[1, 4, 12], help="megapixels")
    parser.add_argument("--mattes", nargs="+", default=kinds, choices=[*kinds, "real"])
    parser.add_argument("--data", type=Path, help="training material with a validation split, for real")
    parser.add_argument("--count", type=int, default=4, help="pictures of real")
    parser.add_argument("--jobs", nargs="+", default=list(METHODS), choices=list(METHODS), help="methods to compare")
    parser.add_argument("--timeout", type=float, default=1800, help="seconds for one method")
    parser.add_argument("--job", choices=list(METHODS), help="run this method here, and print a line of JSON")
    args = parser.parse_args()
    if args.job:
        kind, size = args.mattes[0], args.sizes[0]
        scenes = load_real_scenes(args.data, size, args.count) if kind == "real" else [make_synthetic_scene(kind, size)]
        print(json.dumps(measure_method(args.job, scenes)))
        return
    extra_arguments = [] if args.data is None else ["--data", str(args.data), "--count", str(args.count)]
    print("| method | edge | " + " | ".join(COLUMN_NAMES) + " |")
    print("|---|---|" + "---|" * len(COLUMN_NAMES))
    for megapixels in args.sizes:
        print(f"| **{megapixels:g} MP** | |" + " |" * len(COLUMN_NAMES))
        for kind in args.mattes:
            for method_name in args.jobs:
                print(run_table_row(method_name, kind, megapixels, args.timeout, extra_arguments), flush=True)


if __name__ == "__main__":
    main()
