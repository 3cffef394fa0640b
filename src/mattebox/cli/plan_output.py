"""Plans of requests in words, as lines for people and as JSON data."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any

import msgspec

from mattebox.composition.marketplace.forecast import RuleConflict, foresee_conflicts
from mattebox.language.concepts import Value
from mattebox.language.description import changed_values, describe_recipe
from mattebox.language.interpretation import Reading
from mattebox.language.plan import Plan
from mattebox.recipe.flat_parameters import build_recipe, parameters_by_name
from mattebox.recipe.presets import ENHANCE_STEPS
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Cut, Save

MAX_TEXT_WIDTH = 44  # of the words before what they were read as
SHARES_OF = {"margin": " of the result", "outline": " of the longer side", "fill": " of the canvas"}
RECIPE_FILE = "recipe.toml"  # where flags cannot say it


def plan_lines(plan: Plan, recipe: Recipe, base: Recipe | None, *, is_whole: bool) -> Iterator[str]:
    """What each part of the request was read as, corrected typing errors, warnings, and flags that do the same.

    The recipe itself is among them where `is_whole`, and where flags cannot say it.
    """
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
    yield from (f"warning: {line}" for line in list_warnings(plan, recipe))
    command = equivalent_command(recipe)
    yield ""
    if is_whole or RECIPE_FILE in command:
        yield recipe.to_toml().rstrip("\n")
        yield ""
    yield f"{command}    # {RECIPE_FILE}: the lines above" if RECIPE_FILE in command else command


def list_warnings(plan: Plan, recipe: Recipe) -> list[str]:
    """What a marketplace's check will refuse of the recipe, with the words that ask for it."""
    return [f"{_name_source(plan, conflict)}{conflict}" for conflict in foresee_conflicts(recipe)]


def _name_source(plan: Plan, conflict: RuleConflict) -> str:
    text = next((reading.text for reading in plan.readings if conflict.parameter in reading.values), "")
    return f'"{text}": ' if text else ""


def plan_fields(plan: Plan, recipe: Recipe) -> dict[str, Any]:
    """A plan as JSON data."""
    return {
        "language": plan.language,
        "readings": [{"text": r.text, "values": dict(r.values), "area": r.area or None} for r in plan.readings],
        "corrections": dict(plan.corrections),
        "passed_over": list(plan.passed_over),
        "warnings": list_warnings(plan, recipe),
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
    values = [
        name if value is True else f"{name}={value}{_explain(name, value)}" for name, value in reading.values.items()
    ]
    area = [f"only {reading.area}"] if reading.area else []
    return ", ".join([*values, *area]) or "nothing to change"


def _explain(name: str, value: Value) -> str:
    """Of what a percentage is that could be one of several things: a margin is of the result, not of the subject."""
    return SHARES_OF.get(name, "") if str(value).endswith("%") else ""
