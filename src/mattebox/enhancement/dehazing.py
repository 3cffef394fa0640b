"""Haze over a whole photograph: estimated, removed and added.

Haze, a window's reflection or a faded print adds the same light everywhere, which lifts the darkest pixels and takes
contrast and colour. It is estimated by the dark channel (He, Sun & Tang, Single image haze removal using dark channel
prior, 2009) of the whole picture at once: somewhere one of the channels is near black, unless there is haze or the
scene is white.
"""

from __future__ import annotations

import numpy as np

from mattebox.enhancement.light_sample import MIN_SAMPLE_PIXELS, LightSample
from mattebox.enhancement.ramps import fade_out
from mattebox.types import Floats

REMOVED_HAZE_SHARE = 0.85  # the rest stays: a little haze is air
CONTRAST_FADE_RANGE = (0.35, 0.6)  # ranges of encoded values: a narrower one is hazy, a wider one is not
BLANK_SCENE_FADE_RANGE = (0.06, 0.16)  # narrower still: a bare wall
WHITE_SCENE_FADE_RANGE = (0.85, 0.95)  # brightest encoded value: above, something white before white


def estimate_haze(sample: LightSample) -> float:
    """The linear light, 0..1, of the haze that can safely be removed; 0 for none."""
    light = sample.visible_light
    if len(light) < MIN_SAMPLE_PIXELS:
        return 0.0
    low, high = np.percentile(light.max(-1), (1, 99)) ** (1 / 2.2)
    confidence = (
        fade_out(high - low, *CONTRAST_FADE_RANGE)
        * fade_out(high, *WHITE_SCENE_FADE_RANGE)
        * (1 - fade_out(high - low, *BLANK_SCENE_FADE_RANGE))
    )
    return REMOVED_HAZE_SHARE * confidence * float(np.percentile(light.min(-1), 1))


def remove_haze(light: Floats, haze: float) -> Floats:
    """Linear light without haze; white stays white."""
    if not haze:
        return light
    clear: Floats = np.maximum(light - np.float32(haze), 0) / np.float32(1 - haze)
    return clear


def add_haze(light: Floats, haze: float) -> Floats:
    """Linear light under haze: the inverse of `remove_haze`."""
    return light * np.float32(1 - haze) + np.float32(haze) if haze else light
