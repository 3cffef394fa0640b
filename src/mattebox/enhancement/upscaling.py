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

from mattebox.enhancement.alpha_bleed import bleed_colours
from mattebox.enhancement.tile_sink import OpenTileSink, TileSink
from mattebox.enhancement.tiled_inference import iter_processed_tiles
from mattebox.errors import UsageError
from mattebox.io import resampling
from mattebox.models.image_to_image import ImageToImageNetwork
from mattebox.types import BitDepth, Floats, ImageShape, OnProgress, Picture, Pixels

MAX_RESULT_PIXELS = 400_000_000  # pixels of a result
MAX_FACTOR = 16.0


def parse_target(text: str) -> tuple[float, Literal["x", "px"]] | None:
    """A factor or the longer side that "2", "2x", "1.5x" or "2048px" asks for; None for none. UsageError."""
    if text.strip() == "none":
        return None
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(x|px)?", text.strip().lower())
    if found is None or not float(found[1]):
        raise UsageError(f"{text!r} is not a size to upscale to", "give 2x, 1.5x, or the longer side such as 4000px")
    if found[2] == "px":
        return float(found[1]), "px"
    if not 1 <= float(found[1]) <= MAX_FACTOR:
        raise UsageError(
            f"{text!r} is no factor to upscale by", f"give 1x to {MAX_FACTOR:g}x, or the longer side in px"
        )
    return float(found[1]), "x"


def target_size(text: str, size: ImageShape) -> ImageShape:
    """The (height, width) that is asked for of a picture of `size`, which stays where it is that large already.

    UsageError for what `parsed` does not know, and for too much.
    """
    wanted = parse_target(text)
    if wanted is None:
        return size
    value, unit = wanted
    factor = value if unit == "x" else max(1.0, value / max(size))
    made = max(1, round(size[0] * factor)), max(1, round(size[1] * factor))
    if factor > MAX_FACTOR or made[0] * made[1] > MAX_RESULT_PIXELS:
        raise UsageError(
            f"upscaling {size[1]} x {size[0]} to {made[1]} x {made[0]} pixels",
            f"at most {MAX_FACTOR:g} times and {MAX_RESULT_PIXELS // 1_000_000} megapixels can be made",
        )
    return made


def plan_passes(factor: float, scales: Sequence[int]) -> list[int]:
    """The networks' factors to go through, one after another: the least that reaches `factor`, the largest first."""
    found, left = [], factor
    while left > 1:
        found.append(next((s for s in sorted(scales) if s >= left), max(scales)))
        left /= found[-1]
    return found


def upscale_picture(
    picture: Picture,
    size: ImageShape,
    networks: Sequence[ImageToImageNetwork],
    detail: float = 1,
    on_progress: OnProgress | None = None,
    open_tile_sink: OpenTileSink = TileSink,
) -> Picture:
    """The picture at `size` (height, width), through the networks of `passes` in turn.

    `detail` 0..1 mixes the networks' answer with plain Lanczos: 1 is all theirs. `on_progress` is told the share done. Whoever
    gives a `open_tile_sink` may keep tiles, and have them left out another time.
    """
    steps = _plan_steps(picture.shape, size, networks)
    work = _CombinedProgress(len(steps), on_progress)
    for imager, between in steps:
        rgb, alpha = picture.rgb, picture.alpha
        if alpha is not None:
            rgb = bleed_colours(rgb, alpha)
        shares = 1.0 if alpha is None else 0.5
        made = _upscale_pixels(rgb, imager, between, detail, work.add_part(shares), open_tile_sink)
        seen = (
            None
            if alpha is None
            else _upscale_pixels(alpha, imager, between, detail, work.add_part(shares), open_tile_sink)
        )
        picture = picture.with_pixels(made, seen)
    return picture


def _plan_steps(
    source_size: ImageShape, size: ImageShape, networks: Sequence[ImageToImageNetwork]
) -> list[tuple[ImageToImageNetwork, ImageShape]]:
    """Each network with the size it is to reach: the last one's is exact."""
    found: list[tuple[ImageToImageNetwork, ImageShape]] = []
    for place, imager in enumerate(networks):
        last = place == len(networks) - 1
        source_size = size if last else (source_size[0] * imager.tiles.scale, source_size[1] * imager.tiles.scale)
        found.append((imager, source_size))
    return found


def _upscale_pixels(
    pixels: Pixels,
    network: ImageToImageNetwork,
    size: ImageShape,
    detail: float,
    on_progress: OnProgress,
    open_tile_sink: OpenTileSink,
) -> Pixels:
    canvas = open_tile_sink(np.empty((*size, *pixels.shape[2:]), pixels.dtype))
    peak = np.float32(BitDepth.of_pixels(pixels).peak)
    for rows, columns, part in iter_processed_tiles(pixels, network, size, completed=canvas.completed):
        if detail < 1:
            plain = _lanczos_tile(pixels, rows, columns, size)
            part = plain + np.float32(detail) * (part - plain)
        if pixels.ndim == 2:
            part = _preserve_flat_alpha(pixels, rows, columns, size, part)
        canvas.pixels[rows, columns] = np.rint(part * peak)
        canvas.on_tile((rows.start, columns.start), canvas.pixels[rows, columns])
        on_progress((rows.stop * size[1] - (rows.stop - rows.start) * (size[1] - columns.stop)) / (size[0] * size[1]))
    return canvas.pixels


def _preserve_flat_alpha(alpha: Pixels, rows: slice, columns: slice, size: ImageShape, tile: Floats) -> Floats:
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
    return np.where(flat, low[inner].astype(np.float32) / np.float32(BitDepth.of_pixels(alpha).peak), tile)


def _lanczos_tile(pixels: Pixels, rows: slice, columns: slice, size: ImageShape) -> Floats:
    """The tile as resampling alone would have it, 0..1."""
    edges = []
    for way, whole, made in zip((rows, columns), pixels.shape[:2], size, strict=True):
        start, stop = way.start * whole / made, way.stop * whole / made
        first = max(0, math.floor(start) - 4)
        edges.append((first, min(whole, math.ceil(stop) + 4), start - first, stop - first))
    (y1, y2, top, bottom), (x1, x2, left, right) = edges
    x = pixels[y1:y2, x1:x2].astype(np.float32) / np.float32(BitDepth.of_pixels(pixels).peak)
    target = rows.stop - rows.start, columns.stop - columns.start
    planes = [x] if x.ndim == 2 else [x[..., i] for i in range(3)]
    done = [resampling.crop_and_resize_plane(plane, (left, top, right, bottom), target).clip(0, 1) for plane in planes]
    return done[0] if x.ndim == 2 else np.stack(done, 2)


class _CombinedProgress:
    """Shares of several pieces of work, told as one."""

    def __init__(self, part_count: int, on_progress: OnProgress | None) -> None:
        self.part_count, self.on_progress, self.completed_share = part_count, on_progress, 0.0

    def add_part(self, weight: float) -> Callable[[float], None]:
        begun = self.completed_share
        self.completed_share += weight

        def told(share: float) -> None:
            if self.on_progress:
                self.on_progress((begun + weight * share) / self.part_count)

        return told
