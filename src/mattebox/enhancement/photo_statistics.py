"""Measurements of a photograph: clipping, exposure, contrast, noise, sharpness and JPEG blocking."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mattebox.core.srgb import encode_srgb
from mattebox.enhancement.colour_space import colour_space_of
from mattebox.enhancement.light_sample import sample_light
from mattebox.enhancement.noise_estimation import estimate_noise
from mattebox.types import Floats, Picture

PATCHES_PER_AXIS, PATCH_SIDE_PIXELS = 6, 256  # where noise, sharpness and blocking are measured
JPEG_BLOCK_PIXELS = 8


@dataclass(frozen=True)
class PhotoStatistics:
    """Measurements of a photograph.

    Attributes
    ----------
    black, white
        Shares of pixels clipped at either end, for red, green and blue.
    key, median
        Geometric mean and median of linear luminance, 0..1.
    contrast, range
        Standard deviation of encoded luminance, and the range of its middle 98 %, 0..1.
    noise
        Standard deviation of noise in encoded luminance, 0..1.
    sharpness
        0 (blurred) to 1 (crisp).
    blocks
        By how much the steps at JPEG's block borders exceed those beside them; 0 for none.
    """

    black: tuple[float, float, float]
    white: tuple[float, float, float]
    key: float
    median: float
    contrast: float
    range: float
    noise: float
    sharpness: float
    blocks: float


def measure_statistics(picture: Picture) -> PhotoStatistics:
    """Measure the visible pixels of a picture; all of them when none is visible."""
    sample = sample_light(picture)
    light = sample.visible_light if sample.visible_mask.any() else sample.light
    luminance = light @ sample.space.luminance_weights
    encoded = encode_srgb(luminance)
    low, high = np.percentile(encoded, (1, 99))
    return PhotoStatistics(
        black=_channel_shares(light, lambda x: x <= 0.0005),
        white=_channel_shares(light, lambda x: x >= 0.985),
        key=float(np.exp(np.log(luminance + 1e-4).mean())),
        median=float(np.median(luminance)),
        contrast=float(encoded.std()),
        range=float(high - low),
        noise=noise_sigma(picture),
        sharpness=sharpness(picture),
        blocks=blockiness(picture),
    )


def noise_sigma(picture: Picture) -> float:
    """Standard deviation of noise in encoded luminance, 0..1; also of noise that is correlated between pixels."""
    return estimate_noise(sample_patches(picture))


def sharpness(picture: Picture) -> float:
    """0 (blurred) to 1 (crisp): how much another blur takes of the steepest slopes, which is little where they were
    blurred before (after Crete et al., The blur effect, 2007)."""
    shares = []
    for plane in _patches_both_ways(picture):
        if plane.shape[1] < 16:
            continue
        blurred = np.stack([plane[:, i : plane.shape[1] - 4 + i] for i in range(5)]).mean(0)
        before, after = np.abs(np.diff(plane[:, 2:-2])), np.abs(np.diff(blurred))
        steep = before >= max(float(np.percentile(before, 98)), 0.03)
        if steep.any():
            shares.append(float(1 - (after[steep] / before[steep]).clip(0, 1).mean()))
    return float(np.percentile(shares, 75)) if shares else 0.0


def blockiness(picture: Picture) -> float:
    """By how much the mean step over JPEG's block borders exceeds the steps beside them; 0 for none."""
    means = []
    for plane in _patches_both_ways(picture):
        width = plane.shape[1] // JPEG_BLOCK_PIXELS * JPEG_BLOCK_PIXELS
        if width >= 3 * JPEG_BLOCK_PIXELS:
            steps = np.abs(np.diff(plane[:, :width]))
            border, beside = steps[:, 7::8], np.concatenate([steps[:, 6::8], steps[:, 8::8]], 1)
            means.append((float(border.mean()), float(beside.mean())))
    if not means:
        return 0.0
    border_mean, beside_mean = np.mean(means, axis=0)
    return max(0.0, float(border_mean / max(beside_mean, 1e-4)) - 1)


def _patches_both_ways(picture: Picture) -> list[Floats]:
    """The patches of a picture, and each transposed."""
    return [plane for patch in sample_patches(picture) for plane in (patch, patch.T)]


def sample_patches(picture: Picture) -> list[Floats]:
    """Encoded luminance (0..1) of squares spread over the picture, aligned with JPEG's blocks."""
    weights, peak = colour_space_of(picture).luminance_weights, np.float32(picture.bit_depth.peak)
    tops, lefts = (_patch_starts(length) for length in picture.shape)
    return [
        (picture.rgb[y : y + PATCH_SIDE_PIXELS, x : x + PATCH_SIDE_PIXELS].astype(np.float32) @ weights) / peak
        for y in tops
        for x in lefts
    ]


def _patch_starts(length: int) -> list[int]:
    starts = np.linspace(0, max(0, length - PATCH_SIDE_PIXELS), PATCHES_PER_AXIS).astype(int)
    return sorted({n // JPEG_BLOCK_PIXELS * JPEG_BLOCK_PIXELS for n in starts})


def _channel_shares(light: Floats, is_extreme: Callable[[Floats], NDArray[np.bool_]]) -> tuple[float, float, float]:
    red, green, blue = (float(is_extreme(light[:, i]).mean()) for i in range(3))
    return red, green, blue
