"""Effects in linear light: applied strip by strip, and mixed with the picture by a strength and a mask."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mattebox.core.strips import iter_strips
from mattebox.enhancement.colour_space import colour_space_of
from mattebox.types import BitDepth, Floats, Picture, Pixels


def apply_in_linear_light(
    picture: Picture,
    transform: Callable[[Floats, slice], Floats],
    strength: float = 1,
    where: Pixels | None = None,
) -> Picture:
    """Apply an effect to the linear light of a picture.

    Parameters
    ----------
    picture
        Either depth, any profile; alpha is kept.
    transform
        Takes the linear light of some rows (h x W x 3, 0..1) and the slice of those rows; returns the new light.
    strength
        0..1: how much of the change is applied. 0 returns the picture itself.
    where
        H x W mask, 0 to its peak; where it is 0, pixels keep their values bit for bit.
    """
    if strength == 0 or (where is not None and not where.any()):
        return picture
    space, depth = colour_space_of(picture), picture.bit_depth
    rgb = np.empty_like(picture.rgb)
    for rows in iter_strips(len(rgb)):
        source = picture.rgb[rows]
        result = space.encode(transform(space.decode(source), rows), depth)
        rgb[rows] = mix_with_source(source, result, strength, None if where is None else where[rows])
    return picture.with_pixels(rgb, picture.alpha)


def mix_with_source(source: Pixels, result: Pixels, strength: float, where: Pixels | None) -> Pixels:
    """`result` mixed into `source` by a strength (0..1) and a mask (0 to its peak)."""
    if strength == 1 and where is None:
        return result
    share: Floats | np.float32 = np.float32(strength)
    if where is not None:
        share = (where.astype(np.float32) * (np.float32(strength) / np.float32(BitDepth.of_pixels(where).peak)))[
            ..., None
        ]
    mixed: Pixels = np.rint(source + (result.astype(np.float32) - source) * share).astype(source.dtype)
    return mixed
