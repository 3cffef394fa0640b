"""Matting by a trimap on photographs with known alpha: ours, and PyMatting's closed form and KNN where installed.

    python -m benchmarks.trimaps FOLDER [--methods mattebox cf knn] [--band PIXELS]

FOLDER holds a folder for each photograph with photo.jpg, alpha.png and trimap.png, as alphamatting.com's training set
does. SAD is in thousands, MSE in thousandths over the whole picture; seconds are of the processor. The alphamatting.com
photographs are for reporting only: nothing was chosen by them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.common import argument_parser
from mattebox.core.connected_components import dilate
from mattebox.matting.trimap_matting import solve_trimap
from mattebox.metrics.matting import mse, sad
from mattebox.types import Floats


def solve_with_pymatting(method: str) -> Callable[[np.ndarray, np.ndarray], Floats]:
    """PyMatting's alpha by closed form ("cf") or KNN ("knn"), with its defaults."""

    def solve(rgb: np.ndarray, trimap: np.ndarray) -> Floats:
        import pymatting

        alpha = getattr(pymatting, f"estimate_alpha_{method}")(rgb / 255.0, np.array([0.0, 0.5, 1.0])[trimap // 127])
        return np.asarray(alpha, np.float32)

    return solve


METHODS: dict[str, Callable[[np.ndarray, np.ndarray], Floats]] = {
    "mattebox": solve_trimap,
    "cf": solve_with_pymatting("cf"),
    "knn": solve_with_pymatting("knn"),
}


def read_trimap(path: Path) -> np.ndarray:
    grey = np.asarray(Image.open(path).convert("L"))
    return np.where(grey >= 240, 255, np.where(grey <= 15, 0, 128)).astype(np.uint8)


def make_trimap(truth: Floats, band: int) -> np.ndarray:
    unknown = dilate((truth > 0) & (truth < 1), band)
    return np.where(unknown, 128, np.where(truth > 0.5, 255, 0)).astype(np.uint8)


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--methods", nargs="+", default=["mattebox"], choices=list(METHODS))
    parser.add_argument("--band", type=int, help="trimaps of the known alpha instead, with so many pixels around")
    args = parser.parse_args()
    rows: dict[str, list[tuple[float, float, float]]] = {name: [] for name in args.methods}
    print("| photograph | " + " | ".join(f"{name}: SAD, MSE, s" for name in args.methods) + " |")
    print("|---|" + "---|" * len(args.methods))
    for folder in sorted(p.parent for p in args.folder.glob("*/trimap.png")):
        rgb = np.asarray(Image.open(folder / "photo.jpg").convert("RGB"))
        truth = np.asarray(Image.open(folder / "alpha.png").convert("L"), np.float32) / np.float32(255)
        trimap = read_trimap(folder / "trimap.png") if args.band is None else make_trimap(truth, args.band)
        for name in args.methods:
            start = time.process_time()
            alpha = METHODS[name](rgb, trimap)
            seconds = time.process_time() - start
            rows[name].append((sad(alpha, truth), 1000 * mse(alpha, truth), seconds))
        print(f"| {folder.name} | " + " | ".join("{:.2f}, {:.2f}, {:.1f}".format(*rows[n][-1]) for n in rows) + " |")
    means = {name: np.mean(values, axis=0) for name, values in rows.items()}
    print("| mean | " + " | ".join("{:.2f}, {:.2f}, {:.1f}".format(*means[name]) for name in rows) + " |")


if __name__ == "__main__":
    main()
