"""Flags derived from the recipe's steps: name, type, default and help come from the fields, never restated here."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec
from click.core import ParameterSource

from mattebox.errors import UsageError
from mattebox.recipe.flat_parameters import (
    Parameter,
    allowed_words,
    base_type,
    build_recipe,
    deprecated_parameters,
    parameters_by_name,
)
from mattebox.recipe.presets import find_preset, require_kind
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.serialization import load_recipe
from mattebox.recipe.steps import STEP_ORDER, Step

BATCH_HEADING = "Many photographs"

F = TypeVar("F", bound=Callable[..., Any])


class WordChoice(click.Choice[str]):
    """A choice among words that also passes on deprecated ones, which the recipe then replaces."""

    def __init__(self, words: Sequence[str], deprecated_words: Collection[str]) -> None:
        super().__init__(words)
        self.deprecated_words = deprecated_words

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return str(value) if value in self.deprecated_words else super().convert(value, param, ctx)


class StepCommand(click.Command):
    """A command whose help lists the options of each step under the step's own words, the rest before them; those
    named in `batch_option_names` under a heading of their own."""

    batch_option_names: tuple[str, ...] = ()

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        known = parameters_by_name()
        groups: dict[str, list[tuple[str, str]]] = {
            "Options": [],
            BATCH_HEADING: [],
            **{_step_heading(s): [] for s in STEP_ORDER},
        }
        for option in self.get_params(ctx):
            record = option.get_help_record(ctx)
            if record is not None and isinstance(option, click.Option):
                place = known.get(option.name or "")
                title = (
                    _step_heading(place.step)
                    if place
                    else BATCH_HEADING
                    if option.name in self.batch_option_names
                    else "Options"
                )
                groups[title].append(record)
        for title, records in groups.items():
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)


def step_options(step_types: tuple[type[Step], ...], excluded_name: str | None = None) -> Callable[[F], F]:
    """Give a click command one option for each field of each of these steps, but the one named `excluded_name`."""

    def decorate(command: F) -> F:
        for old_name, parameter in deprecated_parameters().items():
            if parameter.step in step_types:
                command = _click_option(parameter, old_name, hidden=True)(command)
        for name, parameter in reversed(tuple(parameters_by_name().items())):
            if parameter.step in step_types and name != excluded_name:
                command = _click_option(parameter, name)(command)
        return command

    return decorate


def explicit_parameters(context: click.Context) -> set[str]:
    """The parameters of steps that the user gave, deprecated names among them."""
    return {
        name
        for name in (*parameters_by_name(), *deprecated_parameters())
        if name in context.params and context.get_parameter_source(name) is not ParameterSource.DEFAULT
    }


def recipe_from_options(context: click.Context, default: Recipe | None = None) -> Recipe:
    """The recipe that a command's flags describe: those given, on top of its --recipe or --preset, or `default`.
    Without a default the command cuts. UsageError, also for a recipe of the other kind."""
    stated = explicit_parameters(context)
    file, preset = context.params["recipe_file"], context.params["preset"]
    if file and preset:
        raise UsageError("--recipe and --preset are both given", "choose one; the other flags change it")
    told = load_recipe(file) if file else find_preset(preset) if preset else None
    base = require_kind(told, must_cut=default is None) if told else default
    given = {name: value for name, value in context.params.items() if name in stated}
    if "format" not in given and Path(context.params["out"] or "").suffix:
        given["format"] = "auto"  # -o cut.webp says it better than a preset
    return build_recipe(given, base)


def _step_heading(step: type[Step]) -> str:
    return str(step.__doc__).splitlines()[0].rstrip(".")


def _click_option(parameter: Parameter, name: str, hidden: bool = False) -> Callable[[F], F]:
    """The click option of one parameter, under its name or an old one."""
    flag, text = "--" + name.replace("_", "-"), parameter.help + "."
    if parameter.switch_value is not None:
        return click.option(flag, name, is_flag=True, help=text, hidden=hidden)
    kind: Any = str
    info = base_type(parameter)
    if choice := allowed_words(parameter):
        kind = WordChoice(choice, parameter.deprecated_words)
    elif isinstance(info, msgspec.inspect.IntType):
        kind = click.IntRange(info.ge, info.le)
    elif isinstance(info, msgspec.inspect.FloatType):
        kind = click.FloatRange(info.ge, info.le)
    default = parameter.field.default
    return click.option(flag, name, type=kind, default=default, show_default=True, help=text, hidden=hidden)
