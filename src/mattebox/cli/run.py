"""`mattebox run`: run a recipe file on photographs; otherwise as `mattebox cut`."""

from __future__ import annotations

from typing import Any

import click

from mattebox.cli import cut
from mattebox.cli.common import process_photographs
from mattebox.cli.console import CONTEXT_SETTINGS
from mattebox.cli.options import StepCommand, recipe_from_options
from mattebox.cli.value_completion import complete_files

COMMON_OPTION_NAMES = ("output", "background", "size", "format", "report", "recursive", "overwrite")
EXAMPLES = """
\b
Examples:
  mattebox run listing.toml photos/ -o listing/
  mattebox run listing.toml photo.jpg --background "#f4f4f4"     the recipe, with another background
  mattebox cut photo.jpg --crop --background white --save-recipe listing.toml

\b
All of `mattebox cut`'s options are taken; those of the steps change the recipe.
"""


def _callback(recipe: str, **_: Any) -> int:
    """Run a recipe (.toml, .json) on photographs."""
    context = click.get_current_context()
    context.params["recipe_file"] = recipe
    return process_photographs(recipe_from_options(context), context)


command = StepCommand(
    "run",
    callback=_callback,
    params=[
        click.Argument(["recipe"], shell_complete=complete_files),
        *(p for p in cut.command.params if p.name != "recipe_file"),
    ],
    help=_callback.__doc__,
    common_options=COMMON_OPTION_NAMES,
    epilog=EXAMPLES,
    context_settings=CONTEXT_SETTINGS,
)
