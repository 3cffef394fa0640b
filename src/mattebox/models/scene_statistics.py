"""Simple statistics of a picture by which drawn and written ones differ from photographs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mattebox.io.resampling import shrink, to_eight_bit
from mattebox.types import Pixels

EXACT_SIDE, COARSE_SIDE = 384, 128  # longer side on which exact colours are compared; side of the coarse picture
EDGE_STRENGTH = 0.08  # of a step in grey that counts as an edge
AXIS_RATIO = 0.15  # of the smaller to the larger part of a gradient along an axis

Float64Array = NDArray[np.float64]


def measure_statistics(rgb: Pixels) -> Float64Array:
    """Proportions, colours, flatness and edges of a picture.

    Parameters
    ----------
    rgb
        H x W x 3, uint8 or uint16.

    Returns
    -------
    array of float64
        Twenty figures, in an order that networks are fitted to.
    """
    height, width = rgb.shape[:2]
    scale = min(1.0, EXACT_SIDE / max(height, width))
    exact_size = max(2, round(height * scale)), max(2, round(width * scale))
    exact = to_eight_bit(rgb) if exact_size == (height, width) else shrink(rgb, exact_size)
    coarse = shrink(rgb, (COARSE_SIDE, COARSE_SIDE)).astype(np.float64) / 255
    proportion = [float(np.log(width / height))]
    return np.array([*proportion, *_count_colours(exact), *_measure_light(coarse), *_measure_edges(exact, coarse)])


def _count_colours(exact: Pixels) -> list[float]:
    """Shares of the 1, 4 and 16 most frequent of 4096 colours, and how many there are, as a logarithm."""
    bits = (exact >> 4).astype(np.int64)
    codes = (bits[..., 0] << 8) | (bits[..., 1] << 4) | bits[..., 2]
    shares = np.sort(np.bincount(codes.ravel(), minlength=4096))[::-1] / codes.size
    return [shares[0], shares[:4].sum(), shares[:16].sum(), float(np.log1p((shares > 0).sum()))]


def _measure_light(coarse: Float64Array) -> list[float]:
    """Shares of white, black and grey pixels; saturation and brightness with their spread."""
    saturation, grey = coarse.max(2) - coarse.min(2), coarse.mean(2)
    return [
        (coarse.min(2) > 0.92).mean(), (coarse.max(2) < 0.1).mean(), (saturation < 0.06).mean(),
        saturation.mean(), saturation.std(), grey.mean(), grey.std(),
        grey.std(1).mean(), grey.mean(1).std(), grey.mean(0).std(),
    ]  # fmt: skip


def _measure_edges(exact: Pixels, coarse: Float64Array) -> list[float]:
    """Shares of pixels that equal their neighbour, and of edges; how many of them lie along an axis."""
    grey = coarse.mean(2)
    across, down = np.abs(np.diff(grey, axis=1))[:-1], np.abs(np.diff(grey, axis=0))[:, :-1]
    strength = np.hypot(across, down)
    is_edge = strength > EDGE_STRENGTH
    lies_along_axis = np.minimum(across, down) < AXIS_RATIO * np.maximum(across, down)
    return [
        (exact[:, 1:] == exact[:, :-1]).all(2).mean(), (exact[1:] == exact[:-1]).all(2).mean(),
        is_edge.mean(), strength.mean(), (lies_along_axis & is_edge).sum() / max(is_edge.sum(), 1),
    ]  # fmt: skip
