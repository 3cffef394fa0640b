"""Global colour model: how much more frequent each colour is in the certain subject than in the certain background.

A strand of hair has the colour of the other hair, even far along the edge where the local colour models (see
`colour_refinement`) have no samples. KNN matting (Chen et al., 2013) finds such colours by searching for neighbours in
colour space; a table of colours needs no search (decision 009).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mattebox.core.connected_components import dilate
from mattebox.io import resampling
from mattebox.types import Floats, Mask, Pixels

BINS_PER_CHANNEL = 32
SMOOTHING_KERNEL = (0.006, 0.061, 0.242, 0.382, 0.242, 0.061, 0.006)  # a Gaussian with sigma of one bin
COLOUR_SHARE_FLOOR = 1e-7  # added to the share of every colour
MAX_LOG_RATIO = 8.0  # limit of the log likelihood ratio
KNOWN_ALPHA_MARGIN = 0.05  # a sample is certain when it and its eight neighbours are this close to 0 or 1
LOGIT_CLIP_MARGIN = 0.005  # alpha is clipped by this much before its logit is taken
HISTOGRAM_SIDE_PIXELS = 700  # longest side of the pixels that are counted, about


def build_colour_table(rgb: Pixels, alpha: Floats) -> Floats:
    """Build a table of foreground probabilities by colour.

    Parameters
    ----------
    rgb : Pixels
        Picture H x W x 3, any bit depth.
    alpha : Floats
        Coarse alpha h x w, 0..1, of the whole picture.

    Returns
    -------
    Floats
        For each of BINS_PER_CHANNEL ** 3 colours a value 0..1: 1 only in the subject, 0 only in the background, one
        half where it is equally frequent in both or nothing is certain. The more colours subject and background share,
        the closer all values are to one half.
    """
    row_stride, column_stride = (-(-side // HISTOGRAM_SIDE_PIXELS) for side in rgb.shape[:2])
    sampled = resampling.to_eight_bit(rgb[::row_stride, ::column_stride])
    samples = np.ix_(*(_sample_indices(side, cells) for side, cells in zip(sampled.shape, alpha.shape, strict=False)))
    bins = _bin_indices(sampled)
    foreground, background = (
        _smoothed_histogram(bins[~dilate(share <= 1 - KNOWN_ALPHA_MARGIN, 1)[samples]]) for share in (alpha, 1 - alpha)
    )
    if not foreground.any() or not background.any():
        return np.full(BINS_PER_CHANNEL**3, 0.5, np.float32)
    ratio = np.log((foreground + COLOUR_SHARE_FLOOR) / (background + COLOUR_SHARE_FLOOR))
    separation = max(0.0, 1 - float(np.minimum(foreground, background).sum()))  # 0 when both have the same colours
    return np.asarray(0.5 + separation * ratio.clip(-MAX_LOG_RATIO, MAX_LOG_RATIO) / (2 * MAX_LOG_RATIO), np.float32)


def look_up_probability(table: Floats, pixels: Floats) -> Floats:
    """Foreground probability, H x W, of colours H x W x 3, 0..1, by a table of `build_colour_table`."""
    return table[_bin_indices((pixels * np.float32(255)).astype(np.uint8))]


def roughness(probability: Floats, mask: Mask) -> Floats:
    """Absolute difference of each probability (H x W) from the mean of its 3 x 3 window, at the pixels of the mask.

    Strands change the probability from pixel to pixel (0.08 to 0.15 on hair); blur and the gaps that networks leave in
    subjects do not (0.02 to 0.04; decision 009).
    """
    padded = np.pad(probability, 1, mode="edge")
    rows = padded[:-2] + padded[1:-1] + padded[2:]
    mean = (rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) / np.float32(9)
    difference: Floats = np.abs(probability - mean)[mask]
    return difference


def add_probability_logit(alpha: Floats, probability: Floats, weight: float) -> Floats:
    """Alpha H x W, 0..1, with the table's log likelihood ratio added to its logit, times `weight`."""
    clipped = alpha.clip(LOGIT_CLIP_MARGIN, 1 - LOGIT_CLIP_MARGIN)
    logit = np.log(clipped / (1 - clipped)) + weight * 2 * MAX_LOG_RATIO * (probability - 0.5)
    return np.asarray(1 / (1 + np.exp(-logit)), np.float32)


def _bin_indices(rgb: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Index of each pixel's bin in the table."""
    r, g, b = np.moveaxis((rgb // (256 // BINS_PER_CHANNEL)).astype(np.int32), -1, 0)
    index: NDArray[np.int32] = (r * BINS_PER_CHANNEL + g) * BINS_PER_CHANNEL + b
    return index


def _sample_indices(pixels: int, samples: int) -> NDArray[np.int64]:
    """For each pixel along a side, the index of the alpha's sample that it lies in."""
    return (np.arange(pixels) * samples) // pixels


def _smoothed_histogram(bin_indices: NDArray[np.int32]) -> NDArray[np.float64]:
    """Share of each colour, smoothed over similar ones."""
    counts = np.bincount(bin_indices, minlength=BINS_PER_CHANNEL**3).reshape((BINS_PER_CHANNEL,) * 3)
    shares = counts / max(bin_indices.size, 1)
    for axis in range(3):
        shares = np.apply_along_axis(np.convolve, axis, shares, SMOOTHING_KERNEL, "same")
    return shares.reshape(-1)
