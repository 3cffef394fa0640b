"""`mattebox cut`: cut the subject out of photographs."""

from __future__ import annotations

from typing import Any

import click

from mattebox.cli.common import photographs_options, process_photographs
from mattebox.cli.console import CONTEXT_SETTINGS
from mattebox.cli.options import StepCommand, recipe_from_options
from mattebox.cli.value_completion import complete_files
from mattebox.recipe.steps import STEP_ORDER

COMMON_OPTION_NAMES = (
    "output",
    "background",
    "crop",
    "size",
    "shadow",
    "preset",
    "model",
    "format",
    "matte_only",
    "recursive",
    "overwrite",
)
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
Without -o the result is written beside the photograph as NAME-cut.png. Results are PNG unless -o's suffix or --format
says otherwise. `mattebox --help-all` lists the exit codes.
"""


@click.command(
    "cut", cls=StepCommand, common_options=COMMON_OPTION_NAMES, epilog=EXAMPLES, context_settings=CONTEXT_SETTINGS
)
@photographs_options(STEP_ORDER)
@click.option(
    "--explain",
    metavar="FILE",
    shell_complete=complete_files,
    help="Draw which parts of the photograph decided and, with --votes, where the network is uncertain.",
)
def command(**_: Any) -> int:
    """Cut the subject out of photographs: files, folders, globs, ZIP archives, or - for standard input."""
    context = click.get_current_context()
    return process_photographs(recipe_from_options(context), context)
