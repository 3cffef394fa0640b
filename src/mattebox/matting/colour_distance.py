"""Distance of every pixel's colour from the colours of some reference pixels, by a table of colours."""

from __future__ import annotations

import numpy as np

from mattebox.types import Floats, Mask

COLOUR_TOLERANCE = 0.14  # distance at which a colour is foreign
BINS_PER_CHANNEL = 16  # of the table of colour distances
MAX_COLOUR_SAMPLES = 32  # colours taken of the reference pixels, about


def colour_distance(features: Floats, reference_mask: Mask) -> Floats:
    """Squared distance H x W of each pixel's colour from the nearest colours of the reference pixels, in units of
    COLOUR_TOLERANCE, by a table of colours."""
    low, high = features[..., :3].min(axis=(0, 1)), features[..., :3].max(axis=(0, 1))
    bins = np.rint((features[..., :3] - low) / np.maximum(high - low, 1e-3) * (BINS_PER_CHANNEL - 1)).astype(np.int32)
    index = (bins[..., 0] * BINS_PER_CHANNEL + bins[..., 1]) * BINS_PER_CHANNEL + bins[..., 2]
    axes = [np.linspace(low[i], high[i], BINS_PER_CHANNEL, dtype=np.float32) for i in range(3)]
    colours = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    reference = features[reference_mask][:, :3]
    reference = reference[:: max(1, len(reference) // MAX_COLOUR_SAMPLES)]
    squared = np.square(colours).sum(axis=1)[:, None] - 2 * colours @ reference.T + np.square(reference).sum(axis=1)
    third = min(2, len(reference) - 1)  # the third nearest, so that one stray pixel does not count
    table = np.partition(squared, third, axis=1)[:, third].clip(0) / COLOUR_TOLERANCE**2
    result: Floats = table.astype(np.float32)[index]
    return result
