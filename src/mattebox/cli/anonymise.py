"""`mattebox anonymise`: faces and number plates made unrecognisable, in photographs, folders and clips."""

from __future__ import annotations

from typing import Any

import click

from mattebox.cli.anonymise_inputs import split_inputs
from mattebox.cli.common import photographs_options, process_photographs
from mattebox.cli.console import CONTEXT_SETTINGS, combine_exit_codes
from mattebox.cli.options import StepCommand, recipe_from_options, renamed_options
from mattebox.cli.stored_clips import refuse_stores
from mattebox.errors import UsageError
from mattebox.recipe.flat_parameters import build_recipe
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Anonymise, Label, Save

FLAG_BY_PARAMETER = {
    "hide_method": "--method",
    "hide_shape": "--shape",
    "hide_except": "--except",
    "hide_require": "--require",
    "hide_growth": "--growth",
    "hide_sensitivity": "--sensitivity",
    "hide_detector": "--detector",
}
COMMON_OPTION_NAMES = (
    "output", "only_faces", "only_plates", "hide_method", "hide_except", "dry_run", "sheet", "hide_require",
    "recursive", "overwrite",
)  # fmt: skip
EXAMPLES = """
\b
Examples:
  mattebox anonymise street.jpg                     street-anonymised.jpg, faces and number plates in black
  mattebox anonymise photos/ -o safe/ --recursive
  mattebox anonymise street.jpg --dry-run --sheet look.html     shows first what would be hidden, with numbers
  mattebox anonymise street.jpg --except "2 5"      all but those
  mattebox anonymise party.jpg --faces --method mosaic
  mattebox anonymise clip.mp4 -o safe.mp4           every frame, with its sound
  mattebox anonymise holiday/ -o safe/              the photographs and the clips of a folder
  mattebox anonymise photos/ -o safe/ --require --report report.jsonl

\b
No detector finds everything: look at each result before you publish it. Voices, clothes, tattoos, house numbers and
names stay. Of the metadata nothing stays that could show a face; locations go with it.
"""


@click.command(
    "anonymise", cls=StepCommand, common_options=COMMON_OPTION_NAMES, epilog=EXAMPLES,
    context_settings=CONTEXT_SETTINGS,
)  # fmt: skip
@click.option("--faces", "only_faces", is_flag=True, help="Hide faces only.")
@click.option("--plates", "only_plates", is_flag=True, help="Hide number plates only.")
@renamed_options(FLAG_BY_PARAMETER)
@click.option("--dry-run", is_flag=True, help="Write no picture: list what was found, and show it on a --sheet.")
@photographs_options((Label, Save))
def command(only_faces: bool, only_plates: bool, dry_run: bool, **_: Any) -> int:
    """Hide faces and number plates, in photographs and clips."""
    context = click.get_current_context()
    hide = "all" if only_faces == only_plates else "faces" if only_faces else "plates"
    recipe = build_recipe({"hide": hide}, recipe_from_options(context, Recipe((Anonymise(), Save()))))
    clips, photographs = split_inputs(context.params["inputs"], context.params["recursive"])
    context.params["inputs"] = photographs
    if clips:
        refuse_stores(context.params["output"])
    codes = []
    if dry_run:
        if clips:
            raise UsageError("--dry-run takes photographs", "leave out the clips")
        from mattebox.cli.anonymise_dry_run import list_objects

        return list_objects(recipe, context)
    if photographs or not clips:
        codes.append(process_photographs(recipe, context))
    if clips:
        from mattebox.cli.anonymise_clips import anonymise_clips

        is_one_of_many = len(clips) > 1 or bool(photographs) or clips[0].is_of_folder
        codes.append(anonymise_clips(clips, recipe, context, is_one_of_many=is_one_of_many))
    return combine_exit_codes(codes)
