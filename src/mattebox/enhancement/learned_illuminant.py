"""Learned illuminant estimation: the white point located in log-chroma histograms by fitted filters.

Another illuminant shifts all log chromaticities alike, so a white point is found like an object in an image, by
correlating the histogram with a learned filter (Barron & Tsai, Fast Fourier Color Constancy, CVPR 2017). Three
histograms are used: of all pixels, of their edges, and of the brightest. The filters are fitted by `mattebox.training`.
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

from mattebox.enhancement.colour_space import Float64Array
from mattebox.enhancement.light_sample import MIN_SAMPLE_PIXELS, MIN_USABLE_LIGHT, LightSample, pixels_with_neighbours
from mattebox.errors import ModelError
from mattebox.types import Floats

BINS_PER_AXIS = 64
BIN_WIDTH_LOG_CHROMATICITY = 0.05
HISTOGRAM_COUNT = 3
WEIGHTS_PATH = Path(__file__).parent / "weights" / "white-1.npz"

Spectrum = NDArray[np.complex128]


class IlluminantEstimate(NamedTuple):
    """The illuminant's log chromaticity (log red/green, log blue/green), and the estimate's standard deviation."""

    log_chromaticity: Float64Array
    standard_deviation: float


def estimate_illuminant(sample: LightSample) -> IlluminantEstimate | None:
    """The illuminant of a photograph; None when too few pixels are usable."""
    histograms = log_chroma_histograms(sample)
    return None if histograms is None else locate_white_point(histograms, *load_filters())


def locate_white_point(histogram_planes: Floats, filters: Spectrum, prior: Float64Array) -> IlluminantEstimate:
    """Mean and deviation of the likelihood of the white point.

    Parameters
    ----------
    histogram_planes
        `HISTOGRAM_COUNT` x `BINS_PER_AXIS` x `BINS_PER_AXIS`.
    filters
        One for each histogram, as its 2-D Fourier transform.
    prior
        `BINS_PER_AXIS` x `BINS_PER_AXIS`, log likelihood.
    """
    scores = np.fft.irfft2((np.fft.rfft2(histogram_planes) * filters).sum(0), (BINS_PER_AXIS, BINS_PER_AXIS)) + prior
    share = np.exp(scores - scores.max())
    share /= share.sum()
    centres = (np.arange(BINS_PER_AXIS) - BINS_PER_AXIS / 2 + 0.5) * BIN_WIDTH_LOG_CHROMATICITY
    mean = np.array([share.sum(1) @ centres, share.sum(0) @ centres])
    variance = share.sum(1) @ (centres - mean[0]) ** 2 + share.sum(0) @ (centres - mean[1]) ** 2
    return IlluminantEstimate(mean, float(np.sqrt(variance)))


def log_chroma_histograms(sample: LightSample) -> Floats | None:
    """`HISTOGRAM_COUNT` x `BINS_PER_AXIS` x `BINS_PER_AXIS`: square roots of the shares of all pixels, of edges and of
    the brightest tenth. None when too few pixels are usable."""
    brightest = sample.grid.max(-1)
    usable = sample.usable_mask & (sample.grid.min(-1) > MIN_USABLE_LIGHT / 4)
    if usable.sum() < MIN_SAMPLE_PIXELS:
        return None
    across, down = sample.gradients()
    edges = np.abs(down) + np.abs(across)
    edge_mask = pixels_with_neighbours(usable) & (edges.min(-1) > MIN_USABLE_LIGHT / 4)
    bright_mask = usable & (brightest >= np.percentile(brightest[usable], 90))
    return np.stack([
        _log_chroma_histogram(sample.grid[usable], None),
        _log_chroma_histogram(edges[edge_mask], edges[edge_mask].sum(-1)),
        _log_chroma_histogram(sample.grid[bright_mask], None),
    ]).astype(np.float32)  # fmt: skip


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
    """The Fourier transforms of the fitted filters, and the prior. ModelError when the file does not match its card."""
    content = WEIGHTS_PATH.read_bytes()
    if hashlib.sha256(content).hexdigest() != load_card()["sha256"]:
        raise ModelError(f"{WEIGHTS_PATH.name} is not what its card says", "install mattebox again")
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return np.fft.rfft2(arrays["filters"].astype(np.float64)), arrays["prior"].astype(np.float64)


def load_card() -> dict[str, object]:
    """The card of the filters: data, licence, hash and figures."""
    card: dict[str, object] = json.loads(WEIGHTS_PATH.with_suffix(".json").read_text())
    return card
