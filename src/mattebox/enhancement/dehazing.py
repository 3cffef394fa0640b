"""A veil of light over a whole photograph: haze, a window's reflection, a faded print. Added alike everywhere, it lifts
the darkest and takes from contrast and colour; subtracted, it gives both back. Knows nothing of other tones.

Told by the dark channel (He, Sun & Tang 2009), of the whole picture at once: somewhere one of the three is near black,
unless there is a veil, or the photograph is of something white.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mattebox.enhancement.linear_light import Sample
from mattebox.types import Floats

SHARE = 0.85  # of what was found is taken off: a little haze is air
RANGE = (0.35, 0.6)  # of encoded values: a narrower one is veiled, a wider one is not
BLANK = (0.06, 0.16)  # narrower still, and it is of a bare wall
WHITE = (0.85, 0.95)  # brighter than that, and it is of something white before white


def found(sample: Sample) -> float:
    """Linear light, 0..1, that lies over the photograph; 0 for none."""
    seen = sample.weight > 0.5
    if seen.sum() < 64:
        return 0.0
    light = sample.light[seen]
    low, high = np.percentile(light.max(-1), (1, 99)) ** (1 / 2.2)
    sure = _fade(high - low, *RANGE) * _fade(high, *WHITE) * (1 - _fade(high - low, *BLANK))
    return SHARE * sure * float(np.percentile(light.min(-1), 1))


def lifted(light: Floats, veil: float) -> Floats:
    """Light without the veil, white where it was white."""
    if not veil:
        return light
    clear: Floats = np.maximum(light - np.float32(veil), 0) / np.float32(1 - veil)
    return clear


def laid(light: Floats, veil: float) -> Floats:
    """Light under the veil: what `lifted` undoes."""
    return light * np.float32(1 - veil) + np.float32(veil) if veil else light


def without(sample: Sample) -> Sample:
    """The sample as it would be without its veil."""
    return replace(sample, grid=lifted(sample.grid, found(sample)))


def _fade(value: float, begin: float, end: float) -> float:
    """1 up to `begin`, 0 from `end` on."""
    return float(np.clip((end - value) / (end - begin), 0, 1))
