"""What colours say by themselves, wherever they are: how common each is in a picture's sure subject, and in its sure
background.

A strand has the colour of more hair, far along the edge, where local models (see `refine`) have seen none. KNN matting
(Chen et al., 2013) finds such colours by searching neighbours in colour; a table of colours knows them at once. Knows
nothing of edges.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mattebox.core.connected_components import grown
from mattebox.io import resampling
from mattebox.types import Floats, Pixels

BINS = 32  # a channel
SOFT = (0.006, 0.061, 0.242, 0.382, 0.242, 0.061, 0.006)  # a Gaussian of one bin
FAINT = 1e-7  # share of a colour that is taken to be everywhere
MOST = 8.0  # of the log ratio
SURE = 0.05  # alpha within this of nothing or all, in all nine samples around, is sure
DOUBT = 0.005  # no alpha is surer, before the palette is heard
COUNTED = 700  # pixels of a side that are looked at, about


def palette(rgb: Pixels, alpha: Floats) -> Floats:
    """H x W x 3 pixels of any depth and a coarse alpha h x w, 0..1, of all of them -> for each of BINS ** 3 colours,
    0..1: 1 where only the subject has it, 0 where only the background has it, one half where it is as common in both,
    or nothing is sure; nearer to one half, the more of their colours both share."""
    seen = resampling.eight_bit(rgb[:: -(-rgb.shape[0] // COUNTED), :: -(-rgb.shape[1] // COUNTED)])
    places = np.ix_(*(_places(whole, cells) for whole, cells in zip(seen.shape, alpha.shape, strict=False)))
    number = _number(seen)
    ahead, behind = (_shares(number[~grown(side <= 1 - SURE, 1)[places]]) for side in (alpha, 1 - alpha))
    ratio = np.log((ahead + FAINT) / (behind + FAINT)) if ahead.any() and behind.any() else np.zeros(BINS**3)
    apart = max(0.0, 1 - float(np.minimum(ahead, behind).sum()))  # what few colours tell is less to be believed
    return np.asarray(0.5 + apart * ratio.clip(-MOST, MOST) / (2 * MOST), np.float32)


def told(table: Floats, pixels: Floats) -> Floats:
    """What the table says of pixels T x U x 3, 0..1: T x U."""
    return table[_number((pixels * np.float32(255)).astype(np.uint8))]


def roughness(said: Floats, among: NDArray[np.bool_]) -> Floats:
    """How far what is said (T x U) differs from the mean of the nine pixels around, at those `among` it. Strands change
    it from pixel to pixel (0.08 to 0.15 on hair), blur and what networks leave open of real subjects do
    not (0.02 to 0.04; LOG.md)."""
    around = np.pad(said, 1, mode="edge")
    rows = around[:-2] + around[1:-1] + around[2:]
    mean = (rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) / np.float32(9)
    rough: Floats = np.abs(said - mean)[among]
    return rough


def joined(alpha: Floats, said: Floats, share: float) -> Floats:
    """Alpha T x U, 0..1, with so much of what the palette says added to its logit."""
    sure = alpha.clip(DOUBT, 1 - DOUBT)
    logit = np.log(sure / (1 - sure)) + share * 2 * MOST * (said - 0.5)
    return np.asarray(1 / (1 + np.exp(-logit)), np.float32)


def _number(rgb: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Of the bin of each pixel."""
    r, g, b = np.moveaxis((rgb // (256 // BINS)).astype(np.int32), -1, 0)
    number: NDArray[np.int32] = (r * BINS + g) * BINS + b
    return number


def _places(whole: int, cells: int) -> NDArray[np.int64]:
    """For each pixel of a side: the sample of the alpha that it lies in."""
    return (np.arange(whole) * cells) // whole


def _shares(numbers: NDArray[np.int32]) -> NDArray[np.float64]:
    """How common each colour is, with those like it."""
    counts = np.bincount(numbers, minlength=BINS**3).reshape(BINS, BINS, BINS) / max(numbers.size, 1)
    for axis in range(3):
        counts = np.apply_along_axis(np.convolve, axis, counts, SOFT, "same")
    return counts.reshape(-1)
