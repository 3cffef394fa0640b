"""Refinement by our edge network: slower than colour models, more exact where the coarse matte is wrong.

For each pixel along the edge, the network weighs the coarse alpha, the local colour models (`colour_refinement`), the
global colour table (`colour_table`), 0 and 1, by how all of these look around the pixel at four scales (decision 005;
mattebox/training/tasks/edges).
"""

from __future__ import annotations

import numpy as np

from mattebox.core import cpu_threads
from mattebox.matting import colour_table, tiles
from mattebox.matting.colour_refinement import ALPHA_CLIP_MARGIN, fit_colour_models, grid_scales
from mattebox.matting.matte_operations import as_floats, as_pixels, enlarge_alpha, finalise_matte, stretch_levels
from mattebox.models.matte_refiner import MatteRefiner, open_matte_refiner
from mattebox.types import BitDepth, Floats, Matte, Picture, Pixels

EVIDENCE_PLANE = 26  # plane of `fit_colour_models`: where colours carry information
KNOWN_ALPHA_MARGIN = 0.01  # a prior this close to 0 or 1 is kept
STRAND_CELL_PIXELS = 8  # pixels for each sample of the matte in the reduced picture the network sees, with strands
SOFT_CELL_PIXELS = 5  # the same without: the surroundings decide soft edges (decision 005)
STRAND_ROUGHNESS_RANGE = 0.06, 0.085  # roughness at which the colour table gets weight, and its full weight
MAX_COLOUR_TABLE_WEIGHT = 0.5  # of the table's log likelihood ratio
UNCERTAIN_ALPHA_RANGE = 0.1, 0.9  # prior of the pixels whose roughness is measured
MAX_ROUGHNESS_TILES = 64  # tiles in which roughness is measured, at most
TILE_MARGIN_PIXELS = 8  # pixels of the reduced picture around a tile that the network sees, too


def refine_with_network(picture: Picture, matte: Matte, refiner: MatteRefiner | None = None) -> Matte:
    """Refine a coarse matte to full resolution by the edge network.

    Parameters
    ----------
    picture, matte
        As for `refine`.
    refiner : MatteRefiner, optional
        The network; by default the one that mattebox comes with.

    Returns
    -------
    Matte
        Alpha H x W at the picture's size and bit depth, never more opaque than the picture's own alpha.
    """
    network = refiner or open_matte_refiner()
    prior, peak = enlarge_alpha(picture, matte), picture.bit_depth.peak
    guide_factor, step = grid_scales(picture.shape, matte.shape)
    models = tiles.pad_grid_planes(fit_colour_models(picture, matte, guide_factor, step))
    table = colour_table.build_colour_table(picture.rgb, as_floats(matte.alpha))
    alpha = levels_lut(peak)[prior]
    has_evidence = models[EVIDENCE_PLANE] > 0  # elsewhere the coarse matte is kept

    def needs_refinement(tile: tiles.Tile) -> bool:
        tile_prior = prior[tile.rows, tile.columns]
        uncertain = (tile_prior > KNOWN_ALPHA_MARGIN * peak) & (tile_prior < (1 - KNOWN_ALPHA_MARGIN) * peak)
        return bool(uncertain.any() and has_evidence[tile.grid_rows, tile.grid_columns].any())

    edge_tiles = list(filter(needs_refinement, tiles.iter_tiles(picture.shape, step)))
    table_weight = colour_table_weight(picture, prior, table, edge_tiles)
    factor = downscale_factor(step, STRAND_CELL_PIXELS if table_weight > 0 else SOFT_CELL_PIXELS)

    def refine_tile(tile: tiles.Tile) -> None:
        padded = tiles.expand_tile(tile, picture.shape, step, -(-TILE_MARGIN_PIXELS * factor // step))
        pixels, tile_prior = (tiles.tile_pixels(p, padded, peak) for p in (picture.rgb, prior))
        origin = padded.rows.start, padded.columns.start
        probability = colour_table.look_up_probability(table, pixels)
        result = network.run(pixels, tile_prior, tiles.grid_patch(models, padded), probability, factor, origin)
        if table_weight > 0:
            uncertain = (tile_prior > KNOWN_ALPHA_MARGIN) & (tile_prior < 1 - KNOWN_ALPHA_MARGIN)
            weighted = colour_table.add_probability_logit(result, probability, table_weight)
            result = np.where(uncertain, weighted, result)
        target = alpha[tile.rows, tile.columns]
        top, left = tile.rows.start - origin[0], tile.columns.start - origin[1]
        target[...] = np.round(result[top : top + target.shape[0], left : left + target.shape[1]] * peak)

    cpu_threads.parallel_map(refine_tile, edge_tiles)
    return finalise_matte(picture, matte, alpha)


def colour_table_weight(picture: Picture, prior: Pixels, table: Floats, edge_tiles: list[tiles.Tile]) -> float:
    """Weight, 0..MAX_COLOUR_TABLE_WEIGHT, with which the colour table is added to the network's result.

    A probability that changes from pixel to pixel means strands, and the network was trained on fewer and thicker ones.
    It is measured in some of the tiles along the edge; `prior` is the enlarged coarse alpha.
    """
    peak, samples = picture.bit_depth.peak, [np.zeros(0, np.float64)]
    low_alpha, high_alpha = UNCERTAIN_ALPHA_RANGE
    for tile in edge_tiles[:: -(-len(edge_tiles) // MAX_ROUGHNESS_TILES) or 1]:
        tile_prior = prior[tile.rows, tile.columns]
        pixels = np.divide(picture.rgb[tile.rows, tile.columns], peak, dtype=np.float32)
        probability = colour_table.look_up_probability(table, pixels)
        uncertain = (tile_prior > low_alpha * peak) & (tile_prior < high_alpha * peak)
        samples.append(np.asarray(colour_table.roughness(probability, uncertain), np.float64))
    roughness = np.concatenate(samples)
    if not roughness.size:
        return 0.0
    low, high = STRAND_ROUGHNESS_RANGE
    return MAX_COLOUR_TABLE_WEIGHT * float(np.clip((roughness.mean() - low) / (high - low), 0, 1))


def downscale_factor(step: int, cell_pixels: int) -> int:
    """Factor by which the network sees the picture reduced: 1 up to about 6 megapixels (with strands, 15)."""
    return max(1, round(step / cell_pixels))


def levels_lut(peak: int) -> Pixels:
    """Look-up table for alphas 0..peak: within ALPHA_CLIP_MARGIN of 0 or 1 clipped, the rest stretched between."""
    depth = BitDepth.EIGHT if peak < 256 else BitDepth.SIXTEEN
    return as_pixels(stretch_levels(np.arange(peak + 1) / peak, ALPHA_CLIP_MARGIN, 1 - ALPHA_CLIP_MARGIN), depth)
