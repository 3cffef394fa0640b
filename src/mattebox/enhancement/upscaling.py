"""More pixels: a picture enlarged to any size by networks, its alpha by itself, no rim where they meet.

A network enlarges by its own factor; what is asked for is reached by resampling its answer down (never up, but past
what the networks reach), and beyond the largest factor by going through again. Works on encoded values in the
picture's own profile, at its own depth. Memory is the result's and a tile's. Knows nothing of which networks there are.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np

from mattebox.enhancement.alpha_bleed import extended
from mattebox.enhancement.tile_sink import Canvas, Canvases
from mattebox.enhancement.tiles import Tell, made_of
from mattebox.errors import UsageError
from mattebox.io import resampling
from mattebox.models.image_to_image import Imager
from mattebox.types import Depth, Floats, Picture, Pixels, Size

MOST = 400_000_000  # pixels of a result
FACTOR = 16.0


def parsed(to: str) -> tuple[float, Literal["x", "px"]] | None:
    """A factor or the longer side that "2", "2x", "1.5x" or "2048px" asks for; None for none. UsageError."""
    if to.strip() == "none":
        return None
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(x|px)?", to.strip().lower())
    if found is None or not float(found[1]):
        raise UsageError(f"{to!r} is not a size to upscale to", "give 2x, 1.5x, or the longer side such as 4000px")
    if found[2] == "px":
        return float(found[1]), "px"
    if not 1 <= float(found[1]) <= FACTOR:
        raise UsageError(f"{to!r} is no factor to upscale by", f"give 1x to {FACTOR:g}x, or the longer side in px")
    return float(found[1]), "x"


def target_of(to: str, size: Size) -> Size:
    """The (height, width) that is asked for of a picture of `size`, which stays where it is that large already.

    UsageError for what `parsed` does not know, and for too much.
    """
    wanted = parsed(to)
    if wanted is None:
        return size
    value, unit = wanted
    factor = value if unit == "x" else max(1.0, value / max(size))
    made = max(1, round(size[0] * factor)), max(1, round(size[1] * factor))
    if factor > FACTOR or made[0] * made[1] > MOST:
        raise UsageError(
            f"upscaling {size[1]} x {size[0]} to {made[1]} x {made[0]} pixels",
            f"at most {FACTOR:g} times and {MOST // 1_000_000} megapixels can be made",
        )
    return made


def passes(factor: float, scales: Sequence[int]) -> list[int]:
    """The networks' factors to go through, one after another: the least that reaches `factor`, the largest first."""
    found, left = [], factor
    while left > 1:
        found.append(next((s for s in sorted(scales) if s >= left), max(scales)))
        left /= found[-1]
    return found


def upscaled(
    picture: Picture,
    size: Size,
    imagers: Sequence[Imager],
    detail: float = 1,
    tell: Tell | None = None,
    canvas: Canvases = Canvas,
) -> Picture:
    """The picture at `size` (height, width), through the networks of `passes` in turn.

    `detail` 0..1 mixes the networks' answer with plain Lanczos: 1 is all theirs. `tell` is told the share done. Whoever
    gives a `canvas` may keep tiles, and have them left out another time.
    """
    steps = _steps(picture.size, size, imagers)
    work = _Progress(len(steps), tell)
    for imager, between in steps:
        rgb, alpha = picture.rgb, picture.alpha
        if alpha is not None:
            rgb = extended(rgb, alpha)
        shares = 1.0 if alpha is None else 0.5
        made = _enlarged(rgb, imager, between, detail, work.share(shares), canvas)
        seen = None if alpha is None else _enlarged(alpha, imager, between, detail, work.share(shares), canvas)
        picture = picture.with_pixels(made, seen)
    return picture


def _steps(whole: Size, size: Size, imagers: Sequence[Imager]) -> list[tuple[Imager, Size]]:
    """Each network with the size it is to reach: the last one's is exact."""
    found: list[tuple[Imager, Size]] = []
    for place, imager in enumerate(imagers):
        last = place == len(imagers) - 1
        whole = size if last else (whole[0] * imager.tiles.scale, whole[1] * imager.tiles.scale)
        found.append((imager, whole))
    return found


def _enlarged(pixels: Pixels, imager: Imager, size: Size, detail: float, tell: Tell, canvases: Canvases) -> Pixels:
    canvas = canvases(np.empty((*size, *pixels.shape[2:]), pixels.dtype))
    peak = np.float32(Depth.of(pixels).peak)
    for rows, columns, part in made_of(pixels, imager, size, done=canvas.done):
        if detail < 1:
            plain = _lanczos(pixels, rows, columns, size)
            part = plain + np.float32(detail) * (part - plain)
        if pixels.ndim == 2:
            part = _settled(pixels, rows, columns, size, part)
        canvas.pixels[rows, columns] = np.rint(part * peak)
        canvas.mark((rows.start, columns.start), canvas.pixels[rows, columns])
        tell((rows.stop * size[1] - (rows.stop - rows.start) * (size[1] - columns.stop)) / (size[0] * size[1]))
    return canvas.pixels


def _settled(alpha: Pixels, rows: slice, columns: slice, size: Size, part: Floats) -> Floats:
    """The tile of an alpha with what is alike all around left as it is: opaque stays opaque, to the last level."""
    places = [
        np.minimum(((np.arange(way.start, way.stop) + 0.5) * whole / made).astype(np.int64), whole - 1)
        for way, whole, made in zip((rows, columns), alpha.shape, size, strict=True)
    ]
    y, x = (slice(max(0, p[0] - 1), p[-1] + 2) for p in places)
    near = np.pad(alpha[y, x], 1, mode="edge")
    high, low = near, near
    for axis in (0, 1):
        high = np.maximum.reduce([np.roll(high, -k, axis) for k in range(3)])
        low = np.minimum.reduce([np.roll(low, -k, axis) for k in range(3)])
    inner = np.ix_(places[0] - y.start, places[1] - x.start)
    flat = (high == low)[inner]
    return np.where(flat, low[inner].astype(np.float32) / np.float32(Depth.of(alpha).peak), part)


def _lanczos(pixels: Pixels, rows: slice, columns: slice, size: Size) -> Floats:
    """The tile as resampling alone would have it, 0..1."""
    edges = []
    for way, whole, made in zip((rows, columns), pixels.shape[:2], size, strict=True):
        start, stop = way.start * whole / made, way.stop * whole / made
        first = max(0, math.floor(start) - 4)
        edges.append((first, min(whole, math.ceil(stop) + 4), start - first, stop - first))
    (y1, y2, top, bottom), (x1, x2, left, right) = edges
    x = pixels[y1:y2, x1:x2].astype(np.float32) / np.float32(Depth.of(pixels).peak)
    target = rows.stop - rows.start, columns.stop - columns.start
    planes = [x] if x.ndim == 2 else [x[..., i] for i in range(3)]
    done = [resampling.filtered(plane, (left, top, right, bottom), target).clip(0, 1) for plane in planes]
    return done[0] if x.ndim == 2 else np.stack(done, 2)


class _Progress:
    """Shares of several pieces of work, told as one."""

    def __init__(self, pieces: int, tell: Tell | None) -> None:
        self.pieces, self.tell, self.done = pieces, tell, 0.0

    def share(self, part: float) -> Callable[[float], None]:
        begun = self.done
        self.done += part

        def told(share: float) -> None:
            if self.tell:
                self.tell((begun + part * share) / self.pieces)

        return told
