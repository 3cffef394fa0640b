"""What all tasks of clips have in common: their fields, their limits, and the frame that a worker gets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

import msgspec

from mattebox.core.interface import install_extra
from mattebox.errors import InputMissing, UsageError
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.serialization import compact_recipe
from mattebox.server.clip_media_types import MIME_BY_FORMAT
from mattebox.server.content_buffer import Content
from mattebox.server.http.encoded_picture import EncodedPicture
from mattebox.server.http.problems import Problem
from mattebox.server.settings import Settings
from mattebox.server.workers.protocol import CLIP_KEY, TIMEOUT_KEY, WorkerTask
from mattebox.server.workers.task_execution import check_models, check_recipe_images

RESULT_BYTES_PER_SOURCE_BYTE = 8  # beyond, a result is refused; WebM and MP4 take less than their source, mostly
MIN_RESULT_BYTES = 50_000_000

COHERENCE_NAMES = ("auto", "keys", "motion", "frame", "recurrent")  # of `mattebox.video`, which is not imported here
ClipWork = Literal["cut", "enhance", "rotoscope"]


class ClipParameters(msgspec.Struct, frozen=True):
    """The fields of a clip besides those of its recipe."""

    format: str | None = None
    start: str | None = None
    until: str | None = None
    every: int = 1
    coherence: str = "auto"
    deinterlace: bool = False


def build_clip_task(
    settings: Settings,
    recipe: Recipe,
    clip: Content,
    parameters: ClipParameters,
    images: Mapping[str, EncodedPicture],
    work: ClipWork = "cut",
    **work_fields: Any,
) -> WorkerTask:
    """Validate a recipe and its pictures, and make a clip's task of them.

    Parameters
    ----------
    settings
        The server's limits and default model.
    recipe
        What to do with each frame.
    clip
        The clip's bytes.
    parameters
        Its other parameters.
    images
        Encoded pictures that the task names, by name.
    work
        What the worker does.
    **work_fields
        What it needs for that besides.

    Raises
    ------
    Problem, MatteboxError
    """
    check_models(recipe, settings.model)
    check_recipe_images(recipe, dict(images))
    for name, picture in images.items():
        picture.count_pixels(settings.max_pixels, name)
    spans, offset = {}, len(clip)
    for name, picture in images.items():
        spans[name] = (offset, offset + len(picture))
        offset += len(picture)
    limits = {
        "max_frame_pixels": settings.max_video_pixels,
        "max_seconds": settings.max_video_seconds,
        "max_result_bytes": _max_result_bytes(clip),
    }
    header = {
        "recipe": compact_recipe(recipe),
        "source": (0, len(clip)),
        "images": spans,
        "max_pixels": settings.max_pixels,
        TIMEOUT_KEY: settings.video_timeout,
        CLIP_KEY: msgspec.to_builtins(parameters) | limits | {"work": work} | work_fields,
    }
    return WorkerTask(header, (clip, *(picture.content for picture in images.values())), settings.max_video_pixels)


def insert_clip(task: WorkerTask, clip: Content) -> WorkerTask:
    """A task that was prepared with an empty clip, with its clip. InputMissing for one that is empty."""
    if not len(clip):
        raise InputMissing("the clip is empty (0 bytes)", "send one that has frames")
    header, size = task.header, len(clip)
    spans = {name: (start + size, end + size) for name, (start, end) in header["images"].items()}
    limits = {"max_result_bytes": _max_result_bytes(clip)}
    header = header | {"source": (0, size), "images": spans, CLIP_KEY: header[CLIP_KEY] | limits}
    return replace(task, header=header, contents=(clip, *task.contents))


def _max_result_bytes(clip: Content) -> int:
    return max(MIN_RESULT_BYTES, RESULT_BYTES_PER_SOURCE_BYTE * len(clip))


def clip_suffix(format: str) -> str:
    """The suffix of clips of a format. Needs what clips need, see `require_clips`."""
    from mattebox.video.formats import FORMATS

    return FORMATS[format].suffix


def require_clips() -> None:
    """Problem 503 where the server lacks what clips need."""
    from mattebox.video.availability import require_video_extra

    try:
        require_video_extra()
    except UsageError:
        raise Problem(503, "no_videos", "clips need an extra package", install_extra("video")) from None


def check_one_file(format: str) -> None:
    """UsageError for a format of many files."""
    if format not in MIME_BY_FORMAT:
        raise UsageError(f"{format} is many files", f"choose one of {', '.join(MIME_BY_FORMAT)}")
