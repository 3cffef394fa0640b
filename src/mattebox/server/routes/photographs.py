"""Routes of photographs that are sent once and referred to by an id: send, erase, and how long one is kept."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from mattebox.io.media_type import identify_media_type
from mattebox.server.auth import require_caller
from mattebox.server.http.requests import receive_request
from mattebox.server.http.sources import take_source
from mattebox.server.openapi.requests import photograph_request
from mattebox.server.openapi.responses import (
    UPLOAD_STATUSES,
    created_response,
    file_responses,
    json_responses,
    problem_responses,
)
from mattebox.server.openapi.schemas import PHOTOGRAPH, PHOTOGRAPH_RETENTION
from mattebox.server.state import get_state
from mattebox.video.availability import has_video_extra

router = APIRouter(prefix="/v1/photographs", tags=["photographs"])


@router.post(
    "",
    status_code=201,
    openapi_extra=photograph_request(),
    responses={201: created_response(PHOTOGRAPH, "The photograph's id"), **problem_responses(*UPLOAD_STATUSES)},
    response_class=Response,
)
async def create_photograph(request: Request) -> Response:
    """Send a photograph once: requests then name it by `image_id`, without its bytes. It is kept encrypted with a key
    that only the running server holds, until it is erased or not used for `keep_seconds`."""
    state = get_state(request)
    caller = require_caller(state.access, request)
    state.check_not_stopping()
    async with receive_request(state, request, state.settings.max_upload) as request_data:
        source = await take_source(state, caller, dict(request_data.fields), dict(request_data.images))
        del request_data
    header = source.picture.header
    source.picture.count_pixels(state.settings.max_pixels)
    photograph_id = state.photographs.add(caller, source.picture)
    description = {"id": photograph_id, "width": header.width, "height": header.height}
    retention = {"keep_seconds": state.photographs.keep_seconds}
    return JSONResponse(description | retention, 201, {"Location": f"/v1/photographs/{photograph_id}"})


@router.get("", responses=json_responses(PHOTOGRAPH_RETENTION, "How long photographs are kept"))
async def get_photograph_retention(request: Request) -> Any:
    """How many seconds after its last use a photograph is kept, 0 where none is; whether the server fetches one from an
    address (`image_url`); and how large pictures and clips may be."""
    state = get_state(request)
    require_caller(state.access, request)
    return {
        "keep_seconds": state.photographs.keep_seconds,
        "fetches_urls": state.settings.urls,
        "max_pixels": state.settings.max_pixels,
        "max_video_bytes": state.settings.max_video if has_video_extra() else 0,
        "max_video_seconds": state.settings.max_video_seconds,
    }


@router.get("/{photograph_id}", responses=file_responses(404), response_class=Response)
async def get_photograph(request: Request, photograph_id: str) -> Response:
    """The file of a photograph, as it was sent or fetched."""
    state = get_state(request)
    photograph = state.photographs.find(require_caller(state.access, request), photograph_id)
    content = await asyncio.to_thread(photograph.picture.content.read)
    return Response(content, media_type=identify_media_type(content), headers={"Cache-Control": "no-store"})


@router.delete(
    "/{photograph_id}",
    status_code=204,
    responses={204: {"description": "It is erased"}, **problem_responses(404)},
    response_class=Response,
)
async def erase_photograph(request: Request, photograph_id: str) -> Response:
    """Erase a photograph and all that was computed of it."""
    state = get_state(request)
    caller = require_caller(state.access, request)
    state.photographs.erase(caller, photograph_id)
    await state.auditor.record(caller, "erase")
    return Response(status_code=204)
