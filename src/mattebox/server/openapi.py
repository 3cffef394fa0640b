"""Schemas of the OpenAPI document: request fields from the recipe's steps, pictures, jobs and problems."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from mattebox.io.encoding import FORMATS
from mattebox.recipe.flat_parameters import Parameter, parameters_by_name
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Step

Schema = dict[str, Any]

STRING, INTEGER, NUMBER = {"type": "string"}, {"type": "integer"}, {"type": "number"}
FILE = {"type": "string", "format": "binary"}
STRING_LIST, OBJECT_LIST = {"type": "array", "items": STRING}, {"type": "array", "items": {"type": "object"}}
SOURCE_FIELDS: Schema = {
    "image": FILE | {"description": "the picture"},
    "image_b64": STRING | {"description": "or its bytes as base64"},
    "image_url": STRING | {"description": "or its address, where the server fetches"},
}
EXAMPLE_PNG_BASE64 = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR42mM4IScHAAK2AQUKW6YGAAAAAElFTkSuQmCC"  # a PNG, 1 x 1
)
WEBHOOK_FIELDS: Schema = {
    "hook_url": STRING | {"description": "notified when the job is finished; with Prefer: respond-async"}
}


def object_schema(required: str, **properties: Schema) -> Schema:
    """The schema of an object; `required` names the properties that are always there, separated by spaces."""
    return {"type": "object", "properties": properties, "required": required.split()}


PROBLEM_SCHEMA = object_schema(
    "type title status code detail remedy",
    type=STRING,
    title=STRING,
    status=INTEGER,
    code=STRING,
    detail=STRING,
    remedy=STRING,
)
RESULT_SCHEMA = object_schema(
    "mime format width height notes image_b64",
    mime=STRING,
    format=STRING,
    width=INTEGER,
    height=INTEGER,
    confidence=NUMBER,
    found={"type": "boolean"},
    box={"type": "array", "items": INTEGER, "description": "left, top, right, bottom"},
    notes=STRING_LIST,
    image_b64=STRING,
    check={"type": "object", "description": "whether the result keeps the rules of the preset's marketplace"},
)
JOB_SCHEMA = object_schema(
    "id state progress attempts created finished links made error",
    id=STRING,
    state={"enum": ["queued", "running", "done", "failed", "cancelled"]},
    progress=NUMBER,
    attempts=INTEGER,
    created={"type": "string", "format": "date-time"},
    finished={"type": ["string", "null"], "format": "date-time"},
    links={"type": "object"},
    made={"type": ["object", "null"]},
    error={"type": ["object", "null"]},
)
JOB_OPERATION_IDS = ("job", "job_result", "job_events", "job_cancel", "job_erase")
JOB_LIST_SCHEMA = object_schema("jobs", jobs={"type": "array", "items": JOB_SCHEMA})
USAGE_SCHEMA = object_schema("usage left", usage=OBJECT_LIST, left={"type": ["integer", "null"]})
MODEL_LIST_SCHEMA = object_schema("models", models=OBJECT_LIST)
STRING_MAP_SCHEMA = {"type": "object", "additionalProperties": STRING}
PICTURE_CONTENT = {kind.mime_type: {"schema": FILE} for kind in FORMATS.values()}
JOB_HEADER_PARAMETERS = [
    {
        "name": "Prefer",
        "in": "header",
        "schema": STRING,
        "example": "respond-async",
        "description": "respond-async makes the request a job (RFC 7240)",
    },
    {
        "name": "Idempotency-Key",
        "in": "header",
        "schema": STRING | {"minLength": 1, "maxLength": 255},
        "description": "the same key with the same request is the same job",
    },
]

_PROBLEM_CONTENT = {"application/problem+json": {"schema": PROBLEM_SCHEMA}}
PROBLEM_RESPONSES: dict[int | str, Schema] = {
    "4XX": {"description": "What is wrong with the request, and the remedy (RFC 9457)", "content": _PROBLEM_CONTENT},
    "5XX": {"description": "The server cannot answer now; Retry-After says when it might", "content": _PROBLEM_CONTENT},
}
EVENT_STREAM_RESPONSES: dict[int | str, Schema] = {
    200: {"description": "The job, as it changes", "content": {"text/event-stream": {}}}
}
EVENT_STREAM_RESPONSES |= PROBLEM_RESPONSES


def json_responses(schema: Schema, description: str, status: int = 200) -> dict[int | str, Schema]:
    """Responses of a route that returns JSON, or a problem."""
    return {
        status: {"description": description, "content": {"application/json": {"schema": schema}}},
        **PROBLEM_RESPONSES,
    }


def picture_responses(*, result_schema: Schema | None = RESULT_SCHEMA) -> dict[int | str, Schema]:
    """Responses of a route that returns a picture, or its metadata by `result_schema`, or a job."""
    json_content = {"application/json": {"schema": result_schema}} if result_schema else {}
    responses: dict[int | str, Schema] = {
        200: {"description": "The picture", "content": PICTURE_CONTENT | json_content},
        **PROBLEM_RESPONSES,
    }
    if result_schema:
        responses |= json_responses(JOB_SCHEMA, "A job, at Location", 202)
        responses[202]["links"] = {
            name: {"operationId": name, "parameters": {"name": "$response.body#/id"}} for name in JOB_OPERATION_IDS
        }
    return responses


def form_request(steps: Iterable[type[Step]], example: Schema, **extra_fields: Schema) -> Schema:
    """The request of a route with these steps' flat parameters, as a form or JSON."""
    step_types = tuple(steps)
    fields = {n: _parameter_schema(p) for n, p in parameters_by_name().items() if p.step in step_types}
    preset: Schema = {"preset": STRING | {"description": "a recipe that the fields change"}}
    return request_operation({**SOURCE_FIELDS, **extra_fields, **preset, **WEBHOOK_FIELDS, **fields}, example)


def recipe_request() -> Schema:
    """The request of a route with a recipe."""
    recipe: Schema = {"description": "a recipe, see /v1/recipes/schema"}
    example = {"recipe": {"steps": [{"step": "sharpen", "amount": 80}]}}
    operation = request_operation({**SOURCE_FIELDS, **WEBHOOK_FIELDS, "recipe": recipe | STRING}, example, "recipe")
    json_schema = operation["requestBody"]["content"]["application/json"]["schema"]
    json_schema["properties"]["recipe"] = recipe | {"type": "object"}
    return operation


def recipe_schema() -> Schema:
    """The JSON Schema of recipes."""
    return msgspec.json.schema(Recipe)


def request_operation(fields: Schema, example: Schema, required: str = "") -> Schema:
    """A request with these fields, as a form or (without files) as JSON; one of SOURCE_FIELDS is required."""
    plain_fields = {name: schema for name, schema in fields.items() if schema.get("format") != "binary"}
    fields_by_type = {"multipart/form-data": fields, "application/json": plain_fields}
    content: Schema = {mime: {"schema": object_schema(required, **f)} for mime, f in fields_by_type.items()}
    for entry in content.values():
        schema = entry["schema"]
        schema["anyOf"] = [{"required": [name]} for name in SOURCE_FIELDS if name in schema["properties"]]
    content["application/json"]["example"] = {"image_b64": EXAMPLE_PNG_BASE64} | example
    return {"requestBody": {"content": content, "required": True}, "parameters": JOB_HEADER_PARAMETERS}


def _parameter_schema(parameter: Parameter) -> Schema:
    is_switch = parameter.switch_value is not None
    schema = {"type": "boolean"} if is_switch else msgspec.json.schema(parameter.field.type)
    return schema | {"description": parameter.help, "default": parameter.default}
