"""How a frame compares with what is known of the background behind its subject: light, noise, what has changed, and
what of a matte goes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mattebox.core.connected_components import dilate
from mattebox.types import Floats, Mask, Picture, Pixels

LEVELS = np.float32(255)
MIN_SAMPLES = 60
MAX_GAIN_SAMPLES = 2_000  # about
GAIN_LEVELS = (16.0, 240.0)  # between which light is measured
MIN_NOISE = 1.0  # levels of 255
CHANGED_LEVELS = 15.0  # difference of a sample that has changed
MAX_CHANGED_SHARE = 0.04  # of the background's samples; above it the camera has moved
# Distances from the background, in its noise: up to the first it is seen, from the second on something else.
SAME_NOISES, OTHER_NOISES = 1.5, 3.0
MIN_SURROUNDING = np.float32(0.6)  # share of the subject around a pixel, from which on that pixel is kept, too
CORE_ALPHA = np.float32(0.995)  # of the coarse matte's certain inside


class PlateFit(NamedTuple):
    """How a frame differs from the plate: gain of the light of each channel, and noise in levels of 255."""

    gain: Floats
    noise: float


def take_levels(picture: Picture, pixels: Pixels | Floats) -> Floats:
    """A picture's colours as levels 0..255."""
    levels: Floats = pixels * np.float32(LEVELS / picture.bit_depth.peak)
    return levels


def to_levels(colours: NDArray[np.uint16]) -> Floats:
    """The plate's colours as levels 0..255."""
    levels: Floats = np.multiply(colours, np.float32(1 / 257), dtype=np.float32)
    return levels


def square_size(difference: Floats) -> Floats:
    """Mean over the channels of squares, N."""
    means: Floats = np.einsum("nc,nc->n", difference, difference)
    means /= np.float32(3)
    return means


def measure_gain(known: Floats, shown: Floats) -> Floats:
    """The median ratio of the light of each channel, where it is neither dark nor clipped."""
    gains = np.ones(3, np.float32)
    part = slice(None, None, max(1, len(known) // MAX_GAIN_SAMPLES))
    for channel in range(3):
        a, b = known[part, channel], shown[part, channel]
        is_fit = (np.minimum(a, b) > GAIN_LEVELS[0]) & (np.maximum(a, b) < GAIN_LEVELS[1])
        if np.count_nonzero(is_fit) >= MIN_SAMPLES:
            gains[channel] = np.median(b[is_fit] / a[is_fit])
    return gains


def has_moved(known: Floats, shown: Floats, max_share: float = MAX_CHANGED_SHARE) -> bool:
    """Whether too many samples of the background have changed, but for their light."""
    if len(known) < MIN_SAMPLES:
        return True
    distance = square_size(shown - known * measure_gain(known, shown))
    return float((distance > CHANGED_LEVELS**2).mean()) > max_share


def measure_fit(known: Floats, shown: Floats, max_noise: float) -> PlateFit | None:
    """Gain and noise by what is known at N samples and what is shown there; None where noise is too large."""
    gain = measure_gain(known, shown)
    # The median of a mean of three squares of normal numbers is .789 of their variance.
    noise = float(np.sqrt(np.median(square_size(shown - known * gain)) / 0.789))
    return PlateFit(gain, max(noise, MIN_NOISE)) if noise <= max_noise else None


def measure_distance(known: Floats, shown: Floats, fit: PlateFit) -> Floats:
    """How far N pixels are from what is known, in its noise."""
    distance: Floats = np.sqrt(square_size(shown - known * fit.gain) / np.float32(fit.noise**2))
    return distance


def clear_background(alpha: Pixels, places: NDArray[np.intp], distance: Floats) -> Pixels:
    """An alpha without its pixels at places, as far as their distance says that they are background."""
    kept = ((distance - SAME_NOISES) / (OTHER_NOISES - SAME_NOISES)).clip(0, 1)
    kept = np.maximum(kept, _surrounding_subject(alpha > 0, places, kept))
    cleared = alpha.copy()
    flat = cleared.ravel()
    steps = np.rint(kept * LEVELS)  # that a half float tells from 1
    flat[places] = np.rint(flat.take(places) * steps / LEVELS)
    return cleared


def _surrounding_subject(is_subject: Mask, places: NDArray[np.intp], kept: Floats) -> Floats:
    """How far single pixels must be kept, 0..1, since most of those around them are: what is left of the subject after
    removal, given how much is kept at places."""
    height, width = is_subject.shape
    left = np.zeros((height + 2, width + 2), np.uint8)
    left[1:-1, 1:-1] = is_subject * np.uint8(255)
    rows, columns = np.divmod(places, width)
    middle = (rows + 1) * (width + 2) + columns + 1
    flat = left.ravel()
    flat[middle] = np.rint(kept * 255)
    offsets = (across + down * (width + 2) for down in (-1, 0, 1) for across in (-1, 0, 1) if across or down)
    total = sum((flat.take(middle + offset) for offset in offsets), np.zeros(len(places), np.uint16))
    share = total * np.float32(1 / (8 * 255))
    surrounding: Floats = ((share - MIN_SURROUNDING) / (1 - MIN_SURROUNDING) * 2).clip(0, 1)
    return surrounding


def enlarge_core(coarse: Floats, shape: tuple[int, ...]) -> Mask:
    """The pixels of which the network is certain, a cell away from any other."""
    is_core = ~dilate(coarse <= CORE_ALPHA, 1)
    rows, columns = (np.arange(side) * cells // side for side, cells in zip(shape, coarse.shape, strict=True))
    core: Mask = is_core[rows][:, columns]
    return core
