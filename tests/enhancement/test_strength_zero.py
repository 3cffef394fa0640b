"""Strength 0 changes nothing, bit for bit: every effect, at either depth, with and without transparency.

The parameters are read from the recipe, so that a new effect without a strength of 0 fails here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mattebox as mb
from mattebox.enhancement.harmonisation import harmonise_subject
from mattebox.io.writer import write
from mattebox.recipe.flat_parameters import parameters_by_name
from mattebox.recipe.presets import ENHANCE_STEPS
from mattebox.recipe.steps import Save
from mattebox.types import Picture

STYLE = "STYLE"  # stands for a picture's path
NOTHING: list[dict[str, Any]] = [
    {"scene": "none"},
    {"heal": "none"},
    {"restore": "0", "restore_effort": "best"},
    {"restore": "none"},
    {"upscale": "1x", "upscale_model": "real"},
    {"upscale": "none", "upscale_detail": 50},
    {"faces": 0, "faces_model": "codeformer@faithful"},
    {"dehaze": 0, "far_light": 0.0, "distance_depth": "layers"},
    {"balance": "auto", "balance_strength": 0},
    {"balance": "3200K", "balance_strength": 0},
    {"balance": "none"},
    {"light": "auto", "light_strength": 0},
    {"exposure": 2.0, "contrast": 50, "highlights": -60, "shadows": 70, "clarity": 40, "light_strength": 0},
    {"exposure": 0.0, "contrast": 0, "highlights": 0, "shadows": 0, "clarity": 0, "light": "none", "saturation": 0},
    {"saturation": 0, "vibrance": 0, "warmth": 0},
    {"style": "watercolour", "style_strength": 0},
    {"style": STYLE, "style_strength": 0},
    {"style": STYLE, "style_method": "reinhard", "style_strength": 0},
    {"sharpen": 0, "sharpen_radius": 5.0, "sharpen_halo": 10},
    {"bokeh": "none", "bokeh_highlights": 100, "bokeh_aperture": "6"},
    {"hide": "none", "hide_method": "mosaic"},
    {"label": "ai-edited", "label_opacity": 0},
]


@pytest.fixture(scope="module")
def style(tmp_path_factory: pytest.TempPathFactory) -> str:
    path: Path = tmp_path_factory.mktemp("style") / "style.png"
    write(Picture(np.random.default_rng(1).integers(0, 256, (40, 50, 3), np.uint8)), path)
    return str(path)


@st.composite
def pictures(draw: st.DrawFn) -> Picture:
    size = draw(st.tuples(st.integers(1, 40), st.integers(1, 40)))
    kind = draw(st.sampled_from([np.uint8, np.uint16]))
    rng, peak = np.random.default_rng(draw(st.integers(0, 9))), np.iinfo(kind).max
    rgb = rng.integers(0, peak, (*size, 3), kind, endpoint=True)
    alpha = rng.choice(np.array([0, peak // 3, peak], kind), size) if draw(st.booleans()) else None
    return Picture(rgb, alpha)


@pytest.mark.parametrize("parameters", NOTHING, ids=str)
@settings(deadline=None, max_examples=12)
@given(picture=pictures())
def test_strength_0_changes_nothing(parameters: dict[str, Any], picture: Picture, style: str) -> None:
    before = picture.rgb.copy(), None if picture.alpha is None else picture.alpha.copy()
    result = mb.enhance(picture, **{k: style if v == STYLE else v for k, v in parameters.items()}).picture
    np.testing.assert_array_equal(result.rgb, before[0])
    np.testing.assert_array_equal(picture.rgb, before[0])  # and what was given stays as it was
    assert result.rgb.dtype == before[0].dtype
    assert (result.alpha is None) == (before[1] is None)
    if result.alpha is not None and before[1] is not None:
        np.testing.assert_array_equal(result.alpha, before[1])


def test_every_effect_is_covered() -> None:
    steps = {parameters_by_name()[name].step for parameters in NOTHING for name in parameters}
    assert steps == set(ENHANCE_STEPS) - {Save}


@settings(deadline=None, max_examples=25)
@given(picture=pictures(), backdrop=pictures())
def test_harmonisation_at_strength_0_returns_the_subject_itself(picture: Picture, backdrop: Picture) -> None:
    assert harmonise_subject(picture, backdrop, 0) is picture
