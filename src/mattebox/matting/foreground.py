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
from mattebox.matting.grid_windows import whole_grid, window_of_tiles
from mattebox.matting.matte_operations import as_floats, guide_image, to_nchw
from mattebox.matting.tile_batches import TileBatch, iter_batches, partial_mask
from mattebox.models.runtime import onnx_runtime
from mattebox.types import Floats, ImageShape, Matte, Picture

GRID_SIDE_CELLS = 350  # longer side of the reduced grid, about


def estimate_foreground(picture: Picture, matte: Matte, *, margin_cells: int | None = None) -> Picture:
    """Cut the subject out, with its own colours along soft edges.

    Parameters
    ----------
    picture : Picture
        The picture, H x W.
    matte : Matte
        Its matte, of the same size and bit depth (see `refine`).
    margin_cells : int, optional
        Cells of the reduced grid around soft edges whose colours count, for the frames of a clip; by default all do.

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
    is_partial = partial_mask(matte.alpha, peak)
    batches = list(iter_batches(is_partial, step))
    if not batches:
        return picture.with_pixels(rgb, matte.alpha)
    grid_shape = tiles.grid_size(picture.shape, step)
    window = whole_grid(grid_shape) if margin_cells is None else window_of_tiles(batches, grid_shape, margin_cells)
    part = window.pixels(step)
    grid_alpha = as_floats(resampling.average_blocks(matte.alpha[part], step))
    colours = window.pad(fuse_colours(guide_image(picture.rgb[part], step), grid_alpha))

    def unmix_tiles(batch: TileBatch) -> None:
        result = onnx_runtime.run_kernel(
            "unmix", threads=1, tile=batch.take(picture.rgb, peak), alpha=batch.take(matte.alpha, peak),
            patch=batch.take_cells(colours),
        )  # fmt: skip
        batch.put(np.rint(result * peak), is_partial, rgb)

    cpu_threads.parallel_map(unmix_tiles, batches)
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
