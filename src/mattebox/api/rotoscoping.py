"""`rotoscope_video`: a clip cut out by mattes or marks on key frames."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Unpack

from mattebox.api.documentation import document_parameters
from mattebox.api.parameters import RotoscopeParameters
from mattebox.api.sources import ImageArguments
from mattebox.api.video import check_names
from mattebox.core.limits import MAX_INPUT_PIXELS
from mattebox.core.malloc import tune_malloc
from mattebox.models.matte_session import Session
from mattebox.pipeline.recipe_check import check_recipe
from mattebox.recipe.flat_parameters import build_recipe, stringify_values
from mattebox.video.availability import require_video_extra

if TYPE_CHECKING:
    from mattebox.video.clip_result import ClipProgress, ClipResult


@document_parameters(RotoscopeParameters)
def rotoscope_video(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    keys: str | os.PathLike[str],
    *,
    format: str | None = None,
    rate: str | float | None = None,
    input_colour: Literal["auto", "linear", "srgb", "acescg", "aces"] = "auto",
    deinterlace: bool = False,
    report: str | os.PathLike[str] | None = None,
    overwrite: bool = True,
    device: str = "auto",
    threads: int | None = None,
    session: Session | None = None,
    on_progress: Callable[[ClipProgress], None] | None = None,
    **parameters: Unpack[RotoscopeParameters],
) -> ClipResult:
    """Cut a clip out by mattes or marks on key frames, carried both ways along the motion and blended between.

    Needs the extra `video`: `pip install 'mattebox[video]'`.

    Parameters
    ----------
    source, target : path
        As for `cut_video`.
    keys : path
        A folder of key frames, named by the frame's number: 0040.png is a grey matte of frame 40 (of numbered pictures,
        of picture 40), 0080.toml holds marks, as keep = "40%,50%" and drop = "10%,10%/20%,10%". What was carried is
        kept beside the result; an edited key is carried anew to its neighbours only.
    format, rate, input_colour, deinterlace, report, overwrite, device, threads, session, on_progress
        As for `cut_video`.
    {parameters}

    Returns
    -------
    ClipResult

    Raises
    ------
    InputError, OutputError, UsageError, ModelError, DeviceError
        Nothing is left under the target's name.

    Examples
    --------
        mb.rotoscope_video("shot.mov", "cut.mov", "keys/")
    """
    require_video_extra()
    from mattebox.video.clip_job import ClipJob
    from mattebox.video.clip_options import ClipOptions
    from mattebox.video.option_values import parse_part
    from mattebox.video.roto_keys import find_keys
    from mattebox.video.roto_store import IntervalFolder
    from mattebox.video.rotoscoping import RotoJob, rotoscope_clip

    check_names("rotoscope_video", parameters, RotoscopeParameters)
    images = ImageArguments(parameters, MAX_INPUT_PIXELS)
    options = ClipOptions.from_recipe(
        build_recipe(stringify_values(images.texts)), Path(target), format=format, overwrite=overwrite, device=device,
        threads=threads, deinterlace=deinterlace, **parse_part(None, None, rate, input_colour),
    )  # fmt: skip
    check_recipe(options.still_recipe, images.open, session)
    tune_malloc()
    job = ClipJob(
        Path(source), Path(target), options, session, images.open, None if report is None else Path(report),
        on_progress=on_progress,
    )  # fmt: skip
    return rotoscope_clip(RotoJob(job, find_keys(Path(keys)), IntervalFolder(Path(target))))
