"""Preparation of the task that enhances a clip."""

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

DEFAULT_FORMAT = "mp4"


def prepare_clip_enhancement_task(
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
    require_clips()
    from mattebox.video.enhancement_job import EnhancementOptions
    from mattebox.video.formats import find_format
    from mattebox.video.frame_enhancement import check_clip_recipe
    from mattebox.video.option_values import parse_part

    check_clip_recipe(recipe)
    if recipe.save_step.sign == "yes":
        raise UsageError("enhanced clips are not signed", "leave out `sign`")
    options = EnhancementOptions(
        format=find_format(parameters.format or DEFAULT_FORMAT), recipe=recipe, every=parameters.every,
        **parse_part(parameters.start, parameters.until),
    )  # fmt: skip
    check_one_file(options.format.name)
    parameters = msgspec.structs.replace(parameters, format=options.format.name)
    return build_clip_task(
        settings, recipe, clip, parameters, images, "enhance", max_result_pixels=settings.max_pixels
    )  # fmt: skip
