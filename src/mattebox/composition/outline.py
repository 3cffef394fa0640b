"""A sticker's edge: everything within a distance of the subject takes one colour, with a smooth rim.

Distances are Euclidean, by two passes limited to that distance (after Felzenszwalb & Huttenlocher, Distance Transforms
of Sampled Functions, 2012), on a reduced grid when it is wide. Knows nothing of shadows or backgrounds.
"""

from __future__ import annotations

import math
import re

import numpy as np

from mattebox.composition.alpha_compositing import broadcast_colour, composite_over
from mattebox.composition.blur import blur_planes
from mattebox.errors import UsageError
from mattebox.io import resampling
from mattebox.io.colour import RgbColour
from mattebox.types import Floats, ImageShape, Picture

MAX_WIDTH_CELLS = 12  # grid samples that the distance takes, at most
SMOOTHING_WIDTH_SHARE = 0.35  # of the width: bumps of the subject smaller than this do not show in the outline's rim


def add_outline(cutout: Picture, width: float, colour: RgbColour) -> Picture:
    """The cutout on its outline, `width` pixels wide; `colour` in the picture's own encoding and depth."""
    if cutout.alpha is None or width <= 0:
        return cutout
    cell = max(1, int(width / MAX_WIDTH_CELLS))
    alpha = resampling.average_blocks(cutout.alpha, cell).astype(np.float32) / np.float32(255)
    even = SMOOTHING_WIDTH_SHARE * width / cell
    reach = math.ceil(width / cell + 2 + 3 * even)
    away = (_smooth_distances(distance_transform(alpha > 0.5, reach), even) - 0.5) * cell  # from the subject's edge
    if cell > 1:
        away = resampling.enlarge(away, (away.shape[0] * cell, away.shape[1] * cell))
    away = away[: cutout.shape[0], : cutout.shape[1]]
    edge = np.rint(np.clip(width + 0.5 - away, 0, 1) * cutout.bit_depth.peak).astype(cutout.bit_depth.dtype)
    inside = cutout.with_pixels(cutout.rgb, np.minimum(cutout.alpha, edge))  # no haze beyond a sticker's edge
    return composite_over(inside, cutout.with_pixels(broadcast_colour(colour, cutout.rgb), edge))


def _smooth_distances(distances: Floats, sigma: float) -> Floats:
    """Distances without the small bumps of a furry edge."""
    rim = math.ceil(3 * sigma)
    return blur_planes(np.pad(distances, rim, mode="edge"), sigma)[
        rim : rim + distances.shape[0], rim : rim + distances.shape[1]
    ]


def distance_transform(inside: np.ndarray, max_distance: int) -> Floats:
    """Of each sample to the nearest inside, in samples; at least `max_distance` wherever it is that far."""
    height, width = inside.shape
    place = np.arange(width)
    before = np.maximum.accumulate(np.where(inside, place, -(10**6)), axis=1)
    after = np.minimum.accumulate(np.where(inside, place, 10**6)[:, ::-1], axis=1)[:, ::-1]
    level = np.minimum(np.minimum(place - before, after - place), max_distance + 1).astype(np.float32) ** 2
    best = level.copy()
    for step in range(1, min(max_distance, height - 1) + 1):
        np.minimum(best[step:], level[:-step] + step * step, out=best[step:])
        np.minimum(best[:-step], level[step:] + step * step, out=best[:-step])
    return np.sqrt(best)


def parse_outline_width(text: str, size: ImageShape) -> float:
    """A width as users write it, 2% of the longer side or 12px, in pixels. UsageError."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(px|%)?", text.strip())
    if not found or (found[2] == "%" and float(found[1]) > 20) or float(found[1]) > 2000:
        raise UsageError(
            f"{text!r} is not the width of an outline", "give up to 20%, or pixels such as 12px; 0 for none"
        )
    return float(found[1]) * (max(size) / 100 if found[2] == "%" else 1)
