"""Whole cutouts against rembg's, each with its own network: what is left of the old background along the edge.

    python -m benchmarks.edge_colour_error --data DATA --u2netp FILE [--count 16] [--megapixels 1]

Pictures of things and people photographed on white, whose alpha and colours are known, put into rooms (see
benchmarks.matting). rembg runs its own code with U2-Netp, the small one of its networks; ours its default and its best
one. SAD is the matte's, in thousands; colours are the mean error, 0..255, of the cutout shown on black, white and green
within REACH of the true edge. "found" are those pictures whose subject all networks find, nine tenths of it: there only
edges differ. Of each figure the mean over the pictures, and the colours' share of rembg's default.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image

import mattebox as mb
from benchmarks.matting import BACKDROP_COLOURS, MIN_FOUND_IOU, backdrop_errors, composite_on_backgrounds
from mattebox.core.connected_components import dilate
from mattebox.metrics.matting import sad
from mattebox.metrics.segmentation import iou
from mattebox.types import Floats, Picture

EDGE_BAND_SHARE = 1 / 160  # of the longer side: two samples of a network's answer

CutoutFunction = Callable[[Picture], tuple[Floats, np.ndarray]]  # -> alpha 0..1 and colours


def mattebox_cutout(**options: str) -> CutoutFunction:
    def cut(picture: Picture) -> tuple[Floats, np.ndarray]:
        try:
            made = mb.cut(picture, **options).picture  # type: ignore[arg-type]
        except mb.NoSubject:
            return np.zeros(picture.shape, np.float32), picture.rgb
        assert made.alpha is not None
        return made.alpha.astype(np.float32) / np.float32(255), made.rgb

    return cut


def rembg_cutout(network_path: Path, alpha_matting: bool) -> CutoutFunction:
    os.environ |= {"U2NET_HOME": str(network_path.parent), "MODEL_CHECKSUM_DISABLED": "1"}
    from rembg import new_session, remove

    session = new_session("u2netp")

    def cut(picture: Picture) -> tuple[Floats, np.ndarray]:
        cutout = np.asarray(remove(Image.fromarray(picture.rgb), session=session, alpha_matting=alpha_matting))
        return cutout[..., 3].astype(np.float32) / np.float32(255), cutout[..., :3]

    return cut


def cutout_errors(alpha: Floats, rgb: np.ndarray, truth: Floats, foreground_rgb: np.ndarray) -> list[float]:
    """SAD, the colours' errors on each ground, and IoU."""
    near = dilate((truth > 0) & (truth < 1), round(EDGE_BAND_SHARE * max(truth.shape)))
    off = backdrop_errors(alpha[near], rgb[near], truth[near], foreground_rgb[near])
    return [sad(alpha, truth), *off.values(), iou(alpha, truth)]


def print_table(errors_by_method: dict[str, np.ndarray], selected: np.ndarray, title: str) -> None:
    print(f"\n| {title}: {int(selected.sum())} | SAD | " + " | ".join(BACKDROP_COLOURS) + " | colours | IoU |")
    print("|---" * (len(BACKDROP_COLOURS) + 4) + "|")
    against = errors_by_method["rembg"][selected, 1:-1].mean()
    for who, figures in errors_by_method.items():
        mean = figures[selected].mean(axis=0)
        share = f"{100 * mean[1:-1].mean() / against:.0f} %"
        print(f"| {who} | " + " | ".join(f"{v:.1f}" for v in mean[:-1]) + f" | {share} | {mean[-1]:.3f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="training material with a validation split")
    parser.add_argument("--u2netp", type=Path, required=True, help="the peer's u2netp.onnx")
    parser.add_argument("--count", type=int, default=16)
    parser.add_argument("--megapixels", type=float, default=1)
    args = parser.parse_args()
    cutters = {
        "rembg": rembg_cutout(args.u2netp, False),
        "rembg, alpha_matting": rembg_cutout(args.u2netp, True),
        "mattebox": mattebox_cutout(),
        "mattebox --edges auto": mattebox_cutout(edges="auto"),
        "mattebox --edges network": mattebox_cutout(edges="network"),
        "mattebox --model best --edges auto": mattebox_cutout(model="best", edges="auto"),
    }
    rows: dict[str, list[list[float]]] = {who: [] for who in cutters}
    for picture, truth, front in islice(composite_on_backgrounds(args.data, args.megapixels), args.count):
        for who, cut in cutters.items():
            rows[who].append(cutout_errors(*cut(picture), truth, front))
    told = {who: np.array(figures) for who, figures in rows.items()}
    found = np.all([figures[:, -1] > MIN_FOUND_IOU for figures in told.values()], axis=0)
    print_table(told, np.ones_like(found), "all pictures")
    print_table(told, found, "whose subject all find")


if __name__ == "__main__":
    main()
