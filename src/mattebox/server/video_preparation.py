"""Preparation of the task that cuts a clip: its fields become a recipe and the parameters of a clip, or are refused."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from mattebox.errors import UsageError
from mattebox.recipe.recipe import Recipe
from mattebox.server.clip_preparation import ClipParameters, build_clip_task, check_one_file, require_clips
from mattebox.server.content_buffer import Content
from mattebox.server.http.encoded_picture import EncodedPicture
from mattebox.server.settings import Settings
from mattebox.server.workers.protocol import WorkerTask
from mattebox.server.workers.task_execution import apply_signing_mode

SIGNED_CONTAINERS = ("mp4", "mov")  # that hold their own manifest


def prepare_video_task(
    settings: Settings,
    recipe: Recipe,
    clip: Content,
    parameters: ClipParameters,
    images: Mapping[str, EncodedPicture],
) -> WorkerTask:
    """Validate what can be validated without decoding anything, and make a task of it; see `build_clip_task`.

    Raises
    ------
    Problem, MatteboxError
    """
    recipe = apply_signing_mode(recipe, settings.sign)
    require_clips()
    return build_clip_task(settings, recipe, clip, choose_format(recipe, parameters), images)


def choose_format(recipe: Recipe, parameters: ClipParameters) -> ClipParameters:
    """The parameters with the format of the result. UsageError, OutputError for a cut that clips cannot have over
    HTTP."""
    from mattebox.video.clip_options import ClipOptions
    from mattebox.video.option_values import parse_part

    options = ClipOptions.from_recipe(
        recipe, None, format=parameters.format, every=parameters.every, coherence=parameters.coherence,
        **parse_part(parameters.start, parameters.until),
    )  # fmt: skip
    check_one_file(options.format.name)
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
    return msgspec.structs.replace(parameters, format=options.format.name)
