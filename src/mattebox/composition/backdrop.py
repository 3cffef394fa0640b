"""Backdrops: flat colours, gradients, a studio, or a picture, rendered at the canvas's size, depth and profile."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from mattebox.composition.alpha_compositing import broadcast_colour
from mattebox.composition.background_spec import FlatColour, LinearGradient, RadialGradient, StudioBackdrop
from mattebox.core.flatten import flatten_on_white
from mattebox.core.strips import iter_strips
from mattebox.io import colour, resampling
from mattebox.io.colour import RgbColour
from mattebox.types import BitDepth, Floats, ImageShape, Picture, Pixels

STUDIO_SHADES = (-0.56, -0.2, 0.0, 0.12)  # of brightness at full contrast, from the darkest part to the lightest


def render_backdrop(spec: FlatColour | LinearGradient | RadialGradient | StudioBackdrop, canvas: Picture) -> Pixels:
    """Render a colour, gradient or studio (H x W x 3) for a canvas."""
    if isinstance(spec, FlatColour):
        return render_flat_colour(spec.colour, canvas)
    if isinstance(spec, LinearGradient):
        return _map_to_colours(linear_gradient(canvas.shape, spec.angle), spec.colours, canvas)
    if isinstance(spec, RadialGradient):
        return _map_to_colours(radial_gradient(canvas.shape), spec.colours, canvas)
    colours = tuple(_scale_brightness(spec.colour, 1 + shade * spec.contrast) for shade in STUDIO_SHADES)
    return _map_to_colours(studio_gradient(canvas.shape, spec), colours, canvas)


def render_flat_colour(srgb_colour: RgbColour, canvas: Picture) -> Pixels:
    """One sRGB colour at every pixel, as a view that takes no memory."""
    return broadcast_colour(colour.colour_from_srgb(srgb_colour, canvas.profile, canvas.bit_depth), canvas.rgb)


def linear_gradient(size: ImageShape, angle: float) -> Floats:
    """H x W, 0..1 in a direction (degrees as in CSS), from corner to corner."""
    height, width = size
    x, y = math.sin(math.radians(angle)), -math.cos(math.radians(angle))
    length = abs(width * x) + abs(height * y)
    across = ((np.arange(width) + 0.5 - width / 2) * x)[None, :]
    down = ((np.arange(height) + 0.5 - height / 2) * y)[:, None]
    return np.asarray((across + down) / length + 0.5, np.float32)


def radial_gradient(size: ImageShape) -> Floats:
    """H x W: 0 in the middle, 1 in the corners."""
    height, width = size
    y = ((np.arange(height) + 0.5) / height * 2 - 1)[:, None]
    x = ((np.arange(width) + 0.5) / width * 2 - 1)[None, :]
    return np.asarray(np.sqrt((x * x + y * y) / 2), np.float32)


def studio_gradient(size: ImageShape, studio: StudioBackdrop) -> Floats:
    """H x W: light 0..1 on a paper sweep, whose wall darkens to the top and the sides, and whose floor is brightest at
    the front."""
    y = ((np.arange(size[0]) + 0.5) / size[0])[:, None]
    x = (((np.arange(size[1]) + 0.5) / size[1] - studio.light) * 2)[None, :]
    floor_share = 1 / (1 + np.exp(-(y - studio.horizon) / 0.045))
    wall = 0.42 + 0.3 * np.exp(-((x / 0.8) ** 2) - ((y - studio.horizon + 0.21) / 0.4) ** 2)
    floor = 0.62 + 0.38 * np.exp(-((x / 0.9) ** 2) - ((y - (studio.horizon + 1.1) / 2) / 0.35) ** 2)
    return np.asarray(wall * (1 - floor_share) + floor * floor_share, np.float32)


def fit_image(
    picture: Picture,
    canvas: Picture,
    fit: str,
    alignment: tuple[float, float] = (0.5, 0.5),
    fill_colour: RgbColour = (255, 255, 255),
) -> Pixels:
    """Fit a picture to a canvas, never stretched.

    Parameters
    ----------
    picture
        Any size, depth and profile; its transparent parts become white.
    canvas
        Whose size, depth and profile the result has.
    fit
        "cover" fills the canvas, "contain" shows all of the picture, "tile" repeats it.
    alignment
        Shares 0..1 of the excess or free space that lie to the left and above.
    fill_colour
        sRGB, around a picture that is contained.
    """
    source = colour.to_srgb(resampling.to_eight_bit(flatten_on_white(picture).rgb), picture.profile)
    if fit == "tile":
        (height, width), (tall, wide) = canvas.shape, source.shape[:2]
        fitted = np.ascontiguousarray(np.tile(source, (-(-height // tall), -(-width // wide), 1))[:height, :width])
    elif fit == "cover":
        fitted = _cover(source, canvas.shape, alignment)
    else:
        fitted = _contain(source, canvas.shape, alignment, fill_colour)
    return colour.pixels_from_srgb(fitted, canvas.profile, canvas.bit_depth)


def _cover(source: NDArray[np.uint8], size: ImageShape, alignment: tuple[float, float]) -> NDArray[np.uint8]:
    (height, width), (tall, wide) = size, source.shape[:2]
    scale = max(width / wide, height / tall)
    left, top = (wide - width / scale) * alignment[0], (tall - height / scale) * alignment[1]
    box = (left, top, left + width / scale, top + height / scale)
    return resampling.to_eight_bit(resampling.crop_and_resize(source, None, box, size)[0])


def _contain(
    source: NDArray[np.uint8], size: ImageShape, alignment: tuple[float, float], fill_colour: RgbColour
) -> NDArray[np.uint8]:
    (height, width), (tall, wide) = size, source.shape[:2]
    scale = min(width / wide, height / tall)
    inner = (max(1, round(tall * scale)), max(1, round(wide * scale)))
    resized, _ = resampling.crop_and_resize(source, None, (0, 0, wide, tall), inner)
    sheet = np.empty((height, width, 3), np.uint8)
    sheet[...] = fill_colour
    y, x = int((height - inner[0]) * alignment[1]), int((width - inner[1]) * alignment[0])
    sheet[y : y + inner[0], x : x + inner[1]] = resized
    return sheet


def _map_to_colours(positions: Floats, colours: tuple[RgbColour, ...], canvas: Picture) -> Pixels:
    """Values 0..1 -> colours interpolated between evenly spaced stops, in encoded values as in CSS; dithered against
    banding."""
    native = [colour.colour_from_srgb(c, canvas.profile, canvas.bit_depth) for c in colours]
    stops = np.linspace(0, 1, len(colours))
    result = np.empty((*canvas.shape, 3), canvas.bit_depth.dtype)
    for rows in iter_strips(len(result)):
        for i in range(3):
            value = np.interp(positions[rows], stops, [c[i] / canvas.bit_depth.peak for c in native])
            result[rows, :, i] = quantise_with_dither(value.astype(np.float32), canvas.bit_depth, rows.start)
    return result


def quantise_with_dither(values: Floats, depth: BitDepth, seed: int) -> Pixels:
    """0..1 -> whole numbers, with fractions as noise fixed by `seed`; exact values stay as they are."""
    noise = np.random.default_rng(seed).random(values.shape[:2], np.float32)
    noise = noise if values.ndim == 2 else noise[..., None]
    pixels: Pixels = np.clip(np.floor(values * depth.peak + 0.001 + 0.998 * noise), 0, depth.peak).astype(depth.dtype)
    return pixels


def _scale_brightness(base: RgbColour, factor: float) -> RgbColour:
    red, green, blue = (min(255, round(v * factor)) for v in base)
    return red, green, blue
