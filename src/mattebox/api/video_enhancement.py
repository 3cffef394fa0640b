"""`enhance_video`: clips with less noise, better light and colours, or larger, with strengths that hold steady."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Unpack

from mattebox.api.documentation import document_parameters
from mattebox.api.parameters import EnhanceVideoParameters
from mattebox.api.sources import ImageArguments
from mattebox.api.video import check_names
from mattebox.core.limits import MAX_INPUT_PIXELS
from mattebox.core.malloc import tune_malloc
from mattebox.pipeline.recipe_check import check_recipe
from mattebox.recipe.flat_parameters import build_recipe, stringify_values
from mattebox.recipe.presets import enhance_base_recipe
from mattebox.video.availability import require_video_extra

if TYPE_CHECKING:
    from mattebox.video.clip_enhancement import EnhancementResult
    from mattebox.video.clip_result import ClipProgress


@document_parameters(EnhanceVideoParameters)
def enhance_video(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    format: str | None = None,
    start: str | float | None = None,
    until: str | float | None = None,
    every: int = 1,
    resume: bool = False,
    rate: str | float | None = None,
    input_colour: Literal["auto", "linear", "srgb", "acescg", "aces"] = "auto",
    deinterlace: bool = False,
    overwrite: bool = True,
    device: str = "auto",
    threads: int | None = None,
    on_progress: Callable[[ClipProgress], None] | None = None,
    **parameters: Unpack[EnhanceVideoParameters],
) -> EnhancementResult:
    """Enhance a clip, frame by frame, and write it with its sound, in constant memory.

    What "auto" measures is the median of two seconds, and begins anew with each scene, so that nothing pumps. Needs the
    extra `video`: `pip install 'mattebox[video]'`.

    Parameters
    ----------
    source : path
        The clip, or numbered pictures, as for `cut_video`.
    target : path
        The result; its suffix says the format, as for `cut_video`.
    format : {"mp4", "webm", "prores", "ffv1", "qtrle", "png"}, optional
        In place of what the suffix says.
    start, until : str or float, optional
        What is taken, as seconds or "1:15.5"; the result begins at 0.
    every : int
        Of so many frames, the first is kept.
    resume, rate, input_colour, deinterlace, overwrite, device, threads, on_progress
        As for `cut_video`.
    {parameters}

    Returns
    -------
    EnhancementResult
        Frames, scene cuts, size, notes.

    Raises
    ------
    InputError, OutputError, UsageError, ModelError, DeviceError
        Nothing is left under the target's name.

    Examples
    --------
        mb.enhance_video("old.mp4", "better.mp4")                      # as much as it needs
        mb.enhance_video("tape.mov", "tape.mkv", deinterlace=True, restore="auto", upscale="2x")
    """
    require_video_extra()
    from mattebox.video.clip_enhancement import enhance_clip
    from mattebox.video.enhancement_job import EnhancementJob, EnhancementOptions
    from mattebox.video.enhancement_segments import enhance_clip_in_segments
    from mattebox.video.formats import find_format, format_of_path
    from mattebox.video.option_values import parse_part

    check_names("enhance_video", parameters, EnhanceVideoParameters)
    images = ImageArguments(parameters, MAX_INPUT_PIXELS)
    fields = stringify_values(images.texts)
    recipe = build_recipe(fields, enhance_base_recipe(fields))
    options = EnhancementOptions(
        format=find_format(format) if format else format_of_path(Path(target)), recipe=recipe, every=every,
        overwrite=overwrite, device=device, threads=threads, deinterlace=deinterlace,
        **parse_part(start, until, rate, input_colour),
    )  # fmt: skip
    check_recipe(recipe, images.open)
    tune_malloc()
    run = enhance_clip_in_segments if resume else enhance_clip
    return run(EnhancementJob(Path(source), Path(target), options, images.open, on_progress=on_progress))
