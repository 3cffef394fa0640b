"""Flags derived from the recipe's steps: name, type, default and help come from the fields, never restated here.

Only where a flag reads better under another name, or as a switch, does this file say so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click
import msgspec

from mattebox.recipe import Background, Cut, Recipe, Step

F = TypeVar("F", bound=Callable[..., Any])

STEPS: tuple[type[Step], ...] = (Cut, Background)
RENAMED: dict[tuple[type[Step], str], str] = {(Background, "colour"): "background"}
SWITCHES: dict[tuple[type[Step], str], tuple[str, str, str]] = {
    (Cut, "output"): ("matte_only", "matte", "Write the matte as a grey picture instead of the cutout.")
}


def step_options(command: F) -> F:
    """Give a click command one option for each field of each step."""
    for step in reversed(STEPS):
        for field in reversed(msgspec.structs.fields(step)):
            command = _option(step, field)(command)
    return command


def build_recipe(values: dict[str, Any]) -> Recipe:
    """The recipe that the flags describe; steps whose flags are all at their defaults are left out, but for the cut."""
    steps = [step(**_given(step, values)) for step in STEPS]
    return Recipe(tuple(s for s in steps if isinstance(s, Cut) or s != type(s)()))


def flag_names() -> dict[str, tuple[type[Step], str]]:
    """Parameter name -> the step and field it sets."""
    return {_name(step, f.name): (step, f.name) for step in STEPS for f in msgspec.structs.fields(step)}


def _name(step: type[Step], field: str) -> str:
    if (step, field) in SWITCHES:
        return SWITCHES[step, field][0]
    return RENAMED.get((step, field), field)


def _given(step: type[Step], values: dict[str, Any]) -> dict[str, Any]:
    given = {}
    for field in msgspec.structs.fields(step):
        value = values[_name(step, field.name)]
        if (step, field.name) in SWITCHES:
            value = SWITCHES[step, field.name][1] if value else field.default
        given[field.name] = value
    return given


def _option(step: type[Step], field: msgspec.structs.FieldInfo) -> Callable[[F], F]:
    """The click option of one field."""
    name = _name(step, field.name)
    flag = "--" + name.replace("_", "-")
    if (step, field.name) in SWITCHES:
        return click.option(flag, name, is_flag=True, help=SWITCHES[step, field.name][2])
    info = msgspec.inspect.type_info(field.type)
    text = ""
    if isinstance(info, msgspec.inspect.Metadata):
        text = str((info.extra_json_schema or {}).get("description", ""))
        info = info.type
    kind = click.Choice([str(v) for v in info.values]) if isinstance(info, msgspec.inspect.LiteralType) else str
    help_text = text + "."
    return click.option(flag, name, type=kind, default=field.default, show_default=True, help=help_text)
