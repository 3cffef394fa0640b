"""Foreground estimation: the subject's own colours along soft edges, without a halo of the old background.

Blur fusion (Forte & Pitié, Approximate Fast Foreground Colour Estimation, 2021): blurs weighted by alpha give
foreground and background colours on a reduced grid; at full resolution, where alpha lies strictly between 0 and 1,
both are changed as little as possible so that they blend to the observed pixel (decision 010;
mattebox/training/networks/pixel_kernels). All other pixels keep their values exactly.
"""

from __future__ import annotations

import numpy as np

from mattebox.core import cpu_threads
from mattebox.io import resampling
from mattebox.matting import tiles
from mattebox.matting.matte_operations import as_floats, guide_image, to_nchw
from mattebox.models.runtime import onnx_runtime
from mattebox.types import Floats, ImageShape, Matte, Picture

GRID_SIDE_CELLS = 350  # longer side of the reduced grid, about


def estimate_foreground(picture: Picture, matte: Matte) -> Picture:
    """Cut the subject out, with its own colours along soft edges.

    Parameters
    ----------
    picture : Picture
        The picture, H x W.
    matte : Matte
        Its matte, of the same size and bit depth (see `refine`).

    Returns
    -------
    Picture
        The cutout: straight foreground colours with the matte's alpha.

    Raises
    ------
    ValueError
        When picture and matte differ in size or bit depth.

    Examples
    --------
    >>> import mattebox as mb
    >>> cutout = mb.foreground(picture, mb.refine(picture, matte))  # doctest: +SKIP
    """
    check_match(picture, matte)
    peak, step = picture.bit_depth.peak, grid_step(picture.shape)
    rgb = picture.rgb.copy()
    edge_tiles = [
        tile
        for tile in tiles.iter_tiles(picture.shape, step)
        if tiles.has_partial_alpha(matte.alpha[tile.rows, tile.columns], peak)
    ]
    if not edge_tiles:
        return picture.with_pixels(rgb, matte.alpha)
    grid_alpha = as_floats(resampling.average_blocks(matte.alpha, step))
    colours = tiles.pad_grid_planes(fuse_colours(guide_image(picture.rgb, step), grid_alpha))

    def unmix_tile(tile: tiles.Tile) -> None:
        pixels, alpha = (tiles.tile_pixels(p, tile, peak) for p in (picture.rgb, matte.alpha))
        patch = tiles.grid_patch(colours, tile)
        result = onnx_runtime.run_kernel("unmix", threads=1, tile=pixels, alpha=alpha, patch=patch)
        tile_alpha, target = matte.alpha[tile.rows, tile.columns], rgb[tile.rows, tile.columns]
        is_partial = ((tile_alpha > 0) & (tile_alpha < peak))[..., None]
        values = np.rint(result[: target.shape[0], : target.shape[1]] * peak)
        np.copyto(target, values.astype(target.dtype), where=is_partial)

    cpu_threads.parallel_map(unmix_tile, edge_tiles)
    return picture.with_pixels(rgb, matte.alpha)


def grid_step(size: ImageShape) -> int:
    """Side of the reduced grid's cells, in pixels, for a picture of this size."""
    return max(1, round(max(size) / GRID_SIDE_CELLS))


def check_match(picture: Picture, matte: Matte) -> None:
    """ValueError unless the matte has the picture's size and bit depth."""
    if matte.shape != picture.shape or matte.bit_depth != picture.bit_depth:
        raise ValueError(
            f"the matte is {matte.shape} at {matte.bit_depth} bits, "
            f"the picture {picture.shape} at {picture.bit_depth}; refine or enlarge the matte first"
        )


def fuse_colours(guide: Floats, alpha: Floats) -> Floats:
    """Estimate foreground and background colours by blur fusion.

    Parameters
    ----------
    guide : Floats
        Colours h x w x 3, 0..1, on a reduced grid.
    alpha : Floats
        Alpha h x w, 0..1, on the same grid.

    Returns
    -------
    Floats
        6 x h x w: the three foreground channels and the three background channels.
    """
    planes: Floats = onnx_runtime.run_kernel(
        "fuse", guide=to_nchw(guide), alpha=np.ascontiguousarray(alpha[None, None])
    )[0]
    return planes
