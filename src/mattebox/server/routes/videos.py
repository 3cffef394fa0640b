"""Routes of clips: submission, which always becomes a job."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeAlias

from fastapi import APIRouter, Request, Response

from mattebox.errors import UsageError
from mattebox.recipe.flat_parameters import build_recipe, parameters_by_name
from mattebox.recipe.presets import enhance_base_recipe
from mattebox.recipe.recipe import Recipe
from mattebox.server.auth import require_caller
from mattebox.server.booleans import parse_boolean
from mattebox.server.clip_enhancement_preparation import prepare_clip_enhancement_task
from mattebox.server.clip_preparation import COHERENCE_NAMES, ClipParameters, clip_suffix
from mattebox.server.content_buffer import Content
from mattebox.server.http.encoded_picture import EncodedPicture
from mattebox.server.http.fields import parse_flat_parameters, pop_count_field, pop_text_field
from mattebox.server.http.objects import VIDEO_OBJECT, take_objects
from mattebox.server.http.problems import Problem
from mattebox.server.http.requests import VIDEO_FIELD, RequestData, receive_request
from mattebox.server.job_submission import submit_job
from mattebox.server.openapi.requests import CLIP_PART, COHERENCE, ROTO_KEYS, video_request
from mattebox.server.openapi.responses import submission_responses
from mattebox.server.rotoscoping_preparation import prepare_rotoscoping_task
from mattebox.server.routes.extra_images import EXTRA_IMAGE_FIELDS, PATH_PARAMETERS, name_extra_images
from mattebox.server.state import AppState, get_state
from mattebox.server.video_preparation import prepare_video_task
from mattebox.server.workers.protocol import CLIP_KEY, REFERENCE_KEY, WorkerTask
from mattebox.video.clip_parameters import CUT_PARAMETERS, ENHANCEMENT_PARAMETERS, ROTO_PARAMETERS

PrepareClipTask: TypeAlias = Callable[[AppState, Content, dict[str, Any], dict[str, EncodedPicture]], WorkerTask]
"""The server's state, a clip, fields and pictures -> the task. MatteboxError, Problem."""

CUT_IMAGE_FIELDS = {
    name: field
    for name, field in EXTRA_IMAGE_FIELDS.items()
    if name not in ("style_image", "bokeh_depth_image", "distance_depth_image")
}
STYLE_IMAGE_FIELD = {"style_image": EXTRA_IMAGE_FIELDS["style_image"]}

router = APIRouter(prefix="/v1")


@router.post(
    "/videos",
    tags=["videos"],
    openapi_extra=video_request(
        "Video",
        (name for name in CUT_PARAMETERS if name not in PATH_PARAMETERS),
        CLIP_PART | COHERENCE | CUT_IMAGE_FIELDS,
    ),
    status_code=202,
    responses=submission_responses(),
    response_class=Response,
)
async def create_video(request: Request) -> Response:
    """Cut the subject out of a clip (field `video`), frame by frame, with its sound. Returns a job, whose events tell
    the progress; its result is a video file."""
    return await _submit_clip(request, _prepare_cut)


@router.post(
    "/video-enhancements",
    tags=["videos"],
    openapi_extra=video_request("VideoEnhancement", ENHANCEMENT_PARAMETERS, CLIP_PART | STYLE_IMAGE_FIELD),
    status_code=202,
    responses=submission_responses(),
    response_class=Response,
)
async def create_video_enhancement(request: Request) -> Response:
    """Enhance a clip (field `video`): noise, light, colours, sharpness, size, with strengths that hold steady. Without
    the field of any step, it corrects what the clip needs. Returns a job, as /v1/videos does."""
    return await _submit_clip(request, _prepare_enhancement)


@router.post(
    "/rotoscopings",
    tags=["videos"],
    openapi_extra=video_request(
        "Rotoscoping",
        ROTO_PARAMETERS,
        ROTO_KEYS | {name: EXTRA_IMAGE_FIELDS[name] for name in ("background_image", "logo_image")},
        "keys",
    ),
    status_code=202,
    responses=submission_responses(),
    response_class=Response,
)  # fmt: skip
async def create_rotoscoping(request: Request) -> Response:
    """Cut the subject out of a clip (field `video`) by mattes or marks on key frames (field `keys`), carried both ways
    along the motion and blended between. Returns a job, as /v1/videos does."""
    return await _submit_clip(request, _prepare_rotoscoping)


