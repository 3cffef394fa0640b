"""remove.bg's routes in the document: their request, results and errors."""

from __future__ import annotations

from mattebox.server.openapi.responses import PICTURE_CONTENT, Responses
from mattebox.server.openapi.schemas import (
    BOOLEAN,
    FILE,
    INTEGER,
    STRING,
    Schema,
    list_schema,
    object_schema,
    record_schema,
)
from mattebox.server.removebg import fields
from mattebox.server.removebg.headers import HEADER_NAMES

ERRORS = record_schema(
    "RemovebgErrors",
    errors=list_schema(
        object_schema("RemovebgErrorItem", "title code", title=STRING, code=STRING, detail=STRING),
    ),
)
RESULT = record_schema(
    "RemovebgResult",
    data=record_schema(
        "RemovebgResultData",
        result_b64=STRING,
        foreground_top=INTEGER,
        foreground_left=INTEGER,
        foreground_width=INTEGER,
        foreground_height=INTEGER,
    ),
)
CREDITS = record_schema(
    "RemovebgCredits",
    total=INTEGER,
    subscription=INTEGER,
    payg=INTEGER,
    enterprise=INTEGER,
)
ACCOUNT = record_schema(
    "RemovebgAccount",
    data=record_schema(
        "RemovebgAccountData",
        attributes=record_schema(
            "RemovebgAccountAttributes",
            credits=CREDITS,
            api=record_schema("RemovebgApi", free_calls=INTEGER, sizes=STRING),
        ),
    ),
)
FORM = object_schema(
    "RemovebgForm",
    "",
    image_file=FILE | {"description": "the picture; or one of image_file_b64 and image_url"},
    image_file_b64=STRING | {"description": "the picture as base64"},
    image_url=STRING | {"description": "or its address, where the server fetches"},
    size=STRING | {"enum": list(fields.SIZE_MEGAPIXELS), "description": "of the result at most; preview if left out"},
    type=STRING | {"enum": list(fields.SUBJECT_TYPES)},
    type_level=STRING | {"enum": list(fields.TYPE_LEVELS)},
    format=STRING | {"enum": list(fields.OUTPUT_FORMATS)},
    channels=STRING | {"enum": list(fields.OUTPUT_BY_CHANNELS)},
    roi=STRING | {"description": "x1 y1 x2 y2 in px or %"},
    crop=BOOLEAN,
    crop_margin=STRING | {"description": "one, two or four lengths in px or %; at most 500px or 50% a side"},
    scale=STRING | {"description": "10% to 100%, or original"},
    position=STRING | {"description": "original, center, or one or two percentages"},
    bg_color=STRING | {"description": "hexadecimal digits, a name, rgb() or rgba(), or transparent"},
    bg_image_url=STRING | {"description": "the address of a background picture, where the server fetches"},
    semitransparency=BOOLEAN,
    add_shadow=BOOLEAN,
    shadow_type=STRING | {"enum": list(fields.SHADOW_KINDS)},
    shadow_opacity=INTEGER | {"minimum": 0, "maximum": 100},
    bg_image_file=FILE | {"description": "a background picture"},
)
INVALID_REQUEST_CODES = (
    *("missing_source", "multiple_sources", "invalid_image_url", "failed_image_download"),
    *("failed_to_read_image", "invalid_file_type", "invalid_dimensions", "file_too_large", "resolution_too_high"),
    *("unknown_foreground", "invalid_size", "invalid_type", "invalid_type_level", "invalid_format", "invalid_channels"),
    *("invalid_roi", "roi_exceeds_bounds", "roi_region_empty", "invalid_crop_margin", "invalid_scale"),
    *("invalid_position", "multiple_bg_sources", "invalid_bg_color", "invalid_bg_image_url", "failed_bg_download"),
    *("invalid_semitransparency", "invalid_shadow_type", "invalid_shadow_opacity"),
)
STATUS_DESCRIPTIONS = {
    400: "A field or the picture is not right: " + ", ".join(f"`{code}`" for code in INVALID_REQUEST_CODES),
    402: "`insufficient_credits`: the key's pictures of this month are used up",
    403: "`auth_failed`, or the request comes from another web site (`origin_refused`)",
    421: "`host_unknown`: the server does not answer to this Host",
    429: "`rate_limit_exceeded`; Retry-After says when to go on",
    500: "`internal`: a fault of the server's, or the picture was too much for it",
    503: "`busy`; Retry-After says when to try again",
}


def removebg_request() -> Schema:
    """The request of POST /v1.0/removebg. Its other media types, JSON and urlencoded, have the same fields."""
    return {"requestBody": {"content": {"multipart/form-data": {"schema": FORM}}, "required": True}}


def removebg_responses() -> Responses:
    """The responses of POST /v1.0/removebg."""
    headers = {name: {"schema": STRING} for name in HEADER_NAMES}
    return {
        200: {
            "description": "The picture; for clients that prefer `application/json`, a RemovebgResult",
            "headers": headers,
            "content": PICTURE_CONTENT,
        },
        **_error_responses(*STATUS_DESCRIPTIONS),
    }


def account_responses() -> Responses:
    """The responses of GET /v1.0/account."""
    content = {"application/json": {"schema": ACCOUNT}}
    return {200: {"description": "The account", "content": content}, **_error_responses(403, 421, 429, 500, 503)}


def _error_responses(*statuses: int) -> Responses:
    content = {"application/json": {"schema": ERRORS}}
    return {status: {"description": STATUS_DESCRIPTIONS[status], "content": content} for status in statuses}
