"""`anonymise`, `anonymise_video` and `find_faces`: faces and number plates, hidden or listed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Unpack

from mattebox.anonymisation.regions import DetectedObject
from mattebox.api.documentation import document_parameters
from mattebox.api.operations import Operation
from mattebox.api.parameters import AnonymiseParameters, AnonymiseVideoParameters, NameOrPath, PictureSource
from mattebox.api.result import CutoutResult
from mattebox.api.sources import load_picture
from mattebox.api.video import check_names
from mattebox.core.limits import MAX_INPUT_PIXELS
from mattebox.core.malloc import tune_malloc
from mattebox.models.object_detector import open_object_detector
from mattebox.pipeline.anonymisation import find_objects
from mattebox.recipe.flat_parameters import build_recipe, stringify_values
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Anonymise, Save
from mattebox.video.availability import require_video_extra

if TYPE_CHECKING:
    from mattebox.video.clip_anonymisation import AnonymisedClip
    from mattebox.video.clip_result import ClipProgress

Kinds = Literal["all", "faces", "plates"]


@document_parameters(AnonymiseParameters)
def anonymise(
    source: PictureSource,
    hide: Kinds = "all",
    *,
    device: str = "auto",
    threads: int | None = None,
    max_pixels: int = MAX_INPUT_PIXELS,
    **parameters: Unpack[AnonymiseParameters],
) -> CutoutResult:
    """Make faces and number plates of a photograph unrecognisable. No detector finds everything: look at the result.

    Parameters
    ----------
    hide : {"all", "faces", "plates"}
        What is hidden.
    source, device, threads, max_pixels
        As for `cut`.
    {parameters}

    Returns
    -------
    CutoutResult
        Its `objects` are what was found: each has a number, a kind, a box, a score, and `is_hidden`. Previews, maps,
        locations and marked regions are left out of its metadata.

    Raises
    ------
    NoSubject
        Nothing was found, with `hide_require=True`.

    Examples
    --------
        mb.anonymise("street.jpg").save("safe.jpg")
        mb.anonymise("street.jpg", "faces", hide_method="mosaic", hide_except=[2, 5])
    """
    values = {**parameters, "hide": hide}
    base = Recipe((Save(),))
    return Operation(values, base, device=device, threads=threads, max_pixels=max_pixels).run(source)


def find_faces(
    source: PictureSource,
    kinds: Kinds = "faces",
    *,
    sensitivity: int = 100,
    detector: NameOrPath = "detect-1",
    device: str = "auto",
    threads: int | None = None,
    max_pixels: int = MAX_INPUT_PIXELS,
) -> list[DetectedObject]:
    """Find the faces, or number plates, of a photograph; numbered by size, as `anonymise(hide_except=...)` takes them.

    Parameters
    ----------
    kinds : {"faces", "plates", "all"}
    sensitivity : int
        In percent: more than 100 finds more, and errs more often.
    detector : str or path
        detect-1, yunet, centerface, yolo-v9-plates (plates), or a card's path.
    source, device, threads, max_pixels
        As for `cut`.

    Returns
    -------
    list of DetectedObject
        Each with its `number`, `kind`, `box` (left, top, right, bottom in pixels) and `score`.

    Examples
    --------
        for face in mb.find_faces("group.jpg"):
            print(face.number, face.box, face.score)
    """
    step = Anonymise(hide=kinds, sensitivity=sensitivity, detector=os.fspath(detector))
    network = open_object_detector(step.detector, device, threads)
    return list(find_objects(load_picture(source, max_pixels), network, step))


@document_parameters(AnonymiseVideoParameters)
def anonymise_video(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    hide: Kinds = "all",
    *,
    overwrite: bool = True,
    device: str = "auto",
    threads: int | None = None,
    on_progress: Callable[[ClipProgress], None] | None = None,
    **parameters: Unpack[AnonymiseVideoParameters],
) -> AnonymisedClip:
    """Hide the faces and number plates of a clip in every frame; its sound is kept.

    Needs the extra `video`: `pip install 'mattebox[video]'`. A face stays hidden for some frames before and after those
    in which it is found, and in gaps between.

    Parameters
    ----------
    source, target : path
        The clip and its result, whose suffix says the format: .mp4, .webm, .mov or .mkv.
    hide, device, threads
        As for `anonymise`.
    overwrite : bool
        Whether an existing file may be replaced. The clip itself never is.
    on_progress : callable, optional
        Called after each frame with a ClipProgress: frames, seconds, total_seconds, rate.
    {parameters}

    Returns
    -------
    AnonymisedClip
        Frames, frames in which something is hidden, boxes by time, notes.

    Examples
    --------
        mb.anonymise_video("clip.mp4", "safe.mp4")
        mb.anonymise_video("clip.mp4", "safe.mp4", "faces", hide_method="mosaic", label="AI-edited")
    """
    require_video_extra()
    from mattebox.video.clip_anonymisation import anonymise_clip
    from mattebox.video.formats import format_of_path

    check_names("anonymise_video", parameters, AnonymiseVideoParameters)
    recipe = build_recipe(stringify_values({**parameters, "hide": hide}), Recipe((Save(),)))
    tune_malloc()
    return anonymise_clip(
        Path(source), Path(target), recipe, format_of_path(Path(target)), overwrite=overwrite, device=device,
        threads=threads, on_progress=on_progress,
    )  # fmt: skip
