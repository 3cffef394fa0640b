"""Refinement on composites with known alpha: ours against rembg's alpha matting and its post-processing, in one run.

    python -m benchmarks.matting [--sizes 1 4 12] [--mattes hard hair soft] [--jobs ...] [--timeout 1800]
    python -m benchmarks.matting --mattes real --data DATA

With PyMatting installed, so are its closed form (Levin et al. 2008) and KNN (Chen et al. 2013), and its foreground.
All start from the same coarse alpha, the known one at a network's resolution, a little blurred; rembg enlarges it as
its sessions do (Lanczos). Front and back are scikit-image's photographs, mirrored and repeated at their own resolution.
"real" are validation pictures of things and people photographed on white, whose alpha and colours are known, put into
rooms and enlarged, with our network's own answer in place of the known one: the mean of COUNT pictures.
Each job has a process of its own, warmed on a small picture. Seconds are those of alpha, with the foreground's colours
where the job has them; MB are the most the process held while at it, its inputs included. SAD, Grad and Conn are in
thousands, MSE in thousandths. Halo is the colours' mean error along the edge, of 255; black, white and green are the
cutout's, shown on these, in the band in which the true matte or the coarse one is neither nothing nor all.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import skimage.data
from PIL import Image

from benchmarks.cutout_worker import peak_megabytes
from mattebox.io import resampling
from mattebox.metrics import matting
from mattebox.metrics.segmentation import iou
from mattebox.types import Floats, ImageShape, Matte, Picture
from tests.fakes import composite, disc, hairy, mosaic

MattingMethod = Callable[
    [Picture, Matte], tuple[np.ndarray, np.ndarray | None]
]  # -> alpha, and the cutout's colours if any

BENCHMARKS_FOLDER = Path(__file__).parent
COARSE_SAMPLES = 320 * 320  # samples of a network's answer
WARM_UP_MEGAPIXELS = 0.05  # megapixels
MIN_FOUND_IOU = 0.9  # IoU from which a subject is found
BACKDROP_COLOURS = {"black": (0, 0, 0), "white": (255, 255, 255), "green": (0, 177, 64)}
ERROR_MEASURES = {
    "SAD": ("sad", 1),
    "MSE": ("mse", 1000),
    "Grad": ("gradient_error", 1),
    "Conn": ("connectivity_error", 1),
}


class MattingScene(NamedTuple):
    picture: Picture
    coarse_matte: Matte
    truth: Floats
    foreground_rgb: np.ndarray


def make_synthetic_scene(kind: str, megapixels: float) -> MattingScene:
    height = round((megapixels * 1e6 * 3 / 4) ** 0.5)
    size: ImageShape = (height, round(height * 4 / 3))
    truth = {"hard": disc, "hair": hairy, "soft": lambda s: disc(s, softness=0.02 * min(s))}[kind](size)
    front, back = (mosaic(getattr(skimage.data, name)(), size) for name in ("chelsea", "rocket"))
    return MattingScene(composite(truth, front, back), simulate_coarse_matte(truth), truth, front)


def composite_on_backgrounds(data: Path, megapixels: float) -> Iterator[tuple[Picture, Floats, np.ndarray]]:
    """Pictures of the validation split photographed on white, put into rooms: composite, true alpha, true colours."""
    from mattebox.training.data.dataset import stream_samples, unmix_white_background

    rooms = (picture for _, picture, _ in stream_samples(data, "background", "val") if min(picture.size) >= 200)
    for row, picture, mask in stream_samples(data, "labelled", "val"):
        if row.set != "magento_white" or mask is None:
            continue
        scale = (megapixels * 1e6 / (picture.width * picture.height)) ** 0.5
        size = round(picture.width * scale), round(picture.height * scale)
        colours = Image.fromarray(unmix_white_background(np.asarray(picture), np.asarray(mask)))
        front, back = (np.asarray(p.resize(size, Image.Resampling.BICUBIC)) for p in (colours, next(rooms)))
        truth = np.asarray(mask.resize(size, Image.Resampling.BICUBIC), np.float32) / np.float32(255)
        yield composite(truth, front, back), truth, front


def load_real_scenes(data: Path, megapixels: float, count: int) -> list[MattingScene]:
    """Those of them that the network sees the subject of, with its answer."""
    from mattebox.matting.segmentation import segment
    from mattebox.models.matte_session import open_session

    session = open_session("balanced", "cpu")
    seen = (
        MattingScene(whole, segment(whole, session), *known)
        for whole, *known in composite_on_backgrounds(data, megapixels)
    )
    return list(islice(filter(_is_subject_found, seen), count))


def _is_subject_found(scene: MattingScene) -> bool:
    again = resampling.enlarge(scene.coarse_matte.alpha / np.float32(65535), scene.picture.shape, "bilinear")
    return iou(again, scene.truth) > MIN_FOUND_IOU


def simulate_coarse_matte(truth: Floats) -> Matte:
    scale = (COARSE_SAMPLES / truth.size) ** 0.5
    size = max(1, round(truth.shape[0] * scale)), max(1, round(truth.shape[1] * scale))
    small = resampling.shrink(np.round(truth * 255).astype(np.uint8), size).astype(np.float32) / 255
    for axis in (0, 1):
        small = (np.roll(small, 1, axis) + 2 * small + np.roll(small, -1, axis)) / 4
    return Matte(np.round(small * 65535).astype(np.uint16), 1.0, True, (0, 0, *size[::-1]))


def run_mattebox_network(picture: Picture, coarse_matte: Matte) -> tuple[np.ndarray, np.ndarray | None]:
    from mattebox.matting.network_refinement import refine_with_network

    return with_foreground_colours(picture, refine_with_network(picture, coarse_matte))


def run_mattebox_auto(picture: Picture, coarse_matte: Matte) -> tuple[np.ndarray, np.ndarray | None]:
    from mattebox.matting.auto_refinement import refine_automatically

    return with_foreground_colours(picture, refine_automatically(picture, coarse_matte))


def run_mattebox_colour(picture: Picture, coarse_matte: Matte) -> tuple[np.ndarray, np.ndarray | None]:
    from mattebox.matting.colour_refinement import refine

    return with_foreground_colours(picture, refine(picture, coarse_matte))


def with_foreground_colours(picture: Picture, matte: Matte) -> tuple[np.ndarray, np.ndarray | None]:
    """Alpha, and the foreground's colours."""
    from mattebox.matting.foreground import estimate_foreground

    return matte.alpha, estimate_foreground(picture, matte).rgb


