"""The part of a frame that the network needs to see, where mattes of other frames say where the subject is.

A network's time goes by the area it sees, and what else a frame shows leads it astray: on a window around the subject
it is faster and nearer to the truth (docs/experiments/2026-12-01-video-windows.md). Frames between two key frames are
seen in a window by the mattes of both. For key frames themselves the whole frame is seen whenever anything but the
light has changed outside the window since it was seen last, so that what enters is found at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from mattebox.types import Floats, ImageShape
from mattebox.video.frame_reuse import max_block_change

MARGIN_SAMPLES = 16  # around the subject, at least, on the network's grid
MIN_SUBJECT_ALPHA = 0.1  # from which on a sample belongs to the subject
MAX_WINDOW_SHARE = 0.9  # of the frame; a larger window gains nothing
MAX_OUTER_CHANGE = 10 / 255  # of any block's mean colour outside the window, but for light
MIN_LIGHT = np.float32(4 / 255)


class NetworkWindow(NamedTuple):
    """Rows and columns of the network's input."""

    rows: slice
    columns: slice

    @property
    def shape(self) -> ImageShape:
        """Height and width in samples."""
        return self.rows.stop - self.rows.start, self.columns.stop - self.columns.start

    def embed(self, alpha: Floats, shape: ImageShape) -> Floats:
        """The window's alpha in a matte of a shape, 0 outside."""
        whole = np.zeros(shape, np.float32)
        whole[self] = alpha
        return whole

    def cuts_off(self, alpha: Floats, shape: ImageShape) -> bool:
        """Whether a subject, by the window's alpha, reaches a side of the window that is none of the frame's."""
        inner = (
            (self.rows.start > 0, alpha[0]),
            (self.rows.stop < shape[0], alpha[-1]),
            (self.columns.start > 0, alpha[:, 0]),
            (self.columns.stop < shape[1], alpha[:, -1]),
        )
        return any(is_inner and bool((side > MIN_SUBJECT_ALPHA).any()) for is_inner, side in inner)


def find_window(alphas: Sequence[Floats], multiple: int) -> NetworkWindow | None:
    """The window around all subjects of mattes on one grid.

    Parameters
    ----------
    alphas : sequence of h x w float32
    multiple : int
        Its sides lie on multiples of so many samples, as the network needs them.

    Returns
    -------
    NetworkWindow or None
        None where the frame should be seen whole: without a subject, or with one that fills it.
    """
    shape = alphas[0].shape
    is_subject = np.logical_or.reduce([alpha > MIN_SUBJECT_ALPHA for alpha in alphas])
    spans = []
    for axis, side in enumerate(shape):
        held = np.flatnonzero(is_subject.any(axis=1 - axis))
        if not len(held):
            return None
        start = max(0, int(held[0]) - MARGIN_SAMPLES) // multiple * multiple
        stop = -(-(int(held[-1]) + 1 + MARGIN_SAMPLES) // multiple) * multiple
        spans.append(slice(start, min(stop, side)))
    window = NetworkWindow(*spans)
    return window if np.prod(window.shape) <= MAX_WINDOW_SHARE * np.prod(shape) else None


@dataclass
class SubjectPlace:
    """Where the subject of the last key frame is, and what the frame showed when it was last seen whole."""

    whole_guide: Floats
    alpha: Floats

    def find_window(self, guide: Floats, multiple: int) -> NetworkWindow | None:
        """The window in which the next key frame may be seen; None where it should be seen whole."""
        if guide.shape != self.whole_guide.shape:
            return None
        window = find_window([self.alpha], multiple)
        if window is None:
            return None
        is_outside = np.ones(guide.shape[:2], bool)
        is_outside[window] = False
        seen = self.whole_guide * _measure_light(guide[is_outside], self.whole_guide[is_outside])
        outside = guide.copy()
        outside[window] = seen[window]
        return window if max_block_change(outside, seen) <= MAX_OUTER_CHANGE else None


def _measure_light(colours: Floats, before: Floats) -> Floats:
    """The gain of each channel, N x 3, from before; that of most samples."""
    now, then = (np.median(samples, axis=0) for samples in (colours, before))
    return np.asarray(now / np.maximum(then, MIN_LIGHT), np.float32)
