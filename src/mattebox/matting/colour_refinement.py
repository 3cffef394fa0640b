"""From the network's coarse alpha to one at full resolution that follows the photograph's own edges.

In the uncertain band, local Gaussian models of the sure subject's and the sure background's colours (Ruzon & Tomasi,
Alpha Estimation in Natural Images, 2000; Chuang et al., A Bayesian Approach to Digital Matting, 2001), with the coarse
alpha as prior and a third hypothesis, "a blend as the network says", decide each pixel. Chosen over guided filters on
known mattes (LOG.md). Linear in pixels; only tiles that hold the band are computed. Knows nothing of networks.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mattebox.core import cpu_threads
from mattebox.core.connected_components import subject_box
from mattebox.io import resampling
from mattebox.matting import tiles
from mattebox.models.runtime import onnx_runtime
from mattebox.types import BitDepth, Box, Floats, ImageShape, Matte, Picture, Pixels

COLOUR_PLANE_COUNT = 20  # planes of the colour models that tell of colours
ALPHA_CLIP_MARGIN = (
    0.1  # a network is never quite sure; a haze over a white page is dirt, and a hole in a subject a fault (LOG.md)
)


def enlarge_matte(picture: Picture, matte: Matte) -> Matte:
    """The coarse matte at the picture's size and depth, interpolated: fast, and blind to the photograph's edges."""
    return finalise_matte(picture, matte, enlarge_alpha(picture, matte))


def enlarge_alpha(picture: Picture, matte: Matte) -> Pixels:
    """The coarse alpha at the picture's size and depth, bicubic."""
    coarse = as_floats(matte.alpha)
    if picture.bit_depth is BitDepth.EIGHT:
        return resampling.enlarge(np.round(coarse * 255).astype(np.uint8), picture.shape).copy()
    return np.round(resampling.enlarge(coarse, picture.shape).clip(0, 1) * 65535).astype(np.uint16)


def refine(picture: Picture, matte: Matte, finer_grid: bool = False) -> Matte:
    """The coarse matte at the picture's size and depth, its edges found in the photograph (`finer_grid` as in `scales`)."""
    alpha, peak = enlarge_alpha(picture, stretch_levels(matte)), picture.bit_depth.peak
    shrink, step = grid_scales(picture.shape, matte.shape, finer_grid)
    models = tiles.pad_grid_planes(fit_colour_models(picture, matte, shrink, step)[:COLOUR_PLANE_COUNT])

    def decide(tile: tiles.Tile) -> None:
        pixels, prior = (tiles.tile_pixels(p, tile, peak) for p in (picture.rgb, alpha))
        result = onnx_runtime.run_kernel(
            "decide", threads=1, tile=pixels, prior=prior, patch=tiles.grid_patch(models, tile)
        )
        part = alpha[tile.rows, tile.columns]
        part[...] = np.round(result * peak)[: part.shape[0], : part.shape[1]]

    live = np.any(models, axis=0)  # elsewhere colours have no say, and the prior stands

    def asked(tile: tiles.Tile) -> bool:
        return bool(live[tile.grid_rows, tile.grid_columns].any()) and tiles.has_partial_alpha(
            alpha[tile.rows, tile.columns], peak
        )

    cpu_threads.parallel_map(decide, list(filter(asked, tiles.iter_tiles(picture.shape, step))))
    return finalise_matte(picture, matte, alpha)


def stretch_levels(matte: Matte) -> Matte:
    """The matte with what is within HAZE of nothing or all taken for nothing or all, and the rest spread between."""
    alpha = np.clip((as_floats(matte.alpha) - ALPHA_CLIP_MARGIN) / (1 - 2 * ALPHA_CLIP_MARGIN), 0, 1)
    return replace(matte, alpha=np.round(alpha * 65535).astype(np.uint16))


def grid_scales(size: ImageShape, coarse_size: ImageShape, finer_grid: bool = False) -> tuple[int, int]:
    """How much to shrink the guide, and the step of the model grid: a little coarser than the network's resolution,
    since strands stand between models of smaller cells, or, for crisp edges, a little `finer_grid` (LOG.md)."""
    pixels = min(whole / part for whole, part in zip(size, coarse_size, strict=True))
    step = max(1, int(pixels + 0.05)) if finer_grid else int(pixels) + 1
    return (step // 2, step) if step % 2 == 0 else (step, step)


def fit_colour_models(picture: Picture, matte: Matte, shrink: int, step: int) -> Floats:
    """Planes of coefficients on the model grid (see mattebox/training/export/pixel_kernels), 27 x h x w."""
    guide = resampling.average_blocks(picture.rgb, shrink).astype(np.float32) / np.float32(255)
    small = np.ascontiguousarray(guide.transpose(2, 0, 1)[None])
    coarse = tiles.resample_to_grid(as_floats(matte.alpha), picture.shape, step)
    name = "colour_models" if step == shrink else "colour_models_half"
    planes: Floats = onnx_runtime.run_kernel(name, guide=small, alpha=coarse[None, None])[0]
    return planes


def finalise_matte(picture: Picture, matte: Matte, alpha: Pixels) -> Matte:
    """The matte with its new alpha, never more opaque than the picture was, its box in the picture's pixels."""
    if picture.alpha is not None:
        peak = picture.bit_depth.peak
        product = alpha.astype(np.uint32) * picture.alpha
        alpha = ((product + peak // 2) // peak).astype(picture.bit_depth.dtype)
    box: Box = subject_box(alpha) if matte.found else (0, 0, *picture.shape[::-1])
    return replace(matte, alpha=alpha, box=box)


def as_floats(alpha: Pixels) -> Floats:
    return alpha.astype(np.float32) / np.float32(np.iinfo(alpha.dtype).max)
