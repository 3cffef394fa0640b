"""Resampling of pixel arrays, by Pillow's C loops: shrink for networks and guides, enlarge for coarse planes.

In encoded values, as the networks were trained. Large pictures go through strip by strip: the only whole copy is the
small result. Knows nothing of profiles, files or networks.
"""

from __future__ import annotations

from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mattebox.types import Pixels, Size

T = TypeVar("T", np.uint8, np.float32)

GAP = 1.5  # blocks are averaged until this much is left to do for the better filter
STRIP = 128  # rows reduced at a time

_FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}


def shrink(pixels: Pixels, size: Size) -> NDArray[np.uint8]:
    """H x W x 3 or H x W at any depth -> uint8 at `size` (height, width), antialiased; enlarges where it must.

    16-bit pixels are rounded to 8 bits first.
    """
    height, width = pixels.shape[:2]
    down, across = (max(1, int(whole / part / GAP)) for whole, part in zip((height, width), size, strict=True))
    small = Image.fromarray(_reduced(pixels, down, across))
    box = (0, 0, width / across, height / down)
    return np.array(small.resize(size[::-1], Image.Resampling.LANCZOS, box=box))


def lanczos(pixels: Pixels, size: Size) -> NDArray[np.uint8]:
    """Like `shrink`, but every pixel goes through the filter: slower, and equal to what networks of others were fed."""
    return np.array(Image.fromarray(eight_bit(pixels)).resize(size[::-1], Image.Resampling.LANCZOS))


def reduce(pixels: Pixels, factor: int) -> NDArray[np.uint8]:
    """H x W x 3 or H x W at any depth -> uint8 means of factor x factor blocks, the last ones over what there is."""
    return _reduced(pixels, factor, factor)


def enlarge(plane: NDArray[T], size: Size, method: Literal["bilinear", "bicubic"] = "bicubic") -> NDArray[T]:
    """H x W uint8 or float32 -> the same type at `size` (height, width); bicubic float32 may overshoot a little."""
    return np.array(Image.fromarray(plane).resize(size[::-1], _FILTERS[method]))


def eight_bit(pixels: Pixels) -> NDArray[np.uint8]:
    """uint8 as it is; uint16 rounded to 8 bits."""
    if pixels.dtype == np.uint8:
        return pixels.view(np.uint8)
    return ((pixels.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)


def _reduced(pixels: Pixels, down: int, across: int) -> NDArray[np.uint8]:
    if down == across == 1:
        return eight_bit(pixels)
    height, width = pixels.shape[:2]
    made = np.empty((-(-height // down), -(-width // across), *pixels.shape[2:]), np.uint8)
    rows = max(1, STRIP // down)
    for top in range(0, len(made), rows):
        strip = Image.fromarray(eight_bit(pixels[top * down : (top + rows) * down]))
        made[top : top + rows] = np.asarray(strip.reduce((across, down)))
    return made
