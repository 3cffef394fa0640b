"""Refinement by colour models: from a coarse alpha to one at full resolution that follows the picture's edges.

In the uncertain band, local Gaussian models of the certain subject's and the certain background's colours (Ruzon &
Tomasi, Alpha Estimation in Natural Images, 2000; Chuang et al., A Bayesian Approach to Digital Matting, 2001) decide
each pixel, with the coarse alpha as prior and "a blend, as the network says" as third hypothesis (decision 004). A
colour that none of them explains is left to the coarse alpha. Time is linear in pixels; only tiles that hold a part of
the band are computed.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mattebox.core import cpu_threads
from mattebox.matting import tiles
from mattebox.matting.grid_windows import GridWindow, whole_grid, window_of_tiles
from mattebox.matting.matte_operations import (
    as_floats,
    as_pixels,
    enlarge_alpha,
    finalise_matte,
    guide_image,
    stretch_levels,
    to_nchw,
)
from mattebox.matting.tile_batches import TileBatch, iter_batches, partial_mask
from mattebox.models.runtime import onnx_runtime
from mattebox.types import BitDepth, Floats, ImageShape, Matte, Picture

LIKELIHOOD_POWER, FINE_LIKELIHOOD_POWER = 0.8, 0.5  # pixels are not independent; models of small cells are less sure
ALPHA_CLIP_MARGIN = 0.1  # alpha this close to 0 or 1 becomes 0 or 1: haze on a white page is dirt, a hole a fault


def refine(
    picture: Picture,
    matte: Matte,
    finer_grid: bool = False,
    *,
    cell_scale: int = 1,
    margin_cells: int | None = None,
) -> Matte:
    """Refine a coarse matte to full resolution by local colour models.

    Parameters
    ----------
    picture : Picture
        The picture that the matte belongs to, any size and bit depth.
    matte : Matte
        Coarse matte of the whole picture, such as `segment` returns.
    finer_grid : bool
        Fit the colour models on a grid as fine as the matte, for crisp edges; by default it is a little coarser.
    cell_scale : int
        Cells so many times as wide: much faster, for the frames of a clip.
    margin_cells : int, optional
        Cells around uncertain ones whose colours count, for the same; by default all do.

    Returns
    -------
    Matte
        Alpha H x W at the picture's size and bit depth, never more opaque than the picture's own alpha.

    Examples
    --------
    >>> import mattebox as mb
    >>> picture = mb.read("photo.jpg")  # doctest: +SKIP
    >>> matte = mb.refine(picture, mb.segment(picture, mb.Session.open()))  # doctest: +SKIP
    """
    alpha, peak = enlarge_alpha(picture, clip_haze(matte)), picture.bit_depth.peak
    guide_factor, step = grid_scales(picture.shape, matte.shape, finer_grid)
    if cell_scale != 1:
        guide_factor = step = cell_scale * step
    is_partial = partial_mask(alpha, peak)
    batches = list(iter_batches(is_partial, step))
    if not batches:
        return finalise_matte(picture, matte, alpha)
    grid_shape = tiles.grid_size(picture.shape, step)
    window = whole_grid(grid_shape) if margin_cells is None else window_of_tiles(batches, grid_shape, margin_cells)
    power = FINE_LIKELIHOOD_POWER if finer_grid else LIKELIHOOD_POWER
    planes = fit_colour_models(picture, matte, guide_factor, step, window, power=power)
    models = window.pad(planes)

    def refine_tiles(batch: TileBatch) -> None:
        result = onnx_runtime.run_kernel(
            "decide", threads=1, tile=batch.take(picture.rgb, peak), prior=batch.take(alpha, peak),
            patch=batch.take_cells(models),
        )  # fmt: skip
        batch.put(np.round(result * peak), is_partial, alpha)

    cpu_threads.parallel_map(refine_tiles, batches)
    return finalise_matte(picture, matte, alpha)


def clip_haze(matte: Matte) -> Matte:
    """The matte, 16 bits, with alpha within ALPHA_CLIP_MARGIN of 0 or 1 clipped and the rest stretched between."""
    alpha = stretch_levels(as_floats(matte.alpha), ALPHA_CLIP_MARGIN, 1 - ALPHA_CLIP_MARGIN)
    return replace(matte, alpha=as_pixels(alpha, BitDepth.SIXTEEN))


def grid_scales(size: ImageShape, coarse_size: ImageShape, finer_grid: bool = False) -> tuple[int, int]:
    """Factor by which to reduce the guide image, and step of the model grid, in pixels.

    The grid is a little coarser than the matte, because strands fall between the models of smaller cells, or with
    `finer_grid` as fine, for crisp edges (decision 004).
    """
    sample_pixels = min(side / samples for side, samples in zip(size, coarse_size, strict=True))
    step = max(1, int(sample_pixels + 0.05)) if finer_grid else int(sample_pixels) + 1
    return (step // 2, step) if step % 2 == 0 else (step, step)


def fit_colour_models(
    picture: Picture,
    matte: Matte,
    guide_factor: int,
    step: int,
    window: GridWindow | None = None,
    *,
    power: float | None = None,
) -> Floats:
    """Coefficients of the colour models on the grid, or in a window of it.

    30 x h x w of the robust models with a power of the likelihood (see mattebox/training/networks/posterior_alpha);
    without one 27 x h x w, as the edge network needs them (see mattebox/training/networks/pixel_kernels).
    """
    window = window or whole_grid(tiles.grid_size(picture.shape, step))
    guide = to_nchw(guide_image(picture.rgb[window.pixels(step)], guide_factor))
    coarse = tiles.resample_to_grid(as_floats(matte.alpha), picture.shape, step)[window.rows, window.columns]
    alpha, suffix = np.ascontiguousarray(coarse[None, None]), "" if step == guide_factor else "_half"
    planes: Floats
    if power is None:
        planes = onnx_runtime.run_kernel(f"colour_models{suffix}", guide=guide, alpha=alpha)[0]
    else:
        strength = np.array([power], np.float32)
        planes = onnx_runtime.run_kernel(f"robust_models{suffix}", guide=guide, alpha=alpha, power=strength)[0]
    return planes
