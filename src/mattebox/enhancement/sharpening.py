"""Unsharp masking of luminance in encoded values, without coloured fringes, amplified noise or halos.

Differences below the noise are left alone, and no pixel overshoots its neighbours by more than the halo allows.
Computed strip by strip, with a margin for the filter.
"""

from __future__ import annotations

import numpy as np

from mattebox.core.channel_extremes import largest_channel
from mattebox.core.smoothing_filters import gaussian_blur, gaussian_radius
from mattebox.core.srgb import decode_srgb, encode_srgb
from mattebox.core.strips import iter_strips
from mattebox.enhancement.colour_space import ColourSpace, colour_space_of
from mattebox.enhancement.linear_light import mix_with_source
from mattebox.enhancement.photo_statistics import noise_sigma
from mattebox.recipe.steps import Sharpen
from mattebox.types import BitDepth, Floats, Picture, Pixels


def sharpen_luminance(picture: Picture, step: Sharpen, where: Pixels | None = None) -> Picture:
    """Sharpen a picture's luminance.

    Parameters
    ----------
    picture
        Either depth, any profile; alpha is kept.
    step
        Amount (percent), radius (sigma in pixels), threshold (times the noise) and halo (percent of full light). The
        amount 0 returns the picture itself.
    where
        H x W mask, 0 to its peak: where the picture is sharpened.
    """
    if not step.amount or (where is not None and not where.any()):
        return picture
    rgb, space, height = np.empty_like(picture.rgb), colour_space_of(picture), picture.shape[0]
    margin = gaussian_radius(step.radius)
    noise_floor = step.threshold * noise_sigma(picture) if step.threshold else 0.0
    for rows in iter_strips(height):
        padded = slice(max(0, rows.start - margin), min(height, rows.stop + margin))
        inner = slice(rows.start - padded.start, rows.stop - padded.start)
        sharpened = _sharpen_strip(picture.rgb[padded], inner, space, step, noise_floor)
        rgb[rows] = mix_with_source(picture.rgb[rows], sharpened, 1, None if where is None else where[rows])
    return picture.with_pixels(rgb, picture.alpha)


def _sharpen_strip(padded: Pixels, inner: slice, space: ColourSpace, step: Sharpen, noise_floor: float) -> Pixels:
    """The inner rows of a strip, sharpened; unchanged luminance keeps its pixels bit for bit."""
    source, light = padded[inner], space.decode(padded)
    luminance = encode_srgb((light @ space.luminance_weights).astype(np.float32))
    light, before = light[inner], luminance[inner]
    after = _unsharp_mask(luminance, inner, step, noise_floor)
    gain = decode_srgb(after) / np.maximum(decode_srgb(before), np.float32(1e-5))
    max_gain = np.maximum(1, 1 / np.maximum(largest_channel(light), np.float32(1e-5)))
    gain = np.where(gain > 1, np.minimum(gain, max_gain), gain)
    result = space.encode((light * gain[..., None]).astype(np.float32), BitDepth.of_pixels(source))
    return np.where((after == before)[..., None], source, result)


def _unsharp_mask(luminance: Floats, inner: slice, step: Sharpen, noise_floor: float) -> Floats:
    """The inner rows of encoded luminance, sharpened."""
    before = luminance[inner]
    detail = before - gaussian_blur(luminance, step.radius)[inner]
    if noise_floor:
        detail = np.sign(detail) * np.maximum(np.abs(detail) - np.float32(noise_floor), 0)
    low, high = _local_extremes(luminance, inner)
    halo = np.float32(step.halo / 100)
    sharpened: Floats = np.clip(
        before + np.float32(step.amount / 100) * detail, np.maximum(low - halo, 0), np.minimum(high + halo, 1)
    )
    return np.where(detail == 0, before, sharpened)


def _local_extremes(luminance: Floats, inner: slice) -> tuple[Floats, Floats]:
    """The minimum and maximum of 3 x 3 pixels around each pixel of the inner rows."""
    padded = np.pad(luminance, 1, mode="edge")
    shifted = [padded[:, i : i + luminance.shape[1]] for i in range(3)]
    low, high = np.minimum.reduce(shifted), np.maximum.reduce(shifted)
    rows = [slice(inner.start + i, inner.stop + i) for i in range(3)]
    return np.minimum.reduce([low[r] for r in rows]), np.maximum.reduce([high[r] for r in rows])
