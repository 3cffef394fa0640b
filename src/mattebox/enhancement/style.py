"""A photograph painted in a style by a network, at any size.

The network normalises over the whole picture, so it cannot see it in tiles: it paints a small one, and what it changed
there is laid over the photograph, enlarged, so that the photograph's own finest detail stays in it. Works on encoded
values, at the picture's own depth. Knows nothing of which styles there are.
"""

from __future__ import annotations

import numpy as np

from mattebox.enhancement.extend import extended
from mattebox.enhancement.light import mixed, strips
from mattebox.io import resample
from mattebox.types import Depth, Floats, Picture, Pixels, Size
from mattebox.zoo.stylist import MULTIPLE, Stylist

MOST = 1_000_000  # pixels that are painted; strokes are in keeping with that size
LEAST = 32  # pixels of a side
TAPS = 4  # samples around a strip that its enlargement looks at


def painted(
    picture: Picture, stylist: Stylist, style: str, strength: float = 1, where: Pixels | None = None
) -> Picture:
    """The picture in that style, mixed in by `strength` (0..1) and by the plane `where` (peak = wholly).

    Strength 0 is the picture itself; alpha and what it hides stay.
    """
    if strength == 0 or (where is not None and not where.any()):
        return picture
    change = _change(picture, stylist, style)
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


def _change(picture: Picture, stylist: Stylist, style: str) -> Floats:
    """h x w x 3, -1..1: what painting changes, at the size at which it is done."""
    rgb = picture.rgb if picture.alpha is None else extended(picture.rgb, picture.alpha)
    small = resample.shrink(rgb, _small(picture.size)).astype(np.float32) / np.float32(Depth.EIGHT.peak)
    made = stylist.run(np.ascontiguousarray(small.transpose(2, 0, 1)[None]), style)[0].transpose(1, 2, 0)
    return np.ascontiguousarray(made - small)


def _small(size: Size) -> Size:
    scale = min(1.0, (MOST / (size[0] * size[1])) ** 0.5)
    height, width = (max(LEAST, round(side * scale / MULTIPLE) * MULTIPLE) for side in size)
    return height, width


def _enlarged(change: Floats, rows: slice, size: Size) -> Floats:
    """Some rows of the change at the picture's size."""
    ratio = change.shape[0] / size[0]
    top, bottom = rows.start * ratio, rows.stop * ratio
    first, last = max(0, int(top) - TAPS), min(change.shape[0], int(np.ceil(bottom)) + TAPS)
    part, box = change[first:last], (0, top - first, change.shape[1], bottom - first)
    target = rows.stop - rows.start, size[1]
    return np.stack([resample.filtered(part[..., i], box, target) for i in range(3)], axis=2)
