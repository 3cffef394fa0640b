"""What every command that turns photographs into files has in common: its options, and carrying out its recipe."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from mattebox.cli import environment
from mattebox.cli.batch import BATCH_OPTION_NAMES, batch_options
from mattebox.cli.options import StepCommand, step_options
from mattebox.errors import UsageError
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Step, Upscale

if TYPE_CHECKING:
    from mattebox.batch.plan import BatchJob

F = TypeVar("F", bound=Callable[..., Any])

CONTEXT_SETTINGS = {"help_option_names": ["-h", "--help"]}


class PhotographsCommand(StepCommand):
    """Its options for many photographs have a heading of their own."""

    batch_option_names = BATCH_OPTION_NAMES


class PixelCountType(click.ParamType[int]):
    """A number of pixels: 100000000, 100M or 100MP."""

    name = "pixels"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(k|m|mp|g|gp)?", value.strip().lower())
        if match is None or float(match[1]) <= 0:
            self.fail(f"{value!r} is not a number of pixels such as 100M", param, ctx)
        return int(float(match[1]) * {"k": 1e3, "m": 1e6, "g": 1e9}.get((match[2] or " ")[0], 1))


INPUT_OPTIONS: list[Callable[[Any], Any]] = [
    click.argument("inputs", nargs=-1, metavar="IN..."),
    click.option("-o", "--output", "out", metavar="OUT|DIR", help="A file, a folder, or - for standard output."),
]
COMMON_OPTIONS: list[Callable[[Any], Any]] = [
    click.option("--preset", metavar="NAME",
                 help="A recipe that comes along, such as product; see `mattebox recipes`."),
    click.option("--recipe", "recipe_file", metavar="FILE",
                 help="A recipe of your own (.toml, .json); flags change it."),
    click.option("--save-recipe", metavar="FILE",
                 help="Write what the flags say as a recipe (.toml), to use again."),
    click.option("--overwrite", is_flag=True, help="Replace results that exist; never an input."),
    click.option("--recursive", is_flag=True, help="Take the folders inside folders, too."),
    click.option("--keep-hidden", is_flag=True, help="Keep the colours of fully transparent pixels in the file."),
    click.option("--metadata", type=click.Choice(["safe", "all", "none"]), default="safe", show_default=True,
                 help="safe drops positions, serial numbers and thumbnails; the colour profile always stays."),
    click.option("--max-pixels", type=PixelCountType(), default=100_000_000,
                 help="Refuse larger pictures.  [default: 100M]"),
    click.option("--device", default="auto", show_default=True,
                 help="cpu, cuda, cuda:1, coreml, ... or the best there is."),
    click.option("--threads", type=click.IntRange(1), help="For the network.  [default: all processors]"),
    click.option("--compare", metavar="FILE",
                 help="Before and after in one page with a slider (.html), or side by side in a picture."),
    batch_options,
    click.option("--server", metavar="URL", help="Have them done by a `mattebox serve`; its key in MATTEBOX_KEY."),
    environment.commercial_option,
    environment.no_cache_option,
    click.option("--json", "as_json", is_flag=True, help="One JSON object per picture on standard output."),
    click.option("--debug", is_flag=True, hidden=True),
]  # fmt: skip


def photographs_options(step_types: tuple[type[Step], ...], excluded_name: str | None = None) -> Callable[[F], F]:
    """Give a click command its photographs, the options of these steps but one, and all others."""

    def decorate(command: F) -> F:
        for option in reversed([*INPUT_OPTIONS, step_options(step_types, excluded_name), *COMMON_OPTIONS]):
            command = option(command)
        return command

    return decorate


def process_photographs(
    recipe: Recipe, inputs: tuple[str, ...], out: str | None, save_recipe: str | None, as_json: bool, **options: Any
) -> int:
    """Do the recipe to all photographs, tell it, and return the exit code."""
    from mattebox.batch.plan import BatchJob
    from mattebox.cli import batch
    from mattebox.io.atomic_write import write_bytes
    from mattebox.pipeline.run import check_recipe

    check_recipe(recipe)
    if save_recipe:
        write_bytes(Path(save_recipe), recipe.to_toml().encode(), overwrite=options["overwrite"])
    naming = batch.build_naming(out, _output_suffix(out, recipe), _stem_suffix(recipe), options)
    if options["watch"]:
        return batch.run_watch_folder(inputs, recipe, naming, options, as_json)
    plan = batch.plan_batch(inputs, naming, options)
    _check_stdout([j for j in plan if isinstance(j, BatchJob)], as_json)
    return batch.run_batch(plan, recipe, options, as_json)


def _stem_suffix(recipe: Recipe) -> str:
    """What new names say was done."""
    if recipe.cut_step is not None:
        return "cut"
    return "upscaled" if recipe.find_step(Upscale) is not None else "enhanced"


def _output_suffix(output: str | None, recipe: Recipe) -> str:
    """The suffix of new names, "" for each photograph's own; OutputError now, not later, for a format we do not write.

    What is cut out or put on a canvas becomes a PNG, for it may be transparent.
    """
    from mattebox.batch.plan import is_folder
    from mattebox.io.encoding import find_format
    from mattebox.io.writer import output_format

    asked = recipe.save_step.format
    if asked != "auto":
        return find_format(asked).suffixes[0]
    if output is not None and output != "-" and not is_folder(output):
        return output_format(Path(output)).suffixes[0]
    return ".png" if recipe.cut_step is not None or recipe.has_composition else ""


def _check_stdout(jobs: list[BatchJob], as_json: bool) -> None:
    if all(j.target is not None for j in jobs):
        return
    if as_json:
        raise UsageError("--json and the picture cannot both go to standard output", "give a file with -o")
    if sys.stdout.isatty():
        raise UsageError("a picture is not written to a terminal", "give a file with -o, or redirect: > cut.png")
