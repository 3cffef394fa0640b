"""Pictures of any size through a network, part by part, in a memory that is stated: the answer is that of the whole.

The result is cut into tiles; each is made from the part of the picture that it sees, which is the tile, what the
resampling to an exact size reaches, and what the network reaches. So tiles meet without seams, and nothing is blended.
Where the picture ends, a part ends with it, and the network's own padding does there what it does for the whole.
Knows nothing of colours or alpha.
"""

from __future__ import annotations

import math
from collections.abc import Container, Iterator
from dataclasses import dataclass

import numpy as np

from mattebox.io import resampling
from mattebox.models.cards.tensor_spec import Tiles
from mattebox.models.image_to_image import ImageToImageNetwork
from mattebox.types import BitDepth, Floats, ImageShape, Pixels

MEMORY_BUDGET_BYTES = 512_000_000  # bytes that a network may take while it runs
MIN_TILE_SIDE_PIXELS = 64  # pixels of a tile's side, however little memory there is
LANCZOS_LOBES = 3  # of the Lanczos filter


@dataclass(frozen=True)
class TileSpan:
    """One side of a tile. `result`: where it lies in the result. `source`: the pixels that it is resampled from. `network_input`:
    those that the network gets, which may lie outside the picture by what the card says."""

    result: slice
    source: slice
    network_input: slice


def plan_tile_spans(source_length: int, result_length: int, tiles: Tiles, side: int) -> list[TileSpan]:
    """One side of a picture, `source_length` pixels long and `result_length` in the result, in tiles of about `side` pixels."""
    ratio = tiles.scale * source_length / result_length
    taps = 0 if ratio == 1 else math.ceil(LANCZOS_LOBES * max(1.0, ratio) / tiles.scale) + 1
    if tiles.fixed:
        side = tiles.fixed - 2 * (tiles.reach + taps)
    step = math.ceil(source_length / max(1, math.ceil(source_length / side)))
    step = step if tiles.fixed else _round_up(step, tiles.multiple)
    found = []
    for start in range(0, source_length, step):
        stop = min(start + step, source_length)
        part = slice(round(start * result_length / source_length), round(stop * result_length / source_length))
        seen = slice(max(0, start - taps), min(source_length, stop + taps))
        if part.stop > part.start:
            found.append(TileSpan(part, seen, _network_input_span(seen, source_length, tiles)))
    return found


def _network_input_span(source: slice, source_length: int, tiles: Tiles) -> slice:
    """What the network must get for the pixels of its answer that are `source`."""
    if tiles.fixed:
        first = max(0, min((source.start + source.stop - tiles.fixed) // 2, source_length - tiles.fixed))
        return slice(first, first + tiles.fixed)
    if tiles.cut:
        return slice(source.start - tiles.cut, source.stop + tiles.cut)
    halo = _round_up(tiles.reach, tiles.multiple)
    first = max(0, source.start - halo) // tiles.multiple * tiles.multiple
    return slice(first, first + _round_up(min(source_length, source.stop + halo) - first, tiles.multiple))


def tile_side(tiles: Tiles, budget: int = MEMORY_BUDGET_BYTES) -> int:
    """Pixels of a tile's side that keep within `budget` bytes, halo and all."""
    whole = math.isqrt(budget // tiles.bytes) - 2 * _round_up(max(tiles.reach, tiles.cut), tiles.multiple)
    return max(MIN_TILE_SIDE_PIXELS, whole // tiles.multiple * tiles.multiple)


def iter_processed_tiles(
    pixels: Pixels,
    network: ImageToImageNetwork,
    size: ImageShape | None = None,
    budget: int = MEMORY_BUDGET_BYTES,
    completed: Container[tuple[int, int]] = (),
) -> Iterator[tuple[slice, slice, Floats]]:
    """H x W x 3 or H x W of either depth -> tile by tile: rows and columns of the result, and it (0..1, float32).

    `size` (height, width) of the result is the network's own unless given; tiles whose (top, left) are `completed` are left
    out. A plane is shown to the network as grey.
    """
    tiles = network.tiles
    height, width = size or (pixels.shape[0] * tiles.scale, pixels.shape[1] * tiles.scale)
    side = tile_side(tiles, budget)
    for down in plan_tile_spans(pixels.shape[0], height, tiles, side):
        for across in plan_tile_spans(pixels.shape[1], width, tiles, side):
            if (down.result.start, across.result.start) in completed:
                continue
            yield down.result, across.result, _process_tile(pixels, network, down, across, (height, width))


def _process_tile(
    pixels: Pixels, network: ImageToImageNetwork, vertical: TileSpan, horizontal: TileSpan, size: ImageShape
) -> Floats:
    tiles = network.tiles
    x = _network_input(pixels, vertical.network_input, horizontal.network_input)
    y = network.run(np.ascontiguousarray(x.transpose(2, 0, 1)[None]))[0]
    offset = (vertical.network_input.start + tiles.cut, horizontal.network_input.start + tiles.cut)
    part = [
        slice((s.source.start - first) * tiles.scale, (s.source.stop - first) * tiles.scale)
        for s, first in zip((vertical, horizontal), offset, strict=True)
    ]
    y = y[:, part[0], part[1]].clip(0, 1)
    if pixels.ndim == 2:
        y = y.mean(0, keepdims=True)
    exact = _resample_tile(y, (vertical, horizontal), pixels.shape[:2], size, tiles.scale)
    return exact[0] if pixels.ndim == 2 else np.ascontiguousarray(exact.transpose(1, 2, 0))


def _resample_tile(
    y: Floats, spans: tuple[TileSpan, TileSpan], source_size: ImageShape, size: ImageShape, scale: int
) -> Floats:
    """Planes of what was seen, `scale` times its size -> those of the tile, resampled where sizes differ."""
    if size == (source_size[0] * scale, source_size[1] * scale):
        return y
    box = []
    for way, source, made in zip(spans, source_size, size, strict=True):
        ratio = source * scale / made
        box.append([ratio * edge - way.source.start * scale for edge in (way.result.start, way.result.stop)])
    (top, bottom), (left, right) = box
    target = (spans[0].result.stop - spans[0].result.start, spans[1].result.stop - spans[1].result.start)
    return np.stack([resampling.crop_and_resize_plane(plane, (left, top, right, bottom), target) for plane in y])


def _network_input(pixels: Pixels, rows: slice, columns: slice) -> Floats:
    """The part as H x W x 3 float32 of 0..1; beyond the picture its mirror image goes on."""
    height, width = pixels.shape[:2]
    inside = pixels[max(0, rows.start) : min(rows.stop, height), max(0, columns.start) : min(columns.stop, width)]
    x = inside.astype(np.float32) / np.float32(BitDepth.of_pixels(pixels).peak)
    pads = [(max(0, -rows.start), max(0, rows.stop - height)), (max(0, -columns.start), max(0, columns.stop - width))]
    if np.any(pads):
        x = np.pad(x, [*pads, *[(0, 0)] * (x.ndim - 2)], mode="symmetric")
    return np.repeat(x[..., None], 3, 2) if x.ndim == 2 else x


def _round_up(value: int, multiple: int) -> int:
    return -(-value // multiple) * multiple
