"""The photograph's own background, blurred behind its subject, which is removed first and leaves no ghost.

Blurred in linear light, as by a lens, on a reduced grid.
"""

from __future__ import annotations

import numpy as np

from mattebox.composition.backdrop import quantise_with_dither
from mattebox.composition.placement import Placement
from mattebox.core.interpolation import LinearNeighbours, linear_neighbours
from mattebox.core.smoothing_filters import approximate_gaussian_blur
from mattebox.core.srgb_pixels import decode_srgb_pixels, encode_srgb_pixels
from mattebox.core.strips import iter_strips
from mattebox.io import resampling
from mattebox.types import BitDepth, Floats, Picture, Pixels

GRID_SIDE_CELLS = 480  # of the longer side, about, for wide blurs
MIN_SAMPLES_PER_SIGMA = 3  # of the reduced grid
MAX_BACKGROUND_ALPHA = 0.02  # samples with more are not background
SUBJECT_MARGIN_SAMPLES = 1.5  # removed with the subject


def blur_background(photograph: Picture, alpha: Pixels, placement: Placement, radius: float) -> Pixels:
    """Render the blurred background for a canvas.

    Parameters
    ----------
    photograph
        With its background, either depth.
    alpha
        The subject's, in the photograph's size.
    placement
        Where the photograph lies on the canvas; beyond its borders it is mirrored.
    radius
        The blur's sigma, as a share of the photograph's longer side.

    Returns
    -------
    Pixels
        H x W x 3 of the canvas.
    """
    longer = max(photograph.shape)
    factor = max(1, min(round(longer / GRID_SIDE_CELLS), int(longer * radius / MIN_SAMPLES_PER_SIGMA)))
    subject = resampling.average_blocks(alpha, factor).astype(np.float32) / np.float32(255)
    nearby = approximate_gaussian_blur(subject, SUBJECT_MARGIN_SAMPLES)
    weights = np.clip(1 - 2 * nearby, 0, 1) * (subject < MAX_BACKGROUND_ALPHA)
    light = decode_srgb_pixels(resampling.average_blocks(photograph.rgb, factor))
    blurred = _masked_blur(light, weights.astype(np.float32), longer * radius / factor)
    return _render_on_canvas(blurred, photograph, placement)


def _masked_blur(light: Floats, background_weights: Floats, sigma: float) -> Floats:
    """Weighted means of the background around each sample; of ever wider surroundings where there is little."""
    total, weight = np.zeros_like(light), np.zeros_like(background_weights)
    share = np.float32(1)
    while True:
        total += share * approximate_gaussian_blur(light * background_weights[..., None], sigma)
        weight += share * approximate_gaussian_blur(background_weights, sigma)
        if weight.min() > 1e-3 * share or sigma > max(background_weights.shape):
            break
        share, sigma = share * np.float32(0.01), sigma * 2
    return np.where(weight[..., None] > 0, total / np.maximum(weight, 1e-20)[..., None], light.mean((0, 1)))


def _render_on_canvas(light: Floats, photograph: Picture, placement: Placement) -> Pixels:
    """Reduced linear light -> encoded pixels of the canvas, bilinear, strip by strip."""
    depth, (height, width) = photograph.bit_depth, placement.canvas_size
    upper, lower, down = _mirrored_neighbours(
        height, placement.top, placement.scale, photograph.shape[0], light.shape[0]
    )
    left, right, across = _mirrored_neighbours(
        width, placement.left, placement.scale, photograph.shape[1], light.shape[1]
    )
    result = np.empty((height, width, 3), depth.dtype)
    for rows in iter_strips(height):
        share = down[rows, None, None]
        band = light[upper[rows]] * (1 - share) + light[lower[rows]] * share
        mixed = (band[:, left] * (1 - across[:, None]) + band[:, right] * across[:, None]).astype(np.float32)
        values = encode_srgb_pixels(mixed, BitDepth.SIXTEEN).astype(np.float32) / np.float32(65535)
        result[rows] = quantise_with_dither(values, depth, rows.start)
    return result


def _mirrored_neighbours(count: int, offset: float, scale: float, source_length: int, samples: int) -> LinearNeighbours:
    """The samples around each of `count` canvas pixels; mirrored beyond the photograph's borders."""
    position = (np.arange(count) + 0.5 - offset) / scale * samples / source_length
    return linear_neighbours(samples - np.abs(samples - position % (2 * samples)) - 0.5, samples)
