"""The route of depth maps: how near each point of a picture is."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from fastapi import APIRouter, Request, Response

from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Save
from mattebox.server.http.fields import pop_boolean_field, pop_count_field, pop_text_field
from mattebox.server.http.objects import take_objects
from mattebox.server.http.problems import Problem
from mattebox.server.http.requests import RequestData
from mattebox.server.http.sources import count_pixels, take_source
from mattebox.server.openapi.requests import OBJECTS, WEBHOOK, request_operation
from mattebox.server.openapi.responses import picture_responses
from mattebox.server.openapi.schemas import BOOLEAN, FILE
from mattebox.server.routes.v1 import PreparedTask, answer_request
from mattebox.server.state import AppState
from mattebox.server.workers.depth_task import RIGHT_VIEW
from mattebox.server.workers.protocol import DEPTH_KEY
from mattebox.server.workers.referenced_source import prepare_referenced_task
from mattebox.server.workers.task_execution import prepare_task

DEPTH_FIELDS = {
    "colour": BOOLEAN | {"description": "draw it in colours, to look at"},
    RIGHT_VIEW: FILE | {"description": "the same scene from a step to the right: the two are a stereo pair"},
}

router = APIRouter(prefix="/v1")


@router.post(
    "/depths",
    tags=["pictures"],
    openapi_extra=request_operation("Depth", WEBHOOK | OBJECTS | DEPTH_FIELDS, {"colour": True}),
    responses=picture_responses(),
    response_class=Response,
)
async def create_depth(request: Request) -> Response:
    """Tell how near each point of a picture is, as a grey PNG of 16 bits: white is near. The depth that the file holds
    counts, then what both views of a stereo pair tell; else it is an assumption. Where from, and the limits, are among
    the metadata (`depth`)."""
    return await answer_request(request, _prepare_depth)


async def _prepare_depth(state: AppState, caller: str, request_data: RequestData) -> PreparedTask:
    """The task of a request for depth. MatteboxError, Problem."""
    fields, images = dict(request_data.fields), dict(request_data.images)
    objects = take_objects(state, caller, fields, images)
    source, photograph = (None, None) if objects.source else await take_source(state, caller, fields, images)
    webhook_url, is_coloured = pop_text_field(fields, "hook_url"), pop_boolean_field(fields, "colour")
    preview_pixels = pop_count_field(fields, "preview")
    if unknown := {*fields, *images} - {RIGHT_VIEW}:
        raise Problem(422, "invalid_parameter", f"unknown parameter {min(unknown)!r}", "see the API's document")
    state.check_not_stopping()
    state.quota.check_monthly_quota(caller)
    pixels = 0 if source is None else count_pixels(source, state.settings.max_pixels)
    limit_headers = state.quota.check_rate_limit(caller, pixels)
    recipe = Recipe((Save(),))
    if source is not None:
        task = await asyncio.to_thread(prepare_task, state.settings, recipe, source, images)
    else:
        task = prepare_referenced_task(state.settings, recipe, {"object": str(objects.source)}, images)
    options = {"model": state.settings.model, "colour": is_coloured, "preview_pixels": preview_pixels}
    task = replace(task, header=task.header | {DEPTH_KEY: options})
    return PreparedTask(objects.add_picture_output(state, task, recipe), webhook_url, limit_headers, photograph)
