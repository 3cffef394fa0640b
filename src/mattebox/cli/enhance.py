"""`mattebox enhance`: photographs in, better photographs out; nothing is cut."""

from __future__ import annotations

from typing import Any

import click

from mattebox.cli.options import recipe_of, stated_in
from mattebox.cli.photographs import HELP, PhotographsCommand, carried_out, photographs_options
from mattebox.errors import UsageError
from mattebox.parameters import build_recipe, parameters
from mattebox.presets import find_preset
from mattebox.recipe import Balance, Colour, Light, Recipe, Restore, Save, Sharpen, Style, Upscale

STEPS = (Restore, Upscale, Balance, Light, Colour, Style, Sharpen, Save)

EXAMPLES = """
\b
Examples:
  mattebox enhance photo.jpg                        what it needs, and no more: noise, cast, light
  mattebox enhance photos/ -o better/ --recursive
  mattebox enhance photo.jpg --light auto           only that
  mattebox enhance old.jpg --restore auto --upscale 2x -o old-large.png
  mattebox enhance photo.jpg --balance 3200K --sharpen 80 --only subject
  mattebox enhance photo.jpg --compare look.html    before and after, with a slider

\b
Without any flag of a step it does what `--preset enhance` does. Without -o the result lies beside the photograph as
NAME-enhanced, in the photograph's own format. `mattebox analyse photo.jpg` says what a photograph needs.
"""


@click.command("enhance", cls=PhotographsCommand, epilog=EXAMPLES, context_settings=HELP)
@click.option(
    "--only", type=click.Choice(["all", "subject", "background"]), help="Where, for all steps that can be told."
)
@photographs_options(STEPS)
def command(only: str | None, **options: Any) -> int:
    """Make photographs better: noise, light, colours, sharpness, size. What is good already stays as it is."""
    context = click.get_current_context()
    asked = {name for name in stated_in(context) if parameters()[name].step is not Save}
    recipe = recipe_of(context, Recipe((Save(),)) if asked else find_preset("enhance"))
    return carried_out(_limited(recipe, only), **options)


def _limited(recipe: Recipe, only: str | None) -> Recipe:
    """The recipe with its steps done to a part only. UsageError when none of them can be."""
    if only is None:
        return recipe
    able = {p.name for p in parameters().values() if p.field.name == "only" and recipe.find(p.step) is not None}
    if not able:
        raise UsageError(f"--only {only} has nothing to do it to", "give --light auto, --sharpen 80 or the like")
    return build_recipe(dict.fromkeys(able, only), recipe)
