"""`mattebox anonymise` on clips."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mattebox.cli.console import combine_exit_codes, report_error
from mattebox.core.interface import name_parameter
from mattebox.errors import MatteboxError, UsageError
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Anonymise
from mattebox.video.availability import require_video_extra

if TYPE_CHECKING:
    from mattebox.video.clip_anonymisation import AnonymisedClip

DEFAULT_CLIP_FORMAT = "mp4"


def anonymise_clips(clips: tuple[str, ...], recipe: Recipe, context: click.Context, *, is_one_of_many: bool) -> int:
    """Anonymise clips one after the other, and return the exit code. UsageError for options of photographs only."""
    require_video_extra()
    from mattebox.cli.video_progress import ClipProgressLine
    from mattebox.core.malloc import tune_malloc

    parameters = context.params
    if recipe.save_step.sign == "yes":
        raise UsageError("anonymised clips are not signed", f"leave out {name_parameter('sign')}")
    if parameters["server"]:
        raise UsageError("clips are anonymised on this machine", f"leave out {name_parameter('server')}")
    tune_malloc()
    codes = []
    for clip in map(Path, clips):
        progress = ClipProgressLine(clip.name)
        try:
            result = _anonymise(clip, recipe, parameters, is_one_of_many, progress)
        except MatteboxError as error:
            progress.clear()
            codes.append(report_error(error))
            continue
        progress.clear()
        _print_result(clip, result, parameters["as_json"])
        codes.append(0)
    return combine_exit_codes(codes)


def _anonymise(
    clip: Path, recipe: Recipe, parameters: dict[str, Any], is_one_of_many: bool, progress: Any
) -> AnonymisedClip:
    from mattebox.video.clip_anonymisation import anonymise_clip
    from mattebox.video.formats import FORMATS, format_of_path

    step, target = recipe.find_step(Anonymise), _target(clip, parameters["output"], is_one_of_many)
    assert step is not None
    is_default = target.suffix.lower() == FORMATS[DEFAULT_CLIP_FORMAT].suffix
    return anonymise_clip(
        clip, target, step, FORMATS[DEFAULT_CLIP_FORMAT] if is_default else format_of_path(target),
        overwrite=parameters["overwrite"], device=parameters["device"], threads=parameters["threads"],
        on_progress=progress.update,
    )  # fmt: skip


def _target(clip: Path, output: str | None, is_one_of_many: bool) -> Path:
    """Where a clip's result goes: beside it, into a folder, or to the name that was given."""
    from mattebox.batch.plan import is_folder
    from mattebox.io.atomic_write import make_folder

    if output is None:
        return clip.with_name(f"{clip.stem}-anonymised.{DEFAULT_CLIP_FORMAT}")
    if not is_folder(output) and not is_one_of_many:
        return Path(output)
    make_folder(Path(output))
    return Path(output) / f"{clip.stem}.{DEFAULT_CLIP_FORMAT}"


def _print_result(clip: Path, result: AnonymisedClip, as_json: bool) -> None:
    for note in result.notes:
        click.echo(f"note: {clip}: {note}", err=True)
    if as_json:
        boxes = [{"time": round(t, 6), "objects": [o.to_fields() for o in objects]} for t, objects in result.boxes]
        fields = {"frames": result.frames, "hidden_frames": result.hidden_frames, "seconds": round(result.seconds, 3)}
        row = {"input": str(clip), "output": str(result.path), "ok": True, **fields, "notes": list(result.notes)}
        click.echo(json.dumps(row | {"boxes": boxes}))
