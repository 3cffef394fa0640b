"""`mattebox upscale`: enlarge photographs with detail."""

from __future__ import annotations

from typing import Any

import click

from mattebox.cli.common import photographs_options, process_photographs
from mattebox.cli.console import CONTEXT_SETTINGS
from mattebox.cli.options import StepCommand, recipe_from_options
from mattebox.recipe.flat_parameters import build_recipe
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Restore, Save, Upscale

COMMON_OPTION_NAMES = ("output", "to", "upscale_model", "restore", "format", "compare", "recursive", "overwrite")
EXAMPLES = """
\b
Examples:
  mattebox upscale photo.jpg                        photo-upscaled.jpg, twice the size
  mattebox upscale photo.jpg --to 4x -o large.png
  mattebox upscale photos/ -o large/ --to 4000px    the longer side; larger photographs are left unchanged
  mattebox upscale scan.jpg --to 3x --restore auto  removes noise and JPEG artefacts first
  mattebox upscale logo.png --to 4x                 keeps transparency, without a fringe
"""


@click.command(
    "upscale", cls=StepCommand, common_options=COMMON_OPTION_NAMES, epilog=EXAMPLES, context_settings=CONTEXT_SETTINGS
)
@click.option("--to", default="2x", show_default=True, help="How many times (2x, 1.5x), or the longer side (4000px).")
@photographs_options((Restore, Upscale, Save), excluded_name="upscale")
def command(to: str, **_: Any) -> int:
    """Enlarge photographs with detail, to any size."""
    context = click.get_current_context()
    recipe = recipe_from_options(context, Recipe((Save(),)))
    step = recipe.find_step(Upscale)
    if step is None or step.to == "none":
        recipe = build_recipe({"upscale": to}, recipe)
    return process_photographs(recipe, context)
