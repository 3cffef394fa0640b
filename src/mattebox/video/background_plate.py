"""What lies behind the subject of a still shot, learned over time, and what of a matte it shows to be background.

Where a pixel has been background before, its colour is known. A pixel along the subject's edge that shows this colour
is background too, whatever the network and the colour models say (difference matting; Qian & Sezan, Video Background
Replacement without a Blue Screen, 1999). Where the subject's certain inside shows it, the plate is in doubt there (the
network missed the subject before) and forgotten.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mattebox.core.connected_components import dilate
from mattebox.types import Floats, Mask, Picture, Pixels
from mattebox.video.plate_means import CHUNK_PIXELS, forget_contradicted, update_means
from mattebox.video.plate_measures import (
    MIN_SAMPLES,
    SAME_NOISES,
    PlateFit,
    clear_background,
    enlarge_core,
    has_moved,
    measure_distance,
    measure_fit,
    measure_gain,
    take_levels,
    to_levels,
)

SAMPLE_STEP = 8  # pixels between the samples by which frames are compared
SAMPLES = slice(None, None, SAMPLE_STEP), slice(None, None, SAMPLE_STEP)
RING_STEP = 4  # the same for noise and light
RING_SAMPLES = 4  # around the subject, where noise and light are measured
MAX_NOISE = 6.0  # levels of 255: a plate that fits worse tells nothing
LEARNING_RATES = ((6, 4), (32, 255))  # one of so many rows is learned in a frame, where fewer frames than these were
MIN_STILL_FRAMES = 3  # before anything is learned


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

    def learn(self, picture: Picture, alpha: Pixels) -> bool:
        """Take the background of a frame, given its finished alpha; returns whether the camera has moved (or the scene
        is another), which makes it begin anew."""
        if self._colours is not None and self._colours.shape != picture.rgb.shape:
            self.forget()
        is_background = ~dilate(alpha > 0, 1)
        samples = take_levels(picture, picture.rgb[SAMPLES])
        is_sample = is_background[SAMPLES]
        before, self._before = self._before, (samples, is_sample)
        if before is None:
            return False
        is_common = is_sample & before[1]
        if has_moved(before[0][is_common], samples[is_common]):
            self._begin_anew()
            return True
        self._still_count += 1
        if self._still_count < MIN_STILL_FRAMES:
            return False
        if self._colours is None:
            self._colours, self._counts = np.zeros(picture.rgb.shape, np.uint16), np.zeros(picture.shape, np.uint8)
        is_known = is_sample & (self._counts[SAMPLES] > 0)
        gain = np.ones(3, np.float32)
        if np.count_nonzero(is_known) >= MIN_SAMPLES:
            known = to_levels(self._colours[SAMPLES][is_known])
            if has_moved(known, samples[is_known]):
                self._begin_anew()
                return True
            gain = measure_gain(known, samples[is_known])
        is_due = is_background & (self._counts == 0)
        for every, most in LEARNING_RATES:
            rows = slice(self._still_count % every, None, every)
            is_due[rows] |= is_background[rows] & (self._counts[rows] < most)
        places = np.flatnonzero(is_due)
        for start in range(0, len(places), CHUNK_PIXELS):
            part = places[start : start + CHUNK_PIXELS]
            shown = take_levels(picture, picture.rgb.reshape(-1, 3).take(part, axis=0)) / gain
            update_means(self._colours, self._counts, part, shown)
        return False

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
        is_core = enlarge_core(coarse, alpha.shape)
        self._forget_contradicted(picture, is_core, fit)
        places = np.flatnonzero((alpha > 0) & ~is_core & (self._counts > 0))
        return clear_background(alpha, places, self._distance(picture, places, fit))

    def _begin_anew(self) -> None:
        self._colours, self._still_count = None, 0

    def _fit(self, picture: Picture, alpha: Pixels) -> PlateFit | None:
        """Gain and noise in the background around the subject; None where the plate does not fit."""
        assert self._colours is not None
        step = slice(None, None, RING_STEP)
        is_subject = alpha[step, step] > 0
        is_ring = dilate(is_subject, RING_SAMPLES) & ~dilate(is_subject, 1) & (self._counts[step, step] > 0)
        if np.count_nonzero(is_ring) < MIN_SAMPLES:
            return None
        shown = take_levels(picture, picture.rgb[step, step][is_ring])
        known = to_levels(self._colours[step, step][is_ring])
        return measure_fit(known, shown, MAX_NOISE)

    def _distance(self, picture: Picture, places: NDArray[np.intp], fit: PlateFit) -> Floats:
        """How far pixels are from the plate, in its noise."""
        assert self._colours is not None
        shown = take_levels(picture, picture.rgb.reshape(-1, 3).take(places, axis=0))
        return measure_distance(to_levels(self._colours.reshape(-1, 3).take(places, axis=0)), shown, fit)

    def _forget_contradicted(self, picture: Picture, is_core: Mask, fit: PlateFit) -> None:
        """Forget the blocks, and those around them, in which the subject's certain inside looks like the plate."""
        is_claimed = is_core & (self._counts > 0)
        rows, columns = np.nonzero(is_claimed[::SAMPLE_STEP, ::SAMPLE_STEP])
        if not len(rows):
            return
        rows, columns = rows * SAMPLE_STEP, columns * SAMPLE_STEP
        is_same = self._distance(picture, rows * is_core.shape[1] + columns, fit) < SAME_NOISES
        forget_contradicted(self._counts, rows, columns, is_same)
