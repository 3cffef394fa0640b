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

from benchmarks.worker import peak_megabytes
from mattebox.io import resampling
from mattebox.metrics import matting
from mattebox.metrics.segmentation import iou
from mattebox.types import Floats, Matte, Picture, Size
from tests.fakes import composite, disc, hairy, mosaic

Job = Callable[[Picture, Matte], tuple[np.ndarray, np.ndarray | None]]  # -> alpha, and the cutout's colours if any

HERE = Path(__file__).parent
SEEN = 320 * 320  # samples of a network's answer
WARM = 0.05  # megapixels
ALIKE = 0.9  # IoU from which a subject is found
GROUNDS = {"black": (0, 0, 0), "white": (255, 255, 255), "green": (0, 177, 64)}
MEASURES = {"SAD": ("sad", 1), "MSE": ("mse", 1000), "Grad": ("gradient_error", 1), "Conn": ("connectivity_error", 1)}


class Scene(NamedTuple):
    picture: Picture
    coarse: Matte
    truth: Floats
    front: np.ndarray


def scene(kind: str, megapixels: float) -> Scene:
    height = round((megapixels * 1e6 * 3 / 4) ** 0.5)
    size: Size = (height, round(height * 4 / 3))
    truth = {"hard": disc, "hair": hairy, "soft": lambda s: disc(s, softness=0.02 * min(s))}[kind](size)
    front, back = (mosaic(getattr(skimage.data, name)(), size) for name in ("chelsea", "rocket"))
    return Scene(composite(truth, front, back), coarse(truth), truth, front)


def in_rooms(data: Path, megapixels: float) -> Iterator[tuple[Picture, Floats, np.ndarray]]:
    """Pictures of the validation split photographed on white, put into rooms: composite, true alpha, true colours."""
    from mattebox.training.data.dataset import stream, uncover_white

    rooms = (picture for _, picture, _ in stream(data, "background", "val") if min(picture.size) >= 200)
    for row, picture, mask in stream(data, "labelled", "val"):
        if row.set != "magento_white" or mask is None:
            continue
        scale = (megapixels * 1e6 / (picture.width * picture.height)) ** 0.5
        size = round(picture.width * scale), round(picture.height * scale)
        colours = Image.fromarray(uncover_white(np.asarray(picture), np.asarray(mask)))
        front, back = (np.asarray(p.resize(size, Image.Resampling.BICUBIC)) for p in (colours, next(rooms)))
        truth = np.asarray(mask.resize(size, Image.Resampling.BICUBIC), np.float32) / np.float32(255)
        yield composite(truth, front, back), truth, front


def real_scenes(data: Path, megapixels: float, count: int) -> list[Scene]:
    """Those of them that the network sees the subject of, with its answer."""
    from mattebox.matting.segmentation import segment
    from mattebox.models.matte_session import open_session

    session = open_session("balanced", "cpu")
    seen = (Scene(whole, segment(whole, session), *known) for whole, *known in in_rooms(data, megapixels))
    return list(islice(filter(_found, seen), count))


def _found(seen: Scene) -> bool:
    again = resampling.enlarge(seen.coarse.alpha / np.float32(65535), seen.picture.size, "bilinear")
    return iou(again, seen.truth) > ALIKE


def coarse(truth: Floats) -> Matte:
    scale = (SEEN / truth.size) ** 0.5
    size = max(1, round(truth.shape[0] * scale)), max(1, round(truth.shape[1] * scale))
    small = resampling.shrink(np.round(truth * 255).astype(np.uint8), size).astype(np.float32) / 255
    for axis in (0, 1):
        small = (np.roll(small, 1, axis) + 2 * small + np.roll(small, -1, axis)) / 4
    return Matte(np.round(small * 65535).astype(np.uint16), 1.0, True, (0, 0, *size[::-1]))


def fine_edges(picture: Picture, given: Matte) -> tuple[np.ndarray, np.ndarray | None]:
    from mattebox.matting.network_refinement import fine

    return coloured(picture, fine(picture, given))


def chosen(picture: Picture, given: Matte) -> tuple[np.ndarray, np.ndarray | None]:
    from mattebox.matting.auto_refinement import suited

    return coloured(picture, suited(picture, given))


def refined(picture: Picture, given: Matte) -> tuple[np.ndarray, np.ndarray | None]:
    from mattebox.matting.colour_refinement import refine

    return coloured(picture, refine(picture, given))


