"""A sticker's outline: everything within a distance of the subject in one colour, with a smooth edge.

Distances are Euclidean, by two passes limited to that distance (after Felzenszwalb & Huttenlocher, Distance transforms
of sampled functions, 2012), on a reduced grid for wide outlines.
"""

from __future__ import annotations

import math
import re

import numpy as np
from numpy.typing import NDArray

from mattebox.composition.alpha_compositing import broadcast_colour, composite_over
from mattebox.core.smoothing_filters import approximate_gaussian_blur
from mattebox.errors import UsageError
from mattebox.io import resampling
from mattebox.io.colour import RgbColour
from mattebox.types import Floats, ImageShape, Picture

MAX_WIDTH_CELLS = 12  # of the reduced grid
SMOOTHING_WIDTH_SHARE = 0.35  # smaller bumps of the subject do not show in the outline
MAX_WIDTH_PERCENT, MAX_WIDTH_PIXELS = 20, 2000


def add_outline(cutout: Picture, width: float, colour: RgbColour) -> Picture:
    """Put a cutout on its outline.

    Parameters
    ----------
    cutout
        Either depth; one without alpha is returned as it is.
    width
        In pixels; 0 returns the cutout itself.
    colour
        In the cutout's own encoding, 0 to its peak.
    """
    if cutout.alpha is None or width <= 0:
        return cutout
    cell = max(1, int(width / MAX_WIDTH_CELLS))
    alpha = resampling.average_blocks(cutout.alpha, cell).astype(np.float32) / np.float32(255)
    sigma = SMOOTHING_WIDTH_SHARE * width / cell
    reach = math.ceil(width / cell + 2 + 3 * sigma)
    distances = (_smooth_distances(alpha > 0.5, reach, sigma) - 0.5) * cell
    if cell > 1:
        distances = resampling.enlarge(distances, (distances.shape[0] * cell, distances.shape[1] * cell))
    distances = distances[: cutout.shape[0], : cutout.shape[1]]
    edge = np.rint(np.clip(width + 0.5 - distances, 0, 1) * cutout.bit_depth.peak).astype(cutout.bit_depth.dtype)
    clipped = cutout.with_pixels(cutout.rgb, np.minimum(cutout.alpha, edge))  # nothing faint beyond the outline
    return composite_over(clipped, cutout.with_pixels(broadcast_colour(colour, cutout.rgb), edge))


def _smooth_distances(inside: NDArray[np.bool_], max_distance: int, sigma: float) -> Floats:
    """Distances without the small bumps of a furry edge. They go on beyond the border, as a subject does that lies on
    it."""
    margin = math.ceil(3 * sigma)
    distances = distance_transform(np.pad(inside, margin, mode="edge"), max_distance)
    blurred = approximate_gaussian_blur(distances, sigma)
    return blurred[margin : margin + inside.shape[0], margin : margin + inside.shape[1]]


def distance_transform(inside: NDArray[np.bool_], max_distance: int) -> Floats:
    """The distance of each sample to the nearest inside, in samples; exact up to `max_distance`, and larger beyond
    it."""
    height, width = inside.shape
    columns = np.arange(width)
    before = np.maximum.accumulate(np.where(inside, columns, -(10**6)), axis=1)
    after = np.minimum.accumulate(np.where(inside, columns, 10**6)[:, ::-1], axis=1)[:, ::-1]
    in_row = np.minimum(np.minimum(columns - before, after - columns), max_distance + 1).astype(np.float32) ** 2
    squared = in_row.copy()
    for step in range(1, min(max_distance, height - 1) + 1):
        np.minimum(squared[step:], in_row[:-step] + step * step, out=squared[step:])
        np.minimum(squared[:-step], in_row[step:] + step * step, out=squared[:-step])
    return np.sqrt(squared)


def parse_outline_width(text: str, size: ImageShape) -> float:
    """The width in pixels, for a picture of `size`, of "2%" of the longer side or "12px". UsageError."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(px|%)?", text.strip())
    is_percent = match is not None and match[2] == "%"
    if match is None or float(match[1]) > (MAX_WIDTH_PERCENT if is_percent else MAX_WIDTH_PIXELS):
        raise UsageError(
            f"{text!r} is not the width of an outline", "give up to 20%, or pixels such as 12px; 0 for none"
        )
    return float(match[1]) * (max(size) / 100 if is_percent else 1)
