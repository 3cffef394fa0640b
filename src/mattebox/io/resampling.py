"""Resampling and rotation of pixel arrays with Pillow's filters.

Works in encoded values, as the networks were trained. Large pictures are reduced strip by strip, so that the only full
copy is the small result.
"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mattebox.types import ImageShape, Pixels

T = TypeVar("T", np.uint8, np.float32)

MIN_LANCZOS_RATIO = 1.5  # blocks are averaged down to this multiple of the target, and Lanczos does the rest
STRIP_ROWS = 128

_PILLOW_FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}


def shrink(pixels: Pixels, size: ImageShape) -> NDArray[np.uint8]:
    """Resize pixels to uint8 at `size` (height, width), antialiased; fast where it shrinks.

    Parameters
    ----------
    pixels
        H x W x 3 or H x W, uint8 or uint16; 16 bits are rounded to 8 first.
    size
        Height and width of the result, larger or smaller.
    """
    return finish_shrink(average_blocks_towards(pixels, size), size)


def shrink_quickly(pixels: Pixels, size: ImageShape) -> NDArray[np.uint8]:
    """Resize pixels to uint8 at `size` (height, width) by means of whole blocks, then bilinear.

    Several times as fast as `shrink` and a little softer: for comparisons between frames, not for networks.
    """
    height, width = pixels.shape[:2]
    down, across = max(1, height // size[0]), max(1, width // size[1])
    means = Image.fromarray(_average_rectangular_blocks(pixels, down, across))
    box = (0, 0, width / across, height / down)
    return np.array(means.resize(size[::-1], Image.Resampling.BILINEAR, box=box))


class BlockMeans(NamedTuple):
    """Block means as uint8, and the picture's size in blocks (down, across), whose last ones may be incomplete."""

    pixels: NDArray[np.uint8]
    size_in_blocks: tuple[float, float]


def average_blocks_towards(pixels: Pixels, size: ImageShape) -> BlockMeans:
    """Do the first part of `shrink`: average whole blocks until little more than `size` is left.

    `finish_shrink` can make several similar sizes of the same block means.
    """
    height, width = pixels.shape[:2]
    down, across = (
        max(1, int(source / target / MIN_LANCZOS_RATIO)) for source, target in zip((height, width), size, strict=True)
    )
    return BlockMeans(_average_rectangular_blocks(pixels, down, across), (height / down, width / across))


def finish_shrink(block_means: BlockMeans, size: ImageShape) -> NDArray[np.uint8]:
    """Do the second part of `shrink`: Lanczos to `size`."""
    box = (0, 0, *block_means.size_in_blocks[::-1])
    return np.array(Image.fromarray(block_means.pixels).resize(size[::-1], Image.Resampling.LANCZOS, box=box))


def resize_lanczos(pixels: Pixels, size: ImageShape) -> NDArray[np.uint8]:
    """Resize every pixel with Lanczos: slower than `shrink`, and equal to what published networks are fed."""
    return np.array(Image.fromarray(to_eight_bit(pixels)).resize(size[::-1], Image.Resampling.LANCZOS))


def average_blocks(pixels: Pixels, factor: int) -> NDArray[np.uint8]:
    """uint8 means of factor x factor blocks of H x W x 3 or H x W pixels; the last blocks may be smaller."""
    return _average_rectangular_blocks(pixels, factor, factor)


def enlarge(plane: NDArray[T], size: ImageShape, method: Literal["bilinear", "bicubic"] = "bicubic") -> NDArray[T]:
    """Resize an H x W uint8 or float32 plane to `size` (height, width); bicubic float32 may overshoot."""
    return np.array(Image.fromarray(plane).resize(size[::-1], _PILLOW_FILTERS[method]))


def crop_and_resize(
    rgb: Pixels, alpha: Pixels | None, box: tuple[float, float, float, float], size: ImageShape
) -> tuple[Pixels, Pixels | None]:
    """Crop `box` and resize it, antialiased.

    Colours are weighted by alpha, so that hidden colours do not show. A box of whole pixels at its own size is copied
    bit for bit.

    Parameters
    ----------
    rgb, alpha
        H x W x 3 and straight H x W or None, uint8 or uint16.
    box
        Left, top, right, bottom in pixels; fractions are allowed.
    size
        Height and width of the result.
    """
    left, top, right, bottom = (round(v) for v in box)
    if (bottom - top, right - left) == size and max(abs(v - round(v)) for v in box) < 1e-6:
        part = (slice(top, bottom), slice(left, right))
        return rgb[part].copy(), None if alpha is None else alpha[part].copy()
    if rgb.dtype == np.uint8:
        pixels = rgb if alpha is None else np.dstack([rgb, alpha])
        resized = np.asarray(Image.fromarray(pixels).resize(size[::-1], Image.Resampling.LANCZOS, box=box))
        return np.ascontiguousarray(resized[..., :3]), None if alpha is None else np.ascontiguousarray(resized[..., 3])
    return _crop_and_resize_sixteen_bit(rgb, alpha, box, size)


