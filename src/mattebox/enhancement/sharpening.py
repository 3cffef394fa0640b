"""Unsharp masking of luminance, in encoded values as it is seen: no coloured fringes, no noise, no halos.

What differs less than the noise is left alone; no pixel goes farther past its neighbours than the halo allows. Strip by
strip, with a rim. Knows nothing of tone, colour or lenses.
"""

from __future__ import annotations

import numpy as np

from mattebox.enhancement.linear_light import colour_space_of, iter_strips, mix_with_source
from mattebox.enhancement.photo_statistics import noise_sigma
from mattebox.enhancement.tone_adjustment import decode_srgb, encode_srgb
from mattebox.recipe.steps import Sharpen
from mattebox.types import Floats, Picture, Pixels

KERNEL_RADIUS_SIGMAS = 3  # the Gaussian ends after this many radii


def sharpen_luminance(picture: Picture, step: Sharpen, where: Pixels | None = None) -> Picture:
    """The picture with its luminance sharpened; amount 0 is the picture itself."""
    if not step.amount or (where is not None and not where.any()):
        return picture
    rgb, space, height = np.empty_like(picture.rgb), colour_space_of(picture), picture.shape[0]
    rim = max(1, int(np.ceil(KERNEL_RADIUS_SIGMAS * step.radius)))
    quiet = step.threshold * noise_sigma(picture) if step.threshold else 0.0
    for rows in iter_strips(height):
        around = slice(max(0, rows.start - rim), min(height, rows.stop + rim))
        inner = slice(rows.start - around.start, rows.stop - around.start)
        light = space.decode(picture.rgb[around])
        luminance = (light @ space.luminance_weights).astype(np.float32)
        seen = encode_srgb(luminance)
        light, before = light[inner], seen[inner]
        after = _unsharp_mask(seen, inner, step, quiet)
        gain = decode_srgb(after) / np.maximum(decode_srgb(before), np.float32(1e-5))
        most = light.max(-1)
        gain = np.where(gain > 1, np.minimum(gain, np.maximum(1, 1 / np.maximum(most, np.float32(1e-5)))), gain)
        made = space.encode((light * gain[..., None]).astype(np.float32), picture.bit_depth)
        made = np.where((after == before)[..., None], picture.rgb[rows], made)
        rgb[rows] = mix_with_source(picture.rgb[rows], made, 1, None if where is None else where[rows])
    return picture.with_pixels(rgb, picture.alpha)


def _unsharp_mask(luminance: Floats, inner: slice, step: Sharpen, noise_floor: float) -> Floats:
    """The inner rows of a strip, sharpened."""
    middle = luminance[inner]
    detail = middle - gaussian_blur(luminance, step.radius)[inner]
    if noise_floor:
        detail = np.sign(detail) * np.maximum(np.abs(detail) - np.float32(noise_floor), 0)
    low, high = _local_extremes(luminance, inner)
    halo = np.float32(step.halo / 100)
    made: Floats = np.clip(middle + np.float32(step.amount / 100) * detail, np.maximum(low - halo, 0),
                           np.minimum(high + halo, 1))  # fmt: skip
    return np.where(detail == 0, middle, made)


def gaussian_blur(plane: Floats, sigma: float) -> Floats:
    """A Gaussian, its rim repeated."""
    reach = max(1, int(np.ceil(KERNEL_RADIUS_SIGMAS * sigma)))
    kernel = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * sigma * sigma)).astype(np.float32)
    kernel /= kernel.sum()
    for axis in (0, 1):
        padding = [(reach, reach) if i == axis else (0, 0) for i in range(2)]
        wide, made, n = np.pad(plane, padding, mode="edge"), np.zeros_like(plane), plane.shape[axis]
        for i, share in enumerate(kernel):
            made += share * (wide[i : i + n] if axis == 0 else wide[:, i : i + n])
        plane = made
    return plane


def _local_extremes(luminance: Floats, inner: slice) -> tuple[Floats, Floats]:
    """The darkest and the lightest of the nine pixels around each of the inner rows."""
    wide = np.pad(luminance, 1, mode="edge")
    across = [wide[:, i : i + luminance.shape[1]] for i in range(3)]
    low, high = np.minimum.reduce(across), np.maximum.reduce(across)
    parts = [slice(inner.start + i, inner.stop + i) for i in range(3)]
    return np.minimum.reduce([low[p] for p in parts]), np.maximum.reduce([high[p] for p in parts])
