"""Recipes in words are read back as themselves; hostile texts are answered with mattebox's own errors, soon."""

from __future__ import annotations

import contextlib
import time
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mattebox.errors import MatteboxError, UsageError
from mattebox.language.description import describe_recipe
from mattebox.language.plan import plan_request
from mattebox.recipe.flat_parameters import base_type, parameters_by_name
from mattebox.recipe.presets import find_preset, preset_names
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import STEP_ORDER, Scene, Step

MAX_SECONDS = 20  # on a busy computer; it takes less than one
TEXTS = st.one_of(
    st.sampled_from(["white", "#f4f4f4", "5%", "20px", "1200x800", "4:5", "auto", "none", "2x", "a b/c d.jpg", "-5"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
)


def values_of(info: msgspec.inspect.Type) -> st.SearchStrategy[Any]:
    """Any value of a field's type."""
    if isinstance(info, msgspec.inspect.LiteralType):
        return st.sampled_from(list(info.values))
    if isinstance(info, msgspec.inspect.IntType):
        return st.integers(info.ge, info.le)
    if isinstance(info, msgspec.inspect.FloatType):
        return st.floats(info.ge, info.le, allow_nan=False, allow_infinity=False)
    return TEXTS


@st.composite
def recipes(draw: st.DrawFn) -> Recipe:
    """Any valid recipe, by its own declarations."""
    types = draw(st.lists(st.sampled_from(STEP_ORDER), min_size=1, unique=True))
    steps: list[Step] = []
    for step in sorted(types, key=STEP_ORDER.index):
        parameters = [p for p in parameters_by_name().values() if p.step is step]
        chosen = draw(st.lists(st.sampled_from(parameters), max_size=3, unique_by=lambda p: p.name))
        values = {p.field.name: draw(values_of(base_type(p))) for p in chosen}
        if step is Scene:  # a flat value of names is sorted, and has no other word for nothing
            values |= {"keep": " ".join(sorted(set(values.get("keep", "").replace("none", "").split()))) or "none"}
        steps.append(step(**values))
    try:
        return Recipe(tuple(steps), draw(TEXTS))  # type: ignore[arg-type]
    except UsageError:  # a matte has no composition
        return Recipe(tuple(s for s in steps if s.tag() != "cut") or (STEP_ORDER[0](),))  # type: ignore[arg-type]


@pytest.mark.parametrize("language", ["en", "de"])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(recipe=recipes())
def test_every_recipe_is_read_back_from_its_words(language: str, recipe: Recipe) -> None:
    assert plan_request(describe_recipe(recipe, language), language=language).recipe == recipe


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_preset_is_read_back_from_its_words(language: str) -> None:
    for name in preset_names():
        recipe = find_preset(name)
        assert plan_request(describe_recipe(recipe, language), language=language).recipe == recipe


def test_plain_words_are_used_where_there_are_any() -> None:
    words = describe_recipe(plan_request("white background, soft shadow, more contrast").recipe)
    assert "white background" in words
    assert "soft" in words


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_any_text_is_answered_with_our_own_errors(text: str) -> None:
    with contextlib.suppress(MatteboxError):
        plan_request(text)


@pytest.mark.parametrize(
    "text",
    ["white " * 1700, "x" * 10_000, "(" * 10_000, '"' * 9_999, "1," * 5_000, "a=" * 5_000, "#" * 10_000,
     "a bit less, " * 800, "more contrast. " * 130, "\u0301" * 10_000, "𝔴𝔥𝔦𝔱𝔢 background", "١٢٣ px",
     "linear-gradient(" * 600, "brighter and " * 130, "\x00\x01", "½ brighter", "1e999% contrast", "9" * 10_000],
)  # fmt: skip
def test_hostile_texts_are_answered_soon(text: str) -> None:
    start = time.monotonic()
    with contextlib.suppress(MatteboxError):
        plan_request(text)
    assert time.monotonic() - start < MAX_SECONDS
