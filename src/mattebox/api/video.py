"""`cut_video`: the subject of a clip, cut out with its sound and timing."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Unpack

from mattebox.api.documentation import document_parameters
from mattebox.api.parameters import VideoParameters
from mattebox.api.sources import ImageArguments
from mattebox.core.limits import MAX_INPUT_PIXELS
from mattebox.core.malloc import tune_malloc
from mattebox.core.suggestions import suggest_name
from mattebox.errors import UsageError
from mattebox.models.matte_session import Session
from mattebox.pipeline.recipe_check import check_recipe
from mattebox.recipe.flat_parameters import build_recipe, stringify_values
from mattebox.video.availability import require_video_extra

if TYPE_CHECKING:
    from mattebox.video.clip_result import ClipProgress, ClipResult
    from mattebox.video.coherence import CoherenceName


@document_parameters(VideoParameters)
def cut_video(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    format: str | None = None,
    start: str | float | None = None,
    until: str | float | None = None,
    every: int = 1,
    coherence: CoherenceName = "auto",
    resume: bool = False,
    report: str | os.PathLike[str] | None = None,
    timeline: str | os.PathLike[str] | None = None,
    sheet: str | os.PathLike[str] | None = None,
    rate: str | float | None = None,
    input_colour: Literal["auto", "linear", "srgb", "acescg", "aces"] = "auto",
    cryptomatte: bool = False,
    deinterlace: bool = False,
    overwrite: bool = True,
    device: str = "auto",
    threads: int | None = None,
    session: Session | None = None,
    on_progress: Callable[[ClipProgress], None] | None = None,
    **parameters: Unpack[VideoParameters],
) -> ClipResult:
    """Cut the subject out of a clip, frame by frame, and write it with its sound, in constant memory.

    Needs the extra `video`: `pip install 'mattebox[video]'`.

    Parameters
    ----------
    source : path
        The clip: MP4, MOV, WebM, Matroska and whatever else FFmpeg decodes; or numbered pictures, as shot.%04d.exr or
        shot.####.png, with a range behind it ("shot.####.exr 1001-1100") where not all are wanted.
    target : path
        The result. Its suffix says the format: .webm (VP9 with alpha), .mov (ProRes 4444 with alpha), .mkv (FFV1,
        lossless with alpha), .mp4 (H.264, for a background); a folder, or shot.%04d.png, is a sequence of PNG files,
        shot.%04d.exr of OpenEXR files. Pictures keep the numbers of pictures that they come from.
    format : {"webm", "prores", "ffv1", "qtrle", "png", "exr", "exr-straight", "mp4"}, optional
        In place of what the suffix says.
    start, until : str or float, optional
        What is cut, as seconds or "1:15.5"; the result begins at 0.
    every : int
        Of so many frames, the first is kept.
    coherence : {"auto", "keys", "motion", "frame", "recurrent"}
        How mattes are made to hold together in time: the network where it is needed, at least on every sixth frame, and
        mattes carried between; every frame by the network and averaged along the motion; each frame by itself; or by
        the state that a recurrent network such as rvm keeps. auto is the last for such networks, else keys.
    resume : bool
        Keep finished segments beside the result, and continue after them where a run with the same parameters was
        interrupted. Give it from the first run on.
    report : path, optional
        Takes a line of JSON for each frame.
    timeline : path, optional
        Takes a timeline for editors (OpenTimelineIO): the clip on V1, its cutout on V2, markers at cuts and doubts.
    sheet : path, optional
        Takes a page (HTML) with the least confident frames, one a second at most.
    rate : str or float, optional
        Frames per second of numbered pictures; by default what they state, else 24.
    input_colour : {"auto", "linear", "srgb", "acescg", "aces"}
        What the values of numbered pictures are. "auto" goes by the files: OpenEXR is linear light of the primaries in
        its header, or of BT.709's.
    cryptomatte : bool
        Whether OpenEXR pictures get a Cryptomatte of the subjects.
    deinterlace : bool
        Whether the clip's frames are two fields each, which become one.
    overwrite : bool
        Whether an existing file may be replaced. The clip itself never is.
    device, threads, session
        As for `cut`.
    on_progress : callable, optional
        Called after each frame with a ClipProgress: frames, seconds, total_seconds, rate.
    {parameters}

    Returns
    -------
    ClipResult
        Frames, where their mattes come from, scene cuts, mean confidence, notes.

    Raises
    ------
    InputError, OutputError, UsageError, ModelError, DeviceError
        Nothing is left under the target's name.

    Examples
    --------
        mb.cut_video("clip.mp4", "cut.webm")
        mb.cut_video("clip.mp4", "cut.mp4", background="linear-gradient(180deg, #fff, #ccc)")
    """
    require_video_extra()
    from mattebox.video.clip_cutting import cut_clip
    from mattebox.video.clip_job import ClipJob
    from mattebox.video.clip_options import ClipOptions
    from mattebox.video.option_values import parse_part
    from mattebox.video.segments import cut_clip_in_segments

    check_names("cut_video", parameters, VideoParameters)
    images = ImageArguments(parameters, MAX_INPUT_PIXELS)
    recipe = build_recipe(stringify_values(images.texts))
    options = ClipOptions.from_recipe(
        recipe, Path(target), format=format, every=every, coherence=coherence, overwrite=overwrite, device=device,
        threads=threads, cryptomatte=cryptomatte, deinterlace=deinterlace,
        **parse_part(start, until, rate, input_colour),
    )  # fmt: skip
    check_recipe(options.still_recipe, images.open, session)
    tune_malloc()
    run = cut_clip_in_segments if resume else cut_clip
    return run(
        ClipJob(
            Path(source), Path(target), options, session, images.open, _optional_path(report),
            _optional_path(timeline), _optional_path(sheet), on_progress=on_progress,
        )
    )  # fmt: skip


def _optional_path(path: str | os.PathLike[str] | None) -> Path | None:
    return None if path is None else Path(path)


def check_names(function: str, parameters: Any, typed_dict: type) -> None:
    """UsageError for a parameter that clips do not have."""
    known = tuple(typed_dict.__annotations__)
    for name in parameters:
        if name not in known:
            remedy = suggest_name(name, known) or f"those of clips are {', '.join(known)}"
            raise UsageError(f"{function} has no parameter {name!r}", remedy)
