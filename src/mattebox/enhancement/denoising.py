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
from mattebox.enhancement.alpha_bleed import extended
from mattebox.enhancement.tiles import Tell, made_of
from mattebox.errors import UsageError
from mattebox.models.image_to_image import Imager
from mattebox.types import Depth, Floats, Picture, Pixels

CLEAN, NOISY = 1.6 / 255, 3.2 / 255  # noise left alone, and noise from which all is applied
WHOLE, BLOCKY = 0.12, 0.3  # the same for blocks of JPEG


def share_of(wanted: str, picture: Picture) -> float:
    """How much, 0..1, of what the network would change: none, auto, or a number from 0 to 1. UsageError."""
    if wanted == "none":
        return 0.0
    return needed(picture) if wanted == "auto" else stated(wanted)


def stated(wanted: str) -> float:
    """The number; UsageError when it is none, or out of range."""
    try:
        share = float(wanted)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise UsageError(f"{wanted!r} is not how much to restore", "give none, auto, or a number from 0 to 1")
    return share


def needed(picture: Picture) -> float:
    """As much as the photograph's noise or its blocks call for; 0 where neither shows."""
    return _needed(photo_statistics.noise(picture), photo_statistics.blocks(picture))


def needed_of(found: photo_statistics.Statistics) -> float:
    """The same of a photograph that is measured already."""
    return _needed(found.noise, found.blocks)


def _needed(noise: float, blocks: float) -> float:
    return float(np.clip(max((noise - CLEAN) / (NOISY - CLEAN), (blocks - WHOLE) / (BLOCKY - WHOLE)), 0, 1))


def restored(picture: Picture, imager: Imager, share: float, tell: Tell | None = None) -> Picture:
    """The picture with that share (0..1) of the network's changes; its alpha stays. At 0 it is the picture itself."""
    if share == 0:
        return picture
    rgb = picture.rgb if picture.alpha is None else extended(picture.rgb, picture.alpha)
    made = changed(rgb, imager, lambda old, new: old + np.float32(share) * (new - old), tell)
    if picture.alpha is not None:
        hidden = picture.alpha == 0
        made[hidden] = picture.rgb[hidden]
    return picture.with_pixels(made, picture.alpha)


def changed(rgb: Pixels, imager: Imager, mix: Callable[[Floats, Floats], Floats], tell: Tell | None = None) -> Pixels:
    """H x W x 3 through a network of scale 1, tile by tile; `mix` makes a tile of the old and the new."""
    made, peak = np.empty_like(rgb), np.float32(Depth.of(rgb).peak)
    for rows, columns, new in made_of(rgb, imager):
        old = rgb[rows, columns].astype(np.float32) / peak
        made[rows, columns] = np.rint(mix(old, new).clip(0, 1) * peak)
        if tell:
            tell(rows.stop / rgb.shape[0])
    return made
