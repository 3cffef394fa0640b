"""Preparation of a clip's task: its fields become a recipe and the parameters of a clip, or are refused."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from mattebox.core.interface import install_extra
from mattebox.errors import UsageError
from mattebox.recipe.recipe import Recipe
from mattebox.server.clip_media_types import MIME_BY_FORMAT
from mattebox.server.content_buffer import Content
from mattebox.server.http.encoded_picture import EncodedPicture
from mattebox.server.http.problems import Problem
from mattebox.server.settings import Settings
from mattebox.server.workers.protocol import CLIP_KEY, TIMEOUT_KEY, WorkerTask
from mattebox.server.workers.task_execution import apply_signing_mode, check_models, check_recipe_images

RESULT_BYTES_PER_SOURCE_BYTE = 8  # beyond, a result is refused; WebM and MP4 take less than their source, mostly
MIN_RESULT_BYTES = 50_000_000
SIGNED_CONTAINERS = ("mp4", "mov")  # that hold their own manifest


class ClipParameters(msgspec.Struct, frozen=True):
    """The fields of a clip besides those of its recipe."""

    format: str | None = None
    start: str | None = None
    until: str | None = None
    every: int = 1
    coherence: str = "keys"


def prepare_video_task(
    settings: Settings,
    recipe: Recipe,
    clip: Content,
    parameters: ClipParameters,
    images: Mapping[str, EncodedPicture],
) -> WorkerTask:
    """Validate what can be validated without decoding anything, and make a task of it.

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
        Encoded pictures that the recipe names, by name.

    Raises
    ------
    Problem, MatteboxError
    """
    recipe = apply_signing_mode(recipe, settings.sign)
    check_models(recipe, settings.model)
    _check_parameters(settings, recipe, parameters)
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
        "max_result_bytes": max(MIN_RESULT_BYTES, RESULT_BYTES_PER_SOURCE_BYTE * len(clip)),
    }
    header = {
        "recipe": msgspec.to_builtins(recipe),
        "source": (0, len(clip)),
        "images": spans,
        "max_pixels": settings.max_pixels,
        TIMEOUT_KEY: settings.video_timeout,
        CLIP_KEY: msgspec.to_builtins(parameters) | limits,
    }
    return WorkerTask(header, (clip, *(picture.content for picture in images.values())), settings.max_video_pixels)


def _check_parameters(settings: Settings, recipe: Recipe, parameters: ClipParameters) -> None:
    """UsageError, OutputError; Problem 503 where the server takes no clips."""
    from mattebox.video.availability import require_video_extra

    try:
        require_video_extra()
    except UsageError:
        raise Problem(503, "no_videos", "clips need an extra package", install_extra("video")) from None
    from mattebox.video.clip_options import ClipOptions
    from mattebox.video.option_values import parse_part

    options = ClipOptions.from_recipe(
        recipe, None, format=parameters.format, every=parameters.every, coherence=parameters.coherence,
        **parse_part(parameters.start, parameters.until),
    )  # fmt: skip
    if options.format.name not in MIME_BY_FORMAT:
        raise UsageError(f"{options.format.name} is many files", f"choose one of {', '.join(MIME_BY_FORMAT)}")
    if options.is_signed and options.format.container not in SIGNED_CONTAINERS:
        raise UsageError(
            f"{options.format.name} has no place for a signature", "choose mp4 or prores, or leave out `sign`"
        )
    if options.still_recipe != options.whole_recipe:  # no request names one of the server's files
        raise UsageError(
            "clips and numbered pictures behind the subject or as mattes are not taken over HTTP", "send one picture"
        )
    for step in recipe.steps:
        if step not in options.whole_recipe.steps and step != recipe.save_step:
            raise UsageError(f"clips have no step {type(step).__name__.lower()}", "leave out its fields")
