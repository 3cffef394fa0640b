"""Chroma screens: detecting the screen's colour, measuring it in a pixel, and removing its spill from the subject.

By colour differences, after Petro Vlahos: the amount by which the screen's own channel exceeds the other two, or by
which the two channels of a magenta, cyan or yellow screen exceed the third.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mattebox.core.connected_components import dilate
from mattebox.core.interface import name_parameter
from mattebox.errors import UsageError
from mattebox.io import resampling
from mattebox.types import Floats, Mask, Picture

BORDER_SHARE = 0.03  # of the longer side: width of the border in which the screen is detected
MIN_CHANNEL_EXCESS = 0.12  # least amount by which a screen's channel exceeds the other two
MIN_SCREEN_SHARE = 0.3  # of the border's pixels; with fewer there is no screen
MAX_HUE_IMBALANCE = 0.5  # of the spill: largest difference between the other two channels
SPILL_REACH_SHARE = 0.01  # of the longer side: how far spill reaches into the subject
GRID_SIDE_CELLS = 500  # longer side of the grid on which the spill zone is computed, about
CHUNK_ROWS = 256  # rows processed at a time


class ChromaScreen(NamedTuple):
    """The screen's encoded colour, 0..1, and the channel or the two channels in which it stands out."""

    colour: tuple[float, float, float]
    channels: tuple[int, ...]


def screen_from_colour(colour: NDArray[np.floating]) -> ChromaScreen:
    """The screen of a given colour, 0..1. UsageError when the colour has no clear hue."""
    descending = [int(channel) for channel in np.argsort(-colour, kind="stable")]
    for channels in (tuple(descending[:1]), tuple(sorted(descending[:2]))):
        if float(colour_difference(colour, channels)) >= MIN_CHANNEL_EXCESS:
            red, green, blue = (float(v) for v in colour)
            return ChromaScreen((red, green, blue), channels)
    raise UsageError("a screen needs a clear hue of its own", "give green or blue, or key by luma or plate(FILE)")


def detect_screen(guide: Floats) -> ChromaScreen:
    """Detect the screen behind a subject.

    Parameters
    ----------
    guide : Floats
        Picture H x W x 3, encoded values 0..1; a reduced one is enough.

    Returns
    -------
    ChromaScreen
        The most frequent clear hue along the left, upper and right borders.

    Raises
    ------
    UsageError
        When no clear hue covers enough of the border.
    """
    border = border_pixels(guide)
    excess = [colour_difference(border, (channel,)) for channel in range(3)]
    shares = [float((e > MIN_CHANNEL_EXCESS).mean()) for e in excess]
    channel = int(np.argmax(shares))
    if shares[channel] < MIN_SCREEN_SHARE:
        raise UsageError(
            "no screen along the border of the photograph",
            f"give its colour, such as {name_parameter('by', 'screen(#00b140)')}",
        )
    return screen_from_colour(np.median(border[excess[channel] > MIN_CHANNEL_EXCESS], axis=0))


def border_pixels(guide: Floats) -> Floats:
    """N x C: the pixels along the left, upper and right borders; along the lower one the subject stands."""
    width = max(1, round(BORDER_SHARE * max(guide.shape[:2])))
    sides = (guide[:width], guide[:, :width], guide[:, -width:])
    return np.concatenate([s.reshape(-1, guide.shape[2]) for s in sides])


def colour_difference(rgb: NDArray[np.floating], channels: tuple[int, ...]) -> Floats:
    """... x 3 -> ...: the amount by which the least of some channels exceeds the largest of the others."""
    least = np.min([rgb[..., c] for c in channels], axis=0)
    return np.asarray(least - np.max([rgb[..., c] for c in range(3) if c not in channels], axis=0))


def despill(cutout: Picture, screen: ChromaScreen) -> Picture:
    """Remove the screen's spill along the edges of a cutout.

    Parameters
    ----------
    cutout : Picture
        Picture with straight alpha.
    screen : ChromaScreen
        The screen, in the picture's encoding.

    Returns
    -------
    Picture
        Near transparent pixels, where the colour has the screen's hue, the screen's channels are lowered by as much as
        they exceed the others; all other pixels are unchanged.
    """
    assert cutout.alpha is not None
    rgb, near_transparency = cutout.rgb.copy(), _spill_zone(cutout)
    others = tuple(c for c in range(3) if c not in screen.channels)
    single, pair = (screen.channels, others) if len(others) == 2 else (others, screen.channels)
    screen_sign = np.sign(screen.colour[pair[0]] - screen.colour[pair[1]])
    for top in range(0, len(rgb), CHUNK_ROWS):
        chunk = rgb[top : top + CHUNK_ROWS]
        alone, a, b = (chunk[..., c].astype(np.int32) for c in (*single, *pair))
        excess = alone - np.maximum(a, b) if single == screen.channels else np.minimum(a, b) - alone
        # The screen's hue: the two channels that are alike are close to each other, or differ in the same direction as
        # its own.
        balanced = np.abs(a - b) <= MAX_HUE_IMBALANCE * (excess + np.abs(a - b))
        is_screen_hue = balanced | (np.sign(a - b) == screen_sign)
        spilled = (excess > 0) & is_screen_hue & near_transparency(top, top + CHUNK_ROWS)
        for channel in screen.channels:
            lowered = (chunk[..., channel] - excess).astype(chunk.dtype)
            np.copyto(chunk[..., channel], lowered, where=spilled)
    return cutout.with_pixels(rgb, cutout.alpha)


def _spill_zone(cutout: Picture) -> Callable[[int, int], Mask]:
    """A function (first row, row after the last) -> mask of the visible pixels within the spill's reach of
    transparency."""
    assert cutout.alpha is not None
    alpha, step = cutout.alpha, max(1, round(max(cutout.shape) / GRID_SIDE_CELLS))
    cells = dilate(resampling.average_blocks(alpha, step) < 250, round(SPILL_REACH_SHARE * GRID_SIDE_CELLS))

    def zone_rows(top: int, bottom: int) -> Mask:
        rows = np.arange(top, min(bottom, len(alpha))) // step
        near = np.repeat(cells[rows], step, axis=1)[:, : alpha.shape[1]]
        return np.asarray(near & (alpha[top:bottom] > 0))

    return zone_rows
