"""Refinement by a small network of ours, where it matters more to be right than to be quick.

Along the edge it weighs what the coarse matte says, what local colour models say (see `refine`), what the colour is by
itself all over the picture (see `palette`), nothing and all, pixel by pixel, by how all of these look around it at four
sizes (workshop/edges). Better than colour models alone where the coarse matte is wrong, as a network's often is, and no
better where it is not; figures are in LOG.md. Knows nothing of how the network runs.
"""

from __future__ import annotations

import numpy as np

from mattebox.core import cpu_threads
from mattebox.matting import colour_table, tiles
from mattebox.matting.colour_refinement import (
    ALPHA_CLIP_MARGIN,
    as_floats,
    enlarge_alpha,
    finalise_matte,
    fit_colour_models,
    grid_scales,
)
from mattebox.models.matte_refiner import MatteRefiner, open_matte_refiner
from mattebox.types import Floats, Matte, Picture, Pixels

EVIDENCE_PLANE = 26  # the plane of the colour models that tells how far colours may have a say
KNOWN_ALPHA_MARGIN = 0.01  # a prior within this of nothing or all stays what it is
STRAND_CELL_PIXELS = (
    8  # pixels of a sample of the matte at which the network looks in large pictures, about, for strands
)
SOFT_CELL_PIXELS = 5  # the same where there are none: what is soft is told by what is around it (LOG.md)
STRAND_ROUGHNESS_RANGE = 0.06, 0.085  # roughness from which the palette is heard, and fully
MAX_COLOUR_TABLE_WEIGHT = 0.5  # of its log ratio
MAX_ROUGHNESS_TILES = 64  # tiles that tell how rough it is, at most
TILE_MARGIN_PIXELS = 8  # of those pixels around a tile, which the network sees too


def refine_with_network(picture: Picture, matte: Matte, refiner: MatteRefiner | None = None) -> Matte:
    """The coarse matte at the picture's size and depth, its edges found by the edge network: ours, or the one given."""
    network = refiner or open_matte_refiner()
    prior, peak = enlarge_alpha(picture, matte), picture.bit_depth.peak
    shrink, step = grid_scales(picture.shape, matte.shape)
    models = tiles.pad_grid_planes(fit_colour_models(picture, matte, shrink, step))
    table = colour_table.build_colour_table(picture.rgb, as_floats(matte.alpha))
    alpha = levels_lut(peak)[prior]
    live = models[EVIDENCE_PLANE] > 0  # elsewhere, and where the prior is settled, the coarse matte stands

    def asked(tile: tiles.Tile) -> bool:
        part = prior[tile.rows, tile.columns]
        unsettled = (part > KNOWN_ALPHA_MARGIN * peak) & (part < (1 - KNOWN_ALPHA_MARGIN) * peak)
        return bool(unsettled.any() and live[tile.grid_rows, tile.grid_columns].any())

    def find(tile: tiles.Tile) -> None:
        wide = tiles.expand_tile(tile, picture.shape, step, -(-TILE_MARGIN_PIXELS * look // step))
        pixels, before = (tiles.tile_pixels(p, wide, peak) for p in (picture.rgb, prior))
        first = wide.rows.start, wide.columns.start
        common = colour_table.look_up_probability(table, pixels)
        found = network.run(pixels, before, tiles.grid_patch(models, wide), common, look, first)
        if share > 0:
            open_ = (before > KNOWN_ALPHA_MARGIN) & (before < 1 - KNOWN_ALPHA_MARGIN)
            found = np.where(open_, colour_table.add_probability_logit(found, common, share), found)
        part = alpha[tile.rows, tile.columns]
        top, left = tile.rows.start - wide.rows.start, tile.columns.start - wide.columns.start
        part[...] = np.round(found[top : top + part.shape[0], left : left + part.shape[1]] * peak)

    todo = list(filter(asked, tiles.iter_tiles(picture.shape, step)))
    share = colour_table_weight(picture, prior, table, todo)
    look = downscale_factor(step, STRAND_CELL_PIXELS if share > 0 else SOFT_CELL_PIXELS)
    cpu_threads.parallel_map(find, todo)
    return finalise_matte(picture, matte, alpha)


def colour_table_weight(picture: Picture, prior: Pixels, table: Floats, edge_tiles: list[tiles.Tile]) -> float:
    """How much the palette is heard after the network, 0..LOUDEST: where its word changes from pixel to pixel there are
    strands, and the network learned from fewer and thicker ones. Told by some of the tiles."""
    peak, rough = picture.bit_depth.peak, []
    for tile in edge_tiles[:: -(-len(edge_tiles) // MAX_ROUGHNESS_TILES) or 1]:
        part = prior[tile.rows, tile.columns]
        said = colour_table.look_up_probability(
            table, np.divide(picture.rgb[tile.rows, tile.columns], peak, dtype=np.float32)
        )
        rough.append(colour_table.roughness(said, (part > 0.1 * peak) & (part < 0.9 * peak)))
    found = np.concatenate([np.zeros(0), *rough])
    low, high = STRAND_ROUGHNESS_RANGE
    return MAX_COLOUR_TABLE_WEIGHT * float(np.clip((found.mean() - low) / (high - low), 0, 1)) if found.size else 0.0


def downscale_factor(step: int, cell_pixels: int) -> int:
    """How much a picture is reduced where the network looks at it: not at all up to some 6 megapixels (strands: 15)."""
    return max(1, round(step / cell_pixels))


def levels_lut(peak: int) -> Pixels:
    """For each value up to `peak`: what is within HAZE of nothing or all is that, and the rest is spread between."""
    alpha = np.clip((np.arange(peak + 1) / peak - ALPHA_CLIP_MARGIN) / (1 - 2 * ALPHA_CLIP_MARGIN), 0, 1)
    return np.round(alpha * peak).astype(np.uint8 if peak < 256 else np.uint16)
