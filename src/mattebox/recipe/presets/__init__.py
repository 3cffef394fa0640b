"""Recipes with a name, packaged as the files beside this one: `--preset product`, or the name of a marketplace."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path

from mattebox.errors import UsageError
from mattebox.recipe.flat_parameters import parameters_by_name
from mattebox.recipe.recipe import (
    Balance,
    Colour,
    Cut,
    Faces,
    Light,
    Recipe,
    Restore,
    Save,
    Sharpen,
    Style,
    Upscale,
    load_recipe,
)

PRESET_FOLDER = Path(__file__).parent
ENHANCE_STEPS = (Restore, Upscale, Faces, Balance, Light, Colour, Style, Sharpen, Save)
"""What a photograph can undergo without being cut."""


def preset_names() -> list[str]:
    """All presets."""
    return sorted(path.stem for path in PRESET_FOLDER.glob("*.toml"))


def preset_titles() -> dict[str, str]:
    """All presets, and what each is for."""
    return {name: find_preset(name).title for name in preset_names()}


def find_preset(name: str) -> Recipe:
    """The recipe of that name. UsageError with the nearest."""
    if name in preset_names():
        return load_recipe(PRESET_FOLDER / f"{name}.toml")
    near = difflib.get_close_matches(name, preset_names(), 1)
    hint = f"did you mean {near[0]}? " if near else ""
    raise UsageError(f"there is no preset {name!r}", f"{hint}choose one of: {', '.join(preset_names())}")


def require_kind(recipe: Recipe, must_cut: bool) -> Recipe:
    """The recipe, if it cuts where that is asked for, and does not where it is not. UsageError."""
    named = f" ({recipe.title})" if recipe.title else ""
    if must_cut and recipe.find_step(Cut) is None:
        raise UsageError(f"by this recipe{named} nothing is cut", "take it to mattebox enhance or /v1/enhancements")
    if not must_cut and recipe.find_step(Cut) is not None:
        raise UsageError(f"this recipe{named} cuts", "take it to mattebox cut or /v1/cutouts")
    return recipe


def enhance_base_recipe(parameter_names: Iterable[str]) -> Recipe:
    """What flat parameters of these names change: nothing yet when a step is named, else the preset `enhance`."""
    steps = {p.step for name, p in parameters_by_name().items() if name in set(parameter_names)}
    return find_preset("enhance") if steps <= {Save} else Recipe((Save(),))
