"""Tone: monotonic curves without clipping, neutral greys, constant ratios, good photographs left alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mattebox.enhancement import tone_adjustment
from mattebox.enhancement.colour_space import colour_space_of
from mattebox.enhancement.light_sample import sample_light
from mattebox.enhancement.tone_adjustment import ToneAdjustment
from mattebox.recipe.steps import Light
from mattebox.types import Picture

ONE = st.floats(-1, 1)
TONES = st.builds(ToneAdjustment, st.floats(-4, 4), st.floats(-0.5, 0.6), ONE, ONE, ONE, ONE)


def scene(dtype: type, seed: int = 0, size: tuple[int, int] = (40, 60)) -> Picture:
    rng = np.random.default_rng(seed)
    peak = int(np.iinfo(dtype).max)
    smooth = np.linspace(0, 1, size[1])[None, :, None] * rng.random((size[0], 1, 3))
    return Picture((smooth * peak).astype(dtype))


@given(exposure=st.floats(-5, 5), lift=st.floats(-0.6, 0.6), contrast=ONE)
def test_curves_rise_and_keep_their_ends(exposure: float, lift: float, contrast: float) -> None:
    x = np.linspace(0, 1, 2000, dtype=np.float32)
    curve = tone_adjustment.apply_contrast(
        tone_adjustment.apply_exposure_and_lift(x, ToneAdjustment(exposure, lift)), contrast
    )
    assert np.diff(curve).min() > -1e-5
    assert curve[0] == pytest.approx(0, abs=1e-6)
    assert curve.max() <= 1 + 1e-6
    if exposure >= 0:
        assert curve[-1] == pytest.approx(1, abs=1e-5)


@settings(max_examples=25)
@given(result=TONES, deep=st.booleans())
def test_grey_stays_grey(result: ToneAdjustment, deep: bool) -> None:
    grey = np.linspace(0, 65535 if deep else 255, 2400).astype(np.uint16 if deep else np.uint8)
    picture = Picture(np.repeat(grey.reshape(40, 60, 1), 3, axis=2))
    after = tone_adjustment.apply_tone(picture, result).rgb
    assert np.ptp(after.astype(int), axis=-1).max() == 0
    assert after.dtype == picture.rgb.dtype


@settings(max_examples=25)
@given(result=TONES, seed=st.integers(0, 50))
def test_hues_stay_and_nothing_is_burnt_out(result: ToneAdjustment, seed: int) -> None:
    picture = scene(np.uint16, seed)
    after = tone_adjustment.apply_tone(picture, result).rgb
    space = colour_space_of(picture)
    before, light = space.decode(picture.rgb), space.decode(after)
    visible = (before.min(-1) > 0.01) & (light.min(-1) > 0.01)
    ratios = (
        light[visible] / light[visible].max(-1, keepdims=True),
        before[visible] / before[visible].max(-1, keepdims=True),
    )
    assert np.abs(ratios[0] - ratios[1]).max(initial=0) < 0.01
    inside = picture.rgb.max(-1) < 50000
    assert after.max(-1)[inside].max() < 65535 or result.exposure > 2


@given(result=TONES)
@settings(max_examples=10)
def test_strength_0_and_no_tone_are_the_picture_itself(result: ToneAdjustment) -> None:
    picture = scene(np.uint8)
    assert tone_adjustment.apply_tone(picture, result, 0) is picture
    assert tone_adjustment.apply_tone(picture, tone_adjustment.NO_ADJUSTMENT) is picture
    assert tone_adjustment.plan_tone(picture, Light()) == tone_adjustment.NO_ADJUSTMENT


@pytest.mark.parametrize("name", ["astronaut", "coffee", "rocket", "chelsea"])
def test_a_good_photograph_is_left_alone(name: str, request: pytest.FixtureRequest) -> None:
    picture = request.getfixturevalue(name)
    result = tone_adjustment.apply_tone(picture, tone_adjustment.plan_tone(picture, Light(light="auto")))
    assert np.abs(result.rgb.astype(int) - picture.rgb).mean() < 2


@pytest.mark.parametrize("name", ["astronaut", "coffee", "chelsea"])
def test_a_dark_photograph_comes_nearer_to_what_it_was(name: str, request: pytest.FixtureRequest) -> None:
    picture = request.getfixturevalue(name)
    space = colour_space_of(picture)
    dark = picture.with_pixels(space.encode(space.decode(picture.rgb) * np.float32(0.15), picture.bit_depth), None)
    result = tone_adjustment.apply_tone(dark, tone_adjustment.plan_tone(dark, Light(light="auto")))
    errors = [np.abs(p.rgb.astype(int) - picture.rgb).mean() for p in (dark, result)]
    assert errors[1] < 0.65 * errors[0]


def test_shadows_lift_what_is_dark_alone_and_highlights_lower_what_is_bright() -> None:
    halves = np.full((80, 120, 3), 30, np.uint8)
    halves[:, 60:] = 220
    picture = Picture(halves)
    lifted = tone_adjustment.apply_tone(picture, ToneAdjustment(shadows=1)).rgb.astype(int)
    lowered = tone_adjustment.apply_tone(picture, ToneAdjustment(highlights=-1)).rgb.astype(int)
    assert lifted[40, 10, 0] > 40
    assert abs(lifted[40, 110, 0] - 220) <= 1
    assert lowered[40, 110, 0] < 200
    assert abs(lowered[40, 10, 0] - 30) <= 1


def test_no_halo_at_an_edge() -> None:
    halves = np.full((80, 120, 3), 60, np.uint8)
    halves[:, 60:] = 200
    after = (
        tone_adjustment.apply_tone(Picture(halves), ToneAdjustment(shadows=1, highlights=-1)).rgb[40, :, 0].astype(int)
    )
    assert np.ptp(after[:60]) <= 4
    assert np.ptp(after[60:]) <= 4


def test_clarity_strengthens_texture_and_spares_skin() -> None:
    rng = np.random.default_rng(1)
    texture = rng.choice([0.85, 1.0], (100, 100, 1))
    grey, skin = (Picture((texture * colour).astype(np.uint8)) for colour in ((150, 150, 150), (205, 150, 120)))
    stronger = [
        tone_adjustment.apply_tone(p, ToneAdjustment(clarity=1)).rgb.max(-1).astype(float).std() / p.rgb.max(-1).std()
        for p in (grey, skin)
    ]
    assert stronger[0] > 1.15
    assert 1 < stronger[1] < 1 + 0.7 * (stronger[0] - 1)


def test_no_visible_pixels_need_no_adjustment() -> None:
    hidden = Picture(np.zeros((50, 50, 3), np.uint8), np.zeros((50, 50), np.uint8))
    assert tone_adjustment.estimate_tone(sample_light(hidden)) == tone_adjustment.NO_ADJUSTMENT


@pytest.mark.parametrize("size", [(1, 1), (1, 70), (70, 1), (3, 500)])
def test_any_size(size: tuple[int, int]) -> None:
    picture = Picture(np.full((*size, 3), 90, np.uint8))
    assert tone_adjustment.apply_tone(picture, ToneAdjustment(shadows=0.5, clarity=0.5, contrast=0.5)).shape == size
