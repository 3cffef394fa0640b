"""Holes: how much of the background that is seen through drawn things a cutout fills, and what it opens in solid ones.

    python -m benchmarks.holes [--model balanced] [--count 8] [--holes keep auto open] [--sheet FILE]

Whole cutouts of `mattebox.cut`, with nothing refused. For each kind of thing, COUNT on plain and COUNT on cluttered
backgrounds. "filled" is the share of the hole area that is more than half opaque, "subject" that of the thing itself,
both means over pictures: a thing that is not found has no filled holes either. "opened" is the share of the true
subject, of things without holes, that is less than half opaque and enclosed by the cutout, and "wrong holes" the number
of pictures in which a piece of that is larger than MIN_HOLE_SHARE of the picture.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, NamedTuple, cast

import numpy as np
from PIL import Image

import mattebox as mb
from benchmarks.common import argument_parser
from benchmarks.hole_scenes import HOLED_KINDS, SOLID_KINDS, HoleScene, find_holes, make_hole_scene
from mattebox.core.connected_components import label_components
from mattebox.types import Mask

MIN_HOLE_SHARE = 0.0005
TILE_PIXELS = 160


class HoleFigures(NamedTuple):
    """Of one picture: shares of the holes that are filled and of the subject that is there; share of the subject that
    is opened, and whether a piece of it is a hole that one sees."""

    filled: float
    subject: float
    opened: float
    has_wrong_hole: bool


def cut_scene(scene: HoleScene, model: str, holes: str) -> Mask:
    """The pixels that a cutout keeps."""
    result = mb.cut(scene.rgb, model=model, holes=cast(Literal["keep", "auto", "open"], holes), empty="keep")
    assert result.matte is not None
    return result.matte.alpha > result.matte.bit_depth.peak // 2


def measure_holes(scene: HoleScene, kept: Mask) -> HoleFigures:
    subject = scene.alpha > 0.5
    wrong = find_holes(kept) & subject
    _, pieces = label_components(wrong)
    has_wrong_hole = bool(pieces) and pieces[0].area > MIN_HOLE_SHARE * wrong.size
    filled = float(kept[scene.holes].mean()) if scene.holes.any() else 0.0
    return HoleFigures(filled, float(kept[subject].mean()), float(wrong.sum() / subject.sum()), has_wrong_hole)


def format_row(name: str, figures: list[HoleFigures], has_holes: bool) -> str:
    filled, subject, opened, _ = np.mean(figures, axis=0)
    wrong_holes = sum(f.has_wrong_hole for f in figures)
    first = f"{filled:.2f}" if has_holes else ""
    return f"| {name} | {len(figures)} | {first} | {subject:.2f} | {opened:.4f} | {wrong_holes} |"


def write_sheet(path: Path, rows: list[tuple[HoleScene, Mask]]) -> None:
    """Each picture, and beside it what the cutout keeps, on magenta."""
    columns = 6
    sheet = Image.new("RGB", (2 * columns * TILE_PIXELS, -(-len(rows) // columns) * TILE_PIXELS))
    for i, (scene, kept) in enumerate(rows):
        shown = np.where(kept[..., None], scene.rgb, np.array((255, 0, 255), np.uint8))
        for j, pixels in enumerate((scene.rgb, shown)):
            tile = Image.fromarray(pixels).resize((TILE_PIXELS, TILE_PIXELS))
            sheet.paste(tile, ((2 * (i % columns) + j) * TILE_PIXELS, i // columns * TILE_PIXELS))
    sheet.save(path)


def main() -> None:
    parser = argument_parser(__doc__, model="balanced", count=8)
    parser.add_argument("--holes", nargs="+", default=["auto"], choices=["keep", "auto", "open"])
    parser.add_argument("--sheet", type=Path, help="write a picture of the first scenes of each kind")
    args = parser.parse_args()
    shown = []
    for holes in args.holes:
        print(f"| {args.model}, --holes {holes} | n | filled | subject | opened | wrong holes |")
        print("|---" * 6 + "|")
        for clutter in (False, True):
            for kinds in (HOLED_KINDS, SOLID_KINDS):
                everything = []
                for kind in kinds:
                    scenes = [make_hole_scene(kind, clutter, seed) for seed in range(args.count)]
                    masks = [cut_scene(scene, args.model, holes) for scene in scenes]
                    figures = [measure_holes(*pair) for pair in zip(scenes, masks, strict=True)]
                    print(format_row(f"{kind}, {'cluttered' if clutter else 'plain'}", figures, kinds is HOLED_KINDS))
                    shown += list(zip(scenes, masks, strict=True))[:3]
                    everything += figures
                print(format_row("**all of these**", everything, kinds is HOLED_KINDS), flush=True)
    if args.sheet:
        write_sheet(args.sheet, shown)


if __name__ == "__main__":
    main()
