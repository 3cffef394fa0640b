"""`mattebox anonymise` on clips."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mattebox.cli.console import combine_exit_codes, report_error
from mattebox.core.interface import name_parameter
from mattebox.errors import MatteboxError, UsageError
from mattebox.recipe.recipe import Recipe
from mattebox.video.availability import require_video_extra

if TYPE_CHECKING:
    from mattebox.cli.anonymise_inputs import ClipInput
    from mattebox.cli.video_progress import ClipProgressLine
    from mattebox.video.clip_anonymisation import AnonymisedClip

DEFAULT_CLIP_FORMAT = "mp4"


def anonymise_clips(clips: Sequence[ClipInput], recipe: Recipe, context: click.Context, *, is_one_of_many: bool) -> int:
    """Anonymise clips one after the other, and return the exit code. UsageError for options of photographs only."""
    require_video_extra()
    from mattebox.cli.video_progress import ClipProgressLine
    from mattebox.core.malloc import tune_malloc

    parameters = context.params
    if parameters["server"]:
        raise UsageError("clips are anonymised on this machine", f"leave out {name_parameter('server')}")
    tune_malloc()
    codes, targets = [], list_targets(clips, parameters["output"], is_one_of_many)
    for (clip, *_), target in zip(clips, targets, strict=True):
        progress = ClipProgressLine(clip.name)
        try:
            result = _anonymise(clip, target, recipe, parameters, progress)
        except MatteboxError as error:
            progress.clear()
            codes.append(report_error(error))
            continue
        progress.clear()
        _print_result(clip, result, parameters["as_json"])
        codes.append(0)
    return combine_exit_codes(codes)


def _anonymise(
    clip: Path, target: Path, recipe: Recipe, parameters: dict[str, Any], progress: ClipProgressLine
) -> AnonymisedClip:
    from mattebox.io.atomic_write import make_folder
    from mattebox.video.clip_anonymisation import anonymise_clip
    from mattebox.video.formats import FORMATS, format_of_path

    is_default = target.suffix.lower() == FORMATS[DEFAULT_CLIP_FORMAT].suffix
    make_folder(target.parent)
    return anonymise_clip(
        clip, target, recipe, FORMATS[DEFAULT_CLIP_FORMAT] if is_default else format_of_path(target),
        overwrite=parameters["overwrite"], device=parameters["device"], threads=parameters["threads"],
        on_progress=progress.update,
    )  # fmt: skip


def list_targets(clips: Sequence[ClipInput], output: str | None, is_one_of_many: bool) -> list[Path]:
    """Where the clips' results go: beside them, into a folder, or to the name that was given. Of two clips that differ
    in their suffixes alone, the second keeps its suffix in the name."""
    from mattebox.batch.plan import is_folder

    targets: list[Path] = []
    for clip in clips:
        if output is None:
            target = clip.path.with_name(f"{clip.path.stem}-anonymised.{DEFAULT_CLIP_FORMAT}")
        elif not is_folder(output) and not is_one_of_many:
            target = Path(output)
        else:
            target = Path(output) / clip.relative_path.with_suffix(f".{DEFAULT_CLIP_FORMAT}")
        if target in targets:
            target = target.with_name(f"{target.stem}-{clip.path.suffix[1:]}{target.suffix}")
        targets.append(target)
    return targets


def _print_result(clip: Path, result: AnonymisedClip, as_json: bool) -> None:
    for note in result.notes:
        click.echo(f"note: {clip}: {note}", err=True)
    if as_json:
        boxes = [{"time": round(t, 6), "objects": [o.to_fields() for o in objects]} for t, objects in result.boxes]
        fields = {"frames": result.frames, "hidden_frames": result.hidden_frames, "seconds": round(result.seconds, 3)}
        row = {"input": str(clip), "output": str(result.path), "ok": True, **fields, "notes": list(result.notes)}
        click.echo(json.dumps(row | {"boxes": boxes}))
