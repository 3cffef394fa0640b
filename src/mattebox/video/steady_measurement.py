"""Measurements of a clip's frames that hold steady: what a frame and those before it needed, without what passes by.

Measured frame by frame, strengths pump: a passing lamp darkens the rest. The median of two seconds does not see what
passes within one, and follows slow changes, such as a walk into the sun; an average over half a second rounds its
steps. Both begin anew with each scene.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import astuple, dataclass

import msgspec
import numpy as np

from mattebox.enhancement import blind_restoration, tone_adjustment, white_balance
from mattebox.enhancement.colour_space import Float64Array
from mattebox.enhancement.tone_adjustment import ToneAdjustment
from mattebox.enhancement.white_balance import WhiteBalanceCorrection
from mattebox.io import resampling
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Balance, Light, Restore
from mattebox.types import Picture

MEDIAN_SECONDS = 2.0
AVERAGING_SECONDS = 0.5  # after which a median counts 1/e
MIN_LIGHT = 1e-6  # before logarithms
MEASURED_SIDE_PIXELS = 512  # longer side of the frame on which light is measured


@dataclass(frozen=True, eq=False)
class FramePlan:
    """What a frame gets.

    Attributes
    ----------
    restoration : float
        Share of the restoring network's change, 0 to 1.
    balance : WhiteBalanceCorrection or None
    tone : ToneAdjustment or None
    """

    restoration: float = 0.0
    balance: WhiteBalanceCorrection | None = None
    tone: ToneAdjustment | None = None


class MeasurementState(msgspec.Struct, frozen=True):
    """What later measurements need of those so far: times and values of the last seconds, and their average."""

    recent: tuple[tuple[float, list[float]], ...] = ()
    average: list[float] | None = None


class SteadyMeasurement:
    """Measures frames in their order.

    Parameters
    ----------
    recipe : Recipe
        Whose steps are measured for.
    state : MeasurementState, optional
        Of the frames before, where an earlier run measured them.
    """

    def __init__(self, recipe: Recipe, state: MeasurementState | None = None) -> None:
        state = state or MeasurementState()
        self._restore, self._balance = recipe.find_step(Restore), recipe.find_step(Balance)
        self._light = recipe.find_step(Light)
        self._recent = deque((time, np.array(values)) for time, values in state.recent)
        self._average = None if state.average is None else np.array(state.average)

    @property
    def state(self) -> MeasurementState:
        """What later measurements need of the frames so far."""
        recent = tuple((time, values.tolist()) for time, values in self._recent)
        return MeasurementState(recent, None if self._average is None else self._average.tolist())

    def measure(self, picture: Picture, time: float, *, is_cut: bool) -> FramePlan:
        """The plan of the next frame; `is_cut` where a new scene starts. UsageError."""
        plan = self._measure_alone(picture)
        if is_cut:
            self._recent.clear()
            self._average = None
        before = self._recent[-1][0] if self._recent else time
        self._recent.append((time, _values_of(plan)))
        while time - self._recent[0][0] > MEDIAN_SECONDS:
            self._recent.popleft()
        median = np.median([values for _, values in self._recent], axis=0)
        if self._average is None:
            self._average = median
        share = -math.expm1(-max(time - before, 0) / AVERAGING_SECONDS)
        self._average = self._average + share * (median - self._average)
        return _plan_of(self._average, plan)

    def _measure_alone(self, picture: Picture) -> FramePlan:
        reduced = _reduce(picture)
        balance = tone = None
        if self._balance is not None:
            balance = white_balance.plan_white_balance(self._balance, reduced)
            reduced = white_balance.correct_white_balance(
                reduced, balance.light, self._balance.strength / 100, None, balance.haze
            )
        if self._light is not None:
            tone = tone_adjustment.plan_tone(reduced, self._light)
        restoration = 0.0
        if self._restore is not None:
            gain = 1.0 if tone is None else tone_adjustment.shadow_gain(tone)
            restoration = blind_restoration.resolve_strength(self._restore.amount, picture, gain)
        return FramePlan(restoration, balance, tone)


def _values_of(plan: FramePlan) -> Float64Array:
    """All numbers of a plan that can be averaged: of lights, their logarithms."""
    balance = plan.balance or WhiteBalanceCorrection(np.ones(3))
    tone = plan.tone or ToneAdjustment()
    lights = np.log(np.maximum(balance.light, MIN_LIGHT))
    return np.array([plan.restoration, balance.haze, *lights, *astuple(tone)], np.float64)


def _plan_of(values: Float64Array, like: FramePlan) -> FramePlan:
    """The plan of numbers, with what another plan has."""
    restoration, haze, light, tone = float(values[0]), float(values[1]), np.exp(values[2:5]), values[5:].tolist()
    return FramePlan(
        restoration,
        None if like.balance is None else WhiteBalanceCorrection(light, haze),
        None if like.tone is None else ToneAdjustment(*tone),
    )


def _reduce(picture: Picture) -> Picture:
    scale = MEASURED_SIDE_PIXELS / max(picture.shape)
    if scale >= 1:
        return picture
    shape = max(round(picture.shape[0] * scale), 1), max(round(picture.shape[1] * scale), 1)
    return picture.with_pixels(resampling.shrink(picture.rgb, shape), None)
