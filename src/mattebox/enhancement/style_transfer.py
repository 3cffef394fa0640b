"""Neural style transfer at any size.

Style networks normalise over the whole picture, so they cannot run in tiles: a reduced picture is stylised, and the
change is enlarged and added to the photograph, whose own finest detail stays. Skin takes on only a little of it: drawn
scales, tiles and foreign colours disfigure a face. Works on encoded values, at the picture's own depth.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mattebox.core.strips import iter_strips
from mattebox.enhancement.alpha_bleed import bleed_colours, restore_hidden_pixels
from mattebox.enhancement.linear_light import mix_with_source
from mattebox.enhancement.skin_map import map_skin
from mattebox.io import colour, resampling
from mattebox.models import adain, multi_style
from mattebox.types import BitDepth, Floats, ImageShape, Picture, Pixels

MAX_STYLISED_PIXELS = 1_000_000  # strokes have a size that suits such a picture
MAX_ADAIN_PIXELS = 400_000  # these networks are heavier, and trained on small pictures
MIN_SIDE_PIXELS = 32
CHROMA_SHARE = 0.6  # of the change's colour, which is garish at full strength
SKIN_PROTECTION_SHARE = 0.8  # of the change, from which skin is spared
FILTER_MARGIN_SAMPLES = 4  # around a strip, for the filter that enlarges it


@dataclass(frozen=True)
class StyleTransform:
    """A style: `stylise` takes 1 x 3 x H x W RGB 0..1, sides multiples of `side_multiple`, about `max_pixels` at
    most."""

    stylise: Callable[[Floats], Floats]
    side_multiple: int
    max_pixels: int


def named_style(network: multi_style.MultiStyleNetwork, style: str) -> StyleTransform:
    """A style that the network was trained on."""
    return StyleTransform(lambda x: network.run(x, style), multi_style.SIDE_MULTIPLE_PIXELS, MAX_STYLISED_PIXELS)


def style_from_picture(network: adain.AdainNetwork, reference: Picture) -> StyleTransform:
    """The style of a reference picture; its transparent pixels do not count."""
    statistics = network.style_statistics(
        _network_input(reference, adain.SIDE_MULTIPLE_PIXELS, MAX_ADAIN_PIXELS, convert_to_srgb=True)
    )
    return StyleTransform(lambda x: network.run(x, statistics), adain.SIDE_MULTIPLE_PIXELS, MAX_ADAIN_PIXELS)


def apply_style(picture: Picture, style: StyleTransform, strength: float = 1, where: Pixels | None = None) -> Picture:
    """Apply a style to a picture.

    Parameters
    ----------
    picture
        Either depth; alpha, and the pixels it hides, stay.
    style
        From `named_style` or `style_from_picture`.
    strength
        0..1. 0 returns the picture itself.
    where
        H x W mask, 0 to its peak: where the style applies.
    """
    if strength == 0 or (where is not None and not where.any()):
        return picture
    change, skin = _style_change(picture, style), map_skin(picture)
    rgb, peak = np.empty_like(picture.rgb), np.float32(picture.bit_depth.peak)
    for rows in iter_strips(len(rgb)):
        source = picture.rgb[rows]
        share = peak * (1 - np.float32(SKIN_PROTECTION_SHARE) * skin.evaluate(rows))[..., None]
        stylised = source.astype(np.float32) + _upsample_rows(change, rows, picture.shape) * share
        result: Pixels = np.rint(stylised.clip(0, peak)).astype(source.dtype)
        rgb[rows] = mix_with_source(source, result, strength, None if where is None else where[rows])
    restore_hidden_pixels(rgb, picture.rgb, picture.alpha)
    return picture.with_pixels(rgb, picture.alpha)


def _style_change(picture: Picture, style: StyleTransform) -> Floats:
    """h x w x 3, -1..1: what the style changes, at the size of the network's input."""
    x = _network_input(picture, style.side_multiple, style.max_pixels)
    change = (style.stylise(x) - x)[0].transpose(1, 2, 0)
    grey = change.mean(2, keepdims=True)
    return np.ascontiguousarray(grey + np.float32(CHROMA_SHARE) * (change - grey), np.float32)


def _network_input(picture: Picture, side_multiple: int, max_pixels: int, convert_to_srgb: bool = False) -> Floats:
    """1 x 3 x h x w, 0..1: the reduced picture, with the subject's colours under transparent pixels."""
    rgb = bleed_colours(picture.rgb, picture.alpha)
    small = resampling.shrink(rgb, _network_size(picture.shape, side_multiple, max_pixels))
    if convert_to_srgb:
        small = colour.to_srgb(small, picture.profile)
    x = small.astype(np.float32) / np.float32(BitDepth.EIGHT.peak)
    return np.ascontiguousarray(x.transpose(2, 0, 1)[None])


def _network_size(size: ImageShape, side_multiple: int, max_pixels: int) -> ImageShape:
    scale = min(1.0, (max_pixels / (size[0] * size[1])) ** 0.5)
    height, width = (max(MIN_SIDE_PIXELS, round(side * scale / side_multiple) * side_multiple) for side in size)
    return height, width


def _upsample_rows(change: Floats, rows: slice, size: ImageShape) -> Floats:
    """Some rows of the change, enlarged to a picture of `size`."""
    ratio = change.shape[0] / size[0]
    top, bottom = rows.start * ratio, rows.stop * ratio
    first = max(0, int(top) - FILTER_MARGIN_SAMPLES)
    last = min(change.shape[0], int(np.ceil(bottom)) + FILTER_MARGIN_SAMPLES)
    strip, box = change[first:last], (0, top - first, change.shape[1], bottom - first)
    target = rows.stop - rows.start, size[1]
    return np.stack([resampling.crop_and_resize_plane(strip[..., i], box, target) for i in range(3)], axis=2)
