"""Noise of a photograph, measured where it shows no texture, at several scales.

Noise of cameras has little left at the finest scale: demosaicking, the camera's own smoothing and JPEG correlate
neighbouring pixels. So the diagonal band of a Haar transform is measured at three scales in small squares (the median
of each: Donoho & Johnstone, Ideal spatial adaptation by wavelet shrinkage, 1994), and the scales are added up. A low
quantile of the squares counts, since texture is no noise (Pyatykh et al., Image noise level estimation by principal
component analysis, 2013, and Liu et al., Single-image noise level estimation, 2013, choose flat patches likewise).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mattebox.types import Floats

SQUARE_PIXELS = 32
SCALES = 3  # of the Haar transform
BANDS_PER_SCALE = 3  # taken to be as strong as the diagonal one
CLIPPED_VALUES = (0.02, 0.98)
MIN_UNCLIPPED_SHARE = 0.9
MIN_SQUARES = 4
FLAT_QUANTILE = 0.05
MEDIAN_OF_NORMAL = 0.6745


def estimate_noise(patches: Sequence[Floats]) -> float:
    """The noise of patches.

    Parameters
    ----------
    patches
        Encoded luminance, h x w, 0..1.

    Returns
    -------
    float
        Standard deviation, 0..1; 0 where too few squares can be measured.
    """
    deviations = [_noise_like_deviations(patch) for patch in patches if min(patch.shape) >= SQUARE_PIXELS]
    if sum(map(len, deviations)) < MIN_SQUARES:
        return 0.0
    return float(np.quantile(np.concatenate(deviations), FLAT_QUANTILE))


def _noise_like_deviations(patch: Floats) -> Floats:
    """The deviation of each square of a patch that is not clipped."""
    height, width = (side // SQUARE_PIXELS * SQUARE_PIXELS for side in patch.shape)
    plane = patch[:height, :width]
    low, high = CLIPPED_VALUES
    unclipped = _squares((plane > low) & (plane < high)).mean(1) >= MIN_UNCLIPPED_SHARE
    variance = np.zeros(len(unclipped), np.float32)
    for scale in range(1, SCALES + 1):
        a, b, c, d = plane[::2, ::2], plane[::2, 1::2], plane[1::2, ::2], plane[1::2, 1::2]
        diagonal = _squares(np.abs(a - b - c + d) / 2, SQUARE_PIXELS >> scale)
        variance += (BANDS_PER_SCALE / 4 * (np.median(diagonal, axis=1) / MEDIAN_OF_NORMAL) ** 2).astype(np.float32)
        plane = ((a + b + c + d) / 4).astype(np.float32)
    return np.asarray(np.sqrt(variance[unclipped]), np.float32)


def _squares(plane: NDArray[np.float32] | NDArray[np.bool_], side: int = SQUARE_PIXELS) -> Floats:
    """n x side^2: the pixels of each square."""
    rows, columns = plane.shape[0] // side, plane.shape[1] // side
    squares = plane.reshape(rows, side, columns, side).transpose(0, 2, 1, 3).reshape(-1, side * side)
    return np.asarray(squares, np.float32)
