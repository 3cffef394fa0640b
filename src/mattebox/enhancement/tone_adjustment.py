"""Tone: exposure, contrast, highlights, shadows and clarity, by hand or as much of them as a photograph needs.

All is one gain for each pixel, by which its red, green and blue are multiplied alike: hue and saturation stay, grey
stays grey. Brightness is the largest of the three, so that nothing that was not burnt out becomes so; what lies above
the shoulder is bent, never cut. Highlights, shadows and clarity work on an edge-aware base (`local`), and lightly on
skin. Low light is lifted by the iterated curve of Zero-DCE (Guo et al. 2020), its parameter told by the histogram.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mattebox.enhancement import dehazing, guided_filter, skin_likelihood
from mattebox.enhancement.linear_light import (
    LightSample,
    apply_in_linear_light,
    colour_space_of,
    sample_light,
)
from mattebox.recipe.steps import Light
from mattebox.types import Floats, Picture, Pixels

MIN_LOG_LIGHT = np.float32(2.0**-10)  # light below which brightness in stops stands still
SHOULDER_START = 0.75  # light above which gains are bent
CURVE_ITERATIONS = 4  # of the curve for low light
MIDDLE_GREY = 0.18  # grey
STOPS_PER_ENCODED_DOUBLING = 2.2  # stops of light in one doubling of encoded values, about
HIGHLIGHT_TARGET_RANGE, HIGHLIGHT_TARGET_RAMP = (
    (0.75, 0.9),
    0.35,
)  # encoded values that the brightest shall have; the farther below, the higher
EXPOSURE_CORRECTION_SHARE = 0.9  # of the way there
SKIN_PROTECTION_SHARE = 0.6  # share of clarity and contrast that skin is spared


@dataclass(frozen=True)
class ToneAdjustment:
    """What is done: a `haze` (0..1, linear) is taken off, then `exposure` and `lift` in order, then `contrast`, then
    what works on the base: `highlights` and `shadows`, and `clarity`. All 0 is nothing; exposure is in stops, the rest
    from -1 to 1."""

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


def plan_tone(picture: Picture, step: Light, where: Pixels | None = None) -> ToneAdjustment:
    """What the step asks for; for auto, on top of what the picture needs."""
    found = estimate_tone(sample_light(picture, where)) if step.light == "auto" else NO_ADJUSTMENT
    return ToneAdjustment(
        exposure=found.exposure + step.exposure,
        lift=found.lift,
        contrast=float(np.clip(found.contrast + step.contrast / 100, -1, 1)),
        highlights=float(np.clip(found.highlights + step.highlights / 100, -1, 1)),
        shadows=float(np.clip(found.shadows + step.shadows / 100, -1, 1)),
        clarity=float(np.clip(found.clarity + step.clarity / 100, -1, 1)),
        haze=found.haze,
    )


def estimate_tone(sample: LightSample) -> ToneAdjustment:
    """No more than a photograph needs: nothing for one that is well exposed, nearly all of the way for one in which
    nothing is bright; where something is, dusk is to stay dusk (figures in LOG.md)."""
    seen = sample.weights > 0.5
    if seen.sum() < 64:
        return NO_ADJUSTMENT
    hazy = dehazing.estimate_haze(sample)
    value = encode_srgb(dehazing.remove_haze(sample.light.max(-1)[seen], hazy))
    low, middle, bright, high = (float(v) for v in np.percentile(value, (1, 50, 90, 99)))
    exposure = 0.0
    if high < HIGHLIGHT_TARGET_RANGE[0]:  # nothing bright in it: stretched so that its brightest come near to white
        wanted = HIGHLIGHT_TARGET_RANGE[0] + (HIGHLIGHT_TARGET_RANGE[1] - HIGHLIGHT_TARGET_RANGE[0]) * min(
            1.0, (HIGHLIGHT_TARGET_RANGE[0] - high) / HIGHLIGHT_TARGET_RAMP
        )
        exposure = min(
            4.5, EXPOSURE_CORRECTION_SHARE * STOPS_PER_ENCODED_DOUBLING * float(np.log2(wanted / max(high, 0.08)))
        )
        low, middle, bright = (v * 2 ** (exposure / STOPS_PER_ENCODED_DOUBLING) for v in (low, middle, bright))
    lift = 0.0
    if middle < 0.3:  # dark all over; where a tenth is bright, the dark is a black coat or a wood
        lift = min(0.5, 1.5 * (0.3 - middle)) * float(np.clip((0.65 - bright) / 0.25, 0, 1))
    elif middle > 0.75 and low > 0.25:
        lift = -min(0.3, middle - 0.75)
    narrow = np.clip((0.14 - np.std(value)) / 0.08, 0, 1) * np.clip((0.75 - (high - low)) / 0.25, 0, 1)
    return ToneAdjustment(exposure, lift, contrast=0.3 * float(narrow), haze=hazy)


def apply_tone(picture: Picture, tone: ToneAdjustment, strength: float = 1, where: Pixels | None = None) -> Picture:
    """The picture with that tone; strength 0, and no tone, are the picture itself."""
    if tone == NO_ADJUSTMENT or strength == 0:
        return picture
    space, spared = colour_space_of(picture), None
    ground = None
    if tone.needs_base_layer or tone.contrast > 0:
        small = sample_light(Picture(picture.rgb, None, picture.profile), side=guided_filter.GRID_SIDE_CELLS).grid
        radius = max(1, max(small.shape[:2]) // (2 * guided_filter.RADIUS_DIVISOR))
        spared = guided_filter.box_filter(skin_likelihood.skin_likelihood(small, space), radius)[None] * np.float32(
            SKIN_PROTECTION_SHARE
        )
        ground = (
            guided_filter.fit_base_layer(
                np.log2(apply_exposure_and_lift(dehazing.remove_haze(small.max(-1), tone.haze), tone) + MIN_LOG_LIGHT),
                picture.shape,
            )
            if tone.needs_base_layer
            else None
        )

    def work(linear: Floats, rows: slice) -> Floats:
        linear = dehazing.remove_haze(linear, tone.haze)
        before = linear.max(-1)
        care = None if spared is None else 1 - guided_filter.upsample_rows(spared, picture.shape, rows)[0]
        after = apply_exposure_and_lift(before, tone)
        if tone.contrast:
            after = apply_contrast(after, tone.contrast if care is None else tone.contrast * care)
        if ground is not None and care is not None:
            after = apply_gain_with_shoulder(
                after, _local_gain(apply_exposure_and_lift(before, tone), ground, tone, rows, care)
            )
        gain = after / np.maximum(before, np.float32(1e-6))
        made: Floats = linear * gain[..., None]
        return made

    return apply_in_linear_light(picture, work, strength, where)


def apply_exposure_and_lift(value: Floats, tone: ToneAdjustment) -> Floats:
    """Exposure, then the curve for low light. Rises with the light, keeps 0 and 1."""
    made = apply_gain_with_shoulder(value, np.float32(2.0**tone.exposure)) if tone.exposure else value
    if tone.lift:
        made = decode_srgb(apply_low_light_curve(encode_srgb(made), tone.lift))
    return made


def apply_low_light_curve(value: Floats, amount: float) -> Floats:
    """x + a x (1 - x), again and again, on encoded values; a negative amount darkens."""
    for _ in range(CURVE_ITERATIONS):
        value = value + np.float32(amount) * value * (1 - value)
    return value


def apply_contrast(value: Floats, amount: float | Floats) -> Floats:
    """An S around the middle of the encoded values; keeps 0, the middle and 1, and rises everywhere."""
    x = encode_srgb(value)
    made: Floats = x - np.float32(0.9 / (2 * np.pi)) * np.asarray(amount, np.float32) * np.sin(2 * np.pi * x)
    return decode_srgb(made)


def apply_gain_with_shoulder(value: Floats, gain: Floats | np.float32) -> Floats:
    """Light times a gain; above the shoulder it nears 1 and never gets there, unless it was there before."""
    made = value * gain
    knee = np.maximum(value, np.float32(SHOULDER_START))
    room = np.maximum(1 - knee, np.float32(1e-6))
    over = np.maximum(made - knee, 0)
    return np.where(made > knee, np.minimum(knee + room * over / (room + over), 1), made).astype(np.float32)


def _local_gain(
    value: Floats, base_layer: guided_filter.BaseLayer, tone: ToneAdjustment, rows: slice, effect_weight: Floats
) -> Floats:
    """By how much the base is raised or lowered, and what stands out from it strengthened."""
    stops = np.log2(value + MIN_LOG_LIGHT)
    under = base_layer.evaluate(stops, rows)
    height = under - np.float32(np.log2(MIDDLE_GREY))  # stops above middle grey
    move = 1.5 * tone.shadows * _smoothstep(-height - 0.5, 3) * _smoothstep(height + 9, 3)
    move += 1.3 * tone.highlights * _smoothstep(height - 0.2, 2)
    move += 0.8 * tone.clarity * np.clip(stops - under, -1, 1) * effect_weight * _smoothstep(height + 7, 3)
    made: Floats = np.exp2(move.astype(np.float32))
    return made


def _smoothstep(x: Floats, width: float) -> Floats:
    t = np.clip(x / width, 0, 1)
    made: Floats = t * t * (3 - 2 * t)
    return made


def encode_srgb(light: Floats) -> Floats:
    """Light as sRGB's curve writes it: about as it is seen."""
    x = np.clip(light, 0, 1)
    made: Floats = np.where(x <= 0.0031308, 12.92 * x, 1.055 * x ** np.float32(1 / 2.4) - 0.055).astype(np.float32)
    return made


def decode_srgb(value: Floats) -> Floats:
    x = np.clip(value, 0, 1)
    made: Floats = np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** np.float32(2.4)).astype(np.float32)
    return made
