"""What lies behind the subject of a still shot, learned over time, and what of a matte it shows to be background.

Where a pixel has been background before, its colour is known. A pixel along the subject's edge that shows this colour
is background too, whatever the network and the colour models say (difference matting; Qian & Sezan, Video Background
Replacement without a Blue Screen, 1999). Where the subject's certain inside shows it, the plate is in doubt there (the
network missed the subject before) and forgotten.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mattebox.core.connected_components import dilate
from mattebox.types import Floats, Mask, Picture, Pixels

SAMPLE_STEP = 8  # pixels between the samples by which frames are compared
SAMPLES = slice(None, None, SAMPLE_STEP), slice(None, None, SAMPLE_STEP)
RING_STEP = 4  # the same for noise and light
RING_SAMPLES = 4  # around the subject, where noise and light are measured
MIN_RING_SAMPLES = 60
MAX_GAIN_SAMPLES = 2_000  # about
LEVELS = np.float32(255)
MIN_NOISE, MAX_NOISE = 1.0, 6.0  # levels of 255: a plate that fits worse tells nothing
CHANGED_LEVELS = 15.0  # difference of a sample that has changed
MAX_CHANGED_SHARE = 0.04  # of the background's samples; above it the camera has moved
# Distances from the plate, in its noise: up to the first it is seen, from the second on something else.
SAME_NOISES, OTHER_NOISES = 1.5, 3.0
LEARNING_RATES = ((6, 4), (32, 255))  # one of so many rows is learned in a frame, where fewer frames than these were
MAX_COUNT = 15  # frames over which a pixel's mean goes
MIN_STILL_FRAMES = 3  # before anything is learned
MIN_SURROUNDING = np.float32(0.6)  # share of the subject around a pixel, from which on that pixel is kept, too
GAIN_LEVELS = (16.0, 240.0)  # between which light is measured
CORE_ALPHA = np.float32(0.995)  # of the coarse matte's certain inside
CHUNK_PIXELS = 65_536  # that are learned at a time
BLOCK_PIXELS = 16  # in which the plate is forgotten
MAX_CONTRADICTED_SHARE = 0.3  # of a block's pixels of the subject's inside


class PlateFit(NamedTuple):
    """How a frame differs from the plate: gain of the light of each channel, and noise in levels of 255."""

    gain: Floats
    noise: float


class BackgroundPlate:
    """The plate of the scene so far; empty at first, and whenever the camera moves."""

    def __init__(self) -> None:
        self._colours: NDArray[np.uint16] | None = None  # H x W x 3
        self._counts: NDArray[np.uint8] = np.zeros((0, 0), np.uint8)
        self._before: tuple[Floats, Mask] | None = None  # samples of the last frame, and which are background
        self._still_count = 0  # frames since the camera moved

    def forget(self) -> None:
        """Begin anew: another scene, or another frame size."""
        self._before = None
        self._begin_anew()

    def learn(self, picture: Picture, alpha: Pixels) -> None:
        """Take the background of a frame, given its finished alpha; what the frame shows of another camera position
        or scene makes it begin anew."""
        if self._colours is not None and self._colours.shape != picture.rgb.shape:
            self.forget()
        is_background = ~dilate(alpha > 0, 1)
        samples = _take_levels(picture, picture.rgb[SAMPLES])
        is_sample = is_background[SAMPLES]
        before, self._before = self._before, (samples, is_sample)
        if before is None:
            return
        is_common = is_sample & before[1]
        if _has_moved(before[0][is_common], samples[is_common]):
            self._begin_anew()
            return
        self._still_count += 1
        if self._still_count < MIN_STILL_FRAMES:
            return
        if self._colours is None:
            self._colours, self._counts = np.zeros(picture.rgb.shape, np.uint16), np.zeros(picture.shape, np.uint8)
        is_known = is_sample & (self._counts[SAMPLES] > 0)
        gain = np.ones(3, np.float32)
        if np.count_nonzero(is_known) >= MIN_RING_SAMPLES:
            known = _to_levels(self._colours[SAMPLES][is_known])
            if _has_moved(known, samples[is_known]):
                self._begin_anew()
                return
            gain = _measure_gain(known, samples[is_known])
        is_due = is_background & (self._counts == 0)
        for every, most in LEARNING_RATES:
            rows = slice(self._still_count % every, None, every)
            is_due[rows] |= is_background[rows] & (self._counts[rows] < most)
        places = np.flatnonzero(is_due)
        for start in range(0, len(places), CHUNK_PIXELS):
            self._update(picture, places[start : start + CHUNK_PIXELS], gain)

    def remove_background(self, picture: Picture, alpha: Pixels, coarse: Floats) -> Pixels:
        """The alpha of a frame without what the plate shows to be background.

        Parameters
        ----------
        picture : Picture
        alpha : H x W uint8 or uint16
            As refined.
        coarse : h x w float32
            The network's matte: where it is certain of the subject, nothing is removed.
        """
        if self._colours is None or self._colours.shape != picture.rgb.shape:
            return alpha
        fit = self._fit(picture, alpha)
        if fit is None:
            return alpha
        is_core = _enlarge_core(coarse, alpha.shape)
        self._forget_contradicted(picture, is_core, fit)
        places = np.flatnonzero((alpha > 0) & ~is_core & (self._counts > 0))
        distance = self._distance(picture, places, fit)
        kept = ((distance - SAME_NOISES) / (OTHER_NOISES - SAME_NOISES)).clip(0, 1)
        kept = np.maximum(kept, _surrounding_subject(alpha > 0, places, kept))
        cleared = alpha.copy()
        flat = cleared.ravel()
        steps = np.rint(kept * LEVELS)  # that a half float tells from 1
        flat[places] = np.rint(flat.take(places) * steps / LEVELS)
        return cleared

    def _begin_anew(self) -> None:
        self._colours, self._still_count = None, 0

    def _update(self, picture: Picture, places: NDArray[np.intp], gain: Floats) -> None:
        """Take the colours at places into the plate's means; what is another than before begins a mean of its own."""
        assert self._colours is not None
        colours, counts = self._colours.reshape(-1, 3), self._counts.ravel()
        shown = _take_levels(picture, picture.rgb.reshape(-1, 3).take(places, axis=0)) / gain
        count = counts.take(places)
        known = _to_levels(colours.take(places, axis=0))
        change = shown - known
        count[_square_size(change) > CHANGED_LEVELS**2] = 0
        known += change / (count[:, None] + np.float32(1))
        colours[places] = np.rint(known.clip(0, LEVELS) * np.float32(257)).astype(np.uint16)
        counts[places] = np.minimum(count + 1, MAX_COUNT)

    def _fit(self, picture: Picture, alpha: Pixels) -> PlateFit | None:
        """Gain and noise in the background around the subject; None where the plate does not fit."""
        assert self._colours is not None
        step = slice(None, None, RING_STEP)
        is_subject = alpha[step, step] > 0
        is_ring = dilate(is_subject, RING_SAMPLES) & ~dilate(is_subject, 1) & (self._counts[step, step] > 0)
        if np.count_nonzero(is_ring) < MIN_RING_SAMPLES:
            return None
        shown = _take_levels(picture, picture.rgb[step, step][is_ring])
        known = _to_levels(self._colours[step, step][is_ring])
        gain = _measure_gain(known, shown)
        # The median of a mean of three squares of normal numbers is .789 of their variance.
        noise = float(np.sqrt(np.median(_square_size(shown - known * gain)) / 0.789))
        return PlateFit(gain, max(noise, MIN_NOISE)) if noise <= MAX_NOISE else None

    def _distance(self, picture: Picture, places: NDArray[np.intp], fit: PlateFit) -> Floats:
        """How far pixels are from the plate, in its noise."""
        assert self._colours is not None
        shown = _take_levels(picture, picture.rgb.reshape(-1, 3).take(places, axis=0))
        known = _to_levels(self._colours.reshape(-1, 3).take(places, axis=0)) * fit.gain
        distance: Floats = np.sqrt(_square_size(shown - known) / np.float32(fit.noise**2))
        return distance

    def _forget_contradicted(self, picture: Picture, is_core: Mask, fit: PlateFit) -> None:
        """Forget the blocks, and those around them, in which the subject's certain inside looks like the plate."""
        is_claimed = is_core & (self._counts > 0)
        rows, columns = np.nonzero(is_claimed[::SAMPLE_STEP, ::SAMPLE_STEP])
        if not len(rows):
            return
        rows, columns = rows * SAMPLE_STEP, columns * SAMPLE_STEP
        height, width = is_core.shape
        is_same = self._distance(picture, rows * width + columns, fit) < SAME_NOISES
        shape = -(-height // BLOCK_PIXELS), -(-width // BLOCK_PIXELS)
        blocks = rows // BLOCK_PIXELS * shape[1] + columns // BLOCK_PIXELS
        claimed = np.bincount(blocks, minlength=shape[0] * shape[1])
        same = np.bincount(blocks, is_same, minlength=shape[0] * shape[1])
        is_wrong = dilate((same > MAX_CONTRADICTED_SHARE * claimed).reshape(shape), 1)
        if is_wrong.any():
            enlarged = is_wrong.repeat(BLOCK_PIXELS, axis=0).repeat(BLOCK_PIXELS, axis=1)
            self._counts[enlarged[:height, :width]] = 0


def _take_levels(picture: Picture, pixels: Pixels) -> Floats:
    """A picture's colours as levels 0..255."""
    levels: Floats = pixels * np.float32(LEVELS / picture.bit_depth.peak)
    return levels


def _to_levels(colours: NDArray[np.uint16]) -> Floats:
    """The plate's colours as levels 0..255."""
    levels: Floats = np.multiply(colours, np.float32(1 / 257), dtype=np.float32)
    return levels


def _square_size(difference: Floats) -> Floats:
    """Mean over the channels of squares, N."""
    means: Floats = np.einsum("nc,nc->n", difference, difference)
    means /= np.float32(3)
    return means


def _measure_gain(known: Floats, shown: Floats) -> Floats:
    """The median ratio of the light of each channel, where it is neither dark nor clipped."""
    gains = np.ones(3, np.float32)
    part = slice(None, None, max(1, len(known) // MAX_GAIN_SAMPLES))
    for channel in range(3):
        a, b = known[part, channel], shown[part, channel]
        is_fit = (np.minimum(a, b) > GAIN_LEVELS[0]) & (np.maximum(a, b) < GAIN_LEVELS[1])
        if np.count_nonzero(is_fit) >= MIN_RING_SAMPLES:
            gains[channel] = np.median(b[is_fit] / a[is_fit])
    return gains


def _has_moved(known: Floats, shown: Floats) -> bool:
    """Whether too many samples of the background have changed, but for their light."""
    if len(known) < MIN_RING_SAMPLES:
        return True
    distance = _square_size(shown - known * _measure_gain(known, shown))
    return float((distance > CHANGED_LEVELS**2).mean()) > MAX_CHANGED_SHARE


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


def _enlarge_core(coarse: Floats, shape: tuple[int, ...]) -> Mask:
    """The pixels of which the network is certain, a cell away from any other."""
    is_core = ~dilate(coarse <= CORE_ALPHA, 1)
    rows, columns = (np.arange(side) * cells // side for side, cells in zip(shape, coarse.shape, strict=True))
    core: Mask = is_core[rows][:, columns]
    return core
