"""`mattebox cut`: photographs in, cutouts out; one failure never stops the rest."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import click

from mattebox.batch.plan import Job
from mattebox.cli import policy
from mattebox.cli.many import NAMES, many_options
from mattebox.cli.options import StepCommand, recipe_of, step_options
from mattebox.errors import UsageError
from mattebox.recipe import Recipe

EXAMPLES = """
\b
Examples:
  mattebox cut photo.jpg                            writes photo-cut.png
  mattebox cut photo.jpg -o cut.webp
  mattebox cut photos/ -o cutouts/ --recursive      keeps the tree
  mattebox cut "*.jpg" -o out/ --background "#f4f4f4" --format jpg
  mattebox cut mugs/ -o listing/ --preset amazon --report listing.jsonl --sheet listing.html
  mattebox cut mug.jpg --crop --size 1600x1600 --fill 85% --background white --shadow contact
  mattebox cut me.jpg --background "blur(4%)" -o portrait.jpg
  mattebox cut - < photo.jpg > cut.png
  mattebox cut photo.jpg --matte-only --json

\b
Without -o the result lies beside the photograph as NAME-cut.png. Results are PNG unless -o's suffix or --format
says otherwise. `mattebox --help` lists the exit codes.
"""


class CutCommand(StepCommand):
    """Its options for many photographs have a heading of their own."""

    many = NAMES


class Pixels(click.ParamType[int]):
    """A number of pixels: 100000000, 100M or 100MP."""

    name = "pixels"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(k|m|mp|g|gp)?", value.strip().lower())
        if match is None or float(match[1]) <= 0:
            self.fail(f"{value!r} is not a number of pixels such as 100M", param, ctx)
        return int(float(match[1]) * {"k": 1e3, "m": 1e6, "g": 1e9}.get((match[2] or " ")[0], 1))


@click.command("cut", cls=CutCommand, epilog=EXAMPLES, context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("inputs", nargs=-1, metavar="IN...")
@click.option("-o", "--output", "out", metavar="OUT|DIR", help="A file, a folder, or - for standard output.")
@step_options
@click.option("--preset", metavar="NAME", help="A recipe that comes along, such as product; see `mattebox recipes`.")
@click.option("--recipe", "recipe_file", metavar="FILE", help="A recipe of your own (.toml, .json); flags change it.")
@click.option("--save-recipe", metavar="FILE", help="Write what the flags say as a recipe (.toml), to use again.")
@click.option("--overwrite", is_flag=True, help="Replace results that exist; never an input.")
@click.option("--recursive", is_flag=True, help="Take the folders inside folders, too.")
@click.option("--keep-hidden", is_flag=True, help="Keep the colours of fully transparent pixels in the file.")
@click.option(
    "--metadata", type=click.Choice(["safe", "all", "none"]), default="safe", show_default=True,
    help="safe drops positions, serial numbers and thumbnails; the colour profile always stays.",
)  # fmt: skip
@click.option("--max-pixels", type=Pixels(), default=100_000_000, help="Refuse larger pictures.  [default: 100M]")
@click.option(
    "--device", default="auto", show_default=True, help="cpu, cuda, cuda:1, coreml, ... or the best there is."
)
@click.option("--threads", type=click.IntRange(1), help="For the network.  [default: all processors]")
@many_options
@policy.commercial
@click.option("--json", "as_json", is_flag=True, help="One JSON object per picture on standard output.")
@click.option("--debug", is_flag=True, hidden=True)
def command(
    inputs: tuple[str, ...],
    out: str | None,
    preset: str | None,
    recipe_file: str | None,
    save_recipe: str | None,
    as_json: bool,
    **options: Any,
) -> int:
    """Cut the subject out of photographs: files, folders, globs, ZIP archives, or - for standard input."""
    from mattebox import pipeline
    from mattebox.cli import many
    from mattebox.io.atomic import write_bytes

    recipe = recipe_of(click.get_current_context())
    pipeline.check(recipe)
    if save_recipe:
        write_bytes(Path(save_recipe), recipe.to_toml().encode(), overwrite=options["overwrite"])
    naming = many.naming(out, _suffix(out, recipe), options)
    if options["watch"]:
        return many.watched(inputs, recipe, naming, options, as_json)
    plan = many.planned(inputs, naming, options)
    _check_stdout([j for j in plan if isinstance(j, Job)], as_json)
    return many.done(plan, recipe, options, as_json)


def _suffix(out: str | None, recipe: Recipe) -> str:
    """The suffix of new names; OutputError now, not later, when the format is none we write."""
    from mattebox.batch.plan import is_folder
    from mattebox.io.encode import find_format
    from mattebox.io.write import format_of

    asked = recipe.saving.format
    if asked != "auto":
        return find_format(asked).suffixes[0]
    if out is not None and out != "-" and not is_folder(out):
        return format_of(Path(out)).suffixes[0]
    return ".png"


def _check_stdout(jobs: list[Job], as_json: bool) -> None:
    if all(j.target is not None for j in jobs):
        return
    if as_json:
        raise UsageError("--json and the picture cannot both go to standard output", "give a file with -o")
    if sys.stdout.isatty():
        raise UsageError("a picture is not written to a terminal", "give a file with -o, or redirect: > cut.png")
