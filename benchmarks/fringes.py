"""Whole cutouts against rembg's, each with its own network: what is left of the old background along the edge.

    python -m benchmarks.fringes --data DATA --u2netp FILE [--count 16] [--megapixels 1]

Pictures of things and people photographed on white, whose alpha and colours are known, put into rooms (see
benchmarks.matting). rembg runs its own code with U2-Netp, the small one of its networks; ours its default and its best
one. SAD is the matte's, in thousands; colours are the mean error, 0..255, of the cutout shown on black, white and green
within REACH of the true edge. "found" are those pictures whose subject all networks find, nine tenths of it: there only
edges differ. Of each figure the mean over the pictures, and the colours' share of rembg's default.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

import mattebox as mb
from benchmarks.matting import GROUNDS
from mattebox.components import grown
from mattebox.metrics import matting
from mattebox.types import Floats, Picture
from tests.fakes import composite
from workshop.material import stream, uncover_white

REACH = 1 / 160  # of the longer side: two samples of a network's answer
ALIKE = 0.9  # IoU from which a subject is found

Cutter = Callable[[Picture], tuple[Floats, np.ndarray]]  # -> alpha 0..1 and colours


def scenes(data: Path, megapixels: float, count: int) -> Iterator[tuple[Picture, Floats, np.ndarray]]:
    """Composite, true alpha and true colours."""
    rooms = (picture for _, picture, _ in stream(data, "background", "val") if min(picture.size) >= 200)
    for row, picture, mask in stream(data, "labelled", "val"):
        if row.set != "magento_white" or mask is None:
            continue
        if (count := count - 1) < 0:
            return
        scale = (megapixels * 1e6 / (picture.width * picture.height)) ** 0.5
        size = round(picture.width * scale), round(picture.height * scale)
        colours = Image.fromarray(uncover_white(np.asarray(picture), np.asarray(mask)))
        front, back = (np.asarray(p.resize(size, Image.Resampling.BICUBIC)) for p in (colours, next(rooms)))
        truth = np.asarray(mask.resize(size, Image.Resampling.BICUBIC), np.float32) / np.float32(255)
        yield composite(truth, front, back), truth, front


def ours(**wishes: str) -> Cutter:
    def cut(picture: Picture) -> tuple[Floats, np.ndarray]:
        try:
            made = mb.cut(picture, **wishes).picture  # type: ignore[arg-type]
        except mb.NoSubject:
            return np.zeros(picture.size, np.float32), picture.rgb
        assert made.alpha is not None
        return made.alpha.astype(np.float32) / np.float32(255), made.rgb

    return cut


def peer(network: Path, matting_too: bool) -> Cutter:
    os.environ |= {"U2NET_HOME": str(network.parent), "MODEL_CHECKSUM_DISABLED": "1"}
    from rembg import new_session, remove

    session = new_session("u2netp")

    def cut(picture: Picture) -> tuple[Floats, np.ndarray]:
        cutout = np.asarray(remove(Image.fromarray(picture.rgb), session=session, alpha_matting=matting_too))
        return cutout[..., 3].astype(np.float32) / np.float32(255), cutout[..., :3]

    return cut


def errors(alpha: Floats, rgb: np.ndarray, truth: Floats, front: np.ndarray) -> list[float]:
    """SAD, the colours' errors on each ground, and IoU."""
    near = grown((truth > 0) & (truth < 1), round(REACH * max(truth.shape)))
    a, b = alpha[near][:, None], truth[near][:, None]
    shown, true = rgb[near].astype(np.float32), front[near].astype(np.float32)
    grounds = [np.array(colour, np.float32) for colour in GROUNDS.values()]
    off = [float(np.abs(a * shown + (1 - a) * g - b * true - (1 - b) * g).mean()) for g in grounds]
    one, other = alpha > 0.5, truth > 0.5
    return [float(matting.sad(alpha, truth)), *off, float((one & other).sum() / max((one | other).sum(), 1))]


def table(told: dict[str, np.ndarray], chosen: np.ndarray, title: str) -> None:
    print(f"\n| {title}: {int(chosen.sum())} | SAD | " + " | ".join(GROUNDS) + " | colours | IoU |")
    print("|---" * (len(GROUNDS) + 4) + "|")
    against = told["rembg"][chosen, 1:-1].mean()
    for who, figures in told.items():
        mean = figures[chosen].mean(axis=0)
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
        "rembg": peer(args.u2netp, False),
        "rembg, alpha_matting": peer(args.u2netp, True),
        "mattebox": ours(),
        "mattebox --edges auto": ours(edges="auto"),
        "mattebox --edges fine": ours(edges="fine"),
        "mattebox --model best --edges auto": ours(model="best", edges="auto"),
    }
    rows: dict[str, list[list[float]]] = {who: [] for who in cutters}
    for picture, truth, front in scenes(args.data, args.megapixels, args.count):
        for who, cut in cutters.items():
            rows[who].append(errors(*cut(picture), truth, front))
    told = {who: np.array(figures) for who, figures in rows.items()}
    found = np.all([figures[:, -1] > ALIKE for figures in told.values()], axis=0)
    table(told, np.ones_like(found), "all pictures")
    table(told, found, "whose subject all find")


if __name__ == "__main__":
    main()