async def _submit_clip(request: Request, prepare: PrepareClipTask) -> Response:
    """Make a job of a request with a clip."""
    state = get_state(request)
    caller = require_caller(state.access, request)
    if not state.settings.max_video:
        raise Problem(503, "no_videos", "this server takes no clips", "send pictures, or ask its operator")
    async with receive_request(state, request, state.settings.max_video, takes_video=True) as data:
        state.check_not_stopping()
        state.quota.check_monthly_quota(caller)
        task, webhook_url = await asyncio.to_thread(_prepare_task, state, caller, data, prepare)
        limit_headers = state.quota.check_rate_limit(caller, task.pixels)
        del data
        with state.quota.reserve_picture(caller):
            return await submit_job(request, caller, task, webhook_url, limit_headers)


def _prepare_task(
    state: AppState, caller: str, data: RequestData, prepare: PrepareClipTask
) -> tuple[WorkerTask, str | None]:
    """The task and the web hook. Problem, MatteboxError."""
    fields, images = dict(data.fields), dict(data.images)
    objects = take_objects(state, caller, fields, data.videos, VIDEO_OBJECT)
    clip = state.buffer.store(b"") if objects.source else _take_clip(data)
    webhook_url = pop_text_field(fields, "hook_url")
    name_extra_images(fields, images)
    task = prepare(state, clip, fields, images)
    if objects.source:
        task = replace(task, header=task.header | {REFERENCE_KEY: {"object": objects.source}})
    clip_format = task.header[CLIP_KEY]["format"]
    return objects.add_output(state, task, clip_format, (clip_suffix(clip_format),)), webhook_url


def _prepare_cut(
    state: AppState, clip: Content, fields: dict[str, Any], images: dict[str, EncodedPicture]
) -> WorkerTask:
    parameters = _take_parameters(fields)
    return prepare_video_task(state.settings, _build_cut_recipe(state, fields), clip, parameters, images)


def _prepare_enhancement(
    state: AppState, clip: Content, fields: dict[str, Any], images: dict[str, EncodedPicture]
) -> WorkerTask:
    parameters = _take_parameters(fields)
    _check_names(fields, ENHANCEMENT_PARAMETERS, "enhancing a clip")
    values = parse_flat_parameters(fields)
    recipe = build_recipe(values, enhance_base_recipe(values))
    return prepare_clip_enhancement_task(state.settings, recipe, clip, parameters, images)


def _prepare_rotoscoping(
    state: AppState, clip: Content, fields: dict[str, Any], images: dict[str, EncodedPicture]
) -> WorkerTask:
    keys = pop_text_field(fields, "keys")
    parameters = ClipParameters(pop_text_field(fields, "format"), deinterlace=_pop_switch(fields))
    _check_names(fields, ROTO_PARAMETERS, "rotoscoping")
    recipe = _build_cut_recipe(state, fields)
    return prepare_rotoscoping_task(state.settings, recipe, clip, keys, parameters, images)


def _take_clip(data: RequestData) -> Content:
    clips = list(data.videos.values())
    if len(clips) != 1:
        raise Problem(422, "video_missing", f"{len(clips)} clips were sent", f"send one, as the field `{VIDEO_FIELD}`")
    if not len(clips[0]):
        raise Problem(422, "video_missing", "the clip is empty (0 bytes)", f"send the whole file as `{VIDEO_FIELD}`")
    return clips[0]


def _take_parameters(fields: dict[str, Any]) -> ClipParameters:
    coherence = pop_text_field(fields, "coherence") or "auto"
    if coherence not in COHERENCE_NAMES:
        raise Problem(422, "invalid_parameter", "coherence is unclear", f"send one of {', '.join(COHERENCE_NAMES)}")
    return ClipParameters(
        pop_text_field(fields, "format"), pop_text_field(fields, "start"), pop_text_field(fields, "until"),
        pop_count_field(fields, "every") or 1, coherence, _pop_switch(fields),
    )  # fmt: skip


def _pop_switch(fields: dict[str, Any], name: str = "deinterlace") -> bool:
    value = fields.pop(name, "") or "false"
    parsed = value if isinstance(value, bool) else parse_boolean(str(value))
    if parsed is None:
        raise Problem(422, "invalid_parameter", f"{name} must be true or false", "send true or false")
    return parsed


def _check_names(fields: dict[str, Any], names: tuple[str, ...], purpose: str) -> None:
    """UsageError for a parameter that this work on clips does not have; unknown fields are found later."""
    known = {*parameters_by_name(), "start", "until", "every", "coherence"}
    if unsuitable := sorted(fields.keys() & known - set(names)):
        raise UsageError(f"{unsuitable[0]} is not for {purpose}", "leave it out")


def _build_cut_recipe(state: AppState, fields: dict[str, Any]) -> Recipe:
    return build_recipe({"model": state.settings.model} | parse_flat_parameters(fields))
