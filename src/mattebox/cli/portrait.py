"""`mattebox portrait`: backgrounds that fall out of focus, as through a fast lens."""

from __future__ import annotations

from typing import Any

import click

from mattebox.cli.common import photographs_options, process_photographs
from mattebox.cli.console import CONTEXT_SETTINGS
from mattebox.cli.options import StepCommand, recipe_from_options
from mattebox.recipe.flat_parameters import build_recipe
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import LensBlur, Save

COMMON_OPTION_NAMES = (
    "output", "aperture", "bokeh_focus", "bokeh_aperture", "bokeh_depth", "compare", "recursive", "overwrite",
)  # fmt: skip
EXAMPLES = """
\b
Examples:
  mattebox portrait photo.jpg                       photo-portrait.jpg, as at f/2
  mattebox portrait photos/ -o portraits/ --aperture f/1.4
  mattebox portrait street.jpg --bokeh-focus "40%,60%" --bokeh-aperture 6
  mattebox portrait photo.jpg --bokeh-depth depth.png

\b
Depth comes from the photograph's own depth map, where a phone wrote one; else the subject is taken to stand in one
plane before a floor that recedes. What is in focus stays exactly as it is.
"""


@click.command(
    "portrait", cls=StepCommand, common_options=COMMON_OPTION_NAMES, epilog=EXAMPLES, context_settings=CONTEXT_SETTINGS
)
@click.option("--aperture", default="f/2", show_default=True, help="The f-number: the smaller, the stronger the blur.")
@photographs_options((LensBlur, Save), excluded_name="bokeh")
def command(aperture: str, **_: Any) -> int:
    """Blur what is behind the subject, as a fast lens does."""
    context = click.get_current_context()
    recipe = recipe_from_options(context, Recipe((Save(),)))
    return process_photographs(build_recipe({"bokeh": aperture}, recipe), context)
