"""What colours say by themselves, wherever they are: how common each is in a picture's sure subject, and in its sure
background.

A strand has the colour of more hair, far along the edge, where local models (see `refine`) have seen none. KNN matting
(Chen et al., 2013) finds such colours by searching neighbours in colour; a table of colours knows them at once. Knows
nothing of edges.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mattebox.core.connected_components import dilate
from mattebox.io import resampling
from mattebox.types import Floats, Pixels

BINS_PER_CHANNEL = 32  # a channel
SMOOTHING_KERNEL = (0.006, 0.061, 0.242, 0.382, 0.242, 0.061, 0.006)  # a Gaussian of one bin
COLOUR_SHARE_FLOOR = 1e-7  # share of a colour that is taken to be everywhere
MAX_LOG_RATIO = 8.0  # of the log ratio
KNOWN_ALPHA_MARGIN = 0.05  # alpha within this of nothing or all, in all nine samples around, is sure
LOGIT_CLIP_MARGIN = 0.005  # no alpha is surer, before the palette is heard
HISTOGRAM_SIDE_PIXELS = 700  # pixels of a side that are looked at, about


def build_colour_table(rgb: Pixels, alpha: Floats) -> Floats:
    """H x W x 3 pixels of any depth and a coarse alpha h x w, 0..1, of all of them -> for each of BINS ** 3 colours,
    0..1: 1 where only the subject has it, 0 where only the background has it, one half where it is as common in both,
    or nothing is sure; nearer to one half, the more of their colours both share."""
    seen = resampling.to_eight_bit(
        rgb[:: -(-rgb.shape[0] // HISTOGRAM_SIDE_PIXELS), :: -(-rgb.shape[1] // HISTOGRAM_SIDE_PIXELS)]
    )
    places = np.ix_(*(_sample_indices(whole, cells) for whole, cells in zip(seen.shape, alpha.shape, strict=False)))
    number = _bin_indices(seen)
    ahead, behind = (
        _smoothed_histogram(number[~dilate(side <= 1 - KNOWN_ALPHA_MARGIN, 1)[places]]) for side in (alpha, 1 - alpha)
    )
    ratio = (
        np.log((ahead + COLOUR_SHARE_FLOOR) / (behind + COLOUR_SHARE_FLOOR))
        if ahead.any() and behind.any()
        else np.zeros(BINS_PER_CHANNEL**3)
    )
    apart = max(0.0, 1 - float(np.minimum(ahead, behind).sum()))  # what few colours tell is less to be believed
    return np.asarray(0.5 + apart * ratio.clip(-MAX_LOG_RATIO, MAX_LOG_RATIO) / (2 * MAX_LOG_RATIO), np.float32)


def look_up_probability(table: Floats, pixels: Floats) -> Floats:
    """What the table says of pixels T x U x 3, 0..1: T x U."""
    return table[_bin_indices((pixels * np.float32(255)).astype(np.uint8))]


def roughness(probability: Floats, mask: NDArray[np.bool_]) -> Floats:
    """How far what is said (T x U) differs from the mean of the nine pixels around, at those `mask` it. Strands change
    it from pixel to pixel (0.08 to 0.15 on hair), blur and what networks leave open of real subjects do
    not (0.02 to 0.04; LOG.md)."""
    around = np.pad(probability, 1, mode="edge")
    rows = around[:-2] + around[1:-1] + around[2:]
    mean = (rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) / np.float32(9)
    rough: Floats = np.abs(probability - mean)[mask]
    return rough


def add_probability_logit(alpha: Floats, probability: Floats, weight: float) -> Floats:
    """Alpha T x U, 0..1, with so much of what the palette says added to its logit."""
    sure = alpha.clip(LOGIT_CLIP_MARGIN, 1 - LOGIT_CLIP_MARGIN)
    logit = np.log(sure / (1 - sure)) + weight * 2 * MAX_LOG_RATIO * (probability - 0.5)
    return np.asarray(1 / (1 + np.exp(-logit)), np.float32)


def _bin_indices(rgb: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Of the bin of each pixel."""
    r, g, b = np.moveaxis((rgb // (256 // BINS_PER_CHANNEL)).astype(np.int32), -1, 0)
    number: NDArray[np.int32] = (r * BINS_PER_CHANNEL + g) * BINS_PER_CHANNEL + b
    return number


def _sample_indices(pixels: int, samples: int) -> NDArray[np.int64]:
    """For each pixel of a side: the sample of the alpha that it lies in."""
    return (np.arange(pixels) * samples) // pixels


def _smoothed_histogram(bin_indices: NDArray[np.int32]) -> NDArray[np.float64]:
    """How common each colour is, with those like it."""
    counts = np.bincount(bin_indices, minlength=BINS_PER_CHANNEL**3).reshape(
        BINS_PER_CHANNEL, BINS_PER_CHANNEL, BINS_PER_CHANNEL
    ) / max(bin_indices.size, 1)
    for axis in range(3):
        counts = np.apply_along_axis(np.convolve, axis, counts, SMOOTHING_KERNEL, "same")
    return counts.reshape(-1)
