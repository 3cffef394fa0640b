"""Routes of remove.bg's API: POST /v1.0/removebg and GET /v1.0/account."""

from __future__ import annotations

import base64
import time
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from mattebox.errors import MatteboxError
from mattebox.server.api_keys import PICTURES_SCOPE
from mattebox.server.auth import AccessControl
from mattebox.server.http.problems import Problem
from mattebox.server.http.requests import RequestData, receive_request
from mattebox.server.http.sources import count_pixels, fetch_picture
from mattebox.server.picture_processing import process_picture
from mattebox.server.quota import PictureQuota
from mattebox.server.removebg.errors import RemovebgError, convert_error
from mattebox.server.removebg.headers import removebg_headers
from mattebox.server.removebg.mapping import (
    ALTERNATIVES_BY_URL_FIELD,
    MAX_UPLOAD_BYTES,
    RecipeRequest,
    convert_request,
)
from mattebox.server.settings import Settings
from mattebox.server.state import AppState, get_state
from mattebox.server.workers.task_execution import prepare_task
from mattebox.server.workers.worker_pool import WorkerResponse

MAX_REQUEST_BYTES = MAX_UPLOAD_BYTES * 3 // 2  # base64 takes a third more
UPLOAD_CODE_BY_PROBLEM = {
    "upload_too_large": "file_too_large",
    "busy": "busy",
    "media_type_unsupported": "invalid_file_type",
}
WORKER_CODE_BY_PROBLEM = {"no_subject": "unknown_foreground", "internal": "internal", "worker_lost": "internal"}
DOWNLOAD_CODES = {  # of each URL field: the address is refused, the download fails
    "image_url": ("invalid_image_url", "failed_image_download"),
    "bg_image_url": ("invalid_bg_image_url", "failed_bg_download"),
}

router = APIRouter(prefix="/v1.0", include_in_schema=False)


@router.post("/removebg")
async def remove_background(request: Request) -> Response:
    """Remove the background of a picture."""
    state = get_state(request)
    caller = _require_caller(state.access, request)
    if state.is_stopping:
        raise RemovebgError("busy", "The server is about to stop", "Try again in a while.", {"Retry-After": "5"})
    request_data = await _read_request(state, request)
    arrived_at = time.monotonic()
    if state.settings.urls:
        request_data = await _fetch_url_fields(state.settings, request_data)
    recipe_request = convert_request(request_data, state.settings.model)
    limit_headers = _count_picture(state.quota, caller, recipe_request.source, state.settings.max_pixels)
    response = await _execute(request, state, caller, recipe_request, arrived_at)
    subject_type = str(request_data.fields.get("type", "")).lower()
    is_charged = state.quota.pictures_left(caller) is not None
    headers = removebg_headers(response.header, subject_type, is_charged) | limit_headers
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse({"data": _json_result(response.body, headers)}, headers=headers)
    return Response(response.body, media_type=response.header["mime"], headers=headers)


@router.get("/account")
async def get_account(request: Request) -> Response:
    """Credits: what the key's quota leaves of this month, or 0 without a quota. All sizes are available."""
    state = get_state(request)
    pictures_left = state.quota.pictures_left(_require_caller(state.access, request)) or 0
    amounts = {"total": pictures_left, "subscription": pictures_left, "payg": 0, "enterprise": 0}
    return JSONResponse({"data": {"attributes": {"credits": amounts, "api": {"free_calls": 0, "sizes": "all"}}}})


def _require_caller(access: AccessControl, request: Request) -> str:
    caller = access.authenticate(request.headers.get("x-api-key"))
    if caller is None:
        raise RemovebgError("auth_failed", "API Key invalid", "Send it as X-API-Key.")
    if not access.has_scope(caller, PICTURES_SCOPE):
        raise RemovebgError("auth_failed", "API Key is not for pictures", "Ask for one with that scope.")
    return caller


async def _read_request(state: AppState, request: Request) -> RequestData:
    try:
        async with receive_request(state, request, MAX_REQUEST_BYTES) as request_data:
            return request_data
    except MatteboxError as error:
        raise convert_error(error) from None
    except Problem as error:
        code = UPLOAD_CODE_BY_PROBLEM.get(error.code, "failed_to_read_image")
        raise RemovebgError(code, error.problem, error.remedy, error.headers) from None


async def _fetch_url_fields(settings: Settings, request_data: RequestData) -> RequestData:
    """Download the images of URL fields, except where there is another source: then the mapping refuses both."""
    fields, images = dict(request_data.fields), dict(request_data.images)
    for name, alternatives in ALTERNATIVES_BY_URL_FIELD.items():
        if fields.get(name) and not any(fields.get(other) or images.get(other) for other in alternatives):
            try:
                images[alternatives[0]] = await fetch_picture(str(fields.pop(name)).strip(), settings)
            except MatteboxError as error:
                refused_code, failed_code = DOWNLOAD_CODES[name]
                code = refused_code if error.code == "address_refused" else failed_code
                raise RemovebgError(code, error.problem, error.remedy) from None
    return RequestData(fields, images)


def _count_picture(quota: PictureQuota, caller: str, source: bytes, max_pixels: int) -> dict[str, str]:
    """Count a picture against the caller's limits, and return the headers that state them."""
    if quota.pictures_left(caller) == 0:
        raise RemovebgError(
            "insufficient_credits", "Insufficient credits", "The key's pictures of this month are used up."
        )
    allowed, headers = quota.consume_rate_limit(caller, count_pixels(source, max_pixels))
    if not allowed:
        raise RemovebgError("rate_limit_exceeded", "Rate limit exceeded", "Try again later.", headers)
    return headers


async def _execute(
    request: Request, state: AppState, caller: str, recipe_request: RecipeRequest, arrived_at: float
) -> WorkerResponse:
    try:
        task = prepare_task(
            state.settings,
            recipe_request.recipe,
            recipe_request.source,
            recipe_request.images,
            recipe_request.max_working_pixels,
        )
        return await process_picture(request, state, caller, task, arrived_at)
    except Problem as error:
        code = WORKER_CODE_BY_PROBLEM.get(error.code, "failed_to_read_image")
        raise RemovebgError(code, error.problem, error.remedy, error.headers) from None
    except MatteboxError as error:
        raise convert_error(error) from None


def _json_result(body: bytes, headers: dict[str, str]) -> dict[str, Any]:
    sides = ("top", "left", "width", "height")
    box = {f"foreground_{side}": int(headers[f"X-Foreground-{side.title()}"]) for side in sides}
    return {"result_b64": base64.b64encode(body).decode(), **box}