def coloured(picture: Picture, matte: Matte) -> tuple[np.ndarray, np.ndarray | None]:
    """Alpha, and the foreground's colours."""
    from mattebox.matting.foreground import foreground

    return matte.alpha, foreground(picture, matte).rgb


def enlarged(picture: Picture, given: Matte) -> tuple[np.ndarray, np.ndarray | None]:
    from mattebox.matting.colour_refinement import enlarge

    return enlarge(picture, given).alpha, None


def peer_mask(picture: Picture, given: Matte) -> Image.Image:
    small = Image.fromarray((given.alpha // 257).astype(np.uint8))
    return small.resize(picture.size[::-1], Image.Resampling.LANCZOS)


def peer_matting(picture: Picture, given: Matte) -> tuple[np.ndarray, np.ndarray | None]:
    from rembg.bg import alpha_matting_cutout

    mask = peer_mask(picture, given)
    cut = np.asarray(alpha_matting_cutout(Image.fromarray(picture.rgb), mask, 240, 10, 10))  # its defaults
    return cut[..., 3], cut[..., :3]


def peer_processed(picture: Picture, given: Matte) -> tuple[np.ndarray, np.ndarray | None]:
    from rembg.bg import post_process

    return post_process(np.array(peer_mask(picture, given))), None


def peer_default(picture: Picture, given: Matte) -> tuple[np.ndarray, np.ndarray | None]:
    from rembg.bg import naive_cutout

    cut = np.asarray(naive_cutout(Image.fromarray(picture.rgb), peer_mask(picture, given)))
    return cut[..., 3], cut[..., :3]


def trimap_of(picture: Picture, given: Matte) -> np.ndarray:
    """0, 0.5 or 1: what the enlarged coarse alpha leaves open, widened by one of its samples."""
    from scipy.ndimage import maximum_filter, minimum_filter

    seen = enlarged(picture, given)[0] / 255
    reach = 2 * max(1, picture.size[0] // given.size[0]) + 1
    sure, none = minimum_filter(seen, reach) > 0.95, maximum_filter(seen, reach) < 0.05
    return np.where(sure, 1.0, np.where(none, 0.0, 0.5))


def library(method: str) -> Job:
    """PyMatting's alpha from such a trimap, and its foreground by several levels (Germer et al. 2020)."""

    def work(picture: Picture, given: Matte) -> tuple[np.ndarray, np.ndarray | None]:
        import pymatting

        rgb = picture.rgb / 255.0
        alpha = getattr(pymatting, f"estimate_alpha_{method}")(rgb, trimap_of(picture, given))
        colours = pymatting.estimate_foreground_ml(rgb, alpha)
        return tuple(np.rint(255 * np.clip(plane, 0, 1)).astype(np.uint8) for plane in (alpha, colours))

    return work


def library_colours(picture: Picture, given: Matte) -> tuple[np.ndarray, np.ndarray | None]:
    """Our alpha with PyMatting's foreground."""
    import pymatting

    from mattebox.matting.colour_refinement import refine

    alpha = refine(picture, given).alpha
    colours = pymatting.estimate_foreground_ml(picture.rgb / 255.0, alpha / 255.0)
    return alpha, np.rint(255 * np.clip(colours, 0, 1)).astype(np.uint8)


JOBS: dict[str, Job] = {
    "mattebox refined": refined,
    "mattebox fine": fine_edges,
    "mattebox auto": chosen,
    "mattebox plain": enlarged,
    "rembg default": peer_default,
    "rembg alpha_matting": peer_matting,
    "rembg post_process": peer_processed,
    "pymatting closed form": library("cf"),
    "pymatting KNN": library("knn"),
    "mattebox refined, pymatting's colours": library_colours,
}


def measured(job: str, scenes: list[Scene]) -> dict[str, float]:
    """One job in this process, the mean over scenes: seconds, MB, the errors, and those of the colours."""
    work = JOBS[job]
    work(*scene("hard", WARM)[:2])
    told = [_measured(work, given) for given in scenes]
    return {name: float(np.mean([t[name] for t in told])) for name in told[0]}


def _measured(work: Job, given: Scene) -> dict[str, float]:
    forget_peak()
    begun = time.perf_counter()
    alpha, rgb = work(given.picture, given.coarse)
    seconds, peak = time.perf_counter() - begun, peak_megabytes()
    share = alpha.astype(np.float32) / np.float32(255)
    told = {n: getattr(matting, f)(share, given.truth) * k for n, (f, k) in MEASURES.items() if hasattr(matting, f)}
    shown = given.picture.rgb if rgb is None else rgb
    return {"s": seconds, "MB": peak, **told, "halo": halo(shown, given), **fringes(share, shown, given)}


def fringes(share: Floats, rgb: np.ndarray, given: Scene) -> dict[str, float]:
    """Mean colour error, 0..255, of the cutout shown on plain grounds, in the band along the edge."""
    seen = enlarged(given.picture, given.coarse)[0]
    band = ((given.truth > 0) & (given.truth < 1)) | ((seen > 0.02 * 255) & (seen < 0.98 * 255))
    return shown_errors(share[band], rgb[band], given.truth[band], given.front[band])


def shown_errors(alpha: Floats, rgb: np.ndarray, truth: Floats, front: np.ndarray) -> dict[str, float]:
    """Ground -> mean colour error, 0..255, of N pixels shown on it."""
    a, b = alpha[:, None], truth[:, None]
    shown, true = rgb.astype(np.float32), front.astype(np.float32)
    grounds = {name: np.array(colour, np.float32) for name, colour in GROUNDS.items()}
    return {n: float(np.abs(a * shown + (1 - a) * g - b * true - (1 - b) * g).mean()) for n, g in grounds.items()}


def halo(rgb: np.ndarray, given: Scene) -> float:
    """Mean colour error, 0..255, where the true alpha is between 0 and 1, weighted by it."""
    edge = (given.truth > 0) & (given.truth < 1)
    weight = given.truth[edge][:, None].astype(np.float64)
    return float((weight * np.abs(rgb[edge].astype(float) - given.front[edge])).sum() / (3 * weight.sum()))


def forget_peak() -> None:
    """Start the high-water mark anew, where the system can (Linux)."""
    if Path("/proc/self/clear_refs").exists():
        Path("/proc/self/clear_refs").write_text("5")


def row(job: str, kind: str, megapixels: float, timeout: float, more: list[str]) -> str:
    command = [sys.executable, "-m", "benchmarks.matting", "--job", job, "--mattes", kind, "--sizes", str(megapixels)]
    command += more
    try:
        done = subprocess.run(command, cwd=HERE.parent, stdout=subprocess.PIPE, text=True, timeout=timeout, check=False)
    except subprocess.TimeoutExpired:
        return f"| {job} | {kind} | stopped after {timeout:g} s |"
    if done.returncode:
        return f"| {job} | {kind} | failed with exit code {done.returncode} |"
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return f"| {job} | {kind} | " + " | ".join(f"{told[name]:.2f}" for name in columns()) + " |"


def columns() -> list[str]:
    return ["s", "MB", *(n for n, (f, _) in MEASURES.items() if hasattr(matting, f)), "halo", *GROUNDS]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=float, nargs="+", default=[1, 4, 12], help="megapixels")
    parser.add_argument(
        "--mattes", nargs="+", default=["hard", "hair", "soft"], choices=["hard", "hair", "soft", "real"]
    )
    parser.add_argument("--data", type=Path, help="training material with a validation split, for real")
    parser.add_argument("--count", type=int, default=4, help="pictures of real")
    parser.add_argument("--jobs", nargs="+", default=list(JOBS), choices=list(JOBS))
    parser.add_argument("--timeout", type=float, default=1800, help="seconds for one job")
    parser.add_argument("--job", choices=list(JOBS), help="do this one here, and print a line of JSON")
    args = parser.parse_args()
    if args.job:
        kind, size = args.mattes[0], args.sizes[0]
        scenes = real_scenes(args.data, size, args.count) if kind == "real" else [scene(kind, size)]
        print(json.dumps(measured(args.job, scenes)))
        return
    more = [] if args.data is None else ["--data", str(args.data), "--count", str(args.count)]
    print("| who | edge | " + " | ".join(columns()) + " |")
    print("|---|---|" + "---|" * len(columns()))
    for megapixels in args.sizes:
        print(f"| **{megapixels:g} MP** | |" + " |" * len(columns()))
        for kind in args.mattes:
            for job in args.jobs:
                print(row(job, kind, megapixels, args.timeout, more), flush=True)


if __name__ == "__main__":
    main()
