"""Flat names: one for each field of each step, the same in Python, on the command line and in forms."""

from pathlib import Path
from typing import get_args, get_type_hints

import msgspec
import pytest

from mattebox.api import CutParameters, EnhanceParameters
from mattebox.errors import UsageError
from mattebox.recipe.flat_parameters import (
    allowed_words,
    base_type,
    build_recipe,
    parameters_by_name,
    stringify_values,
)
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import STEP_ORDER, Background, CompositionStep, Cut, Frame, Shadow


def test_every_field_has_one_name_and_a_description() -> None:
    known = parameters_by_name()
    assert len(known) == sum(len(msgspec.structs.fields(step)) for step in STEP_ORDER)
    for parameter in known.values():
        assert parameter.help
        assert not parameter.help.endswith(".")


def test_python_takes_just_these() -> None:
    """Names and kinds of `mb.cut`'s parameters are the steps', and those of `mb.enhance` are among them."""
    stated, known = get_type_hints(CutParameters), parameters_by_name()
    assert set(stated) == set(known)
    assert {known[name].step for name in get_type_hints(EnhanceParameters)} == set(STEP_ORDER) - {
        Cut,
        *get_args(CompositionStep),
    }
    for name, parameter in known.items():
        if parameter.switch_value is not None:
            assert stated[name] is bool
        elif choice := allowed_words(parameter):
            assert set(choice) == set(get_args(stated[name]))
        elif isinstance(base_type(parameter), msgspec.inspect.StrType):
            assert str in (stated[name], *get_args(stated[name]))
        else:
            kinds = {msgspec.inspect.IntType: int, msgspec.inspect.FloatType: float}
            assert stated[name] is kinds[type(base_type(parameter))]


def test_defaults_are_a_plain_cut() -> None:
    assert build_recipe({}) == Recipe((Cut(),))
    plain = {name: p.default for name, p in parameters_by_name().items()}
    assert build_recipe(plain) == Recipe((Cut(),))


def test_values_find_their_steps() -> None:
    made = build_recipe({"background": "white", "crop": True, "shadow": "cast", "shadow_angle": 120, "model": "fast"})
    steps = (Cut(model="fast"), Frame(crop="subject"), Shadow(kind="cast", angle=120), Background(paint="white"))
    assert made == Recipe(steps)
    told = stringify_values(
        {"size": 1600, "rotate": -2.5, "background": Path("in") / "beach.jpg", "sharpen": 80, "crop": True}
    )
    text = {"size": "1600", "rotate": "-2.5", "background": str(Path("in") / "beach.jpg")}
    assert told == text | {"sharpen": 80, "crop": True}
    with pytest.raises(UsageError, match="size: it should be text, not a whole number"):
        build_recipe({"size": 1600})  # of a form or a file


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"backgruond": "white"}, "did you mean background"),
        ({"shadow": "long"}, "shadow: .long. is not one of its values; choose .*contact"),
        ({"shadow_opacity": 300}, "shadow_opacity: it may be at most 100"),
        ({"exposure": float("nan")}, "exposure: it must be a number, not nan; stops brighter"),
        ({"size": [300]}, "size: it should be text, not a list; WIDTHxHEIGHT"),
        ({"crop": True, "size": True}, "size: it should be text, not true or false"),
        ({"matte_only": True, "background": "white"}, "a matte has no background"),
    ],
)
def test_nonsense_is_refused_with_the_remedy(values: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        build_recipe(values)


@pytest.mark.parametrize("name", ["size", "margin", "pick", "feather"])
def test_numbers_of_hundreds_of_digits_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match="digits"):
        build_recipe({name: "9" * 400})
