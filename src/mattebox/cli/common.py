"""What every command that turns photographs into files does: take options, and run a recipe on the photographs."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from mattebox.cli.batch_options import COMMON_OPTIONS, INPUT_OPTIONS, BatchOptions
from mattebox.cli.options import step_options
from mattebox.errors import UsageError
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Anonymise, LensBlur, Save, Step, Upscale

if TYPE_CHECKING:
    from mattebox.batch.plan import BatchJob, OutputNaming

F = TypeVar("F", bound=Callable[..., Any])


def photographs_options(step_types: tuple[type[Step], ...], excluded_name: str | None = None) -> Callable[[F], F]:
    """Give a click command its photographs, the options of these steps but one, and all others."""

    def decorate(command: F) -> F:
        for option in reversed([*INPUT_OPTIONS, step_options(step_types, excluded_name), *COMMON_OPTIONS]):
            command = option(command)
        return command

    return decorate


def process_photographs(recipe: Recipe, context: click.Context) -> int:
    """Run a recipe on all photographs of a command, and return the exit code."""
    from mattebox.batch.plan import BatchJob
    from mattebox.cli import batch, watch
    from mattebox.io.atomic_write import write_bytes
    from mattebox.pipeline.recipe_check import check_recipe

    options = BatchOptions.from_parameters(context.params)
    check_recipe(recipe)
    if options.save_recipe:
        write_bytes(Path(options.save_recipe), recipe.to_toml().encode(), overwrite=options.overwrite)
    naming = _build_naming(recipe, options)
    if options.watch:
        return watch.run_watch_folder(recipe, naming, options)
    plan = batch.plan_batch(naming, options, recipe)
    if isinstance(plan, list):
        _check_stdout([job for job in plan if isinstance(job, BatchJob)], options.as_json)
    return batch.run_batch(plan, recipe, options)


def _build_naming(recipe: Recipe, options: BatchOptions) -> OutputNaming:
    """How results are named. UsageError when the options do not go together."""
    from mattebox.batch.plan import OutputNaming

    if options.resume and not options.report:
        raise UsageError("--resume needs to know what was done", "give --report FILE, the same as before")
    return OutputNaming(
        options.output, _output_suffix(options.output, recipe), options.name_template, options.overwrite,
        options.resume, _stem_suffix(recipe),
    )  # fmt: skip


def _stem_suffix(recipe: Recipe) -> str:
    """What the names of results beside their photographs end in."""
    hiding = recipe.find_step(Anonymise)
    if recipe.cut_step is not None:
        return "cut"
    if hiding is not None and hiding.hide != "none":
        return "anonymised"
    if recipe.find_step(Upscale) is not None:
        return "upscaled"
    has_only_blur = all(isinstance(step, LensBlur | Save) for step in recipe.steps)
    return "portrait" if has_only_blur and recipe.find_step(LensBlur) is not None else "enhanced"


def _output_suffix(output: str | None, recipe: Recipe) -> str:
    """The suffix of new names, "" for each photograph's own. OutputError now, not later, for a format we do not write.

    What is cut out or put on a canvas becomes a PNG, for it may be transparent.
    """
    from mattebox.batch.plan import is_folder
    from mattebox.io.atomic_write import is_stream
    from mattebox.io.file_formats import find_format
    from mattebox.io.writer import output_format

    if recipe.save_step.format != "auto":
        return find_format(recipe.save_step.format).suffixes[0]
    is_nameless_stream = output is not None and not Path(output).suffix and is_stream(output)
    if output is not None and output != "-" and not is_folder(output) and not is_nameless_stream:
        return output_format(Path(output)).suffixes[0]
    return ".png" if recipe.cut_step is not None or recipe.has_composition else ""


def _check_stdout(jobs: list[BatchJob], as_json: bool) -> None:
    """UsageError when a result would go to standard output and cannot."""
    if all(j.target is not None for j in jobs):
        return
    if as_json:
        raise UsageError("--json and the picture cannot both go to standard output", "give a file with -o")
    if sys.stdout.isatty():
        raise UsageError("a picture is not written to a terminal", "give a file with -o, or redirect: > cut.png")
