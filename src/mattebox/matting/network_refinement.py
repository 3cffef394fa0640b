"""Refinement by a small network of ours, where it matters more to be right than to be quick.

Along the edge it weighs what the coarse matte says, what local colour models say (see `refine`), what the colour is by
itself all over the picture (see `palette`), nothing and all, pixel by pixel, by how all of these look around it at four
sizes (workshop/edges). Better than colour models alone where the coarse matte is wrong, as a network's often is, and no
better where it is not; figures are in LOG.md. Knows nothing of how the network runs.
"""

from __future__ import annotations

import numpy as np

from mattebox.core import cpu_threads
from mattebox.matting import colour_histogram, tiles
from mattebox.matting.colour_refinement import HAZE, as_floats, colour_models, enlarged, finish, scales
from mattebox.models.matte_refiner import Refiner, open_refiner
from mattebox.types import Floats, Matte, Picture, Pixels

EVIDENCE = 26  # the plane of the colour models that tells how far colours may have a say
SETTLED = 0.01  # a prior within this of nothing or all stays what it is
SEEN = 8  # pixels of a sample of the matte at which the network looks in large pictures, about, for strands
BROAD = 5  # the same where there are none: what is soft is told by what is around it (LOG.md)
STRANDS = 0.06, 0.085  # roughness from which the palette is heard, and fully
LOUDEST = 0.5  # of its log ratio
ASKED = 64  # tiles that tell how rough it is, at most
MARGIN = 8  # of those pixels around a tile, which the network sees too


def fine(picture: Picture, matte: Matte, refiner: Refiner | None = None) -> Matte:
    """The coarse matte at the picture's size and depth, its edges found by the edge network: ours, or the one given."""
    network = refiner or open_refiner()
    prior, peak = enlarged(picture, matte), picture.depth.peak
    shrink, step = scales(picture.size, matte.size)
    models = tiles.rimmed(colour_models(picture, matte, shrink, step))
    table = colour_histogram.palette(picture.rgb, as_floats(matte.alpha))
    alpha = levels(peak)[prior]
    live = models[EVIDENCE] > 0  # elsewhere, and where the prior is settled, the coarse matte stands

    def asked(tile: tiles.Tile) -> bool:
        part = prior[tile.rows, tile.columns]
        unsettled = (part > SETTLED * peak) & (part < (1 - SETTLED) * peak)
        return bool(unsettled.any() and live[tile.grid_rows, tile.grid_columns].any())

    def find(tile: tiles.Tile) -> None:
        wide = tiles.widened(tile, picture.size, step, -(-MARGIN * look // step))
        pixels, before = (tiles.whole_cells(p, wide, peak) for p in (picture.rgb, prior))
        first = wide.rows.start, wide.columns.start
        common = colour_histogram.told(table, pixels)
        found = network.run(pixels, before, tiles.patch_of(models, wide), common, look, first)
        if share > 0:
            open_ = (before > SETTLED) & (before < 1 - SETTLED)
            found = np.where(open_, colour_histogram.joined(found, common, share), found)
        part = alpha[tile.rows, tile.columns]
        top, left = tile.rows.start - wide.rows.start, tile.columns.start - wide.columns.start
        part[...] = np.round(found[top : top + part.shape[0], left : left + part.shape[1]] * peak)

    todo = list(filter(asked, tiles.tiles(picture.size, step)))
    share = heard(picture, prior, table, todo)
    look = looks(step, SEEN if share > 0 else BROAD)
    cpu_threads.side_by_side(find, todo)
    return finish(picture, matte, alpha)


def heard(picture: Picture, prior: Pixels, table: Floats, todo: list[tiles.Tile]) -> float:
    """How much the palette is heard after the network, 0..LOUDEST: where its word changes from pixel to pixel there are
    strands, and the network learned from fewer and thicker ones. Told by some of the tiles."""
    peak, rough = picture.depth.peak, []
    for tile in todo[:: -(-len(todo) // ASKED) or 1]:
        part = prior[tile.rows, tile.columns]
        said = colour_histogram.told(table, np.divide(picture.rgb[tile.rows, tile.columns], peak, dtype=np.float32))
        rough.append(colour_histogram.roughness(said, (part > 0.1 * peak) & (part < 0.9 * peak)))
    found = np.concatenate([np.zeros(0), *rough])
    low, high = STRANDS
    return LOUDEST * float(np.clip((found.mean() - low) / (high - low), 0, 1)) if found.size else 0.0


def looks(step: int, seen: int) -> int:
    """How much a picture is reduced where the network looks at it: not at all up to some 6 megapixels (strands: 15)."""
    return max(1, round(step / seen))


def levels(peak: int) -> Pixels:
    """For each value up to `peak`: what is within HAZE of nothing or all is that, and the rest is spread between."""
    alpha = np.clip((np.arange(peak + 1) / peak - HAZE) / (1 - 2 * HAZE), 0, 1)
    return np.round(alpha * peak).astype(np.uint8 if peak < 256 else np.uint16)
