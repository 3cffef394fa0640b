"""A photograph painted in a style by a network, at any size.

Such networks normalise over the whole picture, so they cannot see it in tiles: they paint a small one, and what they
changed there is laid over the photograph, enlarged, so that the photograph's own finest detail stays in it. Works on
encoded values, at the picture's own depth. Knows nothing of which styles there are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mattebox.enhancement.alpha_bleed import bleed_colours
from mattebox.enhancement.linear_light import iter_strips, mix_with_source
from mattebox.io import colour, resampling
from mattebox.models import adain, multi_style
from mattebox.types import BitDepth, Floats, ImageShape, Picture, Pixels

MAX_STYLISED_PIXELS = 1_000_000  # pixels that are painted; strokes are in keeping with that size
MAX_ADAIN_PIXELS = (
    400_000  # the same, in the manner of another picture: such networks are heavy, and learned from small ones
)
MIN_SIDE_PIXELS = 32  # pixels of a side
FILTER_MARGIN_SAMPLES = 4  # samples around a strip that its enlargement looks at


@dataclass(frozen=True)
class StyleTransform:
    """What paints 1 x 3 x H x W RGB 0..1, sides multiples of `side_multiple`, at most about `max_pixels` pixels."""

    stylise: Callable[[Floats], Floats]
    side_multiple: int
    max_pixels: int


def named_style(network: multi_style.MultiStyleNetwork, style: str) -> StyleTransform:
    """A style that the network knows."""
    return StyleTransform(lambda x: network.run(x, style), multi_style.SIDE_MULTIPLE_PIXELS, MAX_STYLISED_PIXELS)


def style_from_picture(network: adain.AdainNetwork, reference: Picture) -> StyleTransform:
    """In the manner of a picture, whatever it shows under alpha 0."""
    manner = network.style_statistics(
        _network_input(reference, adain.SIDE_MULTIPLE_PIXELS, MAX_ADAIN_PIXELS, convert_to_srgb=True)
    )
    return StyleTransform(lambda x: network.run(x, manner), adain.SIDE_MULTIPLE_PIXELS, MAX_ADAIN_PIXELS)


def apply_style(picture: Picture, style: StyleTransform, strength: float = 1, where: Pixels | None = None) -> Picture:
    """The picture painted, mixed in by `strength` (0..1) and by the plane `where` (peak = wholly).

    Strength 0 is the picture itself; alpha and what it hides stay.
    """
    if strength == 0 or (where is not None and not where.any()):
        return picture
    change = _style_change(picture, style)
    rgb, peak = np.empty_like(picture.rgb), np.float32(picture.bit_depth.peak)
    for rows in iter_strips(len(rgb)):
        source = picture.rgb[rows]
        light = source.astype(np.float32) + _upsample_rows(change, rows, picture.shape) * peak
        made: Pixels = np.rint(light.clip(0, peak)).astype(source.dtype)
        rgb[rows] = mix_with_source(source, made, strength, None if where is None else where[rows])
    if picture.alpha is not None:
        hidden = picture.alpha == 0
        rgb[hidden] = picture.rgb[hidden]
    return picture.with_pixels(rgb, picture.alpha)


def _style_change(picture: Picture, style: StyleTransform) -> Floats:
    """h x w x 3, -1..1: what painting changes, at the size at which it is done."""
    small = _network_input(picture, style.side_multiple, style.max_pixels)
    return np.ascontiguousarray((style.stylise(small) - small)[0].transpose(1, 2, 0))


def _network_input(picture: Picture, side_multiple: int, max_pixels: int, convert_to_srgb: bool = False) -> Floats:
    """1 x 3 x h x w, 0..1: the picture as a network sees it, with the subject's colours where nothing is
    seen; `convert_to_srgb` to sRGB."""
    rgb = picture.rgb if picture.alpha is None else bleed_colours(picture.rgb, picture.alpha)
    small = resampling.shrink(rgb, _network_size(picture.shape, side_multiple, max_pixels))
    if convert_to_srgb:
        small = colour.to_srgb(small, picture.profile)
    light = small.astype(np.float32) / np.float32(BitDepth.EIGHT.peak)
    return np.ascontiguousarray(light.transpose(2, 0, 1)[None])


def _network_size(size: ImageShape, side_multiple: int, max_pixels: int) -> ImageShape:
    scale = min(1.0, (max_pixels / (size[0] * size[1])) ** 0.5)
    height, width = (max(MIN_SIDE_PIXELS, round(side * scale / side_multiple) * side_multiple) for side in size)
    return height, width


def _upsample_rows(change: Floats, rows: slice, size: ImageShape) -> Floats:
    """Some rows of the change at the picture's size."""
    ratio = change.shape[0] / size[0]
    top, bottom = rows.start * ratio, rows.stop * ratio
    first, last = (
        max(0, int(top) - FILTER_MARGIN_SAMPLES),
        min(change.shape[0], int(np.ceil(bottom)) + FILTER_MARGIN_SAMPLES),
    )
    part, box = change[first:last], (0, top - first, change.shape[1], bottom - first)
    target = rows.stop - rows.start, size[1]
    return np.stack([resampling.crop_and_resize_plane(part[..., i], box, target) for i in range(3)], axis=2)
