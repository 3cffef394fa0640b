"""Remains of the old background along the edges of whole cutouts: mattebox and rembg, each with its own network.

    python -m benchmarks.edge_colour_error --data DATA --u2netp FILE [--count 16] [--megapixels 1]

The pictures are things and people photographed on white, whose alpha and colours are known, put on other backgrounds
(benchmarks.matting_scenes). rembg runs its own code with U2-Netp, the small one of its networks; mattebox runs its
default and its best one. SAD is the matte's, in thousands; colours are the mean error, 0..255, of the cutout shown on
black, white and green within EDGE_BAND_SHARE of the true edge. A second table is of the pictures whose subject all
networks find (IoU above 0.9): there only edges differ. All figures are means over pictures; the column "colours" is the
share of rembg's default's error.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image

import mattebox as mb
from benchmarks.common import argument_parser, rembg_environment
from benchmarks.matting import BACKDROP_COLOURS, backdrop_errors
from benchmarks.matting_scenes import MIN_FOUND_IOU, composite_on_backgrounds
from mattebox.core.connected_components import dilate
from mattebox.metrics.matting import sad
from mattebox.metrics.segmentation import iou
from mattebox.types import Floats, Picture

EDGE_BAND_SHARE = 1 / 160  # of the longer side: two samples of a network's output

CutoutFunction = Callable[[Picture], tuple[Floats, np.ndarray]]  # -> alpha 0..1 and colours


def mattebox_cutout(**options: str) -> CutoutFunction:
    def cut(picture: Picture) -> tuple[Floats, np.ndarray]:
        try:
            cutout = mb.cut(picture, **options).picture  # type: ignore[arg-type]
        except mb.NoSubject:
            return np.zeros(picture.shape, np.float32), picture.rgb
        assert cutout.alpha is not None
        return cutout.alpha.astype(np.float32) / np.float32(255), cutout.rgb

    return cut


def rembg_cutout(network_path: Path, alpha_matting: bool) -> CutoutFunction:
    os.environ |= rembg_environment(network_path.parent)
    from rembg import new_session, remove

    session = new_session("u2netp")

    def cut(picture: Picture) -> tuple[Floats, np.ndarray]:
        cutout = np.asarray(remove(Image.fromarray(picture.rgb), session=session, alpha_matting=alpha_matting))
        return cutout[..., 3].astype(np.float32) / np.float32(255), cutout[..., :3]

    return cut


def cutout_errors(alpha: Floats, rgb: np.ndarray, truth: Floats, foreground_rgb: np.ndarray) -> list[float]:
    """SAD, the colour error on each backdrop, and IoU."""
    band = dilate((truth > 0) & (truth < 1), round(EDGE_BAND_SHARE * max(truth.shape)))
    colour_errors = backdrop_errors(alpha[band], rgb[band], truth[band], foreground_rgb[band])
    return [sad(alpha, truth), *colour_errors.values(), iou(alpha, truth)]


def print_table(errors_by_method: dict[str, np.ndarray], selected: np.ndarray, title: str) -> None:
    print(f"\n| {title}: {int(selected.sum())} | SAD | " + " | ".join(BACKDROP_COLOURS) + " | colours | IoU |")
    print("|---" * (len(BACKDROP_COLOURS) + 4) + "|")
    rembg_error = errors_by_method["rembg"][selected, 1:-1].mean()
    for method, errors in errors_by_method.items():
        mean = errors[selected].mean(axis=0)
        share = f"{100 * mean[1:-1].mean() / rembg_error:.0f} %"
        print(f"| {method} | " + " | ".join(f"{v:.1f}" for v in mean[:-1]) + f" | {share} | {mean[-1]:.3f} |")


def main() -> None:
    parser = argument_parser(__doc__, count=16, megapixels=1.0)
    parser.add_argument("--data", type=Path, required=True, help="training material with a validation split")
    parser.add_argument("--u2netp", type=Path, required=True, help="rembg's u2netp.onnx")
    args = parser.parse_args()
    methods = {
        "rembg": rembg_cutout(args.u2netp, False),
        "rembg, alpha_matting": rembg_cutout(args.u2netp, True),
        "mattebox": mattebox_cutout(),
        "mattebox --edges auto": mattebox_cutout(edges="auto"),
        "mattebox --edges network": mattebox_cutout(edges="network"),
        "mattebox --model best --edges auto": mattebox_cutout(model="best", edges="auto"),
    }
    rows: dict[str, list[list[float]]] = {name: [] for name in methods}
    for picture, truth, foreground in islice(composite_on_backgrounds(args.data, args.megapixels), args.count):
        for name, cut in methods.items():
            rows[name].append(cutout_errors(*cut(picture), truth, foreground))
    errors = {name: np.array(values) for name, values in rows.items()}
    is_found = np.all([values[:, -1] > MIN_FOUND_IOU for values in errors.values()], axis=0)
    print_table(errors, np.ones_like(is_found), "all pictures")
    print_table(errors, is_found, "pictures whose subject all find")


if __name__ == "__main__":
    main()
