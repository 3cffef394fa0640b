"""From the network's coarse alpha to one at full resolution that follows the photograph's own edges.

In the uncertain band, local Gaussian models of the sure subject's and the sure background's colours (Ruzon & Tomasi,
Alpha Estimation in Natural Images, 2000; Chuang et al., A Bayesian Approach to Digital Matting, 2001), with the coarse
alpha as prior and a third hypothesis, "a blend as the network says", decide each pixel. Chosen over guided filters on
known mattes (LOG.md). Linear in pixels; only tiles that hold the band are computed. Knows nothing of networks.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mattebox.io import resample
from mattebox.matte import tiles
from mattebox.matte.confidence import subject_box
from mattebox.types import Box, Floats, Matte, Picture, Pixels, Size
from mattebox.zoo import runtime

GATE = 0.004  # a coarse alpha within this of 0 or 1 is taken for settled; the same as in the kernel


def enlarge(picture: Picture, matte: Matte) -> Matte:
    """The coarse matte at the picture's size and depth, interpolated: fast, and blind to the photograph's edges."""
    coarse = as_floats(matte.alpha)
    if picture.depth.peak == 255:
        alpha = resample.enlarge(np.round(coarse * 255).astype(np.uint8), picture.size)
    else:
        alpha = np.round(resample.enlarge(coarse, picture.size).clip(0, 1) * 65535).astype(np.uint16)
    return finish(picture, matte, alpha)


def refine(picture: Picture, matte: Matte) -> Matte:
    """The coarse matte at the picture's size and depth, its edges found in the photograph."""
    shrink, step = scales(picture.size, matte.size)
    coarse = tiles.onto_grid(as_floats(matte.alpha), picture.size, step)
    models = colour_models(picture, coarse, shrink)
    planes = tiles.rimmed(np.concatenate([coarse[None], models]))
    alpha = np.zeros(picture.size, picture.depth.dtype)
    peak = picture.depth.peak

    def decide(tile: tiles.Tile) -> None:
        pixels = tiles.whole_cells(picture.rgb, tile, peak)
        result = runtime.apply("decide", threads=1, tile=pixels, patch=tiles.patch_of(planes, tile))
        part = alpha[tile.rows, tile.columns]
        part[...] = np.round(result * peak)[: part.shape[0], : part.shape[1]]

    todo = []
    for tile in tiles.tiles(picture.size, step):
        near = planes[0, tile.grid_rows, tile.grid_columns]
        if near.min() >= 1 - GATE:
            alpha[tile.rows, tile.columns] = peak
        elif near.max() > GATE:
            todo.append(tile)
    tiles.each(decide, todo)
    return finish(picture, matte, alpha)


def scales(size: Size, coarse: Size) -> tuple[int, int]:
    """How much to shrink the guide, and the step of the model grid: about the network's resolution, never coarser."""
    ratio = min(whole / part for whole, part in zip(size, coarse, strict=True))
    shrink = max(1, int(ratio / 2))
    return shrink, 2 * shrink if ratio >= 2 else 1


def colour_models(picture: Picture, coarse: Floats, shrink: int) -> Floats:
    """Planes of coefficients on the model grid (see workshop/kernels.py), C x h x w."""
    guide = resample.reduce(picture.rgb, shrink).astype(np.float32) / 255
    small = np.ascontiguousarray(guide.transpose(2, 0, 1)[None])
    halved = small.shape[2:] != coarse.shape
    return runtime.apply("colour_models_half" if halved else "colour_models", guide=small, alpha=coarse[None, None])[0]


def finish(picture: Picture, matte: Matte, alpha: Pixels) -> Matte:
    """The matte with its new alpha, never more opaque than the picture was, its box in the picture's pixels."""
    if picture.alpha is not None:
        peak = picture.depth.peak
        product = alpha.astype(np.uint32) * picture.alpha
        alpha = ((product + peak // 2) // peak).astype(picture.depth.dtype)
    box: Box = subject_box(alpha) if matte.found else (0, 0, *picture.size[::-1])
    return replace(matte, alpha=alpha, box=box)


def as_floats(alpha: Pixels) -> Floats:
    return alpha.astype(np.float32) / np.iinfo(alpha.dtype).max
