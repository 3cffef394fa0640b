"""`mattebox video enhance`: noise, light, colours, sharpness and size of clips, with strengths that hold steady."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mattebox.cli.clip_arguments import find_clips, is_folder_output, part_options, resume_option, target_place
from mattebox.cli.clip_results import print_clip_result
from mattebox.cli.console import CONTEXT_SETTINGS, combine_exit_codes, json_option, report_error
from mattebox.cli.options import explicit_parameters, parameter_options
from mattebox.cli.stored_clips import check_stored_clips, local_source, local_target
from mattebox.cli.value_completion import complete_files
from mattebox.cli.video_progress import ClipProgressLine
from mattebox.errors import MatteboxError
from mattebox.video.availability import require_video_extra
from mattebox.video.clip_parameters import ENHANCEMENT_PARAMETERS

if TYPE_CHECKING:
    from mattebox.cli.stored_clips import ClipPlace
    from mattebox.recipe.recipe import Recipe
    from mattebox.video.clip_enhancement import EnhancementResult

EXAMPLES = """
\b
Examples:
  mattebox video enhance old.mp4                      clip-enhanced.mp4: noise, colour cast, light as needed
  mattebox video enhance tape.mov --deinterlace --restore auto --upscale 2x -o tape.mkv
  mattebox video enhance clip.mp4 --balance 3200K --exposure 0.5 --format prores

\b
What "auto" measures is the median of two seconds, and begins anew with each scene.
"""


@click.command("enhance", epilog=EXAMPLES, context_settings=CONTEXT_SETTINGS)
@click.argument("inputs", nargs=-1, metavar="IN...", shell_complete=complete_files)
@click.option(
    "-o", "--output", metavar="OUT|DIR", shell_complete=complete_files, help="A file, a folder, or a place in a store."
)
@click.option("--format", help="mp4, webm, prores, ffv1, qtrle or png.  [default: what -o says, or mp4]")
@part_options
@parameter_options(*ENHANCEMENT_PARAMETERS)
@resume_option
@click.option("--overwrite", is_flag=True, help="Replace existing results; inputs are never overwritten.")
@click.option(
    "--device", default="auto", show_default=True, help="cpu, cuda, cuda:1, coreml, ...; auto is the fastest available."
)
@click.option("--threads", type=click.IntRange(1), help="CPU threads of the networks.  [default: all processors]")
@json_option
@click.pass_context
def command(context: click.Context, /, **options: Any) -> int:
    """Make clips better: noise, light, colours, sharpness, size; nothing is cut."""
    require_video_extra()
    from mattebox.core.malloc import tune_malloc
    from mattebox.recipe.flat_parameters import build_recipe
    from mattebox.recipe.presets import enhance_base_recipe

    check_stored_clips(options["inputs"], options)
    sources = find_clips(options["inputs"])
    fields = {name: context.params[name] for name in explicit_parameters(context)}
    recipe = build_recipe(fields, enhance_base_recipe(fields))
    tune_malloc()
    codes = []
    for source in sources:
        progress = ClipProgressLine(source.name)
        try:
            target, result = _enhance_clip(source, recipe, options, len(sources) > 1, progress)
        except MatteboxError as error:
            progress.clear()
            codes.append(report_error(error))
            continue
        progress.clear()
        print_clip_result(source, target, result, options["as_json"])
    return combine_exit_codes(codes)


def _enhance_clip(
    source: ClipPlace, recipe: Recipe, options: dict[str, Any], is_one_of_many: bool, progress: ClipProgressLine
) -> tuple[ClipPlace, EnhancementResult]:
    from mattebox.pipeline.recipe_check import check_recipe
    from mattebox.video.clip_enhancement import enhance_clip
    from mattebox.video.enhancement_job import EnhancementJob, EnhancementOptions
    from mattebox.video.enhancement_segments import enhance_clip_in_segments
    from mattebox.video.formats import FORMATS, find_format, format_of_path
    from mattebox.video.option_values import parse_part

    output, name = options["output"], options["format"]
    is_folder = is_folder_output(output, is_one_of_many, name == "png")
    clip_format = find_format(name) if name else FORMATS["mp4"]
    if name is None and output is not None and not is_folder:
        clip_format = format_of_path(Path(output))
    enhancement = EnhancementOptions(
        format=clip_format, recipe=recipe, every=options["every"], overwrite=options["overwrite"],
        device=options["device"], threads=options["threads"], deinterlace=options["deinterlace"],
        **parse_part(options["start"], options["until"], options["rate"], options["input_colour"]),
    )  # fmt: skip
    check_recipe(recipe)
    target = target_place(source, output, is_folder, clip_format, "enhanced")
    run = enhance_clip_in_segments if options["resume"] else enhance_clip
    with local_source(source) as clip, local_target(target, overwrite=options["overwrite"]) as path:
        return target, run(EnhancementJob(clip, path, enhancement, on_progress=progress.update))
