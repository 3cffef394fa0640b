"""Shadows of a cutout as layers of their own: contact, drop and cast shadows, and reflections.

Computed from the alpha on a reduced grid, because shadows are soft; dithered against banding.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from mattebox.composition.alpha_compositing import broadcast_colour
from mattebox.composition.backdrop import quantise_with_dither
from mattebox.composition.ground_contact import GroundContact, find_ground_contact
from mattebox.core.smoothing_filters import approximate_gaussian_blur
from mattebox.core.strips import iter_strips
from mattebox.io import resampling
from mattebox.io.colour import RgbColour
from mattebox.recipe.steps import Shadow
from mattebox.types import Box, Floats, Picture

GRID_SIDE_CELLS = 700  # of the longer side, about
DEFAULT_LENGTH_PERCENT = {"contact": 6, "drop": 6, "cast": 60, "reflection": 35}  # of the subject's height
GROUND_FORESHORTENING = 0.5  # of lengths on the ground, seen from a little above
MIN_CAST_DEPTH_SHARE = 0.08  # of a cast shadow's length: how far it goes down or up at least
CAST_FADE_SHARE = 0.5  # of its darkness that a cast shadow loses with distance
MEAN_GROUND_HEIGHT_SHARE = 0.3  # of the subject's height: what is higher is cast as from the mean ground
MIN_CONTACT_THICKNESS_ROWS = 1.6  # of the grid


def render_shadow(
    cutout: Picture, box: Box, step: Shadow, colour: RgbColour, *, is_dithered: bool = True
) -> Picture | None:
    """Render the shadow that a step asks for.

    Parameters
    ----------
    cutout
        Either depth, with alpha.
    box
        The subject's.
    step
        Kind, opacity, softness, angle and length.
    colour
        In the cutout's own encoding, 0 to its peak.
    is_dithered
        Against banding; else alpha is rounded.

    Returns
    -------
    Picture or None
        The layer to lie beneath the cutout, of its size and depth; None for no shadow.
    """
    if step.kind == "none" or step.opacity == 0 or cutout.alpha is None or box[3] <= box[1]:
        return None
    subject_height, length = box[3] - box[1], (step.length or DEFAULT_LENGTH_PERCENT[step.kind]) / 100
    if step.kind == "reflection":
        return render_reflection(cutout, box, length, step.opacity / 100)
    sigma = step.softness / 100 * subject_height
    cell = max(1, min(round(max(cutout.shape) / GRID_SIDE_CELLS), int(sigma / 2) or 1))
    alpha = resampling.average_blocks(cutout.alpha, cell).astype(np.float32) / np.float32(255)
    grid_height = subject_height / cell
    contact = find_ground_contact(alpha, grid_height)
    if contact is None:
        return None
    if step.kind == "drop":
        darkness = _drop_shadow(alpha, grid_height * length, step.angle, sigma / cell)
    elif step.kind == "cast":
        darkness = _cast_shadow(alpha, contact, grid_height, length, step.angle, sigma / cell)
    else:
        darkness = _contact_shadow(alpha.shape, contact, grid_height * length, sigma / cell)
    return _shadow_layer(darkness * (step.opacity / 100), cutout, cell, colour, is_dithered)


def render_reflection(cutout: Picture, box: Box, length: float, opacity: float) -> Picture:
    """The subject mirrored at the ground it stands on, fading out over `length` (a share of its height)."""
    assert cutout.alpha is not None
    rgb, alpha = np.zeros_like(cutout.rgb), np.zeros_like(cutout.alpha)
    height, subject_height = len(alpha), box[3] - box[1]
    contact = find_ground_contact(cutout.alpha.astype(np.float32) / np.float32(cutout.bit_depth.peak), subject_height)
    fade_rows = max(1, round(subject_height * length))
    if contact is None:
        return cutout.with_pixels(rgb, alpha)
    ground = np.rint(contact.ground_rows).astype(int)
    for rows in iter_strips(height):
        y = np.arange(rows.start, rows.stop)[:, None]
        source, distance = 2 * ground - 2 - y, y - ground  # about the last row, whose soft edge leaves no gap then
        share = np.where((distance >= -1) & (source >= 0), np.clip(1 - (distance + 0.5) / fade_rows, 0, 1), 0)
        if not share.any():
            continue
        source = source.clip(0, height - 1)
        mirrored = np.take_along_axis(cutout.alpha, source, 0)
        alpha[rows] = np.rint(mirrored * (opacity * share))
        rgb[rows] = np.take_along_axis(cutout.rgb, source[..., None], 0) * (alpha[rows] > 0)[..., None]
    return cutout.with_pixels(rgb, alpha)


def _drop_shadow(alpha: Floats, distance: float, angle: float, sigma: float) -> Floats:
    right, down = (round(distance * f(math.radians(angle))) for f in (math.cos, math.sin))
    return approximate_gaussian_blur(_shift_plane(alpha, down, right), sigma)


def _contact_shadow(shape: tuple[int, ...], contact: GroundContact, length: float, sigma: float) -> Floats:
    """A thin dark line where the subject touches the ground, and ever wider and fainter shades around it, so that thin
    legs have theirs as well."""
    y = np.arange(shape[0], dtype=np.float32)[:, None] + 0.5

    def light(thickness: float, softness: float, darkness: float) -> Floats:
        line = contact.weights * np.exp(
            -(((y - contact.ground_rows) / max(MIN_CONTACT_THICKNESS_ROWS, thickness)) ** 2)
        )
        return 1 - darkness * approximate_gaussian_blur(line.astype(np.float32), softness, 2 * softness)

    inner_light = light(0.15 * length, 0.12 * sigma, 1.0) * light(0.5 * length, 0.5 * sigma, 1.0)
    return np.asarray(1 - inner_light * light(1.2 * length, 1.5 * sigma, 0.8), np.float32)


def _cast_shadow(
    alpha: Floats, contact: GroundContact, subject_height: float, length: float, angle: float, sigma: float
) -> Floats:
    """The subject projected along the ground from where it stands; softer and fainter with distance."""
    right, down = (length * f(math.radians(angle)) for f in (math.cos, math.sin))
    down = math.copysign(max(abs(GROUND_FORESHORTENING * down), MIN_CAST_DEPTH_SHARE * length), down or 1)
    projected, distance = _project_to_ground(alpha, contact, subject_height, right, down)
    blurred = np.maximum(approximate_gaussian_blur(projected, sigma), 1e-3)
    distance = np.clip(approximate_gaussian_blur(projected * distance, sigma) / blurred, 0, 1)
    near_shadow = approximate_gaussian_blur(projected, 0.3 * sigma)
    far_shadow = approximate_gaussian_blur(projected, 1.6 * sigma)
    darkness = (1 - distance) * near_shadow + distance * far_shadow
    return np.asarray(darkness * (1 - CAST_FADE_SHARE * distance), np.float32)


def _project_to_ground(
    alpha: Floats, contact: GroundContact, subject_height: float, right: float, down: float
) -> tuple[Floats, Floats]:
    """The alpha of each height shifted by (`right`, `down`) times that height; and the height, as a share of the
    subject's, that each sample comes from."""
    ground_rows = contact.ground_rows
    projected = alpha * contact.weights * (np.arange(len(alpha))[:, None] > ground_rows - 0.1 * subject_height)
    distance = 0 * alpha
    (height, width), columns = alpha.shape, np.arange(alpha.shape[1])
    mean_ground = np.average(ground_rows, weights=contact.weights)
    for lift in np.arange(0.5, ground_rows.max(), min(1.0, 1 / max(abs(down), abs(right)))):
        mean_share = min(1.0, lift / (MEAN_GROUND_HEIGHT_SHARE * subject_height))
        ground = ground_rows + (mean_ground - ground_rows) * mean_share
        source = np.floor(ground_rows - lift).astype(int)
        y, x = np.floor(ground + lift * down - (down < 0)).astype(int), columns + round(lift * right)
        values = np.where((source >= 0) & (source < height), alpha[source.clip(0, height - 1), columns], 0)
        for rows, darkness in _iter_bridged_rows(y, values):
            is_inside = (rows >= 0) & (rows < height) & (x >= 0) & (x < width)
            target = (rows[is_inside], x[is_inside])
            is_darker = darkness[is_inside] > projected[target]
            target = (target[0][is_darker], target[1][is_darker])
            projected[target] = darkness[is_inside][is_darker]
            distance[target] = lift / subject_height
    return projected, distance


