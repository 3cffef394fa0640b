"""The photograph's own background, out of focus behind its subject, which is taken out first: no ghost of it remains.

Blurred in linear light, as a lens does, at reduced resolution. Knows nothing of other backdrops.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mattebox.composition.alpha_compositing import decode_srgb_pixels, encode_srgb_pixels, iter_strips
from mattebox.composition.backdrop import quantise_with_dither
from mattebox.composition.blur import blur_planes
from mattebox.composition.placement import Placement
from mattebox.io import resampling
from mattebox.types import BitDepth, Floats, Picture, Pixels

GRID_SIDE_CELLS = 480  # longer side on which wide blurs are computed, about
MIN_SAMPLES_PER_SIGMA = 3  # samples per sigma that a reduced grid must keep
MAX_BACKGROUND_ALPHA = 0.02  # alpha below which a sample is background at all
SUBJECT_RIM_SAMPLES = 1.5  # the subject is taken out with a rim of this many samples


def blur_background(photograph: Picture, alpha: Pixels, placement: Placement, radius: float) -> Pixels:
    """H x W x 3 for the canvas of `placement`: the background seen there, blurred by `radius` (a share of the longer side).

    `alpha` is the subject's, in the photograph's size. Beyond the photograph its mirror image goes on.
    """
    longer = max(photograph.shape)
    shrink = max(1, min(round(longer / GRID_SIDE_CELLS), int(longer * radius / MIN_SAMPLES_PER_SIGMA)))
    hidden = resampling.average_blocks(alpha, shrink).astype(np.float32) / np.float32(255)
    free = np.clip(1 - 2 * blur_planes(hidden, SUBJECT_RIM_SAMPLES), 0, 1) * (hidden < MAX_BACKGROUND_ALPHA)
    light = decode_srgb_pixels(resampling.average_blocks(photograph.rgb, shrink))
    return _render_on_canvas(
        _masked_blur(light, free.astype(np.float32), longer * radius / shrink), photograph, placement
    )


def _masked_blur(light: Floats, background_weights: Floats, sigma: float) -> Floats:
    """Means of what is free around each place; where little is, of ever wider surroundings."""
    total, weight = np.zeros_like(light), np.zeros_like(background_weights)
    share = np.float32(1)
    while True:
        total += share * blur_planes(light * background_weights[..., None], sigma)
        weight += share * blur_planes(background_weights, sigma)
        if weight.min() > 1e-3 * share or sigma > max(background_weights.shape):
            break
        share, sigma = share * np.float32(0.01), sigma * 2
    return np.where(weight[..., None] > 0, total / np.maximum(weight, 1e-20)[..., None], light.mean((0, 1)))


def _render_on_canvas(light: Floats, photograph: Picture, placement: Placement) -> Pixels:
    """A small picture of light -> encoded pixels of the canvas, bilinear, strip by strip."""
    depth = photograph.bit_depth
    rows, below, down = _mirrored_positions(
        placement.canvas_size[0], placement.top, placement.scale, photograph.shape[0], light.shape[0]
    )
    columns, right, across = _mirrored_positions(
        placement.canvas_size[1], placement.left, placement.scale, photograph.shape[1], light.shape[1]
    )
    made = np.empty((*placement.canvas_size, 3), depth.dtype)
    for part in iter_strips(placement.canvas_size[0]):
        share = down[part, None, None]
        band = light[rows[part]] * (1 - share) + light[below[part]] * share
        mixed = (band[:, columns] * (1 - across[:, None]) + band[:, right] * across[:, None]).astype(np.float32)
        values = encode_srgb_pixels(mixed, BitDepth.SIXTEEN).astype(np.float32) / np.float32(65535)
        made[part] = quantise_with_dither(values, depth, part.start)
    return made


BilinearPositions = tuple[NDArray[np.int64], NDArray[np.int64], Floats]


def _mirrored_positions(count: int, offset: float, scale: float, source_length: int, samples: int) -> BilinearPositions:
    """For each canvas pixel: the two samples around it, and the share of the second; mirrored beyond the rims."""
    place = (np.arange(count) + 0.5 - offset) / scale * samples / source_length
    place = np.clip(samples - np.abs(samples - place % (2 * samples)) - 0.5, 0, samples - 1)
    low = np.floor(place).astype(np.int64)
    return low, np.minimum(low + 1, samples - 1), (place - low).astype(np.float32)
