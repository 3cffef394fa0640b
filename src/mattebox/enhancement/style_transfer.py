"""A photograph painted in a style by a network, at any size.

Such networks normalise over the whole picture, so they cannot see it in tiles: they paint a small one, and what they
changed there is laid over the photograph, enlarged, so that the photograph's own finest detail stays in it. Works on
encoded values, at the picture's own depth. Knows nothing of which styles there are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mattebox.enhancement.alpha_bleed import extended
from mattebox.enhancement.linear_light import mixed, strips
from mattebox.io import colour, resampling
from mattebox.models import adain, style_network
from mattebox.types import Depth, Floats, Picture, Pixels, Size

MOST = 1_000_000  # pixels that are painted; strokes are in keeping with that size
IMITATED = 400_000  # the same, in the manner of another picture: such networks are heavy, and learned from small ones
LEAST = 32  # pixels of a side
TAPS = 4  # samples around a strip that its enlargement looks at


@dataclass(frozen=True)
class Brush:
    """What paints 1 x 3 x H x W RGB 0..1, sides multiples of `multiple`, at most about `most` pixels."""

    paint: Callable[[Floats], Floats]
    multiple: int
    most: int


def named(painter: style_network.Stylist, style: str) -> Brush:
    """A style that the network knows."""
    return Brush(lambda x: painter.run(x, style), style_network.MULTIPLE, MOST)


def like(painter: adain.Imitator, model: Picture) -> Brush:
    """In the manner of a picture, whatever it shows under alpha 0."""
    manner = painter.manner(_shown(model, adain.MULTIPLE, IMITATED, converted=True))
    return Brush(lambda x: painter.run(x, manner), adain.MULTIPLE, IMITATED)


def painted(picture: Picture, brush: Brush, strength: float = 1, where: Pixels | None = None) -> Picture:
    """The picture painted, mixed in by `strength` (0..1) and by the plane `where` (peak = wholly).

    Strength 0 is the picture itself; alpha and what it hides stay.
    """
    if strength == 0 or (where is not None and not where.any()):
        return picture
    change = _change(picture, brush)
    rgb, peak = np.empty_like(picture.rgb), np.float32(picture.depth.peak)
    for rows in strips(len(rgb)):
        source = picture.rgb[rows]
        light = source.astype(np.float32) + _enlarged(change, rows, picture.size) * peak
        made: Pixels = np.rint(light.clip(0, peak)).astype(source.dtype)
        rgb[rows] = mixed(source, made, strength, None if where is None else where[rows])
    if picture.alpha is not None:
        hidden = picture.alpha == 0
        rgb[hidden] = picture.rgb[hidden]
    return picture.with_pixels(rgb, picture.alpha)


def _change(picture: Picture, brush: Brush) -> Floats:
    """h x w x 3, -1..1: what painting changes, at the size at which it is done."""
    small = _shown(picture, brush.multiple, brush.most)
    return np.ascontiguousarray((brush.paint(small) - small)[0].transpose(1, 2, 0))


def _shown(picture: Picture, multiple: int, most: int, converted: bool = False) -> Floats:
    """1 x 3 x h x w, 0..1: the picture as a network sees it, with the subject's colours where nothing is
    seen; `converted` to sRGB."""
    rgb = picture.rgb if picture.alpha is None else extended(picture.rgb, picture.alpha)
    small = resampling.shrink(rgb, _small(picture.size, multiple, most))
    if converted:
        small = colour.to_srgb(small, picture.profile)
    light = small.astype(np.float32) / np.float32(Depth.EIGHT.peak)
    return np.ascontiguousarray(light.transpose(2, 0, 1)[None])


def _small(size: Size, multiple: int, most: int) -> Size:
    scale = min(1.0, (most / (size[0] * size[1])) ** 0.5)
    height, width = (max(LEAST, round(side * scale / multiple) * multiple) for side in size)
    return height, width


def _enlarged(change: Floats, rows: slice, size: Size) -> Floats:
    """Some rows of the change at the picture's size."""
    ratio = change.shape[0] / size[0]
    top, bottom = rows.start * ratio, rows.stop * ratio
    first, last = max(0, int(top) - TAPS), min(change.shape[0], int(np.ceil(bottom)) + TAPS)
    part, box = change[first:last], (0, top - first, change.shape[1], bottom - first)
    target = rows.stop - rows.start, size[1]
    return np.stack([resampling.filtered(part[..., i], box, target) for i in range(3)], axis=2)
