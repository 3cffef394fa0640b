"""A studio's screen: its colour, how much of it is in a pixel, and taking its spill off the subject.

By colour differences, after Petro Vlahos: what the screen's own channel has more than the other two is the screen's.
Knows nothing of alpha at full size.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mattebox.core.connected_components import dilate
from mattebox.errors import UsageError
from mattebox.io import resampling
from mattebox.types import Floats, Picture

BORDER_SHARE = 0.03  # of the longer side: where the screen is looked for
MIN_CHANNEL_EXCESS = 0.12  # a screen's channel stands out at least so much
MIN_SCREEN_SHARE = 0.3  # of the rim is screen, or there is none
MAX_HUE_IMBALANCE = 0.5  # share of the rest's imbalance that spill may have
SPILL_REACH_SHARE = 0.01  # of the longer side: spill reaches this far into the subject
GRID_SIDE_CELLS = 500  # longer side of the grid on which that is measured, about
CHUNK_ROWS = 256  # treated at a time


class ChromaScreen(NamedTuple):
    """An encoded colour 0..1, and the channel in which it stands out."""

    colour: tuple[float, float, float]
    channel: int


def screen_from_colour(colour: NDArray[np.floating]) -> ChromaScreen:
    """The screen of that colour 0..1. UsageError for one without a hue."""
    channel = int(np.argmax(colour))
    if float(np.delete(colour, channel).max()) > float(colour[channel]) - MIN_CHANNEL_EXCESS:
        raise UsageError("a screen needs a clear hue of its own", "give green or blue, or key by luma or plate(FILE)")
    red, green, blue = (float(v) for v in colour)
    return ChromaScreen((red, green, blue), channel)


def detect_screen(guide: Floats) -> ChromaScreen:
    """The screen in an H x W x 3 picture 0..1, from its rim: the commonest clear hue there. UsageError."""
    rim = border_pixels(guide)
    excess = [colour_difference(rim, channel) for channel in range(3)]
    shares = [float((e > MIN_CHANNEL_EXCESS).mean()) for e in excess]
    channel = int(np.argmax(shares))
    if shares[channel] < MIN_SCREEN_SHARE:
        raise UsageError(
            "no screen along the border of the photograph", 'give its colour, such as --by "screen(#00b140)"'
        )
    return screen_from_colour(np.median(rim[excess[channel] > MIN_CHANNEL_EXCESS], axis=0))


def border_pixels(guide: Floats) -> Floats:
    """N x C: the pixels along the left, upper and right edges, where a screen hangs."""
    n = max(1, round(BORDER_SHARE * max(guide.shape[:2])))
    sides = (guide[:n], guide[:, :n], guide[:, -n:])
    return np.concatenate([s.reshape(-1, guide.shape[2]) for s in sides])


def colour_difference(rgb: Floats, channel: int) -> Floats:
    """... x 3 -> ...: how much a channel exceeds the larger of the other two."""
    one, other = (c for c in range(3) if c != channel)
    return rgb[..., channel] - np.maximum(rgb[..., one], rgb[..., other])


def despill(cutout: Picture, screen: ChromaScreen) -> Picture:
    """The cutout without the screen's light along its edges: in what is of the screen's hue there, its channel is
    lowered to the larger of the other two. All other pixels stay bit for bit."""
    assert cutout.alpha is not None
    rgb, near = cutout.rgb.copy(), _spill_zone(cutout)
    one, other = (c for c in range(3) if c != screen.channel)
    leaning = np.sign(screen.colour[one] - screen.colour[other])
    for top in range(0, len(rgb), CHUNK_ROWS):
        part = rgb[top : top + CHUNK_ROWS]
        channel, a, b = (part[..., c].astype(np.int32) for c in (screen.channel, one, other))
        most = np.maximum(a, b)
        # Of the screen's hue: the other two are near each other, or lean as the screen's do.
        hue = (np.abs(a - b) <= MAX_HUE_IMBALANCE * (channel - np.minimum(a, b))) | (np.sign(a - b) == leaning)
        spilled = (channel > most) & hue & near(top, top + CHUNK_ROWS)
        np.copyto(part[..., screen.channel], most.astype(part.dtype), where=spilled)
    return cutout.with_pixels(rgb, cutout.alpha)


def _spill_zone(cutout: Picture) -> Callable[[int, int], NDArray[np.bool_]]:
    """Rows from, to -> which of their pixels show at all and lie within the spill's reach of what does not."""
    assert cutout.alpha is not None
    alpha, step = cutout.alpha, max(1, round(max(cutout.shape) / GRID_SIDE_CELLS))
    cells = dilate(resampling.average_blocks(alpha, step) < 250, round(SPILL_REACH_SHARE * GRID_SIDE_CELLS))

    def rows(top: int, bottom: int) -> NDArray[np.bool_]:
        lines = np.arange(top, min(bottom, len(alpha))) // step
        near = np.repeat(cells[lines], step, axis=1)[:, : alpha.shape[1]]
        return np.asarray(near & (alpha[top:bottom] > 0))

    return rows
