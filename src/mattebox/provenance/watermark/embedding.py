"""Embedding of the mark.

Chen & Wornell, "Quantization index modulation", IEEE Transactions on Information Theory, 2001: each coefficient is
moved to the nearest point of one of two lattices, which say 0 and 1. They lie a quarter of a step on either side of
zero, so that a coefficient which compression sets to zero says nothing, and nothing wrong. Only fully opaque pixels
change.
"""

from __future__ import annotations

import numpy as np

from mattebox.core.smoothing_filters import gaussian_blur
from mattebox.errors import OutputError
from mattebox.provenance.watermark.detection import read_aligned
from mattebox.provenance.watermark.grid import grid_shape, luminance, resize_plane
from mattebox.provenance.watermark.layout import (
    BLOCK_SIDE,
    FREQUENCIES,
    QUANTISER_STEP,
    TILE_BLOCKS,
    dct_matrix,
    tile_signs,
)
from mattebox.types import BitDepth, Floats, ImageShape, Picture

MIN_LONGER_SIDE = 256
PASSES = 5  # smoothing and resampling take part of the change away again
TOLERANCE = 0.1 * QUANTISER_STEP  # from the lattice point, which leaves the mark readable and changes less
BLOCK_SMOOTHING = 1.0  # pixels of the grid: no edges where blocks meet


def embed_watermark(picture: Picture, identifier: int) -> Picture:
    """A picture with an identifier of 32 bits in its pixels.

    Parameters
    ----------
    picture : Picture
        At least 256 pixels along its longer side. Pixels that are not fully opaque do not change.
    identifier : int
        From 0 to 2**32 - 1.

    Returns
    -------
    Picture
        Of the same bit depth; the change is about 43 dB below the peak.

    Raises
    ------
    OutputError
        The picture is too small, or the mark cannot be read back: too much of it is transparent, black or white.
    """
    if max(picture.shape) < MIN_LONGER_SIDE:
        raise OutputError(
            f"a watermark needs {MIN_LONGER_SIDE} pixels along the longer side, and this has {max(picture.shape)}",
            "make the picture larger, or leave the watermark out",
        )
    signs, shape = tile_signs(identifier), grid_shape(picture.shape)
    change = np.zeros(picture.shape, np.float32)
    is_opaque = None if picture.alpha is None else picture.alpha == BitDepth.of_pixels(picture.rgb).peak
    for _ in range(PASSES):
        on_grid = resize_plane(luminance(picture, change), shape)
        step = resize_plane(_grid_change(on_grid, signs), picture.shape)
        change += step if is_opaque is None else step * is_opaque
    marked = picture.with_pixels(_add_change(picture, change), picture.alpha)
    if read_aligned(marked) != identifier:
        raise OutputError(
            "the watermark cannot be read back: too much of the picture is transparent, black or white",
            "leave the watermark out",
        )
    return marked


def _grid_change(plane: Floats, signs: Floats) -> Floats:
    """What to add to the grid so that every whole block holds its part of the mark."""
    rows, columns = plane.shape[0] // BLOCK_SIDE, plane.shape[1] // BLOCK_SIDE
    matrix, target = dct_matrix(), _repeat_tile(signs, (rows, columns))
    covered = plane[: rows * BLOCK_SIDE, : columns * BLOCK_SIDE]
    blocks = covered.reshape(rows, BLOCK_SIDE, columns, BLOCK_SIDE)
    change = np.zeros(plane.shape, np.float32)
    area = change[: rows * BLOCK_SIDE, : columns * BLOCK_SIDE].reshape(blocks.shape)
    for number, (down, across) in enumerate(FREQUENCIES):
        coefficients = np.einsum("i,aibj,j->ab", matrix[down], blocks, matrix[across])
        offsets = target[..., number] * np.float32(QUANTISER_STEP / 4)
        distances = np.round((coefficients - offsets) / QUANTISER_STEP) * QUANTISER_STEP + offsets - coefficients
        moves = np.sign(distances) * np.maximum(np.abs(distances) - TOLERANCE, 0)
        area += np.einsum("i,ab,j->aibj", matrix[down], moves, matrix[across])
    return gaussian_blur(change, BLOCK_SMOOTHING)


def _repeat_tile(signs: Floats, blocks: ImageShape) -> Floats:
    repeats = (-(-blocks[0] // TILE_BLOCKS), -(-blocks[1] // TILE_BLOCKS), 1)
    return np.tile(signs, repeats)[: blocks[0], : blocks[1]]


def _add_change(picture: Picture, change: Floats) -> np.ndarray[tuple[int, ...], np.dtype[np.unsignedinteger]]:
    """The colours plus the change, rounded to the picture's bit depth; a pixel without change is copied."""
    peak = BitDepth.of_pixels(picture.rgb).peak
    colours = picture.rgb + (change * np.float32(peak / 255))[..., None]
    return np.clip(np.round(colours), 0, peak).astype(picture.rgb.dtype)
