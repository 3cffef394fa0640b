"""A veil of light over a whole photograph: haze, a window's reflection, a faded print. Added alike everywhere, it lifts
the darkest and takes from contrast and colour; subtracted, it gives both back. Knows nothing of other tones.

Told by the dark channel (He, Sun & Tang 2009), of the whole picture at once: somewhere one of the three is near black,
unless there is a veil, or the photograph is of something white.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mattebox.enhancement.linear_light import LightSample
from mattebox.types import Floats

REMOVED_HAZE_SHARE = 0.85  # of what was found is taken off: a little haze is air
CONTRAST_FADE_RANGE = (0.35, 0.6)  # of encoded values: a narrower one is veiled, a wider one is not
BLANK_SCENE_FADE_RANGE = (0.06, 0.16)  # narrower still, and it is of a bare wall
WHITE_SCENE_FADE_RANGE = (0.85, 0.95)  # brighter than that, and it is of something white before white


def estimate_haze(sample: LightSample) -> float:
    """Linear light, 0..1, that lies over the photograph; 0 for none."""
    seen = sample.weights > 0.5
    if seen.sum() < 64:
        return 0.0
    light = sample.light[seen]
    low, high = np.percentile(light.max(-1), (1, 99)) ** (1 / 2.2)
    sure = (
        _fade_out(high - low, *CONTRAST_FADE_RANGE)
        * _fade_out(high, *WHITE_SCENE_FADE_RANGE)
        * (1 - _fade_out(high - low, *BLANK_SCENE_FADE_RANGE))
    )
    return REMOVED_HAZE_SHARE * sure * float(np.percentile(light.min(-1), 1))


def remove_haze(light: Floats, haze: float) -> Floats:
    """Light without the veil, white where it was white."""
    if not haze:
        return light
    clear: Floats = np.maximum(light - np.float32(haze), 0) / np.float32(1 - haze)
    return clear


def add_haze(light: Floats, haze: float) -> Floats:
    """Light under the veil: what `lifted` undoes."""
    return light * np.float32(1 - haze) + np.float32(haze) if haze else light


def dehaze_sample(sample: LightSample) -> LightSample:
    """The sample as it would be without its veil."""
    return replace(sample, grid=remove_haze(sample.grid, estimate_haze(sample)))


def _fade_out(value: float, begin: float, end: float) -> float:
    """1 up to `begin`, 0 from `end` on."""
    return float(np.clip((end - value) / (end - begin), 0, 1))
