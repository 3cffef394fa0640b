"""Gain of edge refinement and foreground estimation over enlarging the network's matte, on known mattes.

    python -m benchmarks.edge_refinement

Composites of scikit-image's photographs, tiled to 1000 x 750, over one another: a hard disc, a disc with strands, a
soft disc. The coarse matte is the known one at a network's resolution (about 160 x 160, which is to this size what
320 x 320 is to 3 megapixels), a little blurred. Alpha: mean absolute and squared error x 1000. Halo: mean colour error
(0..255) along the edge, weighted by the true alpha, with the true alpha given.
"""

from __future__ import annotations

import numpy as np

from benchmarks.common import argument_parser, load_photograph
from benchmarks.matting import halo_error
from benchmarks.matting_scenes import simulate_coarse_matte
from mattebox.matting.colour_refinement import refine
from mattebox.matting.foreground import estimate_foreground
from mattebox.matting.matte_operations import enlarge_matte
from mattebox.metrics.matting import mse
from mattebox.metrics.segmentation import mae
from mattebox.types import Floats, ImageShape, Matte
from tests.fakes import composite, disc, hairy, mosaic

PICTURE_SHAPE: ImageShape = (750, 1000)
COARSE_SHAPE: ImageShape = (138, 184)
PHOTO_PAIRS = (("astronaut", "coffee"), ("chelsea", "rocket"), ("coffee", "chelsea"))


def measure_composite(truth: Floats, front: np.ndarray, back: np.ndarray) -> list[float]:
    """MAE and MSE of the enlarged and of the refined matte, and the halo before and after foreground estimation."""
    picture, coarse_matte = composite(truth, front, back), simulate_coarse_matte(truth, COARSE_SHAPE)
    mattes = [
        step(picture, coarse_matte).alpha.astype(np.float32) / np.float32(255) for step in (enlarge_matte, refine)
    ]
    true_matte = Matte(np.round(truth * 255).astype(np.uint8), 1.0, True, (0, 0, *PICTURE_SHAPE[::-1]))
    pictures = (picture, estimate_foreground(picture, true_matte))
    errors = [1000 * measure(alpha, truth) for measure in (mae, mse) for alpha in mattes]
    return errors + [halo_error(p.rgb, front, truth) for p in pictures]


def main() -> None:
    argument_parser(__doc__).parse_args()
    photos = {name: mosaic(load_photograph(name), PICTURE_SHAPE) for pair in PHOTO_PAIRS for name in pair}
    truths = {"hard": disc(PICTURE_SHAPE), "hair": hairy(PICTURE_SHAPE), "soft": disc(PICTURE_SHAPE, softness=20)}
    print("| edge | enlarged MAE | refined MAE | enlarged MSE | refined MSE | halo before | halo after |")
    print("|---|---|---|---|---|---|---|")
    for kind, truth in truths.items():
        rows = [measure_composite(truth, photos[front], photos[back]) for front, back in PHOTO_PAIRS]
        print(f"| {kind} | " + " | ".join(f"{value:.2f}" for value in np.mean(rows, axis=0)) + " |")


if __name__ == "__main__":
    main()
