"""`mattebox say`: do to photographs what is said in words; the words are shown as a recipe first."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mattebox.cli.batch_options import COMMON_OPTIONS, INPUT_OPTIONS
from mattebox.cli.common import process_photographs
from mattebox.cli.console import CONTEXT_SETTINGS, echo_stderr
from mattebox.cli.options import StepCommand
from mattebox.recipe.recipe import Recipe

if TYPE_CHECKING:
    from mattebox.language.errors import AmbiguousWords
    from mattebox.language.plan import Plan

COMMON_OPTION_NAMES = ("output", "dry_run", "yes", "language", "preset", "recipe_file", "save_recipe", "recursive")
EXAMPLES = """
\b
Examples:
  mattebox say "white background, soft shadow, a bit warmer" mug.jpg
  mattebox say "für Etsy, aber Hintergrund hellgrau" mugs/ -o listing/
  mattebox say "twice as large and a bit less noise" --dry-run
  mattebox say "brighter, contrast=15" photo.jpg --recipe mine.toml

\b
English and German, without a network. NAME=VALUE sets any parameter. What is not understood is an error, and nothing
is done. Without a photograph the plan is printed. A request that can mean several things is asked about in a terminal;
elsewhere it ends with exit code 8.
"""


def _callback(request: str, **_: Any) -> int:
    """Do what is said in words: "white background, soft shadow, twice as large"."""
    context = click.get_current_context()
    is_terminal = sys.stdin.isatty() and sys.stderr.isatty() and not context.params["yes"]
    base = _base_recipe(context)
    plan = _ask_model(request, base, context, is_terminal) if context.params["words_model"] else None
    if plan is None:
        plan = _make_plan(request, base, context.params["language"], is_terminal, context.params["as_json"])
    if plan is None:
        return _ambiguity_exit_code()
    recipe = _with_output_format(plan, context)
    is_plan_only = context.params["dry_run"] or not context.params["inputs"]
    _print_plan(plan, recipe, base, context.params["as_json"], is_plan_only)
    if is_plan_only:
        return 0
    if (plan.corrections or plan.passed_over or context.params["words_model"]) and is_terminal:
        click.confirm("do that?", default=True, abort=True, err=True)
    _check_recipe(recipe, plan.language)
    return process_photographs(recipe, context)


def _check_recipe(recipe: Recipe, language: str) -> None:
    """What a recipe does not allow, in the language of the request. MatteboxError."""
    from mattebox.errors import MatteboxError
    from mattebox.language.error_translation import translate_error
    from mattebox.pipeline.recipe_check import check_recipe

    try:
        check_recipe(recipe)
    except MatteboxError as error:
        raise translate_error(error, language) from error


def _base_recipe(context: click.Context) -> Recipe | None:
    """The recipe of --recipe or --preset."""
    from mattebox.errors import UsageError
    from mattebox.recipe.presets import find_preset
    from mattebox.recipe.serialization import load_recipe

    file, preset = context.params["recipe_file"], context.params["preset"]
    if file and preset:
        raise UsageError("--recipe and --preset are both given", "choose one; the words change it")
    return load_recipe(file) if file else find_preset(preset) if preset else None


def _ask_model(request: str, base: Recipe | None, context: click.Context, may_ask: bool) -> Plan:
    """The plan of a language model. It is done only where somebody has seen it, or said that nobody needs to."""
    from mattebox.errors import UsageError
    from mattebox.language.words_model import plan_with_model

    if not (may_ask or context.params["yes"] or context.params["dry_run"] or not context.params["inputs"]):
        raise UsageError(
            "a language model's plan is not done unseen", "add --yes, or --dry-run to see it without doing it"
        )
    return plan_with_model(request, context.params["words_model"], base)


def _make_plan(request: str, base: Recipe | None, language: str, may_ask: bool, as_json: bool) -> Plan | None:
    """The plan, after questions in a terminal; None where there was one and nobody to ask, which has been reported."""
    from mattebox.language.errors import AmbiguousWords
    from mattebox.language.plan import plan_request

    while True:
        try:
            return plan_request(request, base, language)
        except AmbiguousWords as error:
            if may_ask:
                request = error.resolve(request, _ask(error))
                continue
            if as_json:
                question = {"words": error.words, "ask": error.question, "choices": list(error.choices)}
                click.echo(json.dumps({"question": question}, ensure_ascii=False))
            echo_stderr(str(error))
            return None


def _ambiguity_exit_code() -> int:
    from mattebox.language.errors import AmbiguousWords

    return AmbiguousWords.exit_code


def _ask(error: AmbiguousWords) -> str:
    """The answer to a question, chosen by its number."""
    click.echo(f'"{error.words}": {error.question}', err=True)
    for number, choice in enumerate(error.choices, 1):
        click.echo(f"  {number}  {choice}", err=True)
    number = click.prompt("number", type=click.IntRange(1, len(error.choices)), err=True)
    return error.choices[number - 1]


def _with_output_format(plan: Plan, context: click.Context) -> Recipe:
    """The recipe; the suffix of -o comes before the format of a preset, but not before one that was said."""
    from mattebox.recipe.flat_parameters import build_recipe

    said = {name for reading in plan.readings for name in reading.values}
    has_suffix = bool(Path(context.params["output"] or "").suffix)
    return build_recipe({"format": "auto"}, plan.recipe) if has_suffix and "format" not in said else plan.recipe


def _print_plan(plan: Plan, recipe: Recipe, base: Recipe | None, as_json: bool, to_stdout: bool) -> None:
    """Print the plan: with the recipe, on standard output, where that is all; else on standard error."""
    from mattebox.cli.plan_output import plan_fields, plan_lines

    if as_json:
        click.echo(json.dumps({"plan": plan_fields(plan, recipe)}, ensure_ascii=False))
        return
    for line in plan_lines(plan, recipe, base, is_whole=to_stdout):
        click.echo(line, err=not to_stdout)


command = StepCommand(
    "say",
    callback=_callback,
    params=[click.Argument(["request"], metavar="WORDS")],
    help=_callback.__doc__,
    common_options=COMMON_OPTION_NAMES,
    epilog=EXAMPLES,
    context_settings=CONTEXT_SETTINGS,
)
for option in reversed(
    [
        *INPUT_OPTIONS,
        click.option("--dry-run", is_flag=True, help="Only print what would be done."),
        click.option("--yes", is_flag=True, help="Ask nothing; what can mean several things ends with exit code 8."),
        click.option(
            "--language", default="auto", show_default=True, help="en or de; auto is the one that knows more words."
        ),
        click.option(
            "--words-model",
            metavar="URL",
            help="Let a language model read the words instead: an OpenAI-compatible address of yours, such as "
            "http://127.0.0.1:11434/v1#MODEL. No picture is sent; its plan is shown, and asked about in a terminal.",
        ),
        *COMMON_OPTIONS,
    ]
):
    option(command)
