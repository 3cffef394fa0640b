"""Routes of clips: submission, which always becomes a job."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Request, Response

from mattebox.recipe.flat_parameters import build_recipe
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Background, Cut
from mattebox.server.auth import require_caller
from mattebox.server.content_buffer import Content
from mattebox.server.http.fields import parse_flat_parameters, pop_count_field, pop_text_field
from mattebox.server.http.problems import Problem
from mattebox.server.http.requests import VIDEO_FIELD, RequestData, receive_request
from mattebox.server.job_submission import submit_job
from mattebox.server.openapi.requests import video_request
from mattebox.server.openapi.responses import submission_responses
from mattebox.server.routes.extra_images import EXTRA_IMAGE_FIELDS, PATH_PARAMETERS, name_extra_images
from mattebox.server.state import AppState, get_state
from mattebox.server.video_preparation import ClipParameters, prepare_video_task
from mattebox.server.workers.protocol import WorkerTask

COHERENCE_NAMES = ("keys", "motion", "frame")

VIDEO_IMAGE_FIELDS = {
    name: field for name, field in EXTRA_IMAGE_FIELDS.items() if name not in ("style_image", "logo_image")
}

router = APIRouter(prefix="/v1")


@router.post(
    "/videos",
    tags=["videos"],
    openapi_extra=video_request((Cut, Background), PATH_PARAMETERS, **VIDEO_IMAGE_FIELDS),
    status_code=202,
    responses=submission_responses(),
    response_class=Response,
)
async def create_video(request: Request) -> Response:
    """Cut the subject out of a clip (field `video`), frame by frame, with its sound. Returns a job, whose events tell
    the progress; its result is a video file."""
    state = get_state(request)
    caller = require_caller(state.access, request)
    if not state.settings.max_video:
        raise Problem(503, "no_videos", "this server takes no clips", "send pictures, or ask its operator")
    async with receive_request(state, request, state.settings.max_video, takes_video=True) as data:
        state.check_not_stopping()
        state.quota.check_monthly_quota(caller)
        task, webhook_url = await asyncio.to_thread(_prepare_task, state, data)
        limit_headers = state.quota.check_rate_limit(caller, task.pixels)
        del data
        with state.quota.reserve_picture(caller):
            return await submit_job(request, caller, task, webhook_url, limit_headers)


def _prepare_task(state: AppState, data: RequestData) -> tuple[WorkerTask, str | None]:
    """The task and the web hook. Problem, MatteboxError."""
    fields, images = dict(data.fields), dict(data.images)
    clip = _take_clip(data)
    webhook_url, parameters = pop_text_field(fields, "hook_url"), _take_parameters(fields)
    name_extra_images(fields, images)
    recipe = _build_recipe(state, fields)
    return prepare_video_task(state.settings, recipe, clip, parameters, images), webhook_url


def _take_clip(data: RequestData) -> Content:
    clips = list(data.videos.values())
    if len(clips) != 1:
        raise Problem(422, "video_missing", f"{len(clips)} clips were sent", f"send one, as the field `{VIDEO_FIELD}`")
    if not len(clips[0]):
        raise Problem(422, "video_missing", "the clip is empty (0 bytes)", f"send the whole file as `{VIDEO_FIELD}`")
    return clips[0]


def _take_parameters(fields: dict[str, Any]) -> ClipParameters:
    coherence = pop_text_field(fields, "coherence") or "keys"
    if coherence not in COHERENCE_NAMES:
        raise Problem(422, "invalid_parameter", "coherence is unclear", f"send one of {', '.join(COHERENCE_NAMES)}")
    return ClipParameters(
        pop_text_field(fields, "format"), pop_text_field(fields, "start"), pop_text_field(fields, "until"),
        pop_count_field(fields, "every") or 1, coherence,
    )  # fmt: skip


def _build_recipe(state: AppState, fields: dict[str, Any]) -> Recipe:
    return build_recipe({"model": state.settings.model} | parse_flat_parameters(fields))
