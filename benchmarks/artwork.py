"""Keying of flat artwork against known alpha and colours, of drawn scenes: as PNG, in a palette, and as JPEG.

    python -m benchmarks.artwork [--sheet FILE]

Prints mean absolute error of alpha x 1000 over the whole picture, for artwork keying, the luma key and the default
network; and the mean error, of 255, of what the cutout shows on black and on white. "-" where a method refuses.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.artwork_scenes import ARTWORK_KINDS, ArtworkScene, compress_as_jpeg, draw_artwork, reduce_palette
from benchmarks.common import argument_parser
from mattebox.errors import MatteboxError
from mattebox.matting.flat_artwork import detect_artwork
from mattebox.pipeline.run import run_recipe
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Cut
from mattebox.types import Floats, Picture

FORMATS = {
    "png": lambda scene: scene,
    "palette": lambda scene: reduce_palette(scene, 64),
    "jpeg": lambda scene: compress_as_jpeg(scene, 88),
}
SHEET_WIDTH_PIXELS = 1600


def cut_scene(scene: ArtworkScene, by: str) -> Floats | None:
    """The cutout H x W x 4, straight and 0..1, by a method; None where that refuses."""
    try:
        result = run_recipe(Picture(np.ascontiguousarray(scene.rgb)), Recipe((Cut(by=by, empty="keep"),)))
    except MatteboxError:
        return None
    return result.to_array().astype(np.float32) / np.float32(255)


def shown_error(rgba: Floats, scene: ArtworkScene, ground: float) -> float:
    """Mean difference, of 255, from the artwork as it should look on a grey ground."""
    shown, wanted = (
        a[..., None] * c + (1 - a[..., None]) * ground
        for a, c in ((rgba[..., 3], rgba[..., :3]), (scene.alpha, scene.colours))
    )
    return float(np.abs(shown - wanted).mean() * 255)


def alpha_error(rgba: Floats | None, scene: ArtworkScene) -> str:
    return f"{'-':>8s}" if rgba is None else f"{np.abs(rgba[..., 3] - scene.alpha).mean() * 1000:8.2f}"


def draw_sheet(tiles: list[Image.Image]) -> Image.Image:
    """The tiles in rows."""
    places, x, y, row_height = [], 0, 0, 0
    for tile in tiles:
        if x + tile.width > SHEET_WIDTH_PIXELS:
            x, y, row_height = 0, y + row_height + 4, 0
        places.append((x, y))
        x, row_height = x + tile.width + 4, max(row_height, tile.height)
    sheet = Image.new("RGB", (SHEET_WIDTH_PIXELS, y + row_height), "grey")
    for tile, place in zip(tiles, places, strict=True):
        sheet.paste(tile, place)
    return sheet


def main() -> None:
    args = argument_parser(__doc__, sheet="", network=1).parse_args()
    tiles = []
    print(f"{'':26s} found {'artwork':>8s} {'luma':>8s} {'network':>8s} on black  on white")
    for kind in ARTWORK_KINDS:
        for format_name, convert in FORMATS.items():
            scene = convert(draw_artwork(kind))
            detected = detect_artwork(Picture(np.ascontiguousarray(scene.rgb))) is not None
            cut = cut_scene(scene, "artwork")
            others = [alpha_error(cut_scene(scene, by), scene) for by in ("luma", "network")[: 1 + args.network]]
            shown = "" if cut is None else "  ".join(f"{shown_error(cut, scene, ground):8.2f}" for ground in (0, 1))
            print(
                f"{kind:16s} {format_name:9s} {'yes' if detected else 'no':5s}", alpha_error(cut, scene), *others, shown
            )
            if cut is not None and args.sheet:
                shown_on_olive = cut[..., 3:] * cut[..., :3] + (1 - cut[..., 3:]) * np.array([0.2, 0.5, 0.2])
                tiles.append(Image.fromarray(np.rint(shown_on_olive * 255).astype(np.uint8)))
    if args.sheet:
        draw_sheet(tiles).save(Path(args.sheet))


if __name__ == "__main__":
    main()
