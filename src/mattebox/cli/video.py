"""`mattebox video`, and `mattebox video cut`: cut the subject out of clips."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mattebox.cli import environment, video_enhance, video_parallax, video_roto
from mattebox.cli.clip_arguments import find_clips, is_folder_output, part_options, resume_option, target_place
from mattebox.cli.clip_results import print_clip_result
from mattebox.cli.command_group import SuggestingGroup
from mattebox.cli.console import CONTEXT_SETTINGS, combine_exit_codes, json_option, report_error
from mattebox.cli.options import explicit_parameters, parameter_options
from mattebox.cli.stored_clips import check_stored_clips, local_source, local_target
from mattebox.cli.value_completion import complete_files
from mattebox.errors import MatteboxError, UsageError
from mattebox.video.availability import require_video_extra
from mattebox.video.clip_parameters import CUT_PARAMETERS

if TYPE_CHECKING:
    from mattebox.cli.stored_clips import ClipPlace
    from mattebox.cli.video_progress import ClipProgressLine
    from mattebox.video.clip_result import ClipResult

EXAMPLES = """
\b
Examples:
  mattebox video cut clip.mp4                        clip-cut.webm, transparent, with its sound
  mattebox video cut clip.mp4 -o cut.mov             ProRes 4444 with alpha, for editors
  mattebox video cut clip.mp4 -o cut.mp4 --background "#00b140"
  mattebox video cut clip.mp4 -o cut.mp4 --background beach.mp4
  mattebox video cut clip.mp4 -o frames/ --every 5   every fifth frame as PNG
  mattebox video cut plate.%04d.exr -o cut.%04d.exr  pictures in and out; of a range: "plate.####.exr 1-99"
  mattebox video cut green.mov -o cut.mov --by screen --garbage "garbage.####.png"
  mattebox video cut *.mp4 -o cut/ --format webm --from 0:10 --until 0:20

\b
Formats: webm (VP9), prores and qtrle (.mov), ffv1 (.mkv), png and exr (folders) have alpha; mp4 needs a background.
docs/video.md says which one suits which editor.
"""


@click.group("video", cls=SuggestingGroup, context_settings=CONTEXT_SETTINGS)
def command() -> None:
    """Cut the subject out of clips, or make them better, with their sound and timing."""


command.add_command(video_enhance.command)
command.add_command(video_roto.command)
command.add_command(video_parallax.command)


@command.command("cut", epilog=EXAMPLES, context_settings=CONTEXT_SETTINGS)
@click.argument("inputs", nargs=-1, metavar="IN...", shell_complete=complete_files)
@click.option(
    "-o",
    "--output",
    metavar="OUT|DIR",
    shell_complete=complete_files,
    help="A file, a folder for several clips or for PNG frames, a name such as shot.%04d.png, or a place in a store.",
)
@click.option(
    "--format", help="webm, prores, ffv1, qtrle, png, exr, exr-straight or mp4.  [default: what -o says, or webm]"
)
@part_options
@click.option(
    "--coherence",
    type=click.Choice(["auto", "keys", "motion", "frame", "recurrent"]),
    default="auto",
    show_default=True,
    help="auto is keys, or recurrent where the network keeps a state. keys asks the network where it is needed, at "
    "least for every sixth frame, and carries mattes between; motion asks it for every frame and averages mattes along "
    "the motion; frame treats each frame by itself; recurrent is the network's own way (rvm).",
)
@parameter_options(*CUT_PARAMETERS)
@resume_option
@click.option("--report", metavar="FILE", shell_complete=complete_files, help="Write a JSON line for each frame.")
@click.option(
    "--timeline",
    metavar="FILE.otio",
    shell_complete=complete_files,
    help="Write a timeline for editors: the clip, its cutout, and markers at scene cuts and doubts (OpenTimelineIO).",
)
@click.option(
    "--sheet",
    metavar="FILE.html",
    shell_complete=complete_files,
    help="Write a page with the least confident frames, one a second at most.",
)
@click.option("--cryptomatte", is_flag=True, help="Add the subjects as Cryptomatte to OpenEXR pictures.")
@click.option("--overwrite", is_flag=True, help="Replace existing results; inputs are never overwritten.")
@click.option(
    "--device", default="auto", show_default=True, help="cpu, cuda, cuda:1, coreml, ...; auto is the fastest available."
)
@click.option("--threads", type=click.IntRange(1), help="CPU threads of the network.  [default: all processors]")
@environment.commercial_option
@json_option
@click.pass_context
def cut(context: click.Context, /, **options: Any) -> int:
    """Cut the subject out of clips: files, or folders of clips."""
    require_video_extra()
    from mattebox.cli.video_progress import ClipProgressLine
    from mattebox.core.malloc import tune_malloc
    from mattebox.recipe.flat_parameters import build_recipe

    check_stored_clips(options["inputs"], options)
    sources = find_clips(options["inputs"])
    for name in ("report", "timeline", "sheet"):
        if options[name] and len(sources) > 1:
            raise UsageError(f"--{name} takes the frames of one clip", "give one clip, or leave it out")
    recipe = build_recipe({name: context.params[name] for name in explicit_parameters(context)})
    tune_malloc()
    codes = []
    for source in sources:
        progress = ClipProgressLine(source.name)
        try:
            target, result = _cut_clip(source, recipe, options, len(sources) > 1, progress)
        except MatteboxError as error:
            progress.clear()
            codes.append(report_error(error))
            continue
        progress.clear()
        print_clip_result(source, target, result, options["as_json"])
    return combine_exit_codes(codes)


def _cut_clip(
    source: ClipPlace, recipe: Any, options: dict[str, Any], is_one_of_many: bool, progress: ClipProgressLine
) -> tuple[ClipPlace, ClipResult]:
    from mattebox.pipeline.recipe_check import check_recipe
    from mattebox.video.clip_cutting import cut_clip
    from mattebox.video.clip_job import ClipJob
    from mattebox.video.clip_options import ClipOptions
    from mattebox.video.option_values import parse_part
    from mattebox.video.segments import cut_clip_in_segments

    output = options["output"]
    is_pictures = options["format"] in ("png", "exr", "exr-straight")
    is_folder = is_folder_output(output, is_one_of_many, is_pictures)
    clip_options = ClipOptions.from_recipe(
        recipe, None if output is None or is_folder else Path(output), format=options["format"],
        every=options["every"], coherence=options["coherence"], overwrite=options["overwrite"],
        device=options["device"], threads=options["threads"], cryptomatte=options["cryptomatte"],
        deinterlace=options["deinterlace"],
        **parse_part(options["start"], options["until"], options["rate"], options["input_colour"]),
    )  # fmt: skip
    check_recipe(clip_options.still_recipe)
    target = target_place(source, output, is_folder, clip_options.format, "cut")
    run = cut_clip_in_segments if options["resume"] else cut_clip
    report, timeline, sheet = (Path(options[n]) if options[n] else None for n in ("report", "timeline", "sheet"))
    with local_source(source) as clip, local_target(target, overwrite=options["overwrite"]) as path:
        job = ClipJob(
            clip, path, clip_options, report=report, timeline=timeline, sheet=sheet, on_progress=progress.update
        )
        return target, run(job)
