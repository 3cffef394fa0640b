"""Scene cuts: a frame whose colours, place by place, are another's.

The measure is the L1 distance, 0 to 1, of colour histograms in 3 x 3 parts of the frame, and the mean difference of
brightness once the overall change of light is taken out: a flash or a fade moves all of a histogram, and no structure.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mattebox.types import Floats

LEVELS_PER_CHANNEL = 4
PARTS = 3  # down and across
SAMPLE_STEP = 2
MIN_HISTOGRAM_DISTANCE = 0.42
MIN_STRUCTURE_DISTANCE = 0.35
LUMA_WEIGHTS = np.array([0.2126, 0.7152, 0.0722], np.float32)


def is_scene_cut(before: Floats, after: Floats) -> bool:
    """Whether a new scene starts between two guides, h x w x 3, 0..1."""
    return (
        histogram_distance(before, after) > MIN_HISTOGRAM_DISTANCE
        and structure_distance(before, after) > MIN_STRUCTURE_DISTANCE
    )


def histogram_distance(before: Floats, after: Floats) -> float:
    """Mean L1 distance, 0..1, of the colour histograms of 3 x 3 parts."""
    return float(np.abs(_histograms(before) - _histograms(after)).sum(axis=1).mean() / 2)


def structure_distance(before: Floats, after: Floats) -> float:
    """1 - correlation of the brightness, 0..2, on a grid of about 24 cells across; light changes leave it near 0."""
    a, b = _reduced_luma(before), _reduced_luma(after)
    a, b = a - a.mean(), b - b.mean()
    norm = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return 1.0 - float((a * b).sum()) / norm if norm > 1e-6 else 0.0


def _histograms(guide: Floats) -> NDArray[np.float64]:
    """9 x 64: the shares of the colours in each part, by every other sample down and across."""
    samples = guide[::SAMPLE_STEP, ::SAMPLE_STEP]
    levels = np.minimum((samples * LEVELS_PER_CHANNEL).astype(np.uint8), LEVELS_PER_CHANNEL - 1)
    codes = (levels[..., 0] * LEVELS_PER_CHANNEL + levels[..., 1]) * LEVELS_PER_CHANNEL + levels[..., 2]
    parts = [p for rows in np.array_split(codes, PARTS, axis=0) for p in np.array_split(rows, PARTS, axis=1)]
    counts = [np.bincount(part.ravel(), minlength=LEVELS_PER_CHANNEL**3) / max(part.size, 1) for part in parts]
    return np.stack(counts)


def _reduced_luma(guide: Floats) -> Floats:
    factor = max(1, guide.shape[1] // 24)
    height, width = (side // factor * factor for side in guide.shape[:2])
    luma: Floats = guide[:height, :width] @ LUMA_WEIGHTS
    means: Floats = luma.reshape(height // factor, factor, width // factor, factor).mean(axis=(1, 3))
    return means
