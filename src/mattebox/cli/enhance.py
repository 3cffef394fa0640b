"""`mattebox enhance`: correct noise, light, colours and sharpness of photographs; nothing is cut."""

from __future__ import annotations

from typing import Any

import click

from mattebox.cli.common import photographs_options, process_photographs
from mattebox.cli.console import CONTEXT_SETTINGS
from mattebox.cli.options import StepCommand, explicit_parameters, recipe_from_options
from mattebox.recipe.field_types import AREAS
from mattebox.recipe.flat_parameters import AREA_HELP, limit_to_area
from mattebox.recipe.presets import ENHANCE_STEPS, enhance_base_recipe

COMMON_OPTION_NAMES = (
    "output",
    "restore",
    "light",
    "balance",
    "sharpen",
    "style",
    "bokeh",
    "faces",
    "upscale",
    "compare",
    "recursive",
    "overwrite",
)
EXAMPLES = """
\b
Examples:
  mattebox enhance photo.jpg                        corrects noise, colour cast and light as much as needed
  mattebox enhance photos/ -o better/ --recursive
  mattebox enhance photo.jpg --light auto           only that
  mattebox enhance old.jpg --restore auto --upscale 2x -o old-large.png
  mattebox enhance photo.jpg --balance 3200K --sharpen 80 --only subject
  mattebox enhance photo.jpg --compare look.html    before and after, with a slider

\b
Without any flag of a step it does what `--preset enhance` does. Without -o the result is written beside the
photograph as NAME-enhanced, in the photograph's own format. `mattebox analyse photo.jpg` says what a photograph needs.
"""


@click.command(
    "enhance", cls=StepCommand, common_options=COMMON_OPTION_NAMES, epilog=EXAMPLES, context_settings=CONTEXT_SETTINGS
)
@click.option("--only", type=click.Choice(AREAS), help=f"{AREA_HELP.capitalize()}.")
@photographs_options(ENHANCE_STEPS)
def command(only: str | None, **_: Any) -> int:
    """Make photographs better: noise, light, colours, sharpness, size. A good photograph is left unchanged."""
    context = click.get_current_context()
    stated_names = explicit_parameters(context)
    recipe = recipe_from_options(context, enhance_base_recipe(stated_names))
    return process_photographs(limit_to_area(recipe, only, stated_names) if only else recipe, context)
