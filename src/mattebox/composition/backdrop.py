"""The pixels behind a subject: colours, gradients, a studio, or a picture.

Every maker gives H x W x 3 at the canvas's size, depth and profile. Knows nothing of how layers are blended.
"""

from __future__ import annotations

import math

import numpy as np

from mattebox.composition.alpha_compositing import over_colour, sheet, strips
from mattebox.composition.background_spec import Flat, Linear, Radial, Studio
from mattebox.io import colour, resampling
from mattebox.io.colour import Colour
from mattebox.types import Depth, Floats, Picture, Pixels, Size


def painted(paint: Flat | Linear | Radial | Studio, canvas: Picture) -> Pixels:
    """A colour, gradient or studio for this canvas."""
    if isinstance(paint, Flat):
        return flat(paint.colour, canvas)
    if isinstance(paint, Linear):
        return _coloured(along(canvas.size, paint.angle), paint.colours, canvas)
    if isinstance(paint, Radial):
        return _coloured(around(canvas.size), paint.colours, canvas)
    shades = (1 - 0.56 * paint.contrast, 1 - 0.2 * paint.contrast, 1.0, 1 + 0.12 * paint.contrast)
    return _coloured(sweep(canvas.size, paint), tuple(_shade(paint.colour, s) for s in shades), canvas)


def flat(shade: Colour, canvas: Picture) -> Pixels:
    """One sRGB colour everywhere; takes no memory."""
    return sheet(colour.from_srgb(shade, canvas.profile, canvas.depth), canvas.rgb)


def along(size: Size, angle: float) -> Floats:
    """0..1 across the canvas in a direction, corner to corner as in CSS."""
    height, width = size
    x, y = math.sin(math.radians(angle)), -math.cos(math.radians(angle))
    length = abs(width * x) + abs(height * y)
    across = ((np.arange(width) + 0.5 - width / 2) * x)[None, :]
    down = ((np.arange(height) + 0.5 - height / 2) * y)[:, None]
    return np.asarray((across + down) / length + 0.5, np.float32)


def around(size: Size) -> Floats:
    """0 in the middle, 1 in the corners."""
    height, width = size
    y = ((np.arange(height) + 0.5) / height * 2 - 1)[:, None]
    x = ((np.arange(width) + 0.5) / width * 2 - 1)[None, :]
    return np.asarray(np.sqrt((x * x + y * y) / 2), np.float32)


def sweep(size: Size, studio: Studio) -> Floats:
    """Light 0..1 on a paper sweep: a wall that darkens to the top and the sides, a floor brightest at the front."""
    y = ((np.arange(size[0]) + 0.5) / size[0])[:, None]
    x = (((np.arange(size[1]) + 0.5) / size[1] - studio.light) * 2)[None, :]
    bend = 1 / (1 + np.exp(-(y - studio.horizon) / 0.045))
    wall = 0.42 + 0.3 * np.exp(-((x / 0.8) ** 2) - ((y - studio.horizon + 0.21) / 0.4) ** 2)
    floor = 0.62 + 0.38 * np.exp(-((x / 0.9) ** 2) - ((y - (studio.horizon + 1.1) / 2) / 0.35) ** 2)
    return np.asarray(wall * (1 - bend) + floor * bend, np.float32)


def fitted(
    picture: Picture,
    canvas: Picture,
    fit: str,
    at: tuple[float, float] = (0.5, 0.5),
    fill: Colour = (255, 255, 255),
) -> Pixels:
    """A picture over the whole canvas (`cover`), inside it (`contain`, colour around) or repeated (`tile`). `at`: the
    shares 0..1 of what is too much or too little that lie to the left and above."""
    shown = colour.to_srgb(resampling.eight_bit(_on_white(picture)), picture.profile)
    height, width = canvas.size
    tall, wide = shown.shape[:2]
    if fit == "tile":
        sheet = np.tile(shown, (-(-height // tall), -(-width // wide), 1))[:height, :width]
        return colour.array_from_srgb(np.ascontiguousarray(sheet), canvas.profile, canvas.depth)
    ratios = (width / wide, height / tall)
    if fit == "cover":
        scale = max(ratios)
        left, top = (wide - width / scale) * at[0], (tall - height / scale) * at[1]
        whole, _ = resampling.window(shown, None, (left, top, left + width / scale, top + height / scale), canvas.size)
        return colour.array_from_srgb(resampling.eight_bit(whole), canvas.profile, canvas.depth)
    inner = (max(1, round(tall * min(ratios))), max(1, round(wide * min(ratios))))
    small, _ = resampling.window(shown, None, (0, 0, wide, tall), inner)
    sheet = np.empty((height, width, 3), np.uint8)
    sheet[...] = fill
    y, x = int((height - inner[0]) * at[1]), int((width - inner[1]) * at[0])
    sheet[y : y + inner[0], x : x + inner[1]] = small
    return colour.array_from_srgb(sheet, canvas.profile, canvas.depth)


def _coloured(place: Floats, colours: tuple[Colour, ...], canvas: Picture) -> Pixels:
    """Values 0..1 -> colours between those given, evenly spaced, in encoded values as in CSS; dithered, so that an even
    wall shows no bands."""
    exact = [colour.from_srgb(c, canvas.profile, canvas.depth) for c in colours]
    stops = np.linspace(0, 1, len(colours))
    made = np.empty((*canvas.size, 3), canvas.depth.dtype)
    for rows in strips(len(made)):
        for i in range(3):
            value = np.interp(place[rows], stops, [c[i] / canvas.depth.peak for c in exact])
            made[rows, :, i] = dithered(value.astype(np.float32), canvas.depth, rows.start)
    return made


def dithered(values: Floats, depth: Depth, seed: int) -> Pixels:
    """0..1 -> whole numbers; fractions become a noise fixed by `seed`. Whole values stay as they are."""
    grain = np.random.default_rng(seed).random(values.shape[:2], np.float32)
    grain = grain if values.ndim == 2 else grain[..., None]
    whole: Pixels = np.clip(np.floor(values * depth.peak + 0.001 + 0.998 * grain), 0, depth.peak).astype(depth.dtype)
    return whole


def _shade(base: Colour, light: float) -> Colour:
    red, green, blue = (min(255, round(v * light)) for v in base)
    return red, green, blue


def _on_white(picture: Picture) -> Pixels:
    """A backdrop's own transparent parts show white."""
    if picture.alpha is None:
        return picture.rgb
    peak = picture.depth.peak
    return over_colour(picture, (peak, peak, peak)).rgb
