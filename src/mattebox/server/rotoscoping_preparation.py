"""Preparation of the task that rotoscopes a clip: key frames by their numbers, as pictures that were sent or marks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from mattebox.errors import InputMissing, UsageError
from mattebox.recipe.recipe import Recipe
from mattebox.server.clip_preparation import ClipParameters, build_clip_task, require_clips
from mattebox.server.content_buffer import Content
from mattebox.server.http.encoded_picture import EncodedPicture
from mattebox.server.settings import Settings
from mattebox.server.video_preparation import choose_format
from mattebox.server.workers.protocol import WorkerTask
from mattebox.server.workers.task_execution import apply_signing_mode

KEYS_EXAMPLE = '{"0": "first", "40": {"keep": "40%,50%"}, "2.5s": {"keep": "45%,50%"}}'


def prepare_rotoscoping_task(
    settings: Settings,
    recipe: Recipe,
    clip: Content,
    keys: str | None,
    parameters: ClipParameters,
    images: Mapping[str, EncodedPicture],
) -> WorkerTask:
    """Validate what can be validated without decoding anything, and make a task of it; see `build_clip_task`.

    Parameters
    ----------
    keys
        A JSON object: number of a frame, from 0, or a time such as "1.6s" -> name of a picture among `images`, or marks
        (`keep`, `drop`).

    Raises
    ------
    Problem, MatteboxError
    """
    recipe = apply_signing_mode(recipe, settings.sign)
    require_clips()
    parameters = choose_format(recipe, parameters)
    parsed = _parse_keys(keys)
    for key in parsed.values():
        if isinstance(key, str) and key not in images:
            raise InputMissing(f"{key}: is not among the images sent", "send the key's matte as a file of that name")
    return build_clip_task(settings, recipe, clip, parameters, images, "rotoscope", keys=parsed)


def _parse_keys(text: str | None) -> dict[str, Any]:
    """Keys by the number of their frame, or its time. UsageError."""
    from mattebox.video.roto_key_names import parse_key_name
    from mattebox.video.roto_keys import RotoMarks

    if not text:
        raise UsageError("there is no key frame", f"send keys={KEYS_EXAMPLE}")
    try:
        keys = msgspec.json.decode(text, type=dict[str, str | dict[str, str]])
    except msgspec.DecodeError as error:
        raise UsageError(f"keys cannot be read ({str(error)[:80]})", f"send keys={KEYS_EXAMPLE}") from None
    try:
        names = [parse_key_name(name) for name in keys]
    except UsageError:
        names = []
    if not names or len(set(names)) < len(names):
        raise UsageError(
            "keys are numbered by frames from 0, or named by times, each once", f"send keys={KEYS_EXAMPLE}"
        )
    for name, key in keys.items():
        if isinstance(key, dict):
            RotoMarks.from_fields(key, f"the key of frame {name}")
    return keys