def _iter_bridged_rows(y: NDArray[np.intp], values: Floats) -> Iterator[tuple[NDArray[np.intp], Floats]]:
    """Rows and values of a line along the columns, and those between each column's row and the next one's, which would
    be left light where the ground is steep."""
    yield y, values
    rise = np.append(np.diff(y), 0)
    bridge = np.minimum(values, np.append(values[1:], 0))
    for part in range(1, int(np.abs(rise[bridge > 0]).max(initial=0)) + 1):
        yield y + np.sign(rise) * part, np.where(np.abs(rise) >= part, bridge, 0)


def _shift_plane(plane: Floats, down: int, right: int) -> Floats:
    """Shifted by whole samples, filled with zeros."""
    height, width = plane.shape
    shifted = np.zeros_like(plane)
    if abs(down) < height and abs(right) < width:
        shifted[max(0, down) : height + min(0, down), max(0, right) : width + min(0, right)] = plane[
            max(0, -down) : height - max(0, down), max(0, -right) : width - max(0, right)
        ]
    return shifted


def _shadow_layer(darkness: Floats, cutout: Picture, cell: int, colour: RgbColour, is_dithered: bool) -> Picture:
    """Darkness 0..1 on the grid -> a layer of one colour with that alpha."""
    height, width = cutout.shape
    if cell > 1:
        darkness = resampling.enlarge(darkness, (darkness.shape[0] * cell, darkness.shape[1] * cell))
    darkness = np.clip(darkness[:height, :width], 0, 1)
    alpha = np.zeros(cutout.shape, cutout.bit_depth.dtype)
    for rows in iter_strips(height):
        if not is_dithered:
            alpha[rows] = np.rint(darkness[rows] * cutout.bit_depth.peak)
        elif darkness[rows].any():
            alpha[rows] = quantise_with_dither(darkness[rows], cutout.bit_depth, rows.start)
    return cutout.with_pixels(broadcast_colour(colour, cutout.rgb), alpha)
