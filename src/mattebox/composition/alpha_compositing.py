"""One picture over another: straight alpha in, straight alpha (or an opaque picture) out, in strips.

`encoded` blends the stored values, as browsers and viewers do with a transparent file; `linear` blends light, as a
camera would have (by sRGB's curve, whatever the profile). LOG.md holds the errors of both. The operator is
"over" of Porter & Duff, Compositing Digital Images, 1984. Knows nothing of what lies in the layers.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mattebox.types import BitDepth, Floats, ImageShape, Picture, Pixels

BlendSpace = Literal["encoded", "linear"]

STRIP_ROWS = 64  # rows blended at a time, to bound memory
BLOCK_COLUMNS = 256  # columns of a strip looked at together: most hold nothing to blend, and are copied


def flatten_onto_colour(picture: Picture, colour: tuple[int, int, int], space: BlendSpace = "encoded") -> Picture:
    """The picture flattened onto one colour, given in the picture's own encoding and depth: opaque, without alpha."""
    if not all(0 <= c <= picture.bit_depth.peak for c in colour):
        raise ValueError(f"the colour {colour} is outside 0..{picture.bit_depth.peak}")
    return flatten(picture, broadcast_colour(colour, picture.rgb), space)


def flatten(picture: Picture, back: Pixels, space: BlendSpace = "encoded") -> Picture:
    """The picture over opaque pixels `back`, H x W x 3 at its own size and depth: opaque, without alpha."""
    if picture.alpha is None:
        return picture
    _check_backdrop(picture, back)
    rgb = np.empty_like(picture.rgb)
    for at in _iter_blocks(picture.shape):
        rgb[at] = _blend_block(picture.rgb[at], picture.alpha[at], back[at], space)
    return picture.with_pixels(rgb, None)


def composite_over(front: Picture, back: Picture, space: BlendSpace = "encoded") -> Picture:
    """One picture over another of its size and depth; both may be transparent, and so may the result."""
    if front.alpha is None:
        return front
    if back.alpha is None:
        return flatten(front, back.rgb, space)
    _check_backdrop(front, back.rgb)
    rgb, alpha = np.empty_like(front.rgb), np.empty_like(front.alpha)
    for rows in iter_strips(len(rgb)):
        rgb[rows], alpha[rows] = _composite_translucent(
            (front.rgb[rows], front.alpha[rows]), (back.rgb[rows], back.alpha[rows]), space
        )
    return front.with_pixels(rgb, alpha)


def iter_strips(height: int) -> Iterator[slice]:
    return (slice(top, top + STRIP_ROWS) for top in range(0, height, STRIP_ROWS))


def broadcast_colour(colour: tuple[int, int, int], like: Pixels) -> Pixels:
    """One colour at every pixel of a picture like that one, read-only: only a row of it is held."""
    row = np.empty(like.shape[1:], like.dtype)
    row[:] = colour
    return np.broadcast_to(row, like.shape)


def _iter_blocks(size: ImageShape) -> Iterator[tuple[slice, slice]]:
    return (
        (rows, slice(left, left + BLOCK_COLUMNS))
        for rows in iter_strips(size[0])
        for left in range(0, size[1], BLOCK_COLUMNS)
    )


def _blend_block(rgb: Pixels, alpha: Pixels, back: Pixels, space: BlendSpace) -> Pixels:
    """alpha x rgb + (1 - alpha) x back, rounded; in whole numbers where values are encoded."""
    peak = BitDepth.of_pixels(rgb).peak
    if alpha.min() == peak:
        return rgb
    if alpha.max() == 0:
        return back
    if space == "linear":
        made = np.where((alpha == peak)[..., None], rgb, back)
        soft = np.nonzero((alpha > 0) & (alpha < peak))  # few: only these are worth reckoning
        share = alpha[soft][:, None].astype(np.float32) / np.float32(peak)
        made[soft] = encode_srgb_pixels(
            share * decode_srgb_pixels(rgb[soft]) + (1 - share) * decode_srgb_pixels(back[soft]),
            BitDepth.of_pixels(rgb),
        )
        return made
    return _blend_encoded(rgb, alpha, back, peak)


def _blend_encoded(rgb: Pixels, alpha: Pixels, back: Pixels, peak: int) -> Pixels:
    """The rounded mean, in whole numbers twice as wide; a channel at a time, which is several times faster."""
    bits = BitDepth.of_pixels(rgb).value
    own: Pixels = alpha.astype(np.uint16 if peak == 255 else np.uint32)
    rest: Pixels = np.subtract(peak, own, dtype=own.dtype)
    made = np.empty_like(rgb)
    for channel in range(3):
        total = rgb[..., channel] * own
        total += back[..., channel] * rest
        total += (peak + 1) // 2
        total += total >> bits  # with the shift below: divided by the peak and rounded, exactly (Blinn 1994)
        made[..., channel] = total >> bits
    return made


def _composite_translucent(
    front: tuple[Pixels, Pixels], back: tuple[Pixels, Pixels], space: BlendSpace
) -> tuple[Pixels, Pixels]:
    """Over with two alphas: a = f + b (1 - f), colours weighted by what each contributes to it."""
    (rgb, alpha), (under, below) = front, back
    depth = BitDepth.of_pixels(rgb)
    f, b = (p.astype(np.float32) / np.float32(depth.peak) for p in (alpha, below))
    rest = b * (1 - f)
    share = np.divide(f, f + rest, out=np.ones_like(f), where=(f + rest) > 0)[..., None]
    if space == "linear":
        mixed = encode_srgb_pixels(share * decode_srgb_pixels(rgb) + (1 - share) * decode_srgb_pixels(under), depth)
    else:
        mixed = np.rint(share * rgb + (1 - share) * under).astype(rgb.dtype)
    mixed = np.where((share == 1), rgb, np.where(share == 0, under, mixed))
    return mixed, np.rint((f + rest) * depth.peak).astype(alpha.dtype)


def decode_srgb_pixels(pixels: Pixels) -> Floats:
    """Encoded whole numbers -> light 0..1, by sRGB's curve (IEC 61966-2-1)."""
    light: Floats = _decode_table(BitDepth.of_pixels(pixels))[pixels]
    return light


def encode_srgb_pixels(light: Floats, depth: BitDepth) -> Pixels:
    """Light 0..1 -> encoded whole numbers at a depth."""
    x = np.clip(light, 0, 1)
    values = np.where(x <= 0.0031308, 12.92 * x, 1.055 * x ** np.float32(1 / 2.4) - 0.055)
    whole: Pixels = np.rint(values * depth.peak).astype(depth.dtype)
    return whole


@lru_cache(maxsize=2)
def _decode_table(depth: BitDepth) -> NDArray[Any]:
    v = np.linspace(0, 1, depth.peak + 1)
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4).astype(np.float32)


def _check_backdrop(front: Picture, back: Pixels) -> None:
    if back.shape != front.rgb.shape or back.dtype != front.rgb.dtype:
        raise ValueError(f"below lies {back.shape} {back.dtype}; give {front.rgb.shape} {front.rgb.dtype}")
