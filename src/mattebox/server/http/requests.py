"""Reading requests: fields and images from multipart, urlencoded or JSON bodies, or a bare image."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartParser
from starlette.requests import Request

from mattebox.server.http.media_types import FORM_TYPES, JSON_TYPE, parse_media_type
from mattebox.server.http.problems import Problem
from mattebox.server.http.sources import check_body_prefix
from mattebox.server.state import AppState

MAX_FORM_FIELDS, MAX_FORM_FILES = 200, 8
MAX_FIELD_CHARACTERS = 20_000  # of a field without an image
MultiPartParser.spool_max_size = sys.maxsize  # keep forms in memory: uploads must never touch a disk


@dataclass(frozen=True)
class RequestData:
    """Plain fields and the bytes of images, by name."""

    fields: dict[str, Any] = field(default_factory=dict)
    images: dict[str, bytes] = field(default_factory=dict)


@asynccontextmanager
async def receive_request(state: AppState, request: Request, max_bytes: int) -> AsyncIterator[RequestData]:
    """Admit, read and parse a request. Its upload slot is held until the context is left.

    Raises
    ------
    Problem
        The body is too long, too slow or malformed, or there are too many uploads.
    InputTooLarge
        The first bytes show that the picture has too many pixels.
    """
    async with state.upload_limiter.admit(request, max_bytes) as upload:
        check_prefix = partial(check_body_prefix, request, state.settings.max_pixels)
        # No local variable: it would keep the body in memory for as long as the context is open.
        yield await parse_request(
            request, await state.upload_limiter.read_body(request, upload, max_bytes, check_prefix)
        )


async def parse_request(request: Request, body: bytes) -> RequestData:
    """Fields and images of a request. Query parameters count as fields; those of the body take precedence."""
    media_type = parse_media_type(request)
    query: dict[str, Any] = dict(request.query_params)
    if media_type in FORM_TYPES:
        parsed = await _parse_form(request, body)
    elif media_type == JSON_TYPE:
        parsed = _parse_json(body)
    elif body:
        parsed = RequestData(images={"image": body})
    else:
        parsed = RequestData()
    return RequestData(query | parsed.fields, parsed.images)


async def _parse_form(request: Request, body: bytes) -> RequestData:
    """Run Starlette's form parser over a body that has been read already."""

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    fields: dict[str, Any] = {}
    images: dict[str, bytes] = {}
    try:
        form = await Request(request.scope, receive).form(
            max_files=MAX_FORM_FILES, max_fields=MAX_FORM_FIELDS, max_part_size=max(len(body), 1)
        )
    except HTTPException as error:
        raise Problem(400, "bad_request", f"the form cannot be read ({error.detail})", "check its encoding") from None
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            images[name] = await value.read()
            await value.close()
        elif len(value) > MAX_FIELD_CHARACTERS and not name.endswith("_b64"):
            raise Problem(422, "invalid_parameter", f"{name[:40]} is too long", "send files as files")
        else:
            fields[name] = value
    return RequestData(fields, images)


def _parse_json(body: bytes) -> RequestData:
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        raise Problem(400, "bad_request", "the body is not JSON", "check its syntax and its Content-Type") from None
    if not isinstance(fields, dict):
        raise Problem(400, "bad_request", "the JSON is no object", "send {...}")
    return RequestData(fields)
