"""Responses of the routes: pictures, JSON and problems."""

from __future__ import annotations

from mattebox.io.file_formats import FORMATS
from mattebox.io.media_type import accepted_picture_types
from mattebox.server.clip_media_types import MIME_BY_FORMAT
from mattebox.server.openapi.problem_codes import CODES_BY_STATUS
from mattebox.server.openapi.schemas import FILE, INTEGER, JOB, PROBLEM, STRING, Schema

Responses = dict[int | str, Schema]

# Generated clients take the first type that they know for all of them. JSON, which a client gets that prefers it, would
# be the one that most know, but not what they get.
PICTURE_CONTENT = {
    mime: {"schema": FILE} for mime in ("application/octet-stream", *(f.mime_type for f in FORMATS.values()))
}
SENT_PICTURE_CONTENT = PICTURE_CONTENT | {mime: {"schema": FILE} for mime in accepted_picture_types()}
CLIP_CONTENT = {mime: {"schema": FILE} for mime in dict.fromkeys(MIME_BY_FORMAT.values())}
PICTURE_HEADERS: Schema = {
    "X-Width": {"schema": INTEGER},
    "X-Height": {"schema": INTEGER},
    "X-Confidence": {"schema": {"type": "number"}, "description": "of a cutout"},
    "X-Found": {"schema": {"type": "boolean"}, "description": "whether it is clear what the subject is"},
    "X-Box": {"schema": STRING, "description": "left top right bottom of the subject"},
    "X-Made": {"schema": STRING, "description": "all of Result as JSON, but for the picture"},
    "X-Check": {"schema": STRING, "description": "MarketplaceCheck as JSON, with a marketplace's preset"},
}
JOB_OPERATION_IDS = ("get_job", "get_job_result", "stream_job_events", "cancel_job", "erase_job")
COMMON_STATUSES = (401, 403, 421, 429, 500, 503)
UPLOAD_STATUSES = (400, 408, 413, 415, 422, 507)


def problem_responses(*statuses: int) -> Responses:
    """The problems that a route may return besides those of every route."""
    return {
        status: {
            "description": "; ".join(f"`{code}`: {meaning}" for code, meaning in CODES_BY_STATUS[status].items()),
            "content": {"application/problem+json": {"schema": PROBLEM}},
        }
        for status in sorted((*COMMON_STATUSES, *statuses))
    }


def json_responses(schema: Schema, description: str, *statuses: int) -> Responses:
    """Responses of a route that returns JSON, or a problem of one of these statuses."""
    return {200: _json_response(schema, description), **problem_responses(*statuses)}


def picture_responses() -> Responses:
    """Responses of a route that returns a picture or a job."""
    links = {name: {"operationId": name, "parameters": {"name": "$response.body#/id"}} for name in JOB_OPERATION_IDS}
    return {
        200: {
            "description": "The picture; for clients that prefer `application/json`, a Result",
            "headers": PICTURE_HEADERS,
            "content": PICTURE_CONTENT,
        },
        202: _json_response(JOB, "A job, at Location") | {"links": links},
        **problem_responses(404, *UPLOAD_STATUSES),
    }


def file_responses(*statuses: int) -> Responses:
    """Responses of a route that returns a picture that was sent, or a problem of one of these statuses."""
    return {200: {"description": "The file", "content": SENT_PICTURE_CONTENT}, **problem_responses(*statuses)}


def submission_responses() -> Responses:
    """Responses of a route whose requests always become jobs."""
    links = {name: {"operationId": name, "parameters": {"name": "$response.body#/id"}} for name in JOB_OPERATION_IDS}
    return {202: _json_response(JOB, "A job, at Location") | {"links": links}, **problem_responses(*UPLOAD_STATUSES)}


def created_response(schema: Schema, description: str) -> Schema:
    """The response to a request that made something, whose address is in Location."""
    return _json_response(schema, description) | {"headers": {"Location": {"schema": STRING}}}


def job_result_responses() -> Responses:
    """Responses of the route of a job's result."""
    content = PICTURE_CONTENT | CLIP_CONTENT
    result = {"description": "The picture or clip", "headers": PICTURE_HEADERS, "content": content}
    # A failed job returns the problem of its request.
    return {200: result, **problem_responses(404, 409, *UPLOAD_STATUSES)}


def event_stream_responses() -> Responses:
    """Responses of the route of a job's events."""
    return {
        200: {"description": "The job as JSON, each time that it changes", "content": {"text/event-stream": {}}},
        **problem_responses(404),
    }


def _json_response(schema: Schema, description: str) -> Schema:
    return {"description": description, "content": {"application/json": {"schema": schema}}}
