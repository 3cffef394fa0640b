"""Presets: the recipes packaged as TOML files in this folder, such as `product`, or one for each marketplace."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from mattebox.core.interface import choose_wording
from mattebox.core.suggestions import suggest_name
from mattebox.errors import UsageError
from mattebox.recipe.flat_parameters import parameters_by_name
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.serialization import load_recipe
from mattebox.recipe.steps import (
    Anonymise,
    Balance,
    Colour,
    Cut,
    Distance,
    Faces,
    Heal,
    Label,
    LensBlur,
    Light,
    Restore,
    Save,
    Scene,
    Sharpen,
    Style,
    Upscale,
)

PRESET_FOLDER = Path(__file__).parent
ENHANCE_STEPS = (
    Scene,
    Anonymise,
    Heal,
    Restore,
    Upscale,
    Faces,
    Distance,
    Balance,
    Light,
    Colour,
    Style,
    Sharpen,
    LensBlur,
    Label,
    Save,
)
"""Steps that need no cut."""


def preset_names() -> list[str]:
    """Names of all presets, sorted."""
    return sorted(path.stem for path in PRESET_FOLDER.glob("*.toml"))


def preset_titles() -> dict[str, str]:
    """All presets by name, with what each is for."""
    return {name: find_preset(name).title for name in preset_names()}


def find_preset(name: str) -> Recipe:
    """The preset of that name. UsageError, which suggests the nearest name."""
    if name in preset_names():
        return load_recipe(PRESET_FOLDER / f"{name}.toml")
    names = preset_names()
    raise UsageError(f"there is no preset {name!r}", suggest_name(name, names, f"choose one of: {', '.join(names)}"))


def find_preset_or_file(name: str | os.PathLike[str]) -> Recipe:
    """The preset of that name, or the recipe of a file: a path, or a name in .toml or .json. UsageError."""
    is_file = isinstance(name, os.PathLike) or name.lower().endswith((".toml", ".json"))
    return load_recipe(name) if is_file else find_preset(str(name))


def require_kind(recipe: Recipe, must_cut: bool) -> Recipe:
    """The recipe itself if it has a cut exactly where one is required, else UsageError."""
    title = f" ({recipe.title})" if recipe.title else ""
    if must_cut and recipe.find_step(Cut) is None:
        raise UsageError(
            f"by this recipe{title} nothing is cut",
            "use it with "
            + choose_wording(command_line="`mattebox enhance`", python="`mattebox.enhance`", http="/v1/enhancements"),
        )
    if not must_cut and recipe.find_step(Cut) is not None:
        raise UsageError(
            f"this recipe{title} cuts",
            "use it with " + choose_wording(command_line="`mattebox cut`", python="`mattebox.cut`", http="/v1/cutouts"),
        )
    return recipe


def enhance_base_recipe(parameter_names: Iterable[str]) -> Recipe:
    """The recipe that flat parameters of these names change when nothing is cut.

    That is the preset `enhance` unless a name is of a step that changes the picture.
    """
    steps = {p.step for name, p in parameters_by_name().items() if name in set(parameter_names)}
    return find_preset("enhance") if steps <= {Save} else Recipe((Save(),))
