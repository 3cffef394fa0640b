"""Tone: exposure, contrast, highlights, shadows and clarity, set by hand or estimated.

All of it is one gain per pixel, by which red, green and blue are multiplied alike: hue and saturation stay. Brightness
is the largest of the three, and gains are compressed above a shoulder, so that nothing new is clipped. Highlights,
shadows and clarity work on an edge-preserving base layer (`guided_filter`), and clarity and contrast spare skin. Low
light is lifted by the iterated curve of Zero-DCE (Guo et al., Zero-reference deep curve estimation, 2020), with a
parameter from the histogram.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mattebox.core.channel_extremes import largest_channel
from mattebox.core.smoothing_filters import box_filter
from mattebox.core.srgb import decode_srgb, encode_srgb
from mattebox.enhancement import dehazing, guided_filter
from mattebox.enhancement.light_sample import MIN_SAMPLE_PIXELS, LightSample, sample_light
from mattebox.enhancement.linear_light import apply_in_linear_light
from mattebox.enhancement.ramps import smoothstep
from mattebox.enhancement.skin_likelihood import skin_likelihood
from mattebox.recipe.steps import Light
from mattebox.types import Floats, Picture, Pixels

MIN_LOG_LIGHT = np.float32(2.0**-10)  # added before logarithms
SHOULDER_START = 0.75  # linear light above which gains are compressed
CURVE_ITERATIONS = 4  # of the low-light curve
MIDDLE_GREY = 0.18
SHADOW_VALUES = (0.15, 0.25)  # encoded
MAX_SHADOW_STOPS = 1.5  # by which shadows are brightened
STOPS_PER_ENCODED_DOUBLING = 2.2  # of linear light, about
HIGHLIGHT_TARGET_RANGE = (0.75, 0.9)  # encoded values: the brightest pixels are brought here; the darker, the higher
HIGHLIGHT_TARGET_RAMP = 0.35  # encoded values below the range at which its upper end is the target
EXPOSURE_CORRECTION_SHARE = 0.9
MAX_EXPOSURE_STOPS, MAX_LIFT = 4.5, 0.5  # of what is estimated (decision 020)
SKIN_PROTECTION_SHARE = 0.6  # of clarity and contrast, from which skin is spared


@dataclass(frozen=True)
class ToneAdjustment:
    """A tone adjustment; all 0 is none.

    Attributes
    ----------
    exposure
        Stops.
    lift
        Parameter of the low-light curve, -1..1.
    contrast, highlights, shadows, clarity
        -1..1.
    haze
        Linear light, 0..1, that is removed first.
    """

    exposure: float = 0
    lift: float = 0
    contrast: float = 0
    highlights: float = 0
    shadows: float = 0
    clarity: float = 0
    haze: float = 0

    @property
    def needs_base_layer(self) -> bool:
        return bool(self.highlights or self.shadows or self.clarity)


NO_ADJUSTMENT = ToneAdjustment()


@dataclass(frozen=True, eq=False)
class LocalGuides:
    """What is measured on a reduced picture: skin protection (1 x h x w, 0..1), and the base layer where it is
    needed."""

    skin_protection: Floats
    base_layer: guided_filter.BaseLayer | None


def plan_tone(picture: Picture, step: Light, where: Pixels | None = None) -> ToneAdjustment:
    """The adjustment that a step asks for; for auto, on top of the estimated one."""
    estimate = estimate_tone(sample_light(picture, where)) if step.light == "auto" else NO_ADJUSTMENT
    return ToneAdjustment(
        exposure=estimate.exposure + step.exposure,
        lift=estimate.lift,
        contrast=float(np.clip(estimate.contrast + step.contrast / 100, -1, 1)),
        highlights=float(np.clip(estimate.highlights + step.highlights / 100, -1, 1)),
        shadows=float(np.clip(estimate.shadows + step.shadows / 100, -1, 1)),
        clarity=float(np.clip(estimate.clarity + step.clarity / 100, -1, 1)),
        haze=estimate.haze,
    )


def estimate_tone(sample: LightSample) -> ToneAdjustment:
    """The adjustment that a photograph needs (decision 020): none where it is well exposed, nearly all of it where
    nothing is bright; where something is, dusk stays dusk."""
    light = sample.visible_light
    if len(light) < MIN_SAMPLE_PIXELS:
        return NO_ADJUSTMENT
    haze = dehazing.estimate_haze(sample)
    value = encode_srgb(dehazing.remove_haze(largest_channel(light), haze))
    low, median, bright, high = (float(v) for v in np.percentile(value, (1, 50, 90, 99)))
    exposure = _estimate_exposure(high)
    if exposure:
        low, median, bright = (v * 2 ** (exposure / STOPS_PER_ENCODED_DOUBLING) for v in (low, median, bright))
    lift = 0.0
    if median < 0.3:  # dark all over; where a tenth is bright, the dark is a black coat or a wood
        lift = min(MAX_LIFT, 1.5 * (0.3 - median)) * float(np.clip((0.65 - bright) / 0.25, 0, 1))
    elif median > 0.75 and low > 0.25:
        lift = -min(0.3, median - 0.75)
    flatness = np.clip((0.14 - np.std(value)) / 0.08, 0, 1) * np.clip((0.75 - (high - low)) / 0.25, 0, 1)
    return ToneAdjustment(exposure, lift, contrast=0.3 * float(flatness), haze=haze)


def _estimate_exposure(high: float) -> float:
    """Stops that bring the brightest pixels (encoded) near to white, where none is bright."""
    lowest, highest = HIGHLIGHT_TARGET_RANGE
    if high >= lowest:
        return 0.0
    target = lowest + (highest - lowest) * min(1.0, (lowest - high) / HIGHLIGHT_TARGET_RAMP)
    stops = EXPOSURE_CORRECTION_SHARE * STOPS_PER_ENCODED_DOUBLING * float(np.log2(target / max(high, 0.08)))
    return min(MAX_EXPOSURE_STOPS, stops)


def apply_tone(picture: Picture, tone: ToneAdjustment, strength: float = 1, where: Pixels | None = None) -> Picture:
    """Apply a tone adjustment.

    Parameters
    ----------
    picture
        Either depth, any profile; alpha is kept.
    tone
        `NO_ADJUSTMENT` returns the picture itself.
    strength
        0..1. 0 returns the picture itself.
    where
        H x W mask, 0 to its peak: where the adjustment applies.
    """
    if tone == NO_ADJUSTMENT or strength == 0:
        return picture
    guides = _measure_guides(picture, tone) if tone.needs_base_layer or tone.contrast > 0 else None

    def transform(linear: Floats, rows: slice) -> Floats:
        linear = dehazing.remove_haze(linear, tone.haze)
        before = largest_channel(linear)
        after = _adjust_brightness(before, tone, guides, picture, rows)
        gain = after / np.maximum(before, np.float32(1e-6))
        result: Floats = linear * gain[..., None]
        return result

    return apply_in_linear_light(picture, transform, strength, where)


def _measure_guides(picture: Picture, tone: ToneAdjustment) -> LocalGuides:
    sample = sample_light(Picture(picture.rgb, None, picture.profile), side=guided_filter.GRID_SIDE_CELLS)
    radius = max(1, max(sample.grid.shape[:2]) // (2 * guided_filter.RADIUS_DIVISOR))
    likelihood = box_filter(skin_likelihood(sample.grid, sample.space), radius)
    base_layer = None
    if tone.needs_base_layer:
        value = apply_exposure_and_lift(dehazing.remove_haze(largest_channel(sample.grid), tone.haze), tone)
        base_layer = guided_filter.fit_base_layer(np.log2(value + MIN_LOG_LIGHT), picture.shape)
    return LocalGuides(likelihood[None] * np.float32(SKIN_PROTECTION_SHARE), base_layer)


def _adjust_brightness(
    before: Floats, tone: ToneAdjustment, guides: LocalGuides | None, picture: Picture, rows: slice
) -> Floats:
    """The brightness of some rows after the adjustment."""
    exposed = apply_exposure_and_lift(before, tone)
    effect_weight: float | Floats = 1
    if guides is not None:
        effect_weight = 1 - guided_filter.upsample_rows(guides.skin_protection, picture.shape, rows)[0]
    after = apply_contrast(exposed, tone.contrast * effect_weight) if tone.contrast else exposed
    if guides is None or guides.base_layer is None:
        return after
    return apply_gain_with_shoulder(after, _local_gain(exposed, guides.base_layer, tone, rows, effect_weight))


def apply_exposure_and_lift(value: Floats, tone: ToneAdjustment) -> Floats:
    """Exposure, then the low-light curve, on linear light; monotonic, keeps 0 and 1."""
    result = apply_gain_with_shoulder(value, np.float32(2.0**tone.exposure)) if tone.exposure else value
    if tone.lift:
        result = decode_srgb(apply_low_light_curve(encode_srgb(result), tone.lift))
    return result


def shadow_gain(tone: ToneAdjustment) -> float:
    """How much steeper an adjustment makes encoded values in the shadows, and so their noise; 1 at least."""
    dark = encode_srgb(apply_exposure_and_lift(decode_srgb(np.array(SHADOW_VALUES, np.float32)), tone))
    slope = float(dark[1] - dark[0]) / (SHADOW_VALUES[1] - SHADOW_VALUES[0])
    return max(1.0, slope * 2 ** (MAX_SHADOW_STOPS * max(0.0, tone.shadows) / STOPS_PER_ENCODED_DOUBLING))


def apply_low_light_curve(value: Floats, amount: float) -> Floats:
    """x + a x (1 - x), iterated, on encoded values; a negative amount darkens."""
    for _ in range(CURVE_ITERATIONS):
        value = value + np.float32(amount) * value * (1 - value)
    return value


def apply_contrast(value: Floats, amount: float | Floats) -> Floats:
    """An S curve around the middle of encoded values, on linear light; monotonic, keeps 0, the middle and 1."""
    x = encode_srgb(value)
    curved: Floats = x - np.float32(0.9 / (2 * np.pi)) * np.asarray(amount, np.float32) * np.sin(2 * np.pi * x)
    return decode_srgb(curved)


def apply_gain_with_shoulder(value: Floats, gain: Floats | np.float32) -> Floats:
    """Linear light times a gain; above the shoulder it approaches 1 and does not reach it, unless it was there
    before."""
    gained = value * gain
    knee = np.maximum(value, np.float32(SHOULDER_START))
    headroom = np.maximum(1 - knee, np.float32(1e-6))
    excess = np.maximum(gained - knee, 0)
    compressed = np.minimum(knee + headroom * excess / (headroom + excess), 1)
    return np.where(gained > knee, compressed, gained).astype(np.float32)


def _local_gain(
    value: Floats, base_layer: guided_filter.BaseLayer, tone: ToneAdjustment, rows: slice, effect_weight: float | Floats
) -> Floats:
    """The gain of highlights and shadows, by the base layer, and of clarity, by the detail above it."""
    stops = np.log2(value + MIN_LOG_LIGHT)
    base = base_layer.evaluate(stops, rows)
    level = base - np.float32(np.log2(MIDDLE_GREY))  # stops above middle grey
    shift = MAX_SHADOW_STOPS * tone.shadows * smoothstep(-level - 0.5, 3) * smoothstep(level + 9, 3)
    shift += 1.3 * tone.highlights * smoothstep(level - 0.2, 2)
    shift += 0.8 * tone.clarity * np.clip(stops - base, -1, 1) * effect_weight * smoothstep(level + 7, 3)
    gain: Floats = np.exp2(shift.astype(np.float32))
    return gain
