"""What a photograph measures: clipping, exposure, contrast, noise, blur, and the blocks of JPEG.

On pixels as they are (clipping, noise, blur, blocks) or on a small sample of their light. Knows nothing of remedies.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mattebox.enhancement.linear_light import colour_space_of, sample_light
from mattebox.enhancement.tone_adjustment import encode_srgb
from mattebox.types import Floats, Picture

NOISE_CELL_PIXELS = 16  # side of the squares, at half the size, in which noise is told
PATCHES_PER_AXIS, PATCH_SIDE_PIXELS = 6, 256  # squares looked at for noise, blur and blocks, each way; and their side


@dataclass(frozen=True)
class PhotoStatistics:
    """Shares of pixels at either end of red, green and blue; `key`, the light that the eye makes of it (geometric mean)
    and its `median`, both linear 0..1; `contrast`, one deviation of encoded luminance, and the `range` of its middle
    98 %; `noise`, one deviation of encoded luminance; `sharpness`, 0 (blurred) to 1 (crisp); `blocks`, by how much the
    steps at JPEG's borders exceed those between (0 for none)."""

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
    sample = sample_light(picture)
    shown = sample.weights > 0.5
    light = sample.light[shown] if shown.any() else sample.light
    luminance = light @ sample.space.luminance_weights
    seen = encode_srgb(luminance)
    low, high = np.percentile(seen, (1, 99))
    return PhotoStatistics(
        black=_channel_shares(light, lambda x: x <= 0.0005),
        white=_channel_shares(light, lambda x: x >= 0.985),
        key=float(np.exp(np.log(luminance + 1e-4).mean())),
        median=float(np.median(luminance)),
        contrast=float(seen.std()),
        range=float(high - low),
        noise=noise_sigma(picture),
        sharpness=sharpness(picture),
        blocks=blockiness(picture),
    )


def noise_sigma(picture: Picture) -> float:
    """Sigma of encoded luminance, 0..1: the median of the diagonal wavelet band (Donoho & Johnstone 1994) of each of
    many small squares, and of those the twentieth part's, since in most photographs something is smooth, and texture is
    no noise."""
    found: list[Floats] = []
    for seen in sample_patches(picture):
        height, width = (side // (2 * NOISE_CELL_PIXELS) * 2 * NOISE_CELL_PIXELS for side in seen.shape)
        if not height or not width:
            continue
        whole = seen[:height, :width]
        a, b, c, d = whole[::2, ::2], whole[::2, 1::2], whole[1::2, ::2], whole[1::2, 1::2]
        fair = (np.minimum.reduce([a, b, c, d]) > 0.02) & (np.maximum.reduce([a, b, c, d]) < 0.98)
        cells, counted = _split_into_cells(np.abs(a - b - c + d) / 2), _split_into_cells(fair)
        found.append(np.median(cells[counted.mean(1) > 0.9], axis=1))
    levels = np.concatenate(found) if found else np.zeros(0, np.float32)
    return float(np.percentile(levels, 5)) / 0.6745 if len(levels) >= 4 else 0.0


def _split_into_cells(plane: NDArray[Any]) -> NDArray[Any]:
    """n x CELL^2: the plane in squares."""
    rows, columns = plane.shape[0] // NOISE_CELL_PIXELS, plane.shape[1] // NOISE_CELL_PIXELS
    return (
        plane.reshape(rows, NOISE_CELL_PIXELS, columns, NOISE_CELL_PIXELS)
        .transpose(0, 2, 1, 3)
        .reshape(-1, NOISE_CELL_PIXELS * NOISE_CELL_PIXELS)
    )


def sharpness(picture: Picture) -> float:
    """How much of the steepest slopes another blur takes away (after Crete et al., The blur effect, 2007): little where
    they were blurred before."""
    found = []
    for seen in sample_patches(picture):
        for plane in (seen, seen.T):
            if plane.shape[1] < 16:
                continue
            soft = np.stack([plane[:, i : plane.shape[1] - 4 + i] for i in range(5)]).mean(0)
            before, after = np.abs(np.diff(plane[:, 2:-2])), np.abs(np.diff(soft))
            steep = before >= max(float(np.percentile(before, 98)), 0.03)
            if steep.any():
                found.append(float(1 - (after[steep] / before[steep]).clip(0, 1).mean()))
    return float(np.percentile(found, 75)) if found else 0.0


def blockiness(picture: Picture) -> float:
    """By how much the mean step over every eighth border exceeds the steps beside it; 0 for none."""
    found = []
    for seen in sample_patches(picture):
        for plane in (seen, seen.T):
            n = plane.shape[1] // 8 * 8
            if n >= 24:
                steps = np.abs(np.diff(plane[:, :n]))
                border, beside = steps[:, 7::8], np.concatenate([steps[:, 6::8], steps[:, 8::8]], 1)
                found.append((float(border.mean()), float(beside.mean())))
    if not found:
        return 0.0
    border, beside = np.mean(found, axis=0)
    return max(0.0, float(border / max(beside, 1e-4)) - 1)


def sample_patches(picture: Picture) -> list[Floats]:
    """Encoded luminance (0..1) of squares spread over the picture; their corners lie on JPEG's grid."""
    weights, peak = colour_space_of(picture).luminance_weights, np.float32(picture.bit_depth.peak)
    places = [sorted({n // 8 * 8 for n in np.linspace(0, max(0, whole - PATCH_SIDE_PIXELS), PATCHES_PER_AXIS).astype(int)})
              for whole in picture.shape]  # fmt: skip
    return [
        (picture.rgb[y : y + PATCH_SIDE_PIXELS, x : x + PATCH_SIDE_PIXELS].astype(np.float32) @ weights) / peak
        for y in places[0]
        for x in places[1]
    ]


def _channel_shares(light: Floats, is_extreme: Callable[[Floats], NDArray[np.bool_]]) -> tuple[float, float, float]:
    red, green, blue = (float(is_extreme(light[:, i]).mean()) for i in range(3))
    return red, green, blue
