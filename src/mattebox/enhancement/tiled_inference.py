"""Tiled inference: pictures of any size through a network in bounded memory, with the result of the whole picture.

The result is cut into tiles. Each is computed from the part of the picture that it depends on: the tile itself, the
support of the filter that resamples to an exact size, and the network's receptive field. So tiles meet without seams,
and need no blending. At the picture's border the part ends as well, and the network's own padding does what it does for
the whole.
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

MEMORY_BUDGET_BYTES = 512_000_000  # for the network while it runs
MIN_TILE_SIDE_PIXELS = 64  # however small the budget is
LANCZOS_LOBES = 3


@dataclass(frozen=True)
class TileSpan:
    """One side of a tile.

    Attributes
    ----------
    result
        Where it lies in the result.
    source
        The pixels of the picture that it is resampled from.
    network_input
        The pixels that the network gets; they may lie outside the picture by what its card says.
    """

    result: slice
    source: slice
    network_input: slice


def plan_tile_spans(source_length: int, result_length: int, tiles: Tiles, side: int) -> list[TileSpan]:
    """Divide one side of a picture into tiles.

    Parameters
    ----------
    source_length, result_length
        The side's length in the picture and in the result, in pixels.
    tiles
        How the network may be tiled, from its card.
    side
        About the tiles' length in the picture, in pixels.
    """
    ratio = tiles.scale * source_length / result_length
    taps = 0 if ratio == 1 else math.ceil(LANCZOS_LOBES * max(1.0, ratio) / tiles.scale) + 1
    if tiles.fixed:
        side = tiles.fixed - 2 * (tiles.reach + taps)
    step = math.ceil(source_length / max(1, math.ceil(source_length / side)))
    step = step if tiles.fixed else _round_up(step, tiles.multiple)
    spans = []
    for start in range(0, source_length, step):
        stop = min(start + step, source_length)
        result = slice(round(start * result_length / source_length), round(stop * result_length / source_length))
        source = slice(max(0, start - taps), min(source_length, stop + taps))
        if result.stop > result.start:
            spans.append(TileSpan(result, source, _network_input_span(source, source_length, tiles)))
    return spans


def _network_input_span(source: slice, source_length: int, tiles: Tiles) -> slice:
    """The pixels that the network needs to answer for `source`."""
    if tiles.fixed:
        first = max(0, min((source.start + source.stop - tiles.fixed) // 2, source_length - tiles.fixed))
        return slice(first, first + tiles.fixed)
    if tiles.cut:
        return slice(source.start - tiles.cut, source.stop + tiles.cut)
    halo = _round_up(tiles.reach, tiles.multiple)
    first = max(0, source.start - halo) // tiles.multiple * tiles.multiple
    return slice(first, first + _round_up(min(source_length, source.stop + halo) - first, tiles.multiple))


def tile_side(tiles: Tiles, budget: int = MEMORY_BUDGET_BYTES) -> int:
    """The side of a tile, in pixels of the picture, that keeps the network within `budget` bytes, halo included."""
    side = math.isqrt(budget // tiles.bytes) - 2 * _round_up(max(tiles.reach, tiles.cut), tiles.multiple)
    return max(MIN_TILE_SIDE_PIXELS, side // tiles.multiple * tiles.multiple)


def iter_processed_tiles(
    pixels: Pixels,
    network: ImageToImageNetwork,
    size: ImageShape | None = None,
    budget: int = MEMORY_BUDGET_BYTES,
    completed: Container[tuple[int, int]] = (),
) -> Iterator[tuple[slice, slice, Floats]]:
    """Run a network over a picture tile by tile.

    Parameters
    ----------
    pixels
        H x W x 3, or an H x W plane, which the network sees as grey; uint8 or uint16.
    network
        Any scale.
    size
        (height, width) of the result; by default the picture's times the network's scale.
    budget
        Bytes that the network may take while it runs.
    completed
        (top, left) of tiles to leave out.

    Yields
    ------
    tuple
        Rows and columns of the result, and the tile there (float32, 0..1).
    """
    tiles = network.tiles
    height, width = size or (pixels.shape[0] * tiles.scale, pixels.shape[1] * tiles.scale)
    side = tile_side(tiles, budget)
    for vertical in plan_tile_spans(pixels.shape[0], height, tiles, side):
        for horizontal in plan_tile_spans(pixels.shape[1], width, tiles, side):
            if (vertical.result.start, horizontal.result.start) not in completed:
                tile = _process_tile(pixels, network, vertical, horizontal, (height, width))
                yield vertical.result, horizontal.result, tile


def _process_tile(
    pixels: Pixels, network: ImageToImageNetwork, vertical: TileSpan, horizontal: TileSpan, size: ImageShape
) -> Floats:
    tiles = network.tiles
    x = _network_input(pixels, vertical.network_input, horizontal.network_input)
    y = network.run(np.ascontiguousarray(x.transpose(2, 0, 1)[None]))[0]
    y = y[:, _output_slice(vertical, tiles), _output_slice(horizontal, tiles)].clip(0, 1)
    if pixels.ndim == 2:
        y = y.mean(0, keepdims=True)
    tile = _resample_tile(y, (vertical, horizontal), pixels.shape[:2], size, tiles.scale)
    return tile[0] if pixels.ndim == 2 else np.ascontiguousarray(tile.transpose(1, 2, 0))


def _output_slice(span: TileSpan, tiles: Tiles) -> slice:
    """The part of the network's output that belongs to the span's source."""
    start = span.network_input.start + tiles.cut
    return slice((span.source.start - start) * tiles.scale, (span.source.stop - start) * tiles.scale)


def _resample_tile(
    y: Floats, spans: tuple[TileSpan, TileSpan], source_size: ImageShape, size: ImageShape, scale: int
) -> Floats:
    """Planes of a tile's source at the network's scale -> the tile in a result of `size`."""
    if size == (source_size[0] * scale, source_size[1] * scale):
        return y
    box = []
    for span, source_length, result_length in zip(spans, source_size, size, strict=True):
        ratio = source_length * scale / result_length
        box.append([ratio * edge - span.source.start * scale for edge in (span.result.start, span.result.stop)])
    (top, bottom), (left, right) = box
    target = (spans[0].result.stop - spans[0].result.start, spans[1].result.stop - spans[1].result.start)
    return np.stack([resampling.crop_and_resize_plane(plane, (left, top, right, bottom), target) for plane in y])


def _network_input(pixels: Pixels, rows: slice, columns: slice) -> Floats:
    """A part of the picture (h x w x 3, float32, 0..1), mirrored beyond its borders."""
    height, width = pixels.shape[:2]
    inside = pixels[max(0, rows.start) : min(rows.stop, height), max(0, columns.start) : min(columns.stop, width)]
    x = inside.astype(np.float32) / np.float32(BitDepth.of_pixels(pixels).peak)
    pads = [(max(0, -rows.start), max(0, rows.stop - height)), (max(0, -columns.start), max(0, columns.stop - width))]
    if np.any(pads):
        x = np.pad(x, [*pads, *[(0, 0)] * (x.ndim - 2)], mode="symmetric")
    return np.repeat(x[..., None], 3, 2) if x.ndim == 2 else x


def _round_up(value: int, multiple: int) -> int:
    return -(-value // multiple) * multiple
