"""`mattebox video roto`: clips cut out by mattes or marks on key frames."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mattebox.cli import environment
from mattebox.cli.clip_arguments import target_path
from mattebox.cli.clip_results import print_clip_result
from mattebox.cli.console import CONTEXT_SETTINGS, json_option
from mattebox.cli.options import explicit_parameters, parameter_options
from mattebox.cli.stored_clips import refuse_stores
from mattebox.cli.value_completion import complete_files
from mattebox.cli.video_progress import ClipProgressLine
from mattebox.video.availability import require_video_extra
from mattebox.video.clip_parameters import ROTO_PARAMETERS

if TYPE_CHECKING:
    from mattebox.recipe.recipe import Recipe
    from mattebox.video.clip_result import ClipResult

EXAMPLES = """
\b
Examples:
  mattebox video cut shot.mov -o keys/%04d.png --matte-only --every 25   a start: mattes to mend
  mattebox video roto shot.mov --keys keys/ -o cut.mov
  mattebox video roto plate.%04d.exr --keys keys/ -o cut.%04d.exr

\b
keys/0040.png is a grey matte of frame 40 (of numbered pictures, of picture 40); keys/0080.toml holds marks instead:
  keep = "40%,50%"      drop = "10%,10%/20%,10%"      as for mattebox cut
An edited key is carried anew to its neighbours only.
"""


@click.command("roto", epilog=EXAMPLES, context_settings=CONTEXT_SETTINGS)
@click.argument("source", metavar="IN", shell_complete=complete_files)
@click.option("--keys", required=True, metavar="DIR", shell_complete=complete_files, help="The folder of key frames.")
@click.option("-o", "--output", metavar="OUT", shell_complete=complete_files, help="A file, folder or pattern.")
@click.option("--format", help="As for `video cut`.  [default: what -o says, or webm]")
@click.option("--rate", metavar="RATE", help="Frames a second of numbered pictures.  [default: what they say, or 24]")
@click.option(
    "--input-colour",
    type=click.Choice(["auto", "linear", "srgb", "acescg", "aces"]),
    default="auto",
    show_default=True,
    help="What the values of numbered pictures are; auto goes by the files.",
)
@click.option("--deinterlace", is_flag=True, help="Make one frame of the two fields of interlaced ones.")
@parameter_options(*ROTO_PARAMETERS)
@click.option("--report", metavar="FILE", shell_complete=complete_files, help="Write a JSON line for each frame.")
@click.option("--sheet", metavar="FILE.html", shell_complete=complete_files, help="Write a page of doubtful frames.")
@click.option("--overwrite", is_flag=True, help="Replace existing results; inputs are never overwritten.")
@click.option("--device", default="auto", show_default=True, help="cpu, cuda, ...; auto is the fastest available.")
@click.option("--threads", type=click.IntRange(1), help="CPU threads of the network.  [default: all processors]")
@environment.commercial_option
@json_option
@click.pass_context
def command(context: click.Context, /, source: str, keys: str, **options: Any) -> int:
    """Cut a clip out by mattes or marks on key frames, carried both ways and blended between."""
    require_video_extra()
    refuse_stores(source, keys, options["output"])
    from mattebox.core.malloc import tune_malloc
    from mattebox.recipe.flat_parameters import build_recipe

    recipe = build_recipe({name: context.params[name] for name in explicit_parameters(context)})
    tune_malloc()
    progress = ClipProgressLine(Path(source).name)
    try:
        result = _rotoscope(Path(source), Path(keys), recipe, options, progress)
    finally:
        progress.clear()
    print_clip_result(Path(source), result.path, result, options["as_json"])
    return 0


def _rotoscope(
    source: Path, keys: Path, recipe: Recipe, options: dict[str, Any], progress: ClipProgressLine
) -> ClipResult:
    from mattebox.pipeline.recipe_check import check_recipe
    from mattebox.video.clip_job import ClipJob
    from mattebox.video.clip_options import ClipOptions
    from mattebox.video.option_values import parse_part
    from mattebox.video.roto_keys import find_keys
    from mattebox.video.roto_store import IntervalFolder
    from mattebox.video.rotoscoping import RotoJob, rotoscope_clip

    output = options["output"]
    clip_options = ClipOptions.from_recipe(
        recipe, None if output is None else Path(output), format=options["format"], overwrite=options["overwrite"],
        device=options["device"], threads=options["threads"], deinterlace=options["deinterlace"],
        **parse_part(None, None, options["rate"], options["input_colour"]),
    )  # fmt: skip
    check_recipe(clip_options.still_recipe)
    target = target_path(source, output, False, clip_options.format, "roto")
    report, sheet = (Path(options[name]) if options[name] else None for name in ("report", "sheet"))
    job = ClipJob(source, target, clip_options, report=report, sheet=sheet, on_progress=progress.update)
    return rotoscope_clip(RotoJob(job, find_keys(keys), IntervalFolder(target)))
