"""`mattebox anonymise`: faces and number plates made unrecognisable, in photographs, folders and clips."""

from __future__ import annotations

from typing import Any

import click

from mattebox.cli.common import photographs_options, process_photographs
from mattebox.cli.console import CONTEXT_SETTINGS, combine_exit_codes
from mattebox.cli.options import StepCommand, recipe_from_options, renamed_options
from mattebox.errors import UsageError
from mattebox.recipe.flat_parameters import build_recipe
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Anonymise, Save

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
@photographs_options((Save,))
def command(only_faces: bool, only_plates: bool, dry_run: bool, **_: Any) -> int:
    """Hide faces and number plates, in photographs and clips."""
    context = click.get_current_context()
    hide = "all" if only_faces == only_plates else "faces" if only_faces else "plates"
    recipe = build_recipe({"hide": hide}, recipe_from_options(context, Recipe((Anonymise(), Save()))))
    clips, photographs = _split_clips(context.params["inputs"])
    context.params["inputs"] = photographs
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

        codes.append(anonymise_clips(clips, recipe, context, is_one_of_many=len(clips) > 1 or bool(photographs)))
    return combine_exit_codes(codes)


def _split_clips(inputs: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The clips that are named, by their suffixes, and everything else."""
    from mattebox.io.media_type import is_clip_name

    clips = tuple(name for name in inputs if is_clip_name(name))
    return clips, tuple(name for name in inputs if name not in clips)
