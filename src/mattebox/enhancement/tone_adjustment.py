"""Tone: exposure, contrast, highlights, shadows and clarity, by hand or as much of them as a photograph needs.

All is one gain for each pixel, by which its red, green and blue are multiplied alike: hue and saturation stay, grey
stays grey. Brightness is the largest of the three, so that nothing that was not burnt out becomes so; what lies above
the shoulder is bent, never cut. Highlights, shadows and clarity work on an edge-aware base (`local`), and lightly on
skin. Low light is lifted by the iterated curve of Zero-DCE (Guo et al. 2020), its parameter told by the histogram.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mattebox.enhancement import dehazing, guided_filter, skin_mask
from mattebox.enhancement.linear_light import Sample, sampled, space_of, worked
from mattebox.recipe.recipe import Light
from mattebox.types import Floats, Picture, Pixels

DARKEST = np.float32(2.0**-10)  # light below which brightness in stops stands still
SHOULDER = 0.75  # light above which gains are bent
ITERATIONS = 4  # of the curve for low light
MIDDLE = 0.18  # grey
GAMMA = 2.2  # stops of light in one doubling of encoded values, about
BRIGHT, DIM = (0.75, 0.9), 0.35  # encoded values that the brightest shall have; the farther below, the higher
WAY = 0.9  # of the way there
SPARED = 0.6  # share of clarity and contrast that skin is spared


@dataclass(frozen=True)
class Tone:
    """What is done: a `veil` (0..1, linear) is taken off, then `exposure` and `lift` in order, then `contrast`, then
    what works on the base: `highlights` and `shadows`, and `clarity`. All 0 is nothing; exposure is in stops, the rest
    from -1 to 1."""

    exposure: float = 0
    lift: float = 0
    contrast: float = 0
    highlights: float = 0
    shadows: float = 0
    clarity: float = 0
    veil: float = 0

    @property
    def local(self) -> bool:
        return bool(self.highlights or self.shadows or self.clarity)


NONE = Tone()


def planned(picture: Picture, step: Light, where: Pixels | None = None) -> Tone:
    """What the step asks for; for auto, on top of what the picture needs."""
    found = needed(sampled(picture, where)) if step.light == "auto" else NONE
    return Tone(
        exposure=found.exposure + step.exposure,
        lift=found.lift,
        contrast=float(np.clip(found.contrast + step.contrast / 100, -1, 1)),
        highlights=float(np.clip(found.highlights + step.highlights / 100, -1, 1)),
        shadows=float(np.clip(found.shadows + step.shadows / 100, -1, 1)),
        clarity=float(np.clip(found.clarity + step.clarity / 100, -1, 1)),
        veil=found.veil,
    )


def needed(sample: Sample) -> Tone:
    """No more than a photograph needs: nothing for one that is well exposed, nearly all of the way for one in which
    nothing is bright; where something is, dusk is to stay dusk (figures in LOG.md)."""
    seen = sample.weight > 0.5
    if seen.sum() < 64:
        return NONE
    hazy = dehazing.found(sample)
    value = encoded(dehazing.lifted(sample.light.max(-1)[seen], hazy))
    low, middle, bright, high = (float(v) for v in np.percentile(value, (1, 50, 90, 99)))
    exposure = 0.0
    if high < BRIGHT[0]:  # nothing bright in it: stretched so that its brightest come near to white
        wanted = BRIGHT[0] + (BRIGHT[1] - BRIGHT[0]) * min(1.0, (BRIGHT[0] - high) / DIM)
        exposure = min(4.5, WAY * GAMMA * float(np.log2(wanted / max(high, 0.08))))
        low, middle, bright = (v * 2 ** (exposure / GAMMA) for v in (low, middle, bright))
    lift = 0.0
    if middle < 0.3:  # dark all over; where a tenth is bright, the dark is a black coat or a wood
        lift = min(0.5, 1.5 * (0.3 - middle)) * float(np.clip((0.65 - bright) / 0.25, 0, 1))
    elif middle > 0.75 and low > 0.25:
        lift = -min(0.3, middle - 0.75)
    narrow = np.clip((0.14 - np.std(value)) / 0.08, 0, 1) * np.clip((0.75 - (high - low)) / 0.25, 0, 1)
    return Tone(exposure, lift, contrast=0.3 * float(narrow), veil=hazy)


def lit(picture: Picture, tone: Tone, strength: float = 1, where: Pixels | None = None) -> Picture:
    """The picture with that tone; strength 0, and no tone, are the picture itself."""
    if tone == NONE or strength == 0:
        return picture
    space, spared = space_of(picture), None
    ground = None
    if tone.local or tone.contrast > 0:
        small = sampled(Picture(picture.rgb, None, picture.profile), side=guided_filter.GRID).grid
        radius = max(1, max(small.shape[:2]) // (2 * guided_filter.ACROSS))
        spared = guided_filter.box(skin_mask.likeness(small, space), radius)[None] * np.float32(SPARED)
        ground = (
            guided_filter.base(np.log2(curved(dehazing.lifted(small.max(-1), tone.veil), tone) + DARKEST), picture.size)
            if tone.local
            else None
        )

    def work(linear: Floats, rows: slice) -> Floats:
        linear = dehazing.lifted(linear, tone.veil)
        before = linear.max(-1)
        care = None if spared is None else 1 - guided_filter.enlarged(spared, picture.size, rows)[0]
        after = curved(before, tone)
        if tone.contrast:
            after = contrasted(after, tone.contrast if care is None else tone.contrast * care)
        if ground is not None and care is not None:
            after = bent(after, _local_gain(curved(before, tone), ground, tone, rows, care))
        gain = after / np.maximum(before, np.float32(1e-6))
        made: Floats = linear * gain[..., None]
        return made

    return worked(picture, work, strength, where)


def curved(value: Floats, tone: Tone) -> Floats:
    """Exposure, then the curve for low light. Rises with the light, keeps 0 and 1."""
    made = bent(value, np.float32(2.0**tone.exposure)) if tone.exposure else value
    if tone.lift:
        made = decoded(lifted(encoded(made), tone.lift))
    return made


def lifted(value: Floats, amount: float) -> Floats:
    """x + a x (1 - x), again and again, on encoded values; a negative amount darkens."""
    for _ in range(ITERATIONS):
        value = value + np.float32(amount) * value * (1 - value)
    return value


def contrasted(value: Floats, amount: float | Floats) -> Floats:
    """An S around the middle of the encoded values; keeps 0, the middle and 1, and rises everywhere."""
    x = encoded(value)
    made: Floats = x - np.float32(0.9 / (2 * np.pi)) * np.asarray(amount, np.float32) * np.sin(2 * np.pi * x)
    return decoded(made)


def bent(value: Floats, gain: Floats | np.float32) -> Floats:
    """Light times a gain; above the shoulder it nears 1 and never gets there, unless it was there before."""
    made = value * gain
    knee = np.maximum(value, np.float32(SHOULDER))
    room = np.maximum(1 - knee, np.float32(1e-6))
    over = np.maximum(made - knee, 0)
    return np.where(made > knee, np.minimum(knee + room * over / (room + over), 1), made).astype(np.float32)


def _local_gain(value: Floats, ground: guided_filter.Base, tone: Tone, rows: slice, care: Floats) -> Floats:
    """By how much the base is raised or lowered, and what stands out from it strengthened."""
    stops = np.log2(value + DARKEST)
    under = ground.at(stops, rows)
    height = under - np.float32(np.log2(MIDDLE))  # stops above middle grey
    move = 1.5 * tone.shadows * _ramp(-height - 0.5, 3) * _ramp(height + 9, 3)
    move += 1.3 * tone.highlights * _ramp(height - 0.2, 2)
    move += 0.8 * tone.clarity * np.clip(stops - under, -1, 1) * care * _ramp(height + 7, 3)
    made: Floats = np.exp2(move.astype(np.float32))
    return made


def _ramp(x: Floats, width: float) -> Floats:
    t = np.clip(x / width, 0, 1)
    made: Floats = t * t * (3 - 2 * t)
    return made


def encoded(light: Floats) -> Floats:
    """Light as sRGB's curve writes it: about as it is seen."""
    x = np.clip(light, 0, 1)
    made: Floats = np.where(x <= 0.0031308, 12.92 * x, 1.055 * x ** np.float32(1 / 2.4) - 0.055).astype(np.float32)
    return made


def decoded(value: Floats) -> Floats:
    x = np.clip(value, 0, 1)
    made: Floats = np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** np.float32(2.4)).astype(np.float32)
    return made
