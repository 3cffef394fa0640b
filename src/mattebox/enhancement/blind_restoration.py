"""Noise, a little blur and the blocks of JPEG taken out of a photograph by a blind network: as much as is wanted, or
as is needed, which for a clean photograph is nothing.

The network is blind: it finds out itself what is wrong and answers with a clean picture; a share of the difference is
applied. Works on encoded values in the picture's own profile, at its own depth. Knows nothing of which networks there
are.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mattebox.enhancement import photo_statistics
from mattebox.enhancement.alpha_bleed import bleed_colours
from mattebox.enhancement.tiled_inference import iter_processed_tiles
from mattebox.errors import UsageError
from mattebox.models.image_to_image import ImageToImageNetwork
from mattebox.types import BitDepth, Floats, OnProgress, Picture, Pixels

MIN_VISIBLE_NOISE, FULL_STRENGTH_NOISE = 1.6 / 255, 3.2 / 255  # noise left alone, and noise from which all is applied
MIN_VISIBLE_BLOCKINESS, FULL_STRENGTH_BLOCKINESS = 0.12, 0.3  # the same for blocks of JPEG


def resolve_strength(amount: str, picture: Picture) -> float:
    """How much, 0..1, of what the network would change: none, auto, or a number from 0 to 1. UsageError."""
    if amount == "none":
        return 0.0
    return estimate_strength(picture) if amount == "auto" else parse_strength(amount)


def parse_strength(amount: str) -> float:
    """The number; UsageError when it is none, or out of range."""
    try:
        share = float(amount)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise UsageError(f"{amount!r} is not how much to restore", "give none, auto, or a number from 0 to 1")
    return share


def estimate_strength(picture: Picture) -> float:
    """As much as the photograph's noise or its blocks call for; 0 where neither shows."""
    return _strength_from_measurements(photo_statistics.noise_sigma(picture), photo_statistics.blockiness(picture))


def strength_from_statistics(stats: photo_statistics.PhotoStatistics) -> float:
    """The same of a photograph that is measured already."""
    return _strength_from_measurements(stats.noise, stats.blocks)


def _strength_from_measurements(noise: float, blockiness: float) -> float:
    return float(
        np.clip(
            max(
                (noise - MIN_VISIBLE_NOISE) / (FULL_STRENGTH_NOISE - MIN_VISIBLE_NOISE),
                (blockiness - MIN_VISIBLE_BLOCKINESS) / (FULL_STRENGTH_BLOCKINESS - MIN_VISIBLE_BLOCKINESS),
            ),
            0,
            1,
        )
    )


def restore_picture(
    picture: Picture, network: ImageToImageNetwork, strength: float, on_progress: OnProgress | None = None
) -> Picture:
    """The picture with that share (0..1) of the network's changes; its alpha stays. At 0 it is the picture itself."""
    if strength == 0:
        return picture
    rgb = picture.rgb if picture.alpha is None else bleed_colours(picture.rgb, picture.alpha)
    made = apply_network(rgb, network, lambda old, new: old + np.float32(strength) * (new - old), on_progress)
    if picture.alpha is not None:
        hidden = picture.alpha == 0
        made[hidden] = picture.rgb[hidden]
    return picture.with_pixels(made, picture.alpha)


def apply_network(
    rgb: Pixels,
    network: ImageToImageNetwork,
    mix: Callable[[Floats, Floats], Floats],
    on_progress: OnProgress | None = None,
) -> Pixels:
    """H x W x 3 through a network of scale 1, tile by tile; `mix` makes a tile of the old and the new."""
    made, peak = np.empty_like(rgb), np.float32(BitDepth.of_pixels(rgb).peak)
    for rows, columns, new in iter_processed_tiles(rgb, network):
        old = rgb[rows, columns].astype(np.float32) / peak
        made[rows, columns] = np.rint(mix(old, new).clip(0, 1) * peak)
        if on_progress:
            on_progress(rows.stop / rgb.shape[0])
    return made
