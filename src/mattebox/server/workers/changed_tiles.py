"""What of a preview has changed since the one that a client has: the tiles whose pixels are others.

The client sends back the fingerprint that came with its preview, one checksum for each tile, so that no preview is kept
here. A tile that has changed has its former checksum once in four billion times.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import numpy as np

from mattebox.types import Picture, Pixels

TILES_ALONG = 16  # the longer side; more make a longer header
CHECKSUM_DIGITS = 8


def visible_pixels(picture: Picture) -> Pixels:
    """A picture with alpha as H x W x 4, without the colours of what is transparent."""
    assert picture.alpha is not None
    alpha = picture.alpha[..., None]
    pixels: Pixels = np.concatenate([np.where(alpha > 0, picture.rgb, 0), alpha], axis=2)
    return pixels


def fingerprint_pixels(pixels: Pixels) -> str:
    """Size and bit depth of visible pixels, a point, and a checksum of each tile, row by row."""
    checksums = "".join(f"{zlib.crc32(tile.tobytes()):0{CHECKSUM_DIGITS}x}" for tile in _tiles(pixels))
    height, width = pixels.shape[:2]
    return f"{width}x{height}x{pixels.dtype.itemsize}.{checksums}"


def find_changed_tiles(now: str, since: str) -> list[int] | None:
    """The numbers of the tiles in which two fingerprints differ, in increasing order.

    None where those are of pictures of another size or bit depth, or where all tiles differ.
    """
    (shape, _, checksums), (former_shape, _, former_checksums) = now.partition("."), since.partition(".")
    if (shape, len(checksums)) != (former_shape, len(former_checksums)):
        return None
    starts = range(0, len(checksums), CHECKSUM_DIGITS)
    changed = [
        number
        for number, start in enumerate(starts)
        if checksums[start : start + CHECKSUM_DIGITS] != former_checksums[start : start + CHECKSUM_DIGITS]
    ]
    return None if len(changed) == len(starts) else changed


def keep_only_tiles(pixels: Pixels, numbers: list[int]) -> Pixels:
    """Visible pixels, transparent outside some tiles."""
    kept, wanted = np.zeros_like(pixels), set(numbers)
    for number, (kept_tile, tile) in enumerate(zip(_tiles(kept), _tiles(pixels), strict=True)):
        if number in wanted:
            kept_tile[:] = tile
    return kept


def tile_side(pixels: Pixels) -> int:
    """The side of a tile in pixels; those at the right and lower edge may be smaller."""
    height, width = pixels.shape[:2]
    return -(-max(int(height), int(width)) // TILES_ALONG)


def _tiles(pixels: Pixels) -> Iterator[Pixels]:
    side = tile_side(pixels)
    for top in range(0, pixels.shape[0], side):
        for left in range(0, pixels.shape[1], side):
            yield pixels[top : top + side, left : left + side]