def run_mattebox_none(picture: Picture, coarse_matte: Matte) -> tuple[np.ndarray, np.ndarray | None]:
    from mattebox.matting.matte_operations import enlarge_matte

    return enlarge_matte(picture, coarse_matte).alpha, None


def rembg_mask(picture: Picture, coarse_matte: Matte) -> Image.Image:
    small = Image.fromarray((coarse_matte.alpha // 257).astype(np.uint8))
    return small.resize(picture.shape[::-1], Image.Resampling.LANCZOS)


def run_rembg_alpha_matting(picture: Picture, coarse_matte: Matte) -> tuple[np.ndarray, np.ndarray | None]:
    from rembg.bg import alpha_matting_cutout

    mask = rembg_mask(picture, coarse_matte)
    cut = np.asarray(alpha_matting_cutout(Image.fromarray(picture.rgb), mask, 240, 10, 10))  # its defaults
    return cut[..., 3], cut[..., :3]


def run_rembg_post_process(picture: Picture, coarse_matte: Matte) -> tuple[np.ndarray, np.ndarray | None]:
    from rembg.bg import post_process

    return post_process(np.array(rembg_mask(picture, coarse_matte))), None


def run_rembg_default(picture: Picture, coarse_matte: Matte) -> tuple[np.ndarray, np.ndarray | None]:
    from rembg.bg import naive_cutout

    cut = np.asarray(naive_cutout(Image.fromarray(picture.rgb), rembg_mask(picture, coarse_matte)))
    return cut[..., 3], cut[..., :3]


def trimap_from_coarse(picture: Picture, coarse_matte: Matte) -> np.ndarray:
    """0, 0.5 or 1: what the enlarged coarse alpha leaves open, widened by one of its samples."""
    from scipy.ndimage import maximum_filter, minimum_filter

    seen = run_mattebox_none(picture, coarse_matte)[0] / 255
    reach = 2 * max(1, picture.shape[0] // coarse_matte.shape[0]) + 1
    sure, none = minimum_filter(seen, reach) > 0.95, maximum_filter(seen, reach) < 0.05
    return np.where(sure, 1.0, np.where(none, 0.0, 0.5))


def pymatting_method(method: str) -> MattingMethod:
    """PyMatting's alpha from such a trimap, and its foreground by several levels (Germer et al. 2020)."""

    def work(picture: Picture, given: Matte) -> tuple[np.ndarray, np.ndarray | None]:
        import pymatting

        rgb = picture.rgb / 255.0
        alpha = getattr(pymatting, f"estimate_alpha_{method}")(rgb, trimap_from_coarse(picture, given))
        colours = pymatting.estimate_foreground_ml(rgb, alpha)
        return tuple(np.rint(255 * np.clip(plane, 0, 1)).astype(np.uint8) for plane in (alpha, colours))

    return work


def run_pymatting_colours(picture: Picture, coarse_matte: Matte) -> tuple[np.ndarray, np.ndarray | None]:
    """Our alpha with PyMatting's foreground."""
    import pymatting

    from mattebox.matting.colour_refinement import refine

    alpha = refine(picture, coarse_matte).alpha
    colours = pymatting.estimate_foreground_ml(picture.rgb / 255.0, alpha / 255.0)
    return alpha, np.rint(255 * np.clip(colours, 0, 1)).astype(np.uint8)


METHODS: dict[str, MattingMethod] = {
    "mattebox colour": run_mattebox_colour,
    "mattebox network": run_mattebox_network,
    "mattebox auto": run_mattebox_auto,
    "mattebox none": run_mattebox_none,
    "rembg default": run_rembg_default,
    "rembg alpha_matting": run_rembg_alpha_matting,
    "rembg post_process": run_rembg_post_process,
    "pymatting closed form": pymatting_method("cf"),
    "pymatting KNN": pymatting_method("knn"),
    "mattebox colour, pymatting's colours": run_pymatting_colours,
}


def measure_method(method_name: str, scenes: list[MattingScene]) -> dict[str, float]:
    """One job in this process, the mean over scenes: seconds, MB, the errors, and those of the colours."""
    work = METHODS[method_name]
    work(*make_synthetic_scene("hard", WARM_UP_MEGAPIXELS)[:2])
    told = [_measure_scene(work, given) for given in scenes]
    return {name: float(np.mean([t[name] for t in told])) for name in told[0]}


def _measure_scene(method: MattingMethod, scene: MattingScene) -> dict[str, float]:
    reset_peak_memory()
    begun = time.perf_counter()
    alpha, rgb = method(scene.picture, scene.coarse_matte)
    seconds, peak = time.perf_counter() - begun, peak_megabytes()
    share = alpha.astype(np.float32) / np.float32(255)
    told = {
        n: getattr(matting, f)(share, scene.truth) * k for n, (f, k) in ERROR_MEASURES.items() if hasattr(matting, f)
    }
    shown = scene.picture.rgb if rgb is None else rgb
    return {"s": seconds, "MB": peak, **told, "halo": halo_error(shown, scene), **edge_band_errors(share, shown, scene)}


def edge_band_errors(alpha: Floats, rgb: np.ndarray, scene: MattingScene) -> dict[str, float]:
    """Mean colour error, 0..255, of the cutout shown on plain grounds, in the band along the edge."""
    seen = run_mattebox_none(scene.picture, scene.coarse_matte)[0]
    band = ((scene.truth > 0) & (scene.truth < 1)) | ((seen > 0.02 * 255) & (seen < 0.98 * 255))
    return backdrop_errors(alpha[band], rgb[band], scene.truth[band], scene.foreground_rgb[band])


def backdrop_errors(alpha: Floats, rgb: np.ndarray, truth: Floats, foreground_rgb: np.ndarray) -> dict[str, float]:
    """Ground -> mean colour error, 0..255, of N pixels shown on it."""
    a, b = alpha[:, None], truth[:, None]
    shown, true = rgb.astype(np.float32), foreground_rgb.astype(np.float32)
    grounds = {name: np.array(colour, np.float32) for name, colour in BACKDROP_COLOURS.items()}
    return {n: float(np.abs(a * shown + (1 - a) * g - b * true - (1 - b) * g).mean()) for n, g in grounds.items()}


def halo_error(rgb: np.ndarray, scene: MattingScene) -> float:
    """Mean colour error, 0..255, where the true alpha is between 0 and 1, weighted by it."""
    edge = (scene.truth > 0) & (scene.truth < 1)
    weight = scene.truth[edge][:, None].astype(np.float64)
    return float((weight * np.abs(rgb[edge].astype(float) - scene.foreground_rgb[edge])).sum() / (3 * weight.sum()))


def reset_peak_memory() -> None:
    """Start the high-water mark anew, where the system can (Linux)."""
    if Path("/proc/self/clear_refs").exists():
        Path("/proc/self/clear_refs").write_text("5")


def run_table_row(
    method_name: str, matte_kind: str, megapixels: float, timeout_seconds: float, extra_arguments: list[str]
) -> str:
    command = [
        sys.executable,
        "-m",
        "benchmarks.matting",
        "--job",
        method_name,
        "--mattes",
        matte_kind,
        "--sizes",
        str(megapixels),
    ]
    command += extra_arguments
    try:
        done = subprocess.run(
            command,
            cwd=BENCHMARKS_FOLDER.parent,
            stdout=subprocess.PIPE,
            text=True,
            timeout=timeout_seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"| {method_name} | {matte_kind} | stopped after {timeout_seconds:g} s |"
    if done.returncode:
        return f"| {method_name} | {matte_kind} | failed with exit code {done.returncode} |"
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return f"| {method_name} | {matte_kind} | " + " | ".join(f"{told[name]:.2f}" for name in column_names()) + " |"


def column_names() -> list[str]:
    return ["s", "MB", *(n for n, (f, _) in ERROR_MEASURES.items() if hasattr(matting, f)), "halo", *BACKDROP_COLOURS]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=float, nargs="+", default=[1, 4, 12], help="megapixels")
    parser.add_argument(
        "--mattes", nargs="+", default=["hard", "hair", "soft"], choices=["hard", "hair", "soft", "real"]
    )
    parser.add_argument("--data", type=Path, help="training material with a validation split, for real")
    parser.add_argument("--count", type=int, default=4, help="pictures of real")
    parser.add_argument("--jobs", nargs="+", default=list(METHODS), choices=list(METHODS))
    parser.add_argument("--timeout", type=float, default=1800, help="seconds for one job")
    parser.add_argument("--job", choices=list(METHODS), help="do this one here, and print a line of JSON")
    args = parser.parse_args()
    if args.job:
        kind, size = args.mattes[0], args.sizes[0]
        scenes = load_real_scenes(args.data, size, args.count) if kind == "real" else [make_synthetic_scene(kind, size)]
        print(json.dumps(measure_method(args.job, scenes)))
        return
    more = [] if args.data is None else ["--data", str(args.data), "--count", str(args.count)]
    print("| who | edge | " + " | ".join(column_names()) + " |")
    print("|---|---|" + "---|" * len(column_names()))
    for megapixels in args.sizes:
        print(f"| **{megapixels:g} MP** | |" + " |" * len(column_names()))
        for kind in args.mattes:
            for job in args.jobs:
                print(run_table_row(job, kind, megapixels, args.timeout, more), flush=True)


if __name__ == "__main__":
    main()
