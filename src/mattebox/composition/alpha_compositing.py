"""Alpha compositing of straight-alpha pictures: the "over" operator (Porter & Duff, Compositing digital images, 1984).

`encoded` blends stored values, as browsers and viewers do with a transparent file; `linear` blends light, as a camera
would have, by sRGB's curve whatever the profile (decision 003). Computed in strips.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np

from mattebox.core.srgb_pixels import decode_srgb_pixels, encode_srgb_pixels
from mattebox.core.strips import iter_strips
from mattebox.types import BitDepth, ImageShape, Picture, Pixels

BlendSpace = Literal["encoded", "linear"]

BLOCK_COLUMNS = 256  # of a strip: most blocks hold nothing to blend, and are copied


def flatten_onto_colour(picture: Picture, colour: tuple[int, int, int], space: BlendSpace = "encoded") -> Picture:
    """Flatten a picture onto one colour.

    Parameters
    ----------
    picture
        Either depth; one without alpha is returned as it is.
    colour
        Red, green and blue in the picture's own encoding, 0 to its peak.
    space
        Where to blend.

    Returns
    -------
    Picture
        Opaque, without alpha.

    Raises
    ------
    ValueError
        For a colour outside the picture's depth.
    """
    if not all(0 <= c <= picture.bit_depth.peak for c in colour):
        raise ValueError(f"the colour {colour} is outside 0..{picture.bit_depth.peak}")
    return flatten(picture, broadcast_colour(colour, picture.rgb), space)


def flatten(picture: Picture, backdrop: Pixels, space: BlendSpace = "encoded") -> Picture:
    """Flatten a picture onto opaque pixels (H x W x 3) of its own size and depth: opaque, without alpha."""
    if picture.alpha is None:
        return picture
    _check_backdrop(picture, backdrop)
    rgb = np.empty_like(picture.rgb)
    for block in _iter_blocks(picture.shape):
        rgb[block] = _blend_block(picture.rgb[block], picture.alpha[block], backdrop[block], space)
    return picture.with_pixels(rgb, None)


def composite_over(front: Picture, back: Picture, space: BlendSpace = "encoded") -> Picture:
    """Composite one picture over another of its size and depth; both may be transparent, and so may the result."""
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


def broadcast_colour(colour: tuple[int, int, int], like: Pixels) -> Pixels:
    """One colour in the shape and type of `like`, as a read-only view of one row."""
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
    """alpha x rgb + (1 - alpha) x back, rounded."""
    peak = BitDepth.of_pixels(rgb).peak
    if alpha.min() == peak:
        return rgb
    if alpha.max() == 0:
        return back
    if space == "encoded":
        return _blend_encoded(rgb, alpha, back, peak)
    result = np.where((alpha == peak)[..., None], rgb, back)
    soft = np.nonzero((alpha > 0) & (alpha < peak))  # few pixels: only these are blended
    share = alpha[soft][:, None].astype(np.float32) / np.float32(peak)
    light = share * decode_srgb_pixels(rgb[soft]) + (1 - share) * decode_srgb_pixels(back[soft])
    result[soft] = encode_srgb_pixels(light, BitDepth.of_pixels(rgb))
    return result


def _blend_encoded(rgb: Pixels, alpha: Pixels, back: Pixels, peak: int) -> Pixels:
    """The rounded mean, in integers twice as wide; a channel at a time, which is several times faster."""
    bits = BitDepth.of_pixels(rgb).value
    weight: Pixels = alpha.astype(np.uint16 if peak == 255 else np.uint32)
    rest: Pixels = np.subtract(peak, weight, dtype=weight.dtype)
    result = np.empty_like(rgb)
    for channel in range(3):
        total = rgb[..., channel] * weight
        total += back[..., channel] * rest
        total += (peak + 1) // 2
        total += total >> bits  # with the shift below: divided by the peak and rounded, exactly (Blinn 1994)
        result[..., channel] = total >> bits
    return result


def _composite_translucent(
    front: tuple[Pixels, Pixels], back: tuple[Pixels, Pixels], space: BlendSpace
) -> tuple[Pixels, Pixels]:
    """Over with two alphas: f + b (1 - f), and colours weighted by what each contributes to it."""
    (front_rgb, front_alpha), (back_rgb, back_alpha) = front, back
    depth = BitDepth.of_pixels(front_rgb)
    f, b = (plane.astype(np.float32) / np.float32(depth.peak) for plane in (front_alpha, back_alpha))
    rest = b * (1 - f)
    share = np.divide(f, f + rest, out=np.ones_like(f), where=(f + rest) > 0)[..., None]
    if space == "linear":
        light = share * decode_srgb_pixels(front_rgb) + (1 - share) * decode_srgb_pixels(back_rgb)
        mixed = encode_srgb_pixels(light, depth)
    else:
        mixed = np.rint(share * front_rgb + (1 - share) * back_rgb).astype(front_rgb.dtype)
    mixed = np.where((share == 1), front_rgb, np.where(share == 0, back_rgb, mixed))
    return mixed, np.rint((f + rest) * depth.peak).astype(front_alpha.dtype)


def _check_backdrop(front: Picture, back: Pixels) -> None:
    if back.shape != front.rgb.shape or back.dtype != front.rgb.dtype:
        raise ValueError(f"the backdrop is {back.shape} {back.dtype}; give {front.rgb.shape} {front.rgb.dtype}")
