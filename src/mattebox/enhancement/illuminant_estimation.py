"""Estimation of a photograph's illuminant, and of how far the estimate can be trusted (decision 019).

Grey world, shades of grey, grey edge and bright pixels rely on a rule of thumb each, the learned filters on
photographs. Where they agree the whole cast is corrected; less of it the more they disagree, the farther the illuminant
lies from daylight and lamps, the bluer it is than shade, the closer to cyan, and the hazier the photograph is. A cast
that is hardly larger than what the estimators disagree by is left alone: it may be the subject's own colour. A strong
cast lies near the border of the histograms, where the learned estimate is vague: it is estimated again on what the
first estimate has corrected.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mattebox.enhancement import dehazing, learned_illuminant
from mattebox.enhancement.colour_space import Float64Array
from mattebox.enhancement.illuminant import (
    MAX_LOG_CHROMATICITY,
    NEUTRAL_LIGHT,
    light_from_log_chromaticity,
    log_chromaticity,
)
from mattebox.enhancement.light_sample import MIN_SAMPLE_PIXELS, LightSample, pixels_with_neighbours
from mattebox.enhancement.ramps import fade_out

# In log chromaticity: where confidence begins to fade, and where it is gone.
UNCERTAINTY_FADE_RANGE = (0.3, 0.7)  # the learned estimate's standard deviation
DISAGREEMENT_FADE_RANGE = (0.5, 1.2)  # distance of the nearest other estimate
GREEN_MAGENTA_FADE_RANGE = (0.35, 0.9)  # distance from daylight and lamps, towards green or magenta
SMALL_CAST_FADE_RANGE = (0.05, 0.25)  # rising: smaller casts are left alone, larger ones are corrected
DISAGREEMENT_WEIGHT = 0.5  # of the median disagreement, by which a cast must be larger than that
STRONG_CAST = 0.6  # from which it is estimated twice
BLUE_FADE_RANGE = (0.5, 0.9)  # excess of blue over red: bluer than shade, it is a sky or the sea
CYAN_FADE_RANGE = (0.1, 0.35)  # lack of red beyond the excess of blue: no lamp is cyan, pale skies and water are
HAZE_FADE_RANGE = (0.02, 0.12)  # linear light: haze hides a cast or imitates one


@dataclass(frozen=True, eq=False)
class WhiteBalanceEstimate:
    """An estimated illuminant.

    Attributes
    ----------
    light_to_correct
        The part of the illuminant that can be trusted (linear RGB, green = 1); all ones for no correction.
    estimated_light
        The illuminant itself.
    confidence
        0..1.
    haze
        Linear light, 0..1, of the haze over the photograph.
    """

    light_to_correct: Float64Array
    estimated_light: Float64Array
    confidence: float
    haze: float = 0


def estimate_white_balance(sample: LightSample) -> WhiteBalanceEstimate:
    """The illuminant of a photograph, and the part of it that can be trusted."""
    haze = dehazing.estimate_haze(sample)
    sample = sample.with_grid(dehazing.remove_haze(sample.grid, haze))
    learned = _estimate_learned(sample)
    if learned is None:
        return WhiteBalanceEstimate(NEUTRAL_LIGHT, NEUTRAL_LIGHT, 0, haze)
    chromaticity = learned.log_chromaticity
    others = [log_chromaticity(light) for name, light in illuminant_estimates(sample) if name != "learned"]
    disagreements = [float(np.linalg.norm(chromaticity - other)) for other in others]
    excess = float(np.linalg.norm(chromaticity)) - DISAGREEMENT_WEIGHT * float(np.median(disagreements))
    green_magenta = abs(float(chromaticity.sum())) / 2**0.5  # daylight and lamps lie along red against blue
    confidence = (
        fade_out(learned.standard_deviation, *UNCERTAINTY_FADE_RANGE)
        * fade_out(min(disagreements), *DISAGREEMENT_FADE_RANGE)
        * fade_out(green_magenta, *GREEN_MAGENTA_FADE_RANGE)
        * (1 - fade_out(excess, *SMALL_CAST_FADE_RANGE))
    )
    confidence *= fade_out(float(chromaticity[1] - chromaticity[0]), *BLUE_FADE_RANGE)
    confidence *= fade_out(-float(chromaticity[0] + abs(chromaticity[1])), *CYAN_FADE_RANGE)
    confidence *= fade_out(haze, *HAZE_FADE_RANGE)
    return WhiteBalanceEstimate(
        light_from_log_chromaticity(chromaticity * confidence),
        light_from_log_chromaticity(chromaticity),
        confidence,
        haze,
    )


def _estimate_learned(sample: LightSample) -> learned_illuminant.IlluminantEstimate | None:
    """The learned estimate, a strong one refined."""
    first = learned_illuminant.estimate_illuminant(sample)
    if first is None or float(np.linalg.norm(first.log_chromaticity)) < STRONG_CAST:
        return first
    light = light_from_log_chromaticity(first.log_chromaticity)
    corrected = sample.grid * (light.min() / light).astype(np.float32)
    second = learned_illuminant.estimate_illuminant(sample.with_grid(corrected))
    if second is None or second.standard_deviation > first.standard_deviation:
        return first
    total = np.clip(first.log_chromaticity + second.log_chromaticity, -MAX_LOG_CHROMATICITY, MAX_LOG_CHROMATICITY)
    return learned_illuminant.IlluminantEstimate(total, second.standard_deviation)


def illuminant_estimates(sample: LightSample) -> list[tuple[str, Float64Array]]:
    """The illuminant by each estimator; a neutral grey world alone when too few pixels are usable.

    Grey world: Buchsbaum 1980. Shades of grey: Finlayson & Trezzi 2004. Grey edge: van de Weijer et al. 2007. Bright
    pixels: Joze et al. 2012. Learned: see `learned_illuminant`.
    """
    usable = sample.usable_mask
    if usable.sum() < MIN_SAMPLE_PIXELS:
        return [("grey world", NEUTRAL_LIGHT)]
    light = sample.grid[usable].astype(np.float64)
    edges = np.hypot(*sample.gradients())[pixels_with_neighbours(usable)].astype(np.float64)
    brightest = light[light.sum(1) >= np.percentile(light.sum(1), 95)]
    estimates = [("grey world", light.mean(0)), ("shades of grey", _minkowski_mean(light, 6))]
    if len(edges) and edges.mean(0).min() > 0:
        estimates.append(("grey edge", _minkowski_mean(edges, 6)))
    estimates.append(("bright pixels", brightest.mean(0)))
    result = [(name, light_from_log_chromaticity(log_chromaticity(estimate))) for name, estimate in estimates]
    learned = learned_illuminant.estimate_illuminant(sample)
    if learned is not None:
        result.append(("learned", light_from_log_chromaticity(learned.log_chromaticity)))
    return result


def _minkowski_mean(values: Float64Array, power: int) -> Float64Array:
    return np.asarray((values**power).mean(0) ** (1 / power))
