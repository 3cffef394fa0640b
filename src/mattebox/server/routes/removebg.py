"""Routes of remove.bg's API: POST /v1.0/removebg and GET /v1.0/account."""

from __future__ import annotations

import time
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from mattebox.errors import MatteboxError
from mattebox.server.api_keys import PICTURES_SCOPE
from mattebox.server.auth import AccessControl
from mattebox.server.http.content_negotiation import choose_media_type, prefers_json
from mattebox.server.http.content_response import BASE64_PLACEHOLDER, Base64JsonResponse, ContentResponse
from mattebox.server.http.encoded_picture import EncodedPicture
from mattebox.server.http.requests import RequestData, receive_request
from mattebox.server.http.sources import count_pixels, fetch_picture
from mattebox.server.openapi.removebg import account_responses, removebg_request, removebg_responses
from mattebox.server.picture_processing import process_picture
from mattebox.server.quota import PictureQuota
from mattebox.server.removebg.errors import RemovebgError
from mattebox.server.removebg.headers import removebg_headers
from mattebox.server.removebg.mapping import (
    ALTERNATIVES_BY_URL_FIELD,
    MAX_UPLOAD_BYTES,
    convert_request,
)
from mattebox.server.state import AppState, get_state
from mattebox.server.thread_pool import ThreadPoolBusy
from mattebox.server.workers.task_execution import prepare_task

DOWNLOAD_CODES = {  # of each URL field: the address is refused, the download fails
    "image_url": ("invalid_image_url", "failed_image_download"),
    "bg_image_url": ("invalid_bg_image_url", "failed_bg_download"),
}

UNLIMITED_CREDITS = 1_000_000_000  # of keys without a quota, as clients stop at 0

router = APIRouter(prefix="/v1.0", tags=["removebg"])


@router.post(
    "/removebg",
    openapi_extra=removebg_request(),
    responses=removebg_responses(),
    response_class=Response,
)
async def remove_background(request: Request) -> Response:
    """Remove the background of a picture. JSON and urlencoded bodies have the fields of the form, without files."""
    state = get_state(request)
    caller = _require_caller(state.access, request)
    if state.is_stopping:
        raise RemovebgError("busy", "The server is about to stop", "Try again in a while.", {"Retry-After": "5"})
    max_bytes = min(MAX_UPLOAD_BYTES, state.settings.max_upload)
    async with receive_request(state, request, max_bytes * 3 // 2) as request_data:  # base64 takes a third more
        arrived_at = time.monotonic()  # leaving the context makes room for the next upload
    if state.settings.urls:
        request_data = await _fetch_url_fields(state, caller, request_data)
    recipe_request = convert_request(request_data, state.settings.model, max_bytes)
    limit_headers = _count_picture(state.quota, caller, recipe_request.source, state.settings.max_pixels)
    task = prepare_task(
        state.settings,
        recipe_request.recipe,
        recipe_request.source,
        recipe_request.images,
        recipe_request.max_working_pixels,
    )
    response = await process_picture(request, state, caller, task, arrived_at)
    is_charged = state.quota.pictures_left(caller) is not None
    headers = removebg_headers(response.header, recipe_request.subject_type, is_charged) | limit_headers
    if prefers_json(request):
        return Base64JsonResponse({"data": _json_result(headers)}, response.body, headers)
    return ContentResponse(response.body, choose_media_type(request, response.header["mime"]), headers)


@router.get("/account", responses=account_responses())
async def get_account(request: Request) -> Response:
    """Credits: what the key's quota leaves of this month, and a billion without a quota. All sizes are available."""
    state = get_state(request)
    pictures_left = state.quota.pictures_left(_require_caller(state.access, request))
    total = UNLIMITED_CREDITS if pictures_left is None else pictures_left
    amounts = {"total": total, "subscription": total, "payg": 0, "enterprise": 0}
    return JSONResponse({"data": {"attributes": {"credits": amounts, "api": {"free_calls": 0, "sizes": "all"}}}})


def _require_caller(access: AccessControl, request: Request) -> str:
    caller = access.authenticate(request.headers.get("x-api-key"))
    if caller is None:
        raise RemovebgError("auth_failed", "API Key invalid", "Send it as X-API-Key.")
    if not access.has_scope(caller, PICTURES_SCOPE):
        raise RemovebgError("auth_failed", "API Key is not for pictures", "Ask for one with that scope.")
    return caller


async def _fetch_url_fields(state: AppState, caller: str, request_data: RequestData) -> RequestData:
    """Download the images of URL fields, except where there is another source: then the mapping refuses both."""
    fields, images = dict(request_data.fields), dict(request_data.images)
    for name, alternatives in ALTERNATIVES_BY_URL_FIELD.items():
        if fields.get(name) and not any(fields.get(other) or images.get(other) for other in alternatives):
            url = str(fields.pop(name)).strip()
            try:
                images[alternatives[0]] = await fetch_picture(state, caller, url)
            except ThreadPoolBusy:
                raise
            except MatteboxError as error:
                refused_code, failed_code = DOWNLOAD_CODES[name]
                code = refused_code if error.code == "address_refused" else failed_code
                raise RemovebgError(code, error.problem, error.remedy) from None
    return RequestData(fields, images)


def _count_picture(quota: PictureQuota, caller: str, source: EncodedPicture, max_pixels: int) -> dict[str, str]:
    """Count a picture against the caller's limits, and return the headers that state them."""
    if quota.pictures_left(caller) == 0:
        raise RemovebgError(
            "insufficient_credits", "Insufficient credits", "The key's pictures of this month are used up."
        )
    allowed, headers = quota.consume_rate_limit(caller, count_pixels(source, max_pixels))
    if not allowed:
        raise RemovebgError("rate_limit_exceeded", "Rate limit exceeded", "Try again later.", headers)
    return headers


def _json_result(headers: dict[str, str]) -> dict[str, Any]:
    sides = ("top", "left", "width", "height")
    box = {f"foreground_{side}": int(headers[f"X-Foreground-{side.title()}"]) for side in sides}
    return {"result_b64": BASE64_PLACEHOLDER, **box}
