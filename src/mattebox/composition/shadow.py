"""Shadows of a cutout, each a layer of its own: where it stands, behind it, along the ground; or its reflection.

Computed from the alpha on a reduced grid, because shadows are soft; dithered, so that they show no bands. Knows
nothing of what lies behind.
"""

from __future__ import annotations

import math

import numpy as np

from mattebox.composition.alpha_compositing import sheet, strips
from mattebox.composition.backdrop import dithered
from mattebox.composition.blur import blurred
from mattebox.composition.ground_contact import Stance, stance
from mattebox.io import resampling
from mattebox.io.colour import Colour
from mattebox.recipe.recipe import Shadow
from mattebox.types import Box, Floats, Picture

GRID = 700  # longer side of the grid, about
LENGTHS = {"contact": 6, "drop": 6, "cast": 60, "reflection": 35}  # percent of the subject's height
FLAT = 0.5  # of its length: how tall the ground looks, seen from a little above
FADED = 0.5  # of its darkness that a cast shadow loses on its way
EVEN = 0.3  # of the subject's height: what is higher falls as from the mean ground
THICK = 1.6  # of its grid: what touches the ground, in rows


def shadow(cutout: Picture, box: Box, step: Shadow, colour: Colour) -> Picture | None:
    """The layer to lie beneath the cutout, same size and depth; None when nothing is to be seen.

    `box` is the subject's; `colour` is in the picture's own encoding and depth.
    """
    if step.kind == "none" or step.opacity == 0 or cutout.alpha is None or box[3] <= box[1]:
        return None
    tall, length = box[3] - box[1], (step.length or LENGTHS[step.kind]) / 100
    if step.kind == "reflection":
        return reflection(cutout, box, length, step.opacity / 100)
    sigma = step.softness / 100 * tall
    cell = max(1, min(round(max(cutout.size) / GRID), int(sigma / 2) or 1))
    alpha = resampling.reduce(cutout.alpha, cell).astype(np.float32) / np.float32(255)
    reach, stands = tall / cell, stance(alpha, tall / cell)
    if stands is None:
        return None
    if step.kind == "drop":
        dark = _drop(alpha, reach * length, step.angle, sigma / cell)
    elif step.kind == "cast":
        dark = _cast(alpha, stands, reach, length, step.angle, sigma / cell)
    else:
        dark = _contact(alpha.shape, stands, reach * length, sigma / cell)
    return _layer(dark * (step.opacity / 100), cutout, cell, colour)


def reflection(cutout: Picture, box: Box, length: float, opacity: float) -> Picture:
    """The subject upside down below where it stands, fading away over `length` of its height."""
    assert cutout.alpha is not None
    rgb, alpha = np.zeros_like(cutout.rgb), np.zeros_like(cutout.alpha)
    height, tall = len(alpha), box[3] - box[1]
    stands = stance(cutout.alpha.astype(np.float32) / np.float32(cutout.depth.peak), tall)
    count = max(1, round(tall * length))
    if stands is None:
        return cutout.with_pixels(rgb, alpha)
    ground = np.rint(stands.ground).astype(int)
    for rows in strips(height):
        y = np.arange(rows.start, min(rows.stop, height))[:, None]
        source, away = 2 * ground - 2 - y, y - ground  # about the last row, whose soft edge then has no gap beneath
        share = np.where((away >= -1) & (source >= 0), np.clip(1 - (away + 0.5) / count, 0, 1), 0)
        if not share.any():
            continue
        source = source.clip(0, height - 1)
        mirrored = np.take_along_axis(cutout.alpha, source, 0)
        alpha[rows] = np.rint(mirrored * (opacity * share))
        rgb[rows] = np.take_along_axis(cutout.rgb, source[..., None], 0) * (alpha[rows] > 0)[..., None]
    return cutout.with_pixels(rgb, alpha)


def _drop(alpha: Floats, distance: float, angle: float, sigma: float) -> Floats:
    right, down = (round(distance * f(math.radians(angle))) for f in (math.cos, math.sin))
    return blurred(_shifted(alpha, down, right), sigma)


def _contact(shape: tuple[int, ...], stands: Stance, length: float, sigma: float) -> Floats:
    """Dark where the subject touches the ground: a thin dark line, and ever wider and fainter shades around it, so
    that thin legs have theirs, too."""
    y = np.arange(shape[0], dtype=np.float32)[:, None] + 0.5

    def shade(thick: float, soft: float, darkness: float) -> Floats:
        near = stands.touch * np.exp(-(((y - stands.ground) / max(THICK, thick)) ** 2))
        return 1 - darkness * blurred(near.astype(np.float32), soft, 2 * soft)

    light = shade(0.15 * length, 0.12 * sigma, 1.0) * shade(0.5 * length, 0.5 * sigma, 1.0)
    return np.asarray(1 - light * shade(1.2 * length, 1.5 * sigma, 0.8), np.float32)


def _cast(alpha: Floats, stands: Stance, reach: float, length: float, angle: float, sigma: float) -> Floats:
    """The subject laid along the ground from where it stands; softer and fainter the farther from it."""
    right, down = (length * f(math.radians(angle)) for f in (math.cos, math.sin))
    down = math.copysign(max(abs(FLAT * down), 0.08 * length), down or 1)
    laid, far = alpha * stands.touch * (np.arange(len(alpha))[:, None] > stands.ground - 0.1 * reach), 0 * alpha
    (height, width), columns = alpha.shape, np.arange(alpha.shape[1])
    level = np.average(stands.ground, weights=stands.touch)
    for lift in np.arange(0.5, stands.ground.max(), min(1.0, 1 / max(abs(down), abs(right)))):
        ground = stands.ground + (level - stands.ground) * min(1.0, lift / (EVEN * reach))
        source = np.floor(stands.ground - lift).astype(int)
        y, x = np.floor(ground + lift * down - (down < 0)).astype(int), columns + round(lift * right)
        ok = (source >= 0) & (y >= 0) & (y < height) & (x >= 0) & (x < width)
        to, shade = (y[ok], x[ok]), alpha[source[ok], columns[ok]]
        laid[to] = np.maximum(laid[to], shade)
        far[to] = lift / reach
    far = np.clip(blurred(laid * far, sigma) / np.maximum(blurred(laid, sigma), 1e-3), 0, 1)
    soft = (1 - far) * blurred(laid, 0.3 * sigma) + far * blurred(laid, 1.6 * sigma)
    return np.asarray(soft * (1 - FADED * far), np.float32)


def _shifted(plane: Floats, down: int, right: int) -> Floats:
    """Moved by whole samples, zeros moving in."""
    height, width = plane.shape
    moved = np.zeros_like(plane)
    if abs(down) < height and abs(right) < width:
        moved[max(0, down) : height + min(0, down), max(0, right) : width + min(0, right)] = plane[
            max(0, -down) : height - max(0, down), max(0, -right) : width - max(0, right)
        ]
    return moved


def _layer(dark: Floats, cutout: Picture, cell: int, colour: Colour) -> Picture:
    """Darkness 0..1 on the grid -> a picture of one colour with that alpha."""
    height, width = cutout.size
    grown = resampling.enlarge(dark, (dark.shape[0] * cell, dark.shape[1] * cell)) if cell > 1 else dark
    grown = np.clip(grown[:height, :width], 0, 1)
    alpha = np.empty(cutout.size, cutout.depth.dtype)
    for rows in strips(height):
        alpha[rows] = dithered(grown[rows], cutout.depth, rows.start) if grown[rows].any() else 0
    return cutout.with_pixels(sheet(colour, cutout.rgb), alpha)