def crop_and_resize_plane(
    plane: NDArray[np.float32], box: tuple[float, float, float, float], size: ImageShape
) -> NDArray[np.float32]:
    """Crop `box` (left, top, right, bottom) of an H x W float32 plane and resize it by Lanczos, which may overshoot."""
    return np.array(Image.fromarray(np.ascontiguousarray(plane)).resize(size[::-1], Image.Resampling.LANCZOS, box=box))


def rotate_pixels(rgb: Pixels, alpha: Pixels | None, degrees: float) -> tuple[Pixels, Pixels]:
    """Rotate a picture clockwise about its centre, on a canvas that holds all of it.

    Bicubic, with colours weighted by the straight alpha. Quarter turns are copied bit for bit.
    """
    peak = np.iinfo(rgb.dtype).max
    if alpha is None:
        alpha = np.full(rgb.shape[:2], peak, rgb.dtype)
    if degrees % 90 == 0:
        quarters = round(-degrees / 90) % 4
        return np.ascontiguousarray(np.rot90(rgb, quarters)), np.ascontiguousarray(np.rot90(alpha, quarters))
    share = alpha.astype(np.float32) / np.float32(peak)
    pads = _rotation_padding(rgb.shape[0], rgb.shape[1], degrees)

    def rotate_plane(values: NDArray[np.float32]) -> NDArray[np.float32]:
        padded = Image.fromarray(np.pad(values, ((pads[0],) * 2, (pads[1],) * 2)))
        return np.asarray(padded.rotate(-degrees, Image.Resampling.BICUBIC))

    a = rotate_plane(share).clip(0, 1)
    colours = [rotate_plane(rgb[..., i] * share) / np.maximum(a, np.float32(1e-6)) for i in range(3)]
    rotated = np.stack([np.where(a > 0, c, 0).clip(0, peak) for c in colours], axis=2)
    return np.rint(rotated).astype(rgb.dtype), np.rint(a * np.float32(peak)).astype(rgb.dtype)


def _rotation_padding(height: int, width: int, degrees: float) -> tuple[int, int]:
    """Rows above and below, and columns left and right, that a rotated picture needs."""
    sine, cosine = abs(math.sin(math.radians(degrees))), abs(math.cos(math.radians(degrees)))
    tall, wide = height * cosine + width * sine, width * cosine + height * sine
    return max(0, math.ceil((tall - height) / 2)), max(0, math.ceil((wide - width) / 2))


def _crop_and_resize_sixteen_bit(
    rgb: Pixels, alpha: Pixels | None, box: tuple[float, float, float, float], size: ImageShape
) -> tuple[Pixels, Pixels | None]:
    """`crop_and_resize` for 16 bits, plane by plane in float32."""

    def resize_plane(plane: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(Image.fromarray(plane).resize(size[::-1], Image.Resampling.LANCZOS, box=box))

    share = None if alpha is None else alpha.astype(np.float32) / np.float32(65535)
    a = None if share is None else resize_plane(share).clip(0, 1)
    result = np.empty((*size, 3), rgb.dtype)
    for i in range(3):
        plane = rgb[..., i].astype(np.float32)
        value = resize_plane(plane if share is None else plane * share)
        if a is not None:
            value = np.divide(value, a, out=np.zeros_like(value), where=a > 0)
        result[..., i] = np.rint(value.clip(0, 65535))
    return result, None if a is None else np.rint(a * 65535).astype(rgb.dtype)


def to_eight_bit(pixels: Pixels) -> NDArray[np.uint8]:
    """Round uint16 pixels to 8 bits; uint8 pixels are returned as they are."""
    if pixels.dtype == np.uint8:
        return pixels.view(np.uint8)
    return ((pixels.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)


def _average_rectangular_blocks(pixels: Pixels, block_height: int, block_width: int) -> NDArray[np.uint8]:
    if block_height == block_width == 1:
        return to_eight_bit(pixels)
    height, width = pixels.shape[:2]
    means = np.empty((-(-height // block_height), -(-width // block_width), *pixels.shape[2:]), np.uint8)
    rows = max(1, STRIP_ROWS // block_height)
    for top in range(0, len(means), rows):
        strip = Image.fromarray(to_eight_bit(pixels[top * block_height : (top + rows) * block_height]))
        means[top : top + rows] = np.asarray(strip.reduce((block_width, block_height)))
    return means
