"""Flags derived from the recipe's steps: name, type, default and help come from the fields, never restated here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec
from click.core import ParameterSource

from mattebox.errors import UsageError
from mattebox.recipe.flat_parameters import Parameter, bare, build_recipe, choices, parameters
from mattebox.recipe.presets import find_preset, of_kind
from mattebox.recipe.recipe import ORDER, Recipe, Step, load_recipe

MANY = "Many photographs"

F = TypeVar("F", bound=Callable[..., Any])


class StepCommand(click.Command):
    """A command whose help lists the options of each step under the step's own words, the rest before them; those
    named in `many` under a heading of their own."""

    many: tuple[str, ...] = ()

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        known = parameters()
        groups: dict[str, list[tuple[str, str]]] = {"Options": [], MANY: [], **{_title(s): [] for s in ORDER}}
        for option in self.get_params(ctx):
            record = option.get_help_record(ctx)
            if record is not None and isinstance(option, click.Option):
                place = known.get(option.name or "")
                title = _title(place.step) if place else MANY if option.name in self.many else "Options"
                groups[title].append(record)
        for title, records in groups.items():
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)


def step_options(kinds: tuple[type[Step], ...], without: str | None = None) -> Callable[[F], F]:
    """Give a click command one option for each field of each of these steps, but the one named `without`."""

    def decorate(command: F) -> F:
        for parameter in reversed(tuple(parameters().values())):
            if parameter.step in kinds and parameter.name != without:
                command = _option(parameter)(command)
        return command

    return decorate


def stated_in(context: click.Context) -> set[str]:
    """The parameters of steps that the user gave."""
    return {
        name
        for name in parameters()
        if name in context.params and context.get_parameter_source(name) is not ParameterSource.DEFAULT
    }


def recipe_of(context: click.Context, default: Recipe | None = None) -> Recipe:
    """The recipe that a command's flags describe: those given, on top of its --recipe or --preset, or `default`.
    Without a default the command cuts. UsageError, also for a recipe of the other kind."""
    stated = stated_in(context)
    file, preset = context.params["recipe_file"], context.params["preset"]
    if file and preset:
        raise UsageError("--recipe and --preset are both given", "choose one; the other flags change it")
    told = load_recipe(file) if file else find_preset(preset) if preset else None
    base = of_kind(told, cuts=default is None) if told else default
    given = {name: context.params[name] for name in parameters() if name in stated}
    if "format" not in given and Path(context.params["out"] or "").suffix:
        given["format"] = "auto"  # -o cut.webp says it better than a preset
    return build_recipe(given, base)


def _title(step: type[Step]) -> str:
    return str(step.__doc__).splitlines()[0].rstrip(".")


def _option(parameter: Parameter) -> Callable[[F], F]:
    """The click option of one parameter."""
    flag, text = "--" + parameter.name.replace("_", "-"), parameter.help + "."
    if parameter.switch is not None:
        return click.option(flag, parameter.name, is_flag=True, help=text)
    kind: Any = str
    info = bare(parameter)
    if choice := choices(parameter):
        kind = click.Choice(choice)
    elif isinstance(info, msgspec.inspect.IntType):
        kind = click.IntRange(info.ge, info.le)
    elif isinstance(info, msgspec.inspect.FloatType):
        kind = click.FloatRange(info.ge, info.le)
    return click.option(flag, parameter.name, type=kind, default=parameter.field.default, show_default=True, help=text)
