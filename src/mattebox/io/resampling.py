"""Resampling of pixel arrays, by Pillow's C loops: shrink for networks and guides, enlarge for coarse planes.

In encoded values, as the networks were trained. Large pictures go through strip by strip: the only whole copy is the
small result; `window` moves parts of pictures to other sizes for framing. Knows nothing of profiles, files or networks.
"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mattebox.types import ImageShape, Pixels

T = TypeVar("T", np.uint8, np.float32)

MIN_LANCZOS_RATIO = 1.5  # blocks are averaged until this much is left to do for the better filter
STRIP_ROWS = 128  # rows reduced at a time

_PILLOW_FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}


def shrink(pixels: Pixels, size: ImageShape) -> NDArray[np.uint8]:
    """H x W x 3 or H x W at any depth -> uint8 at `size` (height, width), antialiased; enlarges where it must.

    16-bit pixels are rounded to 8 bits first.
    """
    return finish_shrink(average_blocks_towards(pixels, size), size)


class BlockMeans(NamedTuple):
    """Means of blocks, uint8, and how many blocks (down, across) the picture fills: the last may be broken ones."""

    pixels: NDArray[np.uint8]
    size_in_blocks: tuple[float, float]


def average_blocks_towards(pixels: Pixels, size: ImageShape) -> BlockMeans:
    """The first part of `shrink`, and most of its work: whole blocks averaged until little more than `size` is left.

    What is a little smaller or larger than `size` can be `fitted` from the same one.
    """
    height, width = pixels.shape[:2]
    down, across = (
        max(1, int(whole / part / MIN_LANCZOS_RATIO)) for whole, part in zip((height, width), size, strict=True)
    )
    return BlockMeans(_average_rectangular_blocks(pixels, down, across), (height / down, width / across))


def finish_shrink(block_means: BlockMeans, size: ImageShape) -> NDArray[np.uint8]:
    """The rest of `shrink`: at `size`, antialiased."""
    box = (0, 0, *block_means.size_in_blocks[::-1])
    return np.array(Image.fromarray(block_means.pixels).resize(size[::-1], Image.Resampling.LANCZOS, box=box))


def resize_lanczos(pixels: Pixels, size: ImageShape) -> NDArray[np.uint8]:
    """Like `shrink`, but every pixel goes through the filter: slower, and equal to what networks of others were fed."""
    return np.array(Image.fromarray(to_eight_bit(pixels)).resize(size[::-1], Image.Resampling.LANCZOS))


def average_blocks(pixels: Pixels, factor: int) -> NDArray[np.uint8]:
    """H x W x 3 or H x W at any depth -> uint8 means of factor x factor blocks, the last ones over what there is."""
    return _average_rectangular_blocks(pixels, factor, factor)


def enlarge(plane: NDArray[T], size: ImageShape, method: Literal["bilinear", "bicubic"] = "bicubic") -> NDArray[T]:
    """H x W uint8 or float32 -> the same type at `size` (height, width); bicubic float32 may overshoot a little."""
    return np.array(Image.fromarray(plane).resize(size[::-1], _PILLOW_FILTERS[method]))


def crop_and_resize(
    rgb: Pixels, alpha: Pixels | None, box: tuple[float, float, float, float], size: ImageShape
) -> tuple[Pixels, Pixels | None]:
    """The part of a picture inside `box` (left, top, right, bottom in pixels) at `size` (height, width), antialiased.

    Straight alpha in and out; in between, colours are weighted by it, so that hidden ones do not show. Whole pixels
    at their own size come out bit for bit.
    """
    left, top, right, bottom = (round(v) for v in box)
    if (bottom - top, right - left) == size and max(abs(v - round(v)) for v in box) < 1e-6:
        part = (slice(top, bottom), slice(left, right))
        return rgb[part].copy(), None if alpha is None else alpha[part].copy()
    if rgb.dtype == np.uint8:
        whole = rgb if alpha is None else np.dstack([rgb, alpha])
        made = np.asarray(Image.fromarray(whole).resize(size[::-1], Image.Resampling.LANCZOS, box=box))
        return np.ascontiguousarray(made[..., :3]), None if alpha is None else np.ascontiguousarray(made[..., 3])
    return _crop_and_resize_sixteen_bit(rgb, alpha, box, size)


def crop_and_resize_plane(
    plane: NDArray[np.float32], box: tuple[float, float, float, float], size: ImageShape
) -> NDArray[np.float32]:
    """The part of an H x W float32 plane inside `box` (left, top, right, bottom) at `size`: Lanczos, may overshoot."""
    return np.array(Image.fromarray(np.ascontiguousarray(plane)).resize(size[::-1], Image.Resampling.LANCZOS, box=box))


def rotate_pixels(rgb: Pixels, alpha: Pixels | None, degrees: float) -> tuple[Pixels, Pixels]:
    """The picture turned clockwise about its middle, on a canvas that holds all of it.

    Straight alpha in and out; bicubic, colours weighted by alpha. Quarter turns come out bit for bit.
    """
    peak = np.iinfo(rgb.dtype).max
    if alpha is None:
        alpha = np.full(rgb.shape[:2], peak, rgb.dtype)
    if degrees % 90 == 0:
        quarters = round(-degrees / 90) % 4
        return np.ascontiguousarray(np.rot90(rgb, quarters)), np.ascontiguousarray(np.rot90(alpha, quarters))
    share = alpha.astype(np.float32) / np.float32(peak)
    pads = _rotation_padding(rgb.shape[0], rgb.shape[1], degrees)

    def plane(values: NDArray[np.float32]) -> NDArray[np.float32]:
        padded = Image.fromarray(np.pad(values, ((pads[0],) * 2, (pads[1],) * 2)))
        return np.asarray(padded.rotate(-degrees, Image.Resampling.BICUBIC))

    a = plane(share).clip(0, 1)
    colours = [plane(rgb[..., i] * share) / np.maximum(a, np.float32(1e-6)) for i in range(3)]
    made = np.stack([np.where(a > 0, c, 0).clip(0, peak) for c in colours], axis=2)
    return np.rint(made).astype(rgb.dtype), np.rint(a * np.float32(peak)).astype(rgb.dtype)


def _rotation_padding(height: int, width: int, degrees: float) -> tuple[int, int]:
    """Rows above and below, columns left and right, that a turned picture needs."""
    sine, cosine = abs(math.sin(math.radians(degrees))), abs(math.cos(math.radians(degrees)))
    tall, wide = height * cosine + width * sine, width * cosine + height * sine
    return max(0, math.ceil((tall - height) / 2)), max(0, math.ceil((wide - width) / 2))


def _crop_and_resize_sixteen_bit(
    rgb: Pixels, alpha: Pixels | None, box: tuple[float, float, float, float], size: ImageShape
) -> tuple[Pixels, Pixels | None]:
    """`window` for 16 bits: plane by plane in float32."""

    def resized(plane: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(Image.fromarray(plane).resize(size[::-1], Image.Resampling.LANCZOS, box=box))

    share = None if alpha is None else alpha.astype(np.float32) / np.float32(65535)
    a = None if share is None else resized(share).clip(0, 1)
    made = np.empty((*size, 3), rgb.dtype)
    for i in range(3):
        plane = rgb[..., i].astype(np.float32)
        value = resized(plane if share is None else plane * share)
        if a is not None:
            value = np.divide(value, a, out=np.zeros_like(value), where=a > 0)
        made[..., i] = np.rint(value.clip(0, 65535))
    return made, None if a is None else np.rint(a * 65535).astype(rgb.dtype)


def to_eight_bit(pixels: Pixels) -> NDArray[np.uint8]:
    """uint8 as it is; uint16 rounded to 8 bits."""
    if pixels.dtype == np.uint8:
        return pixels.view(np.uint8)
    return ((pixels.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)


def _average_rectangular_blocks(pixels: Pixels, block_height: int, block_width: int) -> NDArray[np.uint8]:
    if block_height == block_width == 1:
        return to_eight_bit(pixels)
    height, width = pixels.shape[:2]
    made = np.empty((-(-height // block_height), -(-width // block_width), *pixels.shape[2:]), np.uint8)
    rows = max(1, STRIP_ROWS // block_height)
    for top in range(0, len(made), rows):
        strip = Image.fromarray(to_eight_bit(pixels[top * block_height : (top + rows) * block_height]))
        made[top : top + rows] = np.asarray(strip.reduce((block_width, block_height)))
    return made
