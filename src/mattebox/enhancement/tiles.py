"""Pictures of any size through a network, part by part, in a memory that is stated: the answer is that of the whole.

The result is cut into tiles; each is made from the part of the picture that it sees, which is the tile, what the
resampling to an exact size reaches, and what the network reaches. So tiles meet without seams, and nothing is blended.
Where the picture ends, a part ends with it, and the network's own padding does there what it does for the whole.
Knows nothing of colours or alpha.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass

import numpy as np

from mattebox.io import resampling
from mattebox.models.cards.tensor_spec import Tiles
from mattebox.models.image_to_image import Imager
from mattebox.types import Depth, Floats, Pixels, Size

BUDGET = 512_000_000  # bytes that a network may take while it runs
LEAST = 64  # pixels of a tile's side, however little memory there is
LOBES = 3  # of the Lanczos filter

Tell = Callable[[float], None]
"""Is told what share of the work is done."""


@dataclass(frozen=True)
class Span:
    """One side of a tile. `made`: where it lies in the result. `seen`: the pixels that it is resampled from. `fed`:
    those that the network gets, which may lie outside the picture by what the card says."""

    made: slice
    seen: slice
    fed: slice


def spans(whole: int, made: int, tiles: Tiles, side: int) -> list[Span]:
    """One side of a picture, `whole` pixels long and `made` in the result, in tiles of about `side` pixels."""
    ratio = tiles.scale * whole / made
    taps = 0 if ratio == 1 else math.ceil(LOBES * max(1.0, ratio) / tiles.scale) + 1
    if tiles.fixed:
        side = tiles.fixed - 2 * (tiles.reach + taps)
    step = math.ceil(whole / max(1, math.ceil(whole / side)))
    step = step if tiles.fixed else _up(step, tiles.multiple)
    found = []
    for start in range(0, whole, step):
        stop = min(start + step, whole)
        part = slice(round(start * made / whole), round(stop * made / whole))
        seen = slice(max(0, start - taps), min(whole, stop + taps))
        if part.stop > part.start:
            found.append(Span(part, seen, _needed(seen, whole, tiles)))
    return found


def _needed(seen: slice, whole: int, tiles: Tiles) -> slice:
    """What the network must get for the pixels of its answer that are `seen`."""
    if tiles.fixed:
        first = max(0, min((seen.start + seen.stop - tiles.fixed) // 2, whole - tiles.fixed))
        return slice(first, first + tiles.fixed)
    if tiles.cut:
        return slice(seen.start - tiles.cut, seen.stop + tiles.cut)
    halo = _up(tiles.reach, tiles.multiple)
    first = max(0, seen.start - halo) // tiles.multiple * tiles.multiple
    return slice(first, first + _up(min(whole, seen.stop + halo) - first, tiles.multiple))


def side_of(tiles: Tiles, budget: int = BUDGET) -> int:
    """Pixels of a tile's side that keep within `budget` bytes, halo and all."""
    whole = math.isqrt(budget // tiles.bytes) - 2 * _up(max(tiles.reach, tiles.cut), tiles.multiple)
    return max(LEAST, whole // tiles.multiple * tiles.multiple)


def made_of(
    pixels: Pixels,
    imager: Imager,
    size: Size | None = None,
    budget: int = BUDGET,
    done: Container[tuple[int, int]] = (),
) -> Iterator[tuple[slice, slice, Floats]]:
    """H x W x 3 or H x W of either depth -> tile by tile: rows and columns of the result, and it (0..1, float32).

    `size` (height, width) of the result is the network's own unless given; tiles whose (top, left) are `done` are left
    out. A plane is shown to the network as grey.
    """
    tiles = imager.tiles
    height, width = size or (pixels.shape[0] * tiles.scale, pixels.shape[1] * tiles.scale)
    side = side_of(tiles, budget)
    for down in spans(pixels.shape[0], height, tiles, side):
        for across in spans(pixels.shape[1], width, tiles, side):
            if (down.made.start, across.made.start) in done:
                continue
            yield down.made, across.made, _tile(pixels, imager, down, across, (height, width))


def _tile(pixels: Pixels, imager: Imager, down: Span, across: Span, size: Size) -> Floats:
    tiles = imager.tiles
    x = _fed(pixels, down.fed, across.fed)
    y = imager.run(np.ascontiguousarray(x.transpose(2, 0, 1)[None]))[0]
    offset = (down.fed.start + tiles.cut, across.fed.start + tiles.cut)
    part = [
        slice((s.seen.start - first) * tiles.scale, (s.seen.stop - first) * tiles.scale)
        for s, first in zip((down, across), offset, strict=True)
    ]
    y = y[:, part[0], part[1]].clip(0, 1)
    if pixels.ndim == 2:
        y = y.mean(0, keepdims=True)
    exact = _placed(y, (down, across), pixels.shape[:2], size, tiles.scale)
    return exact[0] if pixels.ndim == 2 else np.ascontiguousarray(exact.transpose(1, 2, 0))


def _placed(y: Floats, ways: tuple[Span, Span], whole: Size, size: Size, scale: int) -> Floats:
    """Planes of what was seen, `scale` times its size -> those of the tile, resampled where sizes differ."""
    if size == (whole[0] * scale, whole[1] * scale):
        return y
    box = []
    for way, source, made in zip(ways, whole, size, strict=True):
        ratio = source * scale / made
        box.append([ratio * edge - way.seen.start * scale for edge in (way.made.start, way.made.stop)])
    (top, bottom), (left, right) = box
    target = (ways[0].made.stop - ways[0].made.start, ways[1].made.stop - ways[1].made.start)
    return np.stack([resampling.filtered(plane, (left, top, right, bottom), target) for plane in y])


def _fed(pixels: Pixels, rows: slice, columns: slice) -> Floats:
    """The part as H x W x 3 float32 of 0..1; beyond the picture its mirror image goes on."""
    height, width = pixels.shape[:2]
    inside = pixels[max(0, rows.start) : min(rows.stop, height), max(0, columns.start) : min(columns.stop, width)]
    x = inside.astype(np.float32) / np.float32(Depth.of(pixels).peak)
    pads = [(max(0, -rows.start), max(0, rows.stop - height)), (max(0, -columns.start), max(0, columns.stop - width))]
    if np.any(pads):
        x = np.pad(x, [*pads, *[(0, 0)] * (x.ndim - 2)], mode="symmetric")
    return np.repeat(x[..., None], 3, 2) if x.ndim == 2 else x


def _up(value: int, multiple: int) -> int:
    return -(-value // multiple) * multiple
