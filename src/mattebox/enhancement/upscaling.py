"""Upscaling: a picture enlarged to any size by super-resolution networks, and its alpha with it.

A network enlarges by its own factor; an exact size is reached by resampling its result, and factors beyond the largest
network's by several passes. Works on encoded values in the picture's own profile, at its own depth. Memory is that of
the result and a tile.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Literal

import numpy as np

from mattebox.core.limits import MAX_OUTPUT_PIXELS, MAX_UPSCALING_FACTOR
from mattebox.enhancement.alpha_bleed import bleed_colours
from mattebox.enhancement.tile_sink import OpenTileSink, TileSink
from mattebox.enhancement.tiled_inference import iter_processed_tiles
from mattebox.errors import UsageError
from mattebox.io import resampling
from mattebox.models.image_to_image import ImageToImageNetwork
from mattebox.types import BitDepth, Floats, ImageShape, OnProgress, Picture, Pixels


def parse_target(text: str) -> tuple[float, Literal["x", "px"]] | None:
    """The factor or longer side that "2", "2x", "1.5x" or "2048px" means; None for "none". UsageError."""
    if text.strip() == "none":
        return None
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(x|px)?", text.strip().lower())
    if match is None or not float(match[1]):
        raise UsageError(f"{text!r} is not a size to upscale to", "give 2x, 1.5x, or the longer side such as 4000px")
    if match[2] == "px":
        return float(match[1]), "px"
    if not 1 <= float(match[1]) <= MAX_UPSCALING_FACTOR:
        raise UsageError(
            f"{text!r} is not an upscaling factor", f"give 1x to {MAX_UPSCALING_FACTOR}x, or the longer side in px"
        )
    return float(match[1]), "x"


def target_size(text: str, size: ImageShape) -> ImageShape:
    """The (height, width) to which a picture of `size` is to be upscaled; `size` itself where it is that large already.

    Raises
    ------
    UsageError
        For text that `parse_target` does not accept, and for too large a result.
    """
    target = parse_target(text)
    if target is None:
        return size
    value, unit = target
    factor = value if unit == "x" else max(1.0, value / max(size))
    height, width = max(1, round(size[0] * factor)), max(1, round(size[1] * factor))
    if factor > MAX_UPSCALING_FACTOR or height * width > MAX_OUTPUT_PIXELS:
        raise UsageError(
            f"upscaling {size[1]} x {size[0]} to {width} x {height} pixels",
            f"at most {MAX_UPSCALING_FACTOR} times and {MAX_OUTPUT_PIXELS // 1_000_000} megapixels can be made",
        )
    return height, width


def plan_passes(factor: float, scales: Sequence[int]) -> list[int]:
    """The scales of the networks to apply in turn: as few as reach `factor`, the largest first."""
    passes, remaining = [], factor
    while remaining > 1:
        passes.append(next((s for s in sorted(scales) if s >= remaining), max(scales)))
        remaining /= passes[-1]
    return passes


def upscale_picture(
    picture: Picture,
    size: ImageShape,
    networks: Sequence[ImageToImageNetwork],
    detail: float = 1,
    on_progress: OnProgress | None = None,
    open_tile_sink: OpenTileSink = TileSink,
) -> Picture:
    """Upscale a picture.

    Parameters
    ----------
    picture
        Either depth, with or without alpha.
    size
        (height, width) of the result.
    networks
        To apply in turn, such as those of `plan_passes`.
    detail
        0..1: the networks' result mixed with plain Lanczos; 1 is all the networks'.
    on_progress
        Called with the share, 0..1, that is done.
    open_tile_sink
        Collects the tiles of each plane and pass; may store them, and name those to leave out.
    """
    progress = _CombinedProgress(len(networks), on_progress)
    plane_weight = 1.0 if picture.alpha is None else 0.5
    for network, pass_size in zip(networks, _pass_sizes(picture.shape, size, networks), strict=True):
        rgb, alpha = bleed_colours(picture.rgb, picture.alpha), picture.alpha
        rgb = _upscale_pixels(rgb, network, pass_size, detail, progress.add_part(plane_weight), open_tile_sink)
        if alpha is not None:
            alpha = _upscale_pixels(alpha, network, pass_size, detail, progress.add_part(plane_weight), open_tile_sink)
        picture = picture.with_pixels(rgb, alpha)
    return picture


def _pass_sizes(source: ImageShape, target: ImageShape, networks: Sequence[ImageToImageNetwork]) -> list[ImageShape]:
    """The size that each network reaches: by its own scale, and the last one the target."""
    sizes = []
    for network in networks:
        source = source[0] * network.tiles.scale, source[1] * network.tiles.scale
        sizes.append(source)
    return [*sizes[:-1], target] if sizes else []


def _upscale_pixels(
    pixels: Pixels,
    network: ImageToImageNetwork,
    size: ImageShape,
    detail: float,
    on_progress: OnProgress,
    open_tile_sink: OpenTileSink,
) -> Pixels:
    sink = open_tile_sink(np.empty((*size, *pixels.shape[2:]), pixels.dtype))
    peak = np.float32(BitDepth.of_pixels(pixels).peak)
    for rows, columns, tile in iter_processed_tiles(pixels, network, size, completed=sink.completed):
        if detail < 1:
            plain = _lanczos_tile(pixels, rows, columns, size)
            tile = plain + np.float32(detail) * (tile - plain)
        if pixels.ndim == 2:
            tile = _preserve_flat_alpha(pixels, rows, columns, size, tile)
        sink.pixels[rows, columns] = np.rint(tile * peak)
        sink.on_tile((rows.start, columns.start), sink.pixels[rows, columns])
        on_progress((rows.stop * size[1] - (rows.stop - rows.start) * (size[1] - columns.stop)) / (size[0] * size[1]))
    return sink.pixels


def _preserve_flat_alpha(alpha: Pixels, rows: slice, columns: slice, size: ImageShape, tile: Floats) -> Floats:
    """A tile of alpha whose values stay exact where the source is constant around: opaque stays opaque."""
    y, x = (
        np.minimum(((np.arange(span.start, span.stop) + 0.5) * source / target).astype(np.int64), source - 1)
        for span, source, target in zip((rows, columns), alpha.shape, size, strict=True)
    )
    top, left = max(0, y[0] - 1), max(0, x[0] - 1)
    low = high = np.pad(alpha[top : y[-1] + 2, left : x[-1] + 2], 1, mode="edge")
    for axis in (0, 1):
        high = np.maximum.reduce([np.roll(high, -k, axis) for k in range(3)])
        low = np.minimum.reduce([np.roll(low, -k, axis) for k in range(3)])
    positions = np.ix_(y - top, x - left)
    is_flat = (high == low)[positions]
    return np.where(is_flat, low[positions].astype(np.float32) / np.float32(BitDepth.of_pixels(alpha).peak), tile)


def _lanczos_tile(pixels: Pixels, rows: slice, columns: slice, size: ImageShape) -> Floats:
    """The tile (0..1) by Lanczos resampling alone."""
    edges = []
    for span, source, target in zip((rows, columns), pixels.shape[:2], size, strict=True):
        start, stop = span.start * source / target, span.stop * source / target
        first = max(0, math.floor(start) - 4)
        edges.append((first, min(source, math.ceil(stop) + 4), start - first, stop - first))
    (y1, y2, top, bottom), (x1, x2, left, right) = edges
    x = pixels[y1:y2, x1:x2].astype(np.float32) / np.float32(BitDepth.of_pixels(pixels).peak)
    shape = rows.stop - rows.start, columns.stop - columns.start
    planes = [x] if x.ndim == 2 else [x[..., i] for i in range(3)]
    tiles = [resampling.crop_and_resize_plane(plane, (left, top, right, bottom), shape).clip(0, 1) for plane in planes]
    return tiles[0] if x.ndim == 2 else np.stack(tiles, 2)


class _CombinedProgress:
    """Progress of several parts of work, reported as one."""

    def __init__(self, total_weight: float, on_progress: OnProgress | None) -> None:
        self.total_weight, self.on_progress, self.added_weight = total_weight, on_progress, 0.0

    def add_part(self, weight: float) -> OnProgress:
        """The callback of the next part."""
        start = self.added_weight
        self.added_weight += weight

        def report(share: float) -> None:
            if self.on_progress:
                self.on_progress((start + weight * share) / self.total_weight)

        return report
