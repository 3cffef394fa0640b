"""The learned estimate of the light: where, in a histogram of colours, the photograph's white must be.

Under another light all log-chromaticities shift alike, so a white point is found as an object is in an image, by
correlating the histogram with a learned pattern (Barron & Tsai, Fast Fourier Color Constancy, CVPR 2017).
Three histograms: all pixels, their edges, the brightest. The patterns are fitted in the workshop. Knows
nothing of pictures at full size or of corrections.
"""

from __future__ import annotations

import hashlib
import io
import json
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mattebox.enhancement.linear_light import LightSample
from mattebox.errors import ModelError
from mattebox.types import Floats

BINS_PER_AXIS = 64
BIN_WIDTH_LOG_CHROMATICITY = 0.05  # of a bin, in log chromaticity
MIN_USABLE_LIGHT, MAX_USABLE_LIGHT = 0.004, 0.98  # light outside of this says nothing of colour
HISTOGRAM_COUNT = 3
WEIGHTS_PATH = Path(__file__).parent / "weights" / "white-1.npz"

Float64Array = NDArray[np.float64]
Spectrum = NDArray[np.complex128]


class IlluminantEstimate(NamedTuple):
    """The light's log chromaticity (log red/green, log blue/green), and how far off it may be (one deviation)."""

    log_chromaticity: Float64Array
    standard_deviation: float


def estimate_illuminant(sample: LightSample) -> IlluminantEstimate | None:
    """Where the white is; None when too little is seen to say."""
    planes = log_chroma_histograms(sample)
    return None if planes is None else locate_white_point(planes, *load_filters())


def locate_white_point(histogram_planes: Floats, filters: Spectrum, prior: Float64Array) -> IlluminantEstimate:
    """The mean and the spread of the likelihood that histograms, filters (PLANES x BINS x BINS, transformed) and
    the prior (BINS x BINS) give."""
    scores = np.fft.irfft2((np.fft.rfft2(histogram_planes) * filters).sum(0), (BINS_PER_AXIS, BINS_PER_AXIS)) + prior
    share = np.exp(scores - scores.max())
    share /= share.sum()
    centres = (np.arange(BINS_PER_AXIS) - BINS_PER_AXIS / 2 + 0.5) * BIN_WIDTH_LOG_CHROMATICITY
    mean = np.array([share.sum(1) @ centres, share.sum(0) @ centres])
    variance = share.sum(1) @ (centres - mean[0]) ** 2 + share.sum(0) @ (centres - mean[1]) ** 2
    return IlluminantEstimate(mean, float(np.sqrt(variance)))


def log_chroma_histograms(sample: LightSample) -> Floats | None:
    """PLANES x BINS x BINS: square roots of the shares of all pixels, of edges and of the brightest pixels."""
    top, low = sample.grid.max(-1), sample.grid.min(-1)
    good = (
        (sample.grid_weights > 0.5) & (top < MAX_USABLE_LIGHT) & (top > MIN_USABLE_LIGHT) & (low > MIN_USABLE_LIGHT / 4)
    )
    if good.sum() < 64:
        return None
    both = good[1:, 1:] & good[:-1, 1:] & good[1:, :-1]
    edges = np.abs(sample.grid[1:, 1:] - sample.grid[:-1, 1:]) + np.abs(sample.grid[1:, 1:] - sample.grid[1:, :-1])
    bright = good & (top >= np.percentile(top[good], 90))
    edged = both & (edges.min(-1) > MIN_USABLE_LIGHT / 4)
    parts = [(sample.grid[good], None), (edges[edged], edges[edged].sum(-1)), (sample.grid[bright], None)]
    return np.stack([_log_chroma_histogram(light, weight) for light, weight in parts]).astype(np.float32)


def _log_chroma_histogram(light: Floats, weights: Floats | None) -> Float64Array:
    if not len(light):
        return np.zeros((BINS_PER_AXIS, BINS_PER_AXIS))
    logs = np.log(np.maximum(light, 1e-5))
    half = BINS_PER_AXIS * BIN_WIDTH_LOG_CHROMATICITY / 2
    span = ((-half, half), (-half, half))
    counts, _, _ = np.histogram2d(
        logs[:, 0] - logs[:, 1], logs[:, 2] - logs[:, 1], BINS_PER_AXIS, span, weights=weights
    )
    return np.asarray(np.sqrt(counts / max(counts.sum(), 1e-9)))


@lru_cache(maxsize=1)
def load_filters() -> tuple[Spectrum, Float64Array]:
    """The fitted filters, transformed, and the prior. ModelError when they are not what their card says."""
    content = WEIGHTS_PATH.read_bytes()
    if hashlib.sha256(content).hexdigest() != load_card()["sha256"]:
        raise ModelError(f"{WEIGHTS_PATH.name} is not what its card says", "install mattebox again")
    with np.load(io.BytesIO(content), allow_pickle=False) as held:
        return np.fft.rfft2(held["filters"].astype(np.float64)), held["prior"].astype(np.float64)


def load_card() -> dict[str, object]:
    """What the patterns are, what they were learned from and how good they are."""
    read: dict[str, object] = json.loads(WEIGHTS_PATH.with_suffix(".json").read_text())
    return read
