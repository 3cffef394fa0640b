"""What a request asks for: its fields and its images, from multipart, urlencoded, JSON or a bare image.

Knows HTTP and the flat parameters, not how they are carried out.
"""

from __future__ import annotations

import base64
import binascii
import json
import sys
from dataclasses import dataclass, field
from typing import Any

import msgspec
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartParser
from starlette.requests import Request

from mattebox.errors import InputUnreadable
from mattebox.io import header_check
from mattebox.recipe.flat_parameters import base_type, parameters_by_name
from mattebox.server.http.problems import Problem

MAX_FORM_FIELDS, MAX_FORM_FILES = 200, 8  # in a form, at most
MAX_FIELD_CHARACTERS = 20_000  # characters of a field that is no image
MultiPartParser.spool_max_size = sys.maxsize  # forms stay in memory: nothing that is sent touches a disk


@dataclass(frozen=True)
class RequestData:
    """Plain fields by name, and images' bytes by name."""

    fields: dict[str, Any] = field(default_factory=dict)
    images: dict[str, bytes] = field(default_factory=dict)


async def parse_request(request: Request, data: bytes) -> RequestData:
    """Fields and images of a request of any of the four kinds, with its body's bytes; query parameters count as fields,
    the body's win."""
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    query: dict[str, Any] = dict(request.query_params)
    if kind in ("multipart/form-data", "application/x-www-form-urlencoded"):
        found = await _parse_form(request, data)
    elif kind == "application/json":
        found = _parse_json(data)
    elif data:
        found = RequestData(images={"image": data})
    else:
        found = RequestData()
    return RequestData(query | found.fields, found.images)


def check_body_prefix(request: Request, max_pixels: int, data: bytes) -> None:
    """InputTooLarge when the beginning of a body tells that its picture is: then the rest need not come."""
    if request.headers.get("content-type", "").lower().startswith("multipart/"):
        named = data.find(b"filename=")
        start = data.find(b"\r\n\r\n", named) + 4 if named >= 0 else len(data)
        data = data[start:]
    if header_check.identify_format(data) is None:
        return
    try:
        found = header_check.read_header(data)
    except InputUnreadable:  # its size comes later
        return
    header_check.check_pixel_limit(found, max_pixels)


def parse_flat_parameters(fields: dict[str, Any]) -> dict[str, Any]:
    """Fields as the flat parameters want them: numbers and switches out of a form's strings. Problem 422."""
    known, values = parameters_by_name(), {}
    for name, value in fields.items():
        if name in known and known[name].switch_value is not None and not isinstance(value, bool):
            value = _parse_bool(name, value)
        elif name in known and isinstance(value, str):
            kind = base_type(known[name])
            if isinstance(kind, msgspec.inspect.IntType):
                value = _parse_number(name, value, int)
            elif isinstance(kind, msgspec.inspect.FloatType):
                value = _parse_number(name, value, float)
        values[name] = value
    return values


def pop_text_field(fields: dict[str, Any], name: str) -> str | None:
    """A field taken out of them, if it is there. Problem 422 when it is no text."""
    value = fields.pop(name, "")
    if isinstance(value, str):
        return value or None
    raise Problem(422, "invalid_parameter", f"{name} is no text", "send a string, or leave it out")


def decode_base64(text: str, name: str) -> bytes:
    """The bytes of a base64 string, with or without a data: prefix. Problem 422."""
    try:
        return base64.b64decode(text.split(",", 1)[1] if text.startswith("data:") else text, validate=True)
    except (binascii.Error, IndexError, ValueError):
        raise Problem(422, "invalid_parameter", f"{name} is not base64", "encode the file's bytes as base64") from None


async def _parse_form(request: Request, data: bytes) -> RequestData:
    """Starlette's parser over the body that is already here."""

    async def again() -> dict[str, Any]:
        return {"type": "http.request", "body": data, "more_body": False}

    fields: dict[str, Any] = {}
    images: dict[str, bytes] = {}
    try:
        form = await Request(request.scope, again).form(
            max_files=MAX_FORM_FILES, max_fields=MAX_FORM_FIELDS, max_part_size=max(len(data), 1)
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


def _parse_json(data: bytes) -> RequestData:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        raise Problem(400, "bad_request", "the body is not JSON", "check its syntax and its Content-Type") from None
    if not isinstance(found, dict):
        raise Problem(400, "bad_request", "the JSON is no object", "send {...}")
    return RequestData(found)


def _parse_bool(name: str, value: Any) -> bool:
    if not isinstance(value, str) or value.lower() not in ("true", "false", "1", "0"):
        raise Problem(422, "invalid_parameter", f"{name} is neither true nor false", "send true or false")
    return value.lower() in ("true", "1")


def _parse_number(name: str, value: str, kind: type[int] | type[float]) -> float:
    try:
        return kind(value)
    except ValueError:
        what = "whole number" if kind is int else "number"
        raise Problem(422, "invalid_parameter", f"{name} is no {what}", "send digits") from None
