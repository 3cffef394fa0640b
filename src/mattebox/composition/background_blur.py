"""The photograph's own background, out of focus behind its subject, which is taken out first: no ghost of it remains.

Blurred in linear light, as a lens does, at reduced resolution. Knows nothing of other backdrops.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mattebox.composition.alpha_compositing import decoded, encoded, strips
from mattebox.composition.backdrop import dithered
from mattebox.composition.blur import blurred
from mattebox.composition.placement import Placement
from mattebox.io import resampling
from mattebox.types import Depth, Floats, Picture, Pixels

SMALL = 480  # longer side on which wide blurs are computed, about
FINE = 3  # samples per sigma that a reduced grid must keep
HARDLY = 0.02  # alpha below which a sample is background at all
GROWN = 1.5  # the subject is taken out with a rim of this many samples


def out_of_focus(photograph: Picture, alpha: Pixels, at: Placement, radius: float) -> Pixels:
    """H x W x 3 for the canvas of `at`: the background seen there, blurred by `radius` (a share of the longer side).

    `alpha` is the subject's, in the photograph's size. Beyond the photograph its mirror image goes on.
    """
    longer = max(photograph.size)
    shrink = max(1, min(round(longer / SMALL), int(longer * radius / FINE)))
    hidden = resampling.reduce(alpha, shrink).astype(np.float32) / np.float32(255)
    free = np.clip(1 - 2 * blurred(hidden, GROWN), 0, 1) * (hidden < HARDLY)
    light = decoded(resampling.reduce(photograph.rgb, shrink))
    return _onto(_means(light, free.astype(np.float32), longer * radius / shrink), photograph, at)


def _means(light: Floats, free: Floats, sigma: float) -> Floats:
    """Means of what is free around each place; where little is, of ever wider surroundings."""
    total, weight = np.zeros_like(light), np.zeros_like(free)
    share = np.float32(1)
    while True:
        total += share * blurred(light * free[..., None], sigma)
        weight += share * blurred(free, sigma)
        if weight.min() > 1e-3 * share or sigma > max(free.shape):
            break
        share, sigma = share * np.float32(0.01), sigma * 2
    return np.where(weight[..., None] > 0, total / np.maximum(weight, 1e-20)[..., None], light.mean((0, 1)))


def _onto(light: Floats, photograph: Picture, at: Placement) -> Pixels:
    """A small picture of light -> encoded pixels of the canvas, bilinear, strip by strip."""
    depth = photograph.depth
    rows, below, down = _between(at.canvas[0], at.top, at.scale, photograph.size[0], light.shape[0])
    columns, right, across = _between(at.canvas[1], at.left, at.scale, photograph.size[1], light.shape[1])
    made = np.empty((*at.canvas, 3), depth.dtype)
    for part in strips(at.canvas[0]):
        share = down[part, None, None]
        band = light[rows[part]] * (1 - share) + light[below[part]] * share
        mixed = (band[:, columns] * (1 - across[:, None]) + band[:, right] * across[:, None]).astype(np.float32)
        values = encoded(mixed, Depth.SIXTEEN).astype(np.float32) / np.float32(65535)
        made[part] = dithered(values, depth, part.start)
    return made


Between = tuple[NDArray[np.int64], NDArray[np.int64], Floats]


def _between(count: int, start: float, scale: float, whole: int, small: int) -> Between:
    """For each canvas pixel: the two samples around it, and the share of the second; mirrored beyond the rims."""
    place = (np.arange(count) + 0.5 - start) / scale * small / whole
    place = np.clip(small - np.abs(small - place % (2 * small)) - 0.5, 0, small - 1)
    low = np.floor(place).astype(np.int64)
    return low, np.minimum(low + 1, small - 1), (place - low).astype(np.float32)
