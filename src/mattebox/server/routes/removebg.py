"""The routes of remove.bg's API: POST /v1.0/removebg and GET /v1.0/account."""

from __future__ import annotations

import base64
from functools import partial

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from mattebox.errors import MatteboxError
from mattebox.io.url_fetch import AddressRefused
from mattebox.server import removebg_mapping
from mattebox.server.api_keys import PICTURES_SCOPE
from mattebox.server.http import requests
from mattebox.server.http.problems import Problem
from mattebox.server.http.requests import RequestData
from mattebox.server.removebg_mapping import RemovebgError
from mattebox.server.state import AppState, get_state
from mattebox.server.workers.tasks import execute_recipe

REMOVEBG_CODE_BY_PROBLEM = {"no_subject": "unknown_foreground", "internal": "internal", "worker_lost": "internal"}

router = APIRouter(prefix="/v1.0", include_in_schema=False)


@router.post("/removebg")
async def remove_background(request: Request) -> Response:
    house = get_state(request)
    caller = _require_caller(house, request)
    if house.is_stopping:
        raise RemovebgError("busy", "The server is about to stop", "Try again in a while.", {"Retry-After": "5"})
    asked = await _read_request(house, request)
    if house.settings.urls:
        asked = await _fetch_url_fields(house, asked)
    order = removebg_mapping.convert_request(asked, house.settings.model)
    if house.pictures_left(caller) == 0:
        raise RemovebgError(
            "insufficient_credits", "Insufficient credits", "The key's pictures of this month are used up."
        )
    fine, limits = house.access.consume_rate_limit(caller, house.pixel_count(order.source))
    if not fine:
        raise RemovebgError("rate_limit_exceeded", "Rate limit exceeded", "Try again later.", limits)
    try:
        done = await execute_recipe(
            house.worker_pool, order.recipe, order.source, order.images, order.max_working_pixels
        )
    except Problem as error:
        code = REMOVEBG_CODE_BY_PROBLEM.get(error.code, "failed_to_read_image")
        raise RemovebgError(code, error.problem, error.remedy, error.headers) from None
    except MatteboxError as error:
        raise removebg_mapping.convert_error(error) from None
    house.usage.add_picture(caller, house.pixel_count(order.source), done.seconds)
    said, charged = str(asked.fields.get("type", "")).lower(), house.pictures_left(caller) is not None
    headers = removebg_mapping.removebg_headers(done.header, said, charged) | limits
    if "application/json" not in request.headers.get("accept", ""):
        return Response(done.body, media_type=done.header["mime"], headers=headers)
    place = {f"foreground_{n}": int(headers[f"X-Foreground-{n.title()}"]) for n in ("top", "left", "width", "height")}
    return JSONResponse({"data": {"result_b64": base64.b64encode(done.body).decode(), **place}}, headers=headers)


@router.get("/account")
async def get_account(request: Request) -> Response:
    """Nothing is charged here: credits are what a key's quota leaves of this month, else 0; all sizes are open."""
    house = get_state(request)
    left = house.pictures_left(_require_caller(house, request)) or 0
    amounts = {"total": left, "subscription": left, "payg": 0, "enterprise": 0}
    return JSONResponse({"data": {"attributes": {"credits": amounts, "api": {"free_calls": 0, "sizes": "all"}}}})


def _require_caller(state: AppState, request: Request) -> str:
    name = state.access.authenticate(request.headers.get("x-api-key"))
    if name is None:
        raise RemovebgError("auth_failed", "API Key invalid", "Send it as X-API-Key.")
    if not state.access.has_scope(name, PICTURES_SCOPE):
        raise RemovebgError("auth_failed", "API Key is not for pictures", "Ask for one with that scope.")
    return name


async def _fetch_url_fields(state: AppState, request_data: RequestData) -> RequestData:
    """Addresses among the fields replaced by what lies behind them; left where more than one source is given."""
    fields, images = dict(request_data.fields), dict(request_data.images)
    for name, others in removebg_mapping.URL_FIELDS.items():
        if fields.get(name) and not any(fields.get(o) or images.get(o) for o in others):
            try:
                images[others[0]] = await state.fetch_url(str(fields.pop(name)).strip())
            except MatteboxError as error:
                kind = "image" if name == "image_url" else "bg"
                code = f"failed_{kind}_download"
                if isinstance(error, AddressRefused):
                    code = "invalid_image_url" if kind == "image" else "invalid_bg_image_url"
                raise RemovebgError(code, error.problem, error.remedy) from None
    return RequestData(fields, images)


async def _read_request(state: AppState, request: Request) -> RequestData:
    most = removebg_mapping.MAX_UPLOAD_BYTES * 3 // 2  # base64 takes a third more
    try:
        async with state.upload_limiter.admit(request, most) as upload:
            look = partial(requests.check_body_prefix, request, state.settings.max_pixels)
            return await requests.parse_request(
                request, await state.upload_limiter.read_body(request, upload, most, look)
            )
    except MatteboxError as error:
        raise removebg_mapping.convert_error(error) from None
    except Problem as error:
        code = {"upload_too_large": "file_too_large", "busy": "busy"}.get(error.code, "failed_to_read_image")
        raise RemovebgError(code, error.problem, error.remedy, error.headers) from None
