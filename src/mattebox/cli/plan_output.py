"""Plans of requests in words, as lines for people and as JSON data."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any

import msgspec

from mattebox.language.description import changed_values, describe_recipe
from mattebox.language.interpretation import Reading
from mattebox.language.plan import Plan
from mattebox.recipe.flat_parameters import build_recipe, parameters_by_name
from mattebox.recipe.presets import ENHANCE_STEPS
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Cut, Save

MAX_TEXT_WIDTH = 44  # of the words before what they were read as
RECIPE_FILE = "recipe.toml"  # where flags cannot say it


def plan_lines(plan: Plan, recipe: Recipe, base: Recipe | None) -> Iterator[str]:
    """What each part of the request was read as, corrected typing errors, the recipe, and flags that do the same."""
    texts = [
        reading.text if len(reading.text) <= MAX_TEXT_WIDTH else f"{reading.text[: MAX_TEXT_WIDTH - 3]}..."
        for reading in plan.readings
    ]
    width = max(map(len, texts), default=0)
    for text, reading in zip(texts, plan.readings, strict=True):
        yield f"{text.ljust(width)}  {_reading_text(reading)}"
    for written, read in plan.corrections.items():
        yield f'"{written}" was read as "{read}"'
    for written in plan.passed_over:
        yield f'"{written}" was passed over'
    if base is not None:
        yield f"changes: {base.title or 'the recipe given'}"
    yield ""
    yield recipe.to_toml().rstrip("\n")
    yield ""
    command = equivalent_command(recipe)
    yield f"{command}    # {RECIPE_FILE}: the lines above" if RECIPE_FILE in command else command


def plan_fields(plan: Plan, recipe: Recipe) -> dict[str, Any]:
    """A plan as JSON data."""
    return {
        "language": plan.language,
        "readings": [{"text": r.text, "values": dict(r.values), "area": r.area or None} for r in plan.readings],
        "corrections": dict(plan.corrections),
        "passed_over": list(plan.passed_over),
        "recipe": msgspec.to_builtins(recipe),
        "words": describe_recipe(recipe, plan.language),
        "command": equivalent_command(recipe),
    }


def equivalent_command(recipe: Recipe) -> str:
    """The command line with flags that does the same; of a recipe that flags cannot say, the one that runs its file."""
    base = Recipe((Cut(),)) if recipe.cut_step is not None else Recipe((Save(),))
    values = changed_values(recipe)
    steps = {parameters_by_name()[name].step for name in values}
    is_enhancement = steps <= set(ENHANCE_STEPS) and not steps <= {Save}  # `enhance` alone improves the photograph
    is_said = recipe.cut_step is not None or is_enhancement
    if not is_said or changed_values(build_recipe(values, base)) != values:
        return f"mattebox run {RECIPE_FILE} PHOTO"
    words = ["mattebox", "cut" if recipe.cut_step is not None else "enhance", "PHOTO"]
    for name, value in values.items():
        flag = "--" + name.replace("_", "-")
        words += [flag] if value is True else [flag, str(value)]
    return shlex.join(words)


def _reading_text(reading: Reading) -> str:
    values = [name if value is True else f"{name}={value}" for name, value in reading.values.items()]
    area = [f"only {reading.area}"] if reading.area else []
    return ", ".join([*values, *area]) or "nothing to change"
