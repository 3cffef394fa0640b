"""Cost of the lens blur at 1 and 12 megapixels, with the subject or the background in focus.

    python -m benchmarks.lens_blur [--megapixels 12] [--runs 3]

The astronaut of scikit-image with an oval subject of a quarter of the picture, f/2; without the network. Under load,
only processor seconds say anything, and the ratio of two versions in turn.
"""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np

from mattebox.io import resampling
from mattebox.pipeline.lens import apply_lens_blur
from mattebox.recipe.steps import LensBlur
from mattebox.types import DepthMap, Matte, Picture, subject_box

FOCUSES = {"subject": "subject in focus", "10%,10%": "background in focus"}


def make_scene(megapixels: float) -> tuple[Picture, Matte]:
    """The astronaut in 4:3, enlarged, and an oval matte."""
    from skimage import data

    shape = round((megapixels * 0.75e6) ** 0.5), round((megapixels / 0.75 * 1e6) ** 0.5)
    planes = [resampling.enlarge(np.ascontiguousarray(plane), shape) for plane in np.moveaxis(data.astronaut(), 2, 0)]
    y, x = np.mgrid[: shape[0], : shape[1]]
    distance = ((y - 0.6 * shape[0]) / (0.42 * shape[0])) ** 2 + ((x - 0.5 * shape[1]) / (0.2 * shape[1])) ** 2
    alpha = np.rint(255 * np.clip(40 * (1 - distance), 0, 1)).astype(np.uint8)
    return Picture(np.ascontiguousarray(np.stack(planes, 2))), Matte(alpha, 1.0, True, subject_box(alpha))


def measure(picture: Picture, matte: Matte, focus: str, runs: int) -> tuple[float, float]:
    """The least processor and wall seconds of some runs, after one that does not count."""
    step = LensBlur(f_number="f/2", focus=focus)

    def refuse(name: str) -> DepthMap:
        raise AssertionError(name)

    seconds = []
    for _ in range(runs + 1):
        start = time.process_time(), time.perf_counter()
        apply_lens_blur(picture, step, None, lambda: matte, refuse)
        seconds.append((time.process_time() - start[0], time.perf_counter() - start[1]))
    return min(s for s, _ in seconds[1:]), min(s for _, s in seconds[1:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megapixels", type=float, nargs="+", default=[1.0, 12.0])
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    for megapixels in arguments.megapixels:
        picture, matte = make_scene(megapixels)
        for focus, name in FOCUSES.items():
            processor, wall = measure(picture, matte, focus, arguments.runs)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
            print(f"{megapixels:g} MP, {name}: {processor:.3f} processor s, {wall:.3f} s, peak {peak:.2f} GB")


if __name__ == "__main__":
    main()
