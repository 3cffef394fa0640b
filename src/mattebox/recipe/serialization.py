"""Recipes from TOML and JSON, and their JSON Schema."""

from __future__ import annotations

import functools
import os
import re
from pathlib import Path
from typing import Any

import msgspec

from mattebox.core.interface import choose_wording
from mattebox.core.suggestions import suggest_name
from mattebox.errors import UsageError
from mattebox.recipe.conversion import convert
from mattebox.recipe.deprecated_names import replace_deprecated_steps
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.step import Step
from mattebox.recipe.steps import STEP_ORDER
from mattebox.recipe.validation_wording import describe_problem

MAX_KEY_PARTS = 32  # of a dotted TOML key: the reader's memory grows with the square of their number
_KEY_PART = r"""(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+"""
_DEEP_KEY = re.compile(rf"(?<![\w-]){_KEY_PART}(?:\.[ \t]*+{_KEY_PART}){{{MAX_KEY_PARTS}}}")


def compact_recipe(recipe: Recipe) -> dict[str, Any]:
    """A recipe as plain values without what is a default: earlier versions, which know fewer fields, read it as long
    as it asks for nothing new."""
    fields: dict[str, Any] = msgspec.to_builtins(recipe)
    for step, values in zip(recipe.steps, fields["steps"], strict=True):
        for each in _step_fields(type(step)):
            if getattr(step, each.name) == each.default:
                values.pop(each.encode_name, None)
    return fields


@functools.cache  # msgspec compiles the annotations anew for each call
def _step_fields(step_type: type[Step]) -> tuple[msgspec.structs.FieldInfo, ...]:
    return msgspec.structs.fields(step_type)


def load_recipe(path: str | os.PathLike[str]) -> Recipe:
    """Read a recipe file.

    Parameters
    ----------
    path
        A TOML or JSON file, told apart by its suffix.

    Raises
    ------
    UsageError
        The file is missing, malformed, or has unknown steps or fields.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in (".toml", ".json"):
        raise UsageError(f"{path}: a recipe is a .toml or .json file", "rename it or convert it")
    try:
        return parse_recipe(_decode_text(path.read_text("utf-8"), is_json=suffix == ".json"))
    except UnicodeDecodeError:
        raise UsageError(f"{path}: is not text in UTF-8", "save it as UTF-8") from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})", "check the path of the recipe") from error
    except msgspec.DecodeError as error:
        raise UsageError(f"{path}: {describe_problem(str(error))}", _spelling_hint(str(error))) from error


def parse_recipe(data: Any) -> Recipe:
    """Validate a recipe that is decoded from TOML or JSON; deprecated names are replaced.

    Raises
    ------
    msgspec.ValidationError
        A step, field or value is unknown.
    UsageError
        The steps do not go together.
    """
    recipe: Recipe = convert(replace_deprecated_steps(data), Recipe)
    return recipe


def parse_recipe_text(text: str) -> Recipe:
    """Validate the text of a recipe file: JSON, or else TOML.

    Raises
    ------
    msgspec.DecodeError
        It is neither, or a step, field or value is unknown.
    UsageError
        The steps do not go together.
    """
    return parse_recipe(_decode_text(text, is_json=text.lstrip().startswith("{")))


def _decode_text(text: str, *, is_json: bool) -> Any:
    """The values of a recipe file. DecodeError, also where it is nested too deeply or a number has too many digits."""
    if not is_json and _DEEP_KEY.search(text):
        raise msgspec.DecodeError("it is nested too deeply")
    try:
        return msgspec.json.decode(text) if is_json else msgspec.toml.decode(text)
    except msgspec.DecodeError:  # a ValueError, too
        raise
    except RecursionError:
        raise msgspec.DecodeError("it is nested too deeply") from None
    except ValueError:  # Python refuses to read thousands of digits
        raise msgspec.DecodeError("a number has too many digits") from None


def recipe_json_schema() -> bytes:
    """The JSON Schema of recipes."""
    return msgspec.json.format(msgspec.json.encode(msgspec.json.schema(Recipe)))


def _spelling_hint(message: str) -> str:
    """The nearest known name, when a step or one of its fields is misspelt."""
    match = re.search(r"unknown field `(\w+)`|Invalid value '(\w+)'", message)
    names = {step.tag() for step in STEP_ORDER}.union(*(step.__struct_fields__ for step in STEP_ORDER))
    command = "`mattebox recipes --schema` prints the steps and their fields"
    listing = choose_wording(
        command_line=command, python=command, http="/openapi.json lists the steps and their fields"
    )
    return suggest_name(match[1] or match[2], names, listing) if match else listing
