"""The pixels behind a subject: colours, gradients, a studio, or a picture.

Every maker gives H x W x 3 at the canvas's size, depth and profile. Knows nothing of how layers are blended.
"""

from __future__ import annotations

import math

import numpy as np

from mattebox.composition.alpha_compositing import broadcast_colour, flatten_onto_colour, iter_strips
from mattebox.composition.background_spec import FlatColour, LinearGradient, RadialGradient, StudioBackdrop
from mattebox.io import colour, resampling
from mattebox.io.colour import RgbColour
from mattebox.types import BitDepth, Floats, ImageShape, Picture, Pixels


def render_backdrop(spec: FlatColour | LinearGradient | RadialGradient | StudioBackdrop, canvas: Picture) -> Pixels:
    """A colour, gradient or studio for this canvas."""
    if isinstance(spec, FlatColour):
        return render_flat_colour(spec.colour, canvas)
    if isinstance(spec, LinearGradient):
        return _map_to_colours(linear_gradient(canvas.shape, spec.angle), spec.colours, canvas)
    if isinstance(spec, RadialGradient):
        return _map_to_colours(radial_gradient(canvas.shape), spec.colours, canvas)
    shades = (1 - 0.56 * spec.contrast, 1 - 0.2 * spec.contrast, 1.0, 1 + 0.12 * spec.contrast)
    return _map_to_colours(
        studio_gradient(canvas.shape, spec), tuple(_scale_brightness(spec.colour, s) for s in shades), canvas
    )


def render_flat_colour(srgb_colour: RgbColour, canvas: Picture) -> Pixels:
    """One sRGB colour everywhere; takes no memory."""
    return broadcast_colour(colour.colour_from_srgb(srgb_colour, canvas.profile, canvas.bit_depth), canvas.rgb)


def linear_gradient(size: ImageShape, angle: float) -> Floats:
    """0..1 across the canvas in a direction, corner to corner as in CSS."""
    height, width = size
    x, y = math.sin(math.radians(angle)), -math.cos(math.radians(angle))
    length = abs(width * x) + abs(height * y)
    across = ((np.arange(width) + 0.5 - width / 2) * x)[None, :]
    down = ((np.arange(height) + 0.5 - height / 2) * y)[:, None]
    return np.asarray((across + down) / length + 0.5, np.float32)


def radial_gradient(size: ImageShape) -> Floats:
    """0 in the middle, 1 in the corners."""
    height, width = size
    y = ((np.arange(height) + 0.5) / height * 2 - 1)[:, None]
    x = ((np.arange(width) + 0.5) / width * 2 - 1)[None, :]
    return np.asarray(np.sqrt((x * x + y * y) / 2), np.float32)


def studio_gradient(size: ImageShape, studio: StudioBackdrop) -> Floats:
    """Light 0..1 on a paper sweep: a wall that darkens to the top and the sides, a floor brightest at the front."""
    y = ((np.arange(size[0]) + 0.5) / size[0])[:, None]
    x = (((np.arange(size[1]) + 0.5) / size[1] - studio.light) * 2)[None, :]
    bend = 1 / (1 + np.exp(-(y - studio.horizon) / 0.045))
    wall = 0.42 + 0.3 * np.exp(-((x / 0.8) ** 2) - ((y - studio.horizon + 0.21) / 0.4) ** 2)
    floor = 0.62 + 0.38 * np.exp(-((x / 0.9) ** 2) - ((y - (studio.horizon + 1.1) / 2) / 0.35) ** 2)
    return np.asarray(wall * (1 - bend) + floor * bend, np.float32)


def fit_image(
    picture: Picture,
    canvas: Picture,
    fit: str,
    alignment: tuple[float, float] = (0.5, 0.5),
    fill_colour: RgbColour = (255, 255, 255),
) -> Pixels:
    """A picture over the whole canvas (`cover`), inside it (`contain`, colour around) or repeated (`tile`). `alignment`: the
    shares 0..1 of what is too much or too little that lie to the left and above."""
    shown = colour.to_srgb(resampling.to_eight_bit(_flatten_on_white(picture)), picture.profile)
    height, width = canvas.shape
    tall, wide = shown.shape[:2]
    if fit == "tile":
        sheet = np.tile(shown, (-(-height // tall), -(-width // wide), 1))[:height, :width]
        return colour.pixels_from_srgb(np.ascontiguousarray(sheet), canvas.profile, canvas.bit_depth)
    ratios = (width / wide, height / tall)
    if fit == "cover":
        scale = max(ratios)
        left, top = (wide - width / scale) * alignment[0], (tall - height / scale) * alignment[1]
        whole, _ = resampling.crop_and_resize(
            shown, None, (left, top, left + width / scale, top + height / scale), canvas.shape
        )
        return colour.pixels_from_srgb(resampling.to_eight_bit(whole), canvas.profile, canvas.bit_depth)
    inner = (max(1, round(tall * min(ratios))), max(1, round(wide * min(ratios))))
    small, _ = resampling.crop_and_resize(shown, None, (0, 0, wide, tall), inner)
    sheet = np.empty((height, width, 3), np.uint8)
    sheet[...] = fill_colour
    y, x = int((height - inner[0]) * alignment[1]), int((width - inner[1]) * alignment[0])
    sheet[y : y + inner[0], x : x + inner[1]] = small
    return colour.pixels_from_srgb(sheet, canvas.profile, canvas.bit_depth)


def _map_to_colours(positions: Floats, colours: tuple[RgbColour, ...], canvas: Picture) -> Pixels:
    """Values 0..1 -> colours between those given, evenly spaced, in encoded values as in CSS; dithered, so that an even
    wall shows no bands."""
    exact = [colour.colour_from_srgb(c, canvas.profile, canvas.bit_depth) for c in colours]
    stops = np.linspace(0, 1, len(colours))
    made = np.empty((*canvas.shape, 3), canvas.bit_depth.dtype)
    for rows in iter_strips(len(made)):
        for i in range(3):
            value = np.interp(positions[rows], stops, [c[i] / canvas.bit_depth.peak for c in exact])
            made[rows, :, i] = quantise_with_dither(value.astype(np.float32), canvas.bit_depth, rows.start)
    return made


def quantise_with_dither(values: Floats, depth: BitDepth, seed: int) -> Pixels:
    """0..1 -> whole numbers; fractions become a noise fixed by `seed`. Whole values stay as they are."""
    grain = np.random.default_rng(seed).random(values.shape[:2], np.float32)
    grain = grain if values.ndim == 2 else grain[..., None]
    whole: Pixels = np.clip(np.floor(values * depth.peak + 0.001 + 0.998 * grain), 0, depth.peak).astype(depth.dtype)
    return whole


def _scale_brightness(base: RgbColour, factor: float) -> RgbColour:
    red, green, blue = (min(255, round(v * factor)) for v in base)
    return red, green, blue


def _flatten_on_white(picture: Picture) -> Pixels:
    """A backdrop's own transparent parts show white."""
    if picture.alpha is None:
        return picture.rgb
    peak = picture.bit_depth.peak
    return flatten_onto_colour(picture, (peak, peak, peak)).rgb
