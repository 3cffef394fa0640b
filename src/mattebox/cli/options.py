"""Command-line options derived from the recipe's steps: name, type, default and help come from the fields."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, cast

import click
import msgspec
from click.core import ParameterSource

from mattebox.cli.batch_options import BatchOption
from mattebox.cli.help_all import HelpAllMixin, is_help_complete
from mattebox.cli.value_completion import COMPLETER_BY_PARAMETER
from mattebox.core.interface import use_flags
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

VALUE_HINTS = {
    ("shadow", "soft"): "--shadow contact --shadow-softness 8",
    ("shadow", "hard"): "--shadow drop --shadow-softness 1",
    ("shadow", "long"): "--shadow cast",
    ("shadow", "natural"): "--shadow contact",
    ("shadow", "floor"): "--shadow contact",
}  # what is said of a shadow, and is no kind of it
GENERAL_HEADING, BATCH_HEADING = "Options", "Many photographs"

F = TypeVar("F", bound=Callable[..., Any])


class WordChoice(click.Choice[str]):
    """A choice among words that also passes on deprecated ones, which the recipe then replaces."""

    def __init__(self, words: Sequence[str], deprecated_words: Collection[str]) -> None:
        super().__init__(words)
        self.deprecated_words = deprecated_words

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value in self.deprecated_words:
            return str(value)
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter as error:
            if not (hint := VALUE_HINTS.get((param.name if param else "", str(value)))):
                raise
            raise click.BadParameter(f"{error.message} Did you mean {hint}?", ctx, param) from error


class StepCommand(HelpAllMixin, click.Command):
    """A command whose help shows the common options, or, complete, all under headings: general options, those for many
    photographs, then those of each step.

    Parameters
    ----------
    common_options
        The names of the parameters that `--help` shows, the most needed first.
    """

    def __init__(self, *args: Any, common_options: Sequence[str] = (), **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.common_options = tuple(common_options)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if is_help_complete(ctx):
            self._format_all_options(ctx, formatter)
            return
        options = [option for option in self.get_params(ctx) if isinstance(option, click.Option) and not option.hidden]
        by_name = {option.name: option for option in options}
        shown = [*(by_name[name] for name in self.common_options), *options[-2:]]  # the last are -h and --help-all
        records = [record for option in shown if (record := option.get_help_record(ctx)) is not None]
        with formatter.section(GENERAL_HEADING):
            formatter.write_dl(records)
        formatter.write_paragraph()
        formatter.write_text(f"{len(options) - len(shown)} more options: `{ctx.command_path} --help-all`")

    def _format_all_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        headings = [GENERAL_HEADING, BATCH_HEADING, *map(_step_heading, STEP_ORDER)]
        records: dict[str, list[tuple[str, str]]] = {heading: [] for heading in headings}
        for option in self.get_params(ctx):
            record = option.get_help_record(ctx)
            if record is not None and isinstance(option, click.Option):
                records[_option_heading(option)].append(record)
        for heading, rows in records.items():
            if rows:
                with formatter.section(heading):
                    formatter.write_dl(rows)


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


def parameter_options(*names: str) -> Callable[[F], F]:
    """Give a click command the options of these parameters of steps."""

    def decorate(command: F) -> F:
        for name in reversed(names):
            command = _click_option(parameters_by_name()[name], name)(command)
        return command

    return decorate


def renamed_options(flags: Mapping[str, str]) -> Callable[[F], F]:
    """Give a click command the options of these parameters under other flags, by which its errors name them, too: name
    of a parameter -> flag."""

    def decorate(command: F) -> F:
        @functools.wraps(command)
        def run(*args: Any, **values: Any) -> Any:
            with use_flags(flags):
                return command(*args, **values)

        decorated = cast(F, run)
        for name, flag in reversed(list(flags.items())):
            decorated = _click_option(parameters_by_name()[name], name, flag=flag)(decorated)
        return decorated

    return decorate


def explicit_parameters(context: click.Context) -> set[str]:
    """The parameters of steps that the user gave, deprecated names among them."""
    return {
        name
        for name in (*parameters_by_name(), *deprecated_parameters())
        if name in context.params and context.get_parameter_source(name) is not ParameterSource.DEFAULT
    }


def recipe_from_options(context: click.Context, default: Recipe | None = None) -> Recipe:
    """The recipe that a command's options describe.

    Parameters
    ----------
    context
        The options given; those of steps change the recipe of --recipe or --preset.
    default
        The recipe that they change without these two; None for a command that cuts.

    Raises
    ------
    UsageError
        Options contradict each other or the recipe is for the other kind of command.
    """
    file, preset = context.params["recipe_file"], context.params["preset"]
    if file and preset:
        raise UsageError("--recipe and --preset are both given", "choose one; the other flags change it")
    base = load_recipe(file) if file else find_preset(preset) if preset else None
    base = require_kind(base, must_cut=default is None) if base else default
    values = {name: context.params[name] for name in explicit_parameters(context)}
    if "format" not in values and Path(context.params["output"] or "").suffix:
        values["format"] = "auto"  # the suffix of -o comes before a preset's format
    return build_recipe(values, base)


def _option_heading(option: click.Option) -> str:
    if isinstance(option, BatchOption):
        return BATCH_HEADING
    parameter = parameters_by_name().get(option.name or "")
    return _step_heading(parameter.step) if parameter else GENERAL_HEADING


def _step_heading(step: type[Step]) -> str:
    return str(step.__doc__).splitlines()[0].rstrip(".")


def _click_option(parameter: Parameter, name: str, hidden: bool = False, flag: str | None = None) -> Callable[[F], F]:
    """The click option of one parameter, under its name, an old one, or another flag."""
    flag, text = flag or "--" + name.replace("_", "-"), parameter.help + "."
    if parameter.switch_value is not None:
        return click.option(flag, name, is_flag=True, help=text, hidden=hidden)
    default = parameter.default
    return click.option(
        flag, name, type=_click_type(parameter), default=default, show_default=True, help=text, hidden=hidden,
        shell_complete=COMPLETER_BY_PARAMETER.get(parameter.name),
    )  # fmt: skip


def _click_type(parameter: Parameter) -> click.ParamType[Any] | type[str]:
    if words := allowed_words(parameter):
        return WordChoice(words, parameter.deprecated_words)
    info = base_type(parameter)
    if isinstance(info, msgspec.inspect.IntType):
        return click.IntRange(info.ge, info.le)
    if isinstance(info, msgspec.inspect.FloatType):
        return click.FloatRange(info.ge, info.le)
    return str
