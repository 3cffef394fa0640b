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

from mattebox.enhancement.linear_light import Sample
from mattebox.errors import ModelError
from mattebox.types import Floats

BINS = 64
WIDTH = 0.05  # of a bin, in log chromaticity
DARK, BRIGHT = 0.004, 0.98  # light outside of this says nothing of colour
PLANES = 3
WEIGHTS = Path(__file__).parent / "weights" / "white-1.npz"

Matrix = NDArray[np.float64]
Spectrum = NDArray[np.complex128]


class Guess(NamedTuple):
    """The light's log chromaticity (log red/green, log blue/green), and how far off it may be (one deviation)."""

    cast: Matrix
    spread: float


def learned(sample: Sample) -> Guess | None:
    """Where the white is; None when too little is seen to say."""
    planes = histograms(sample)
    return None if planes is None else answer(planes, *patterns())


def answer(planes: Floats, filters: Spectrum, prior: Matrix) -> Guess:
    """The mean and the spread of the likelihood that histograms, filters (PLANES x BINS x BINS, transformed) and
    the prior (BINS x BINS) give."""
    scores = np.fft.irfft2((np.fft.rfft2(planes) * filters).sum(0), (BINS, BINS)) + prior
    share = np.exp(scores - scores.max())
    share /= share.sum()
    centres = (np.arange(BINS) - BINS / 2 + 0.5) * WIDTH
    mean = np.array([share.sum(1) @ centres, share.sum(0) @ centres])
    variance = share.sum(1) @ (centres - mean[0]) ** 2 + share.sum(0) @ (centres - mean[1]) ** 2
    return Guess(mean, float(np.sqrt(variance)))


def histograms(sample: Sample) -> Floats | None:
    """PLANES x BINS x BINS: square roots of the shares of all pixels, of edges and of the brightest pixels."""
    top, low = sample.grid.max(-1), sample.grid.min(-1)
    good = (sample.seen > 0.5) & (top < BRIGHT) & (top > DARK) & (low > DARK / 4)
    if good.sum() < 64:
        return None
    both = good[1:, 1:] & good[:-1, 1:] & good[1:, :-1]
    edges = np.abs(sample.grid[1:, 1:] - sample.grid[:-1, 1:]) + np.abs(sample.grid[1:, 1:] - sample.grid[1:, :-1])
    bright = good & (top >= np.percentile(top[good], 90))
    edged = both & (edges.min(-1) > DARK / 4)
    parts = [(sample.grid[good], None), (edges[edged], edges[edged].sum(-1)), (sample.grid[bright], None)]
    return np.stack([_histogram(light, weight) for light, weight in parts]).astype(np.float32)


def _histogram(light: Floats, weight: Floats | None) -> Matrix:
    if not len(light):
        return np.zeros((BINS, BINS))
    logs = np.log(np.maximum(light, 1e-5))
    half = BINS * WIDTH / 2
    span = ((-half, half), (-half, half))
    counts, _, _ = np.histogram2d(logs[:, 0] - logs[:, 1], logs[:, 2] - logs[:, 1], BINS, span, weights=weight)
    return np.asarray(np.sqrt(counts / max(counts.sum(), 1e-9)))


@lru_cache(maxsize=1)
def patterns() -> tuple[Spectrum, Matrix]:
    """The fitted filters, transformed, and the prior. ModelError when they are not what their card says."""
    content = WEIGHTS.read_bytes()
    if hashlib.sha256(content).hexdigest() != card()["sha256"]:
        raise ModelError(f"{WEIGHTS.name} is not what its card says", "install mattebox again")
    with np.load(io.BytesIO(content), allow_pickle=False) as held:
        return np.fft.rfft2(held["filters"].astype(np.float64)), held["prior"].astype(np.float64)


def card() -> dict[str, object]:
    """What the patterns are, what they were learned from and how good they are."""
    read: dict[str, object] = json.loads(WEIGHTS.with_suffix(".json").read_text())
    return read
