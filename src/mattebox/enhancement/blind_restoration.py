"""Blind restoration: noise, slight blur and JPEG blocks removed by a network that estimates them itself.

A share of the network's change is applied: a fixed one, or as much as the measured noise and blocking call for, which
is nothing for a clean photograph. What it takes away beyond the noise is given back (`texture_protection`). Works on
encoded values in the picture's own profile, at its own depth.
"""

from __future__ import annotations

import numpy as np

from mattebox.enhancement import photo_statistics
from mattebox.enhancement.alpha_bleed import bleed_colours, restore_hidden_pixels
from mattebox.enhancement.linear_light import mix_with_source
from mattebox.enhancement.ramps import fade_out
from mattebox.enhancement.texture_protection import protect_texture
from mattebox.enhancement.tiled_inference import iter_processed_tiles
from mattebox.errors import UsageError
from mattebox.models.image_to_image import ImageToImageNetwork
from mattebox.types import BitDepth, OnProgress, Picture, Pixels

MIN_VISIBLE_NOISE, FULL_STRENGTH_NOISE = 1.2 / 255, 2.8 / 255  # sigma
GRAIN_SHARE, HEAVY_NOISE_RANGE = 0.12, (12 / 255, 30 / 255)  # of heavy noise, left where details cannot come back
MIN_VISIBLE_BLOCKINESS, FULL_STRENGTH_BLOCKINESS = 0.12, 0.3


def resolve_strength(amount: str, picture: Picture, noise_gain: float = 1) -> float:
    """The strength 0..1 that "none", "auto" or a number from 0 to 1 asks for; `noise_gain` is how much more visible
    later steps make the noise. UsageError."""
    if amount == "none":
        return 0.0
    return estimate_strength(picture, noise_gain) if amount == "auto" else parse_strength(amount)


def parse_strength(amount: str) -> float:
    """A number from 0 to 1. UsageError."""
    try:
        strength = float(amount)
    except ValueError:
        strength = -1.0
    if not 0 <= strength <= 1:
        raise UsageError(f"{amount!r} is not how much to restore", "give none, auto, or a number from 0 to 1")
    return strength


def estimate_strength(picture: Picture, noise_gain: float = 1) -> float:
    """The strength that the picture's noise, times `noise_gain`, or blocking calls for; 0 where neither is visible."""
    noise = noise_gain * photo_statistics.noise_sigma(picture)
    return _strength_from_measurements(noise, photo_statistics.blockiness(picture))


def strength_from_statistics(stats: photo_statistics.PhotoStatistics) -> float:
    """Like `estimate_strength`, from measurements at hand."""
    return _strength_from_measurements(stats.noise, stats.blocks)


def _strength_from_measurements(noise: float, blockiness: float) -> float:
    by_noise = (noise - MIN_VISIBLE_NOISE) / (FULL_STRENGTH_NOISE - MIN_VISIBLE_NOISE)
    by_blocks = (blockiness - MIN_VISIBLE_BLOCKINESS) / (FULL_STRENGTH_BLOCKINESS - MIN_VISIBLE_BLOCKINESS)
    grain = GRAIN_SHARE * (1 - fade_out(noise, *HEAVY_NOISE_RANGE))
    return float(np.clip(max(by_noise, by_blocks), 0, 1 - grain))


def restore_picture(
    picture: Picture, network: ImageToImageNetwork, strength: float, on_progress: OnProgress | None = None
) -> Picture:
    """Apply a restoration network to a picture.

    Parameters
    ----------
    picture
        Either depth; alpha, and the pixels it hides, stay.
    network
        Of scale 1.
    strength
        0..1: the share of the network's change that is applied. 0 returns the picture itself.
    on_progress
        Called with the share, 0..1, that is done.
    """
    if strength == 0:
        return picture
    source = bleed_colours(picture.rgb, picture.alpha)
    restored = protect_texture(source, apply_network(source, network, on_progress))
    rgb = mix_with_source(source, restored, strength, None)
    restore_hidden_pixels(rgb, picture.rgb, picture.alpha)
    return picture.with_pixels(rgb, picture.alpha)


def apply_network(rgb: Pixels, network: ImageToImageNetwork, on_progress: OnProgress | None = None) -> Pixels:
    """H x W x 3 through a network of scale 1, tile by tile."""
    result, peak = np.empty_like(rgb), np.float32(BitDepth.of_pixels(rgb).peak)
    for rows, columns, tile in iter_processed_tiles(rgb, network):
        result[rows, columns] = np.rint(tile.clip(0, 1) * peak)
        if on_progress:
            on_progress(rows.stop / rgb.shape[0])
    return result
