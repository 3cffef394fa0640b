"""Edges on known mattes: what refinement and clean colours gain over enlarging the network's answer.

    python -m benchmarks.edge_refinement

Composites of scikit-image's photographs, tiled to 1000 x 750, over one another: a hard disc, a disc with strands, a
soft disc. The coarse matte is the known one at a network's resolution (about 160 x 160, which is to this size what
320 x 320 is to 3 megapixels), a little blurred. Alpha: mean absolute and squared error x 1000. Halo: mean colour error
(0..255) along the edge, weighted by the true alpha, with the true alpha given.
"""

from __future__ import annotations

import numpy as np
import skimage.data

from mattebox.io import resampling
from mattebox.matting.colour_refinement import refine
from mattebox.matting.foreground import estimate_foreground
from mattebox.matting.matte_operations import enlarge_matte
from mattebox.metrics.matting import mse
from mattebox.metrics.segmentation import mae
from mattebox.types import Floats, ImageShape, Matte, Picture
from tests.fakes import composite, disc, hairy, mosaic

PICTURE_SIZE: ImageShape = (750, 1000)
COARSE_SIZE: ImageShape = (138, 184)
PHOTO_PAIRS = (("astronaut", "coffee"), ("chelsea", "rocket"), ("coffee", "chelsea"))
TRUE_MATTES = {"hard": disc(PICTURE_SIZE), "hair": hairy(PICTURE_SIZE), "soft": disc(PICTURE_SIZE, softness=20)}


def simulate_coarse_matte(alpha: Floats) -> Matte:
    small = resampling.shrink(np.round(alpha * 255).astype(np.uint8), COARSE_SIZE).astype(np.float32) / 255
    for axis in (0, 1):
        small = (np.roll(small, 1, axis) + 2 * small + np.roll(small, -1, axis)) / 4
    return Matte(np.round(small * 65535).astype(np.uint16), 1.0, True, (0, 0, *COARSE_SIZE[::-1]))


def load_photograph(name: str) -> np.ndarray:
    return mosaic(getattr(skimage.data, name)(), PICTURE_SIZE)


def halo_error(cutout: Picture, foreground_rgb: np.ndarray, alpha: Floats) -> float:
    weight = (alpha * ((alpha > 0) & (alpha < 1)))[..., None]
    return float((weight * np.abs(cutout.rgb - foreground_rgb.astype(float))).sum() / (3 * weight.sum()))


def main() -> None:
    print("| edge | enlarged MAE | refined MAE | enlarged MSE | refined MSE | halo before | halo after |")
    print("|---|---|---|---|---|---|---|")
    for kind, alpha in TRUE_MATTES.items():
        rows = []
        for front, back in ((load_photograph(a), load_photograph(b)) for a, b in PHOTO_PAIRS):
            picture, given = composite(alpha, front, back), simulate_coarse_matte(alpha)
            mattes = [room(picture, given).alpha.astype(np.float32) / 255 for room in (enlarge_matte, refine)]
            known = Matte(np.round(alpha * 255).astype(np.uint8), 1.0, True, (0, 0, *PICTURE_SIZE[::-1]))
            rows.append(
                [1000 * mae(m, alpha) for m in mattes]
                + [1000 * mse(m, alpha) for m in mattes]
                + [halo_error(p, front, alpha) for p in (picture, estimate_foreground(picture, known))]
            )
        print(f"| {kind} | " + " | ".join(f"{v:.2f}" for v in np.mean(rows, axis=0)) + " |")


if __name__ == "__main__":
    main()
