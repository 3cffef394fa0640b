"""The routes of remove.bg's API: POST /v1.0/removebg and GET /v1.0/account."""

from __future__ import annotations

import base64
from functools import partial

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from mattebox.errors import MatteboxError
from mattebox.io.url_fetch import AddressRefused
from mattebox.server import removebg_mapping
from mattebox.server.api_keys import PICTURES
from mattebox.server.http import requests
from mattebox.server.http.problems import Problem
from mattebox.server.http.requests import Asked
from mattebox.server.removebg_mapping import Refused
from mattebox.server.state import House, house_of
from mattebox.server.workers.tasks import carried_out

CODES = {"no_subject": "unknown_foreground", "internal": "internal", "worker_lost": "internal"}

router = APIRouter(prefix="/v1.0", include_in_schema=False)


@router.post("/removebg")
async def remove_background(request: Request) -> Response:
    house = house_of(request)
    caller = _caller(house, request)
    if house.leaving:
        raise Refused("busy", "The server is about to stop", "Try again in a while.", {"Retry-After": "5"})
    asked = await _asked(house, request)
    if house.settings.urls:
        asked = await _with_pictures(house, asked)
    order = removebg_mapping.order(asked, house.settings.model)
    if house.left(caller) == 0:
        raise Refused("insufficient_credits", "Insufficient credits", "The key's pictures of this month are used up.")
    fine, limits = house.access.spend(caller, house.pixels_of(order.source))
    if not fine:
        raise Refused("rate_limit_exceeded", "Rate limit exceeded", "Try again later.", limits)
    try:
        done = await carried_out(house.crew, order.recipe, order.source, order.images, order.most_pixels)
    except Problem as error:
        code = CODES.get(error.code, "failed_to_read_image")
        raise Refused(code, error.problem, error.remedy, error.headers) from None
    except MatteboxError as error:
        raise removebg_mapping.of(error) from None
    house.usage.add(caller, house.pixels_of(order.source), done.seconds)
    said, charged = str(asked.fields.get("type", "")).lower(), house.left(caller) is not None
    headers = removebg_mapping.headers(done.told, said, charged) | limits
    if "application/json" not in request.headers.get("accept", ""):
        return Response(done.body, media_type=done.told["mime"], headers=headers)
    place = {f"foreground_{n}": int(headers[f"X-Foreground-{n.title()}"]) for n in ("top", "left", "width", "height")}
    return JSONResponse({"data": {"result_b64": base64.b64encode(done.body).decode(), **place}}, headers=headers)


@router.get("/account")
async def account(request: Request) -> Response:
    """Nothing is charged here: credits are what a key's quota leaves of this month, else 0; all sizes are open."""
    house = house_of(request)
    left = house.left(_caller(house, request)) or 0
    amounts = {"total": left, "subscription": left, "payg": 0, "enterprise": 0}
    return JSONResponse({"data": {"attributes": {"credits": amounts, "api": {"free_calls": 0, "sizes": "all"}}}})


def _caller(house: House, request: Request) -> str:
    name = house.access.caller(request.headers.get("x-api-key"))
    if name is None:
        raise Refused("auth_failed", "API Key invalid", "Send it as X-API-Key.")
    if not house.access.may(name, PICTURES):
        raise Refused("auth_failed", "API Key is not for pictures", "Ask for one with that scope.")
    return name


async def _with_pictures(house: House, asked: Asked) -> Asked:
    """Addresses among the fields replaced by what lies behind them; left where more than one source is given."""
    fields, images = dict(asked.fields), dict(asked.images)
    for name, others in removebg_mapping.ADDRESSES.items():
        if fields.get(name) and not any(fields.get(o) or images.get(o) for o in others):
            try:
                images[others[0]] = await house.fetched(str(fields.pop(name)).strip())
            except MatteboxError as error:
                kind = "image" if name == "image_url" else "bg"
                code = f"failed_{kind}_download"
                if isinstance(error, AddressRefused):
                    code = "invalid_image_url" if kind == "image" else "invalid_bg_image_url"
                raise Refused(code, error.problem, error.remedy) from None
    return Asked(fields, images)


async def _asked(house: House, request: Request) -> Asked:
    most = removebg_mapping.UPLOAD_MOST * 3 // 2  # base64 takes a third more
    try:
        async with house.intake.entered(request, most) as upload:
            look = partial(requests.check_beginning, request, house.settings.max_pixels)
            return await requests.asked(request, await house.intake.body(request, upload, most, look))
    except MatteboxError as error:
        raise removebg_mapping.of(error) from None
    except Problem as error:
        code = {"upload_too_large": "file_too_large", "busy": "busy"}.get(error.code, "failed_to_read_image")
        raise Refused(code, error.problem, error.remedy, error.headers) from None
