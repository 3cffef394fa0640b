"""Settings inside a request: name=value, by the flat names of recipes; so anything that a recipe has can be said."""

from __future__ import annotations

import json

from mattebox.core.suggestions import suggest_name
from mattebox.language.concepts import Value, Values
from mattebox.language.errors import WordsNotUnderstood
from mattebox.recipe.flat_parameters import Parameter, base_type, parameters_by_name
from mattebox.recipe.steps import STEP_ORDER

TITLE, STEP, CUT, PRESET = "title", "step", "cut", "preset"  # names beside the recipe's own
SPECIAL_NAMES = (TITLE, STEP, CUT, PRESET)
TRUE_WORDS, FALSE_WORDS = ("true", "yes", "on"), ("false", "no", "off")


def setting_values(text: str) -> Values:
    """The value of a setting such as contrast=20 or background="linear-gradient(white, grey)". WordsNotUnderstood."""
    name, _, written = text.partition("=")
    name = name.lower()
    value = _unquote(written)
    if name == STEP:
        _require_step(value)
        return {f"{STEP} {value}": True}
    if name in (TITLE, PRESET):
        return {name: value}
    if name == CUT:
        return {CUT: _parse_switch(name, value)}
    parameter = parameters_by_name().get(name)
    if parameter is None:
        raise WordsNotUnderstood(
            "there is no setting {name!r}",
            suggest_name(name, [*parameters_by_name(), *SPECIAL_NAMES], "see the help"),
            name=name,
        )
    return {name: _parse_value(parameter, value)}


def _unquote(written: str) -> str:
    try:
        return str(json.loads(written)) if written.startswith('"') else written
    except ValueError as error:
        raise WordsNotUnderstood(
            "{words} is not closed by a quote", 'write it as name="value"', words=written
        ) from error


def _require_step(name: str) -> None:
    names = [step.tag() for step in STEP_ORDER]
    if name not in names:
        raise WordsNotUnderstood(
            "there is no step {name!r}", suggest_name(name, names, f"choose {', '.join(names)}"), name=name
        )


def _parse_value(parameter: Parameter, text: str) -> Value:
    """The value of the parameter's kind; the recipe checks its range."""
    if parameter.switch_value is not None:
        return _parse_switch(parameter.name, text)
    kind = type(base_type(parameter)).__name__
    if kind not in ("IntType", "FloatType"):
        return text
    try:
        return int(text) if kind == "IntType" else float(text)
    except ValueError as error:
        raise WordsNotUnderstood(
            "{name}: {value!r} is not a number", "{help}", name=parameter.name, value=text, help=parameter.help
        ) from error


def _parse_switch(name: str, text: str) -> bool:
    if text.lower() in TRUE_WORDS:
        return True
    if text.lower() in FALSE_WORDS:
        return False
    raise WordsNotUnderstood(
        "{name}: {value!r} is neither yes nor no", "write {name}=yes or {name}=no", name=name, value=text
    )
