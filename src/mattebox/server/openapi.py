"""What the OpenAPI document says of requests and answers: fields from the steps' own, pictures, jobs, problems."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from mattebox.io.encoding import FORMATS
from mattebox.recipe.flat_parameters import Parameter, parameters
from mattebox.recipe.recipe import Recipe, Step

Schema = dict[str, Any]

TEXT, WHOLE, NUMBER, FILE = (
    {"type": "string"},
    {"type": "integer"},
    {"type": "number"},
    {"type": "string", "format": "binary"},
)
SOURCES: Schema = {
    "image": FILE | {"description": "the picture"},
    "image_b64": TEXT | {"description": "or its bytes as base64"},
    "image_url": TEXT | {"description": "or its address, where the server fetches"},
}
DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR42mM4IScHAAK2AQUKW6YGAAAAAElFTkSuQmCC"  # a PNG, 1 x 1
HOOK: Schema = {"hook_url": TEXT | {"description": "told when the job is over; with Prefer: respond-async"}}


def object_of(required: str, **properties: Schema) -> Schema:
    """An object with these properties, of which those named in `required` always come."""
    return {"type": "object", "properties": properties, "required": required.split()}


PROBLEM = object_of("type title status code detail remedy", type=TEXT, title=TEXT, status=WHOLE, code=TEXT,
                    detail=TEXT, remedy=TEXT)  # fmt: skip
MADE = object_of(
    "mime format width height notes image_b64", mime=TEXT, format=TEXT, width=WHOLE, height=WHOLE, confidence=NUMBER,
    found={"type": "boolean"}, box={"type": "array", "items": WHOLE, "description": "left, top, right, bottom"},
    notes={"type": "array", "items": TEXT}, image_b64=TEXT,
    check={"type": "object", "description": "what a marketplace's rules say of the result of its preset"},
)  # fmt: skip
JOB = object_of(
    "id state progress attempts created finished links made error", id=TEXT,
    state={"enum": ["queued", "running", "done", "failed", "cancelled"]}, progress=NUMBER, attempts=WHOLE,
    created={"type": "string", "format": "date-time"}, finished={"type": ["string", "null"], "format": "date-time"},
    links={"type": "object"}, made={"type": ["object", "null"]}, error={"type": ["object", "null"]},
)  # fmt: skip
JOB_OPERATIONS = ("job", "job_result", "job_events", "job_cancel", "job_erase")
JOBS = object_of("jobs", jobs={"type": "array", "items": JOB})
USAGE = object_of(
    "usage left", usage={"type": "array", "items": {"type": "object"}}, left={"type": ["integer", "null"]}
)
MODELS = object_of("models", models={"type": "array", "items": {"type": "object"}})
NAMES = {"type": "object", "additionalProperties": TEXT}
PICTURES = {kind.mime: {"schema": FILE} for kind in FORMATS.values()}
HEADERS = [
    {"name": "Prefer", "in": "header", "schema": TEXT, "example": "respond-async",
     "description": "respond-async makes a job of it (RFC 7240)"},
    {"name": "Idempotency-Key", "in": "header", "schema": TEXT | {"minLength": 1, "maxLength": 255},
     "description": "the same key with the same request is the same job"},
]  # fmt: skip

_problem = {"application/problem+json": {"schema": PROBLEM}}
PROBLEMS: dict[int | str, Schema] = {
    "4XX": {"description": "What is wrong with the request, and the remedy (RFC 9457)", "content": _problem},
    "5XX": {"description": "The server cannot now, and when it might", "content": _problem},
}
EVENTS: dict[int | str, Schema] = {200: {"description": "The job, as it changes", "content": {"text/event-stream": {}}}}
EVENTS |= PROBLEMS


def told(schema: Schema, what: str, status: int = 200) -> dict[int | str, Schema]:
    """Answers of a route that tells JSON, or a problem."""
    return {status: {"description": what, "content": {"application/json": {"schema": schema}}}, **PROBLEMS}


def pictures(*, known: Schema | None = MADE) -> dict[int | str, Schema]:
    """Answers of a route that makes a picture: itself, or what is `known` of it, or a job."""
    json = {"application/json": {"schema": known}} if known else {}
    found: dict[int | str, Schema] = {200: {"description": "The picture", "content": PICTURES | json}, **PROBLEMS}
    if known:
        found |= told(JOB, "A job, at Location", 202)
        found[202]["links"] = {
            name: {"operationId": name, "parameters": {"name": "$response.body#/id"}} for name in JOB_OPERATIONS
        }
    return found


def form(steps: Iterable[type[Step]], example: Schema, **others: Schema) -> Schema:
    """The request of a route that takes these steps' flat parameters, as a form or JSON."""
    wanted = tuple(steps)
    fields = {n: _described(p) for n, p in parameters().items() if p.step in wanted}
    preset: Schema = {"preset": TEXT | {"description": "a recipe that the fields change"}}
    return request({**SOURCES, **others, **preset, **HOOK, **fields}, example)


def run() -> Schema:
    """The request of a route that takes a recipe."""
    recipe: Schema = {"description": "a recipe, see /v1/recipes/schema"}
    example = {"recipe": {"steps": [{"step": "sharpen", "amount": 80}]}}
    extra = request({**SOURCES, **HOOK, "recipe": recipe | TEXT}, example, "recipe")
    extra["requestBody"]["content"]["application/json"]["schema"]["properties"]["recipe"] = recipe | {"type": "object"}
    return extra


def recipe_schema() -> Schema:
    """The JSON Schema of recipes."""
    return msgspec.json.schema(Recipe)


def request(fields: Schema, example: Schema, required: str = "") -> Schema:
    """A request of these fields, in a form or, but for files, in JSON; exactly one of SOURCES among them."""
    plain = {name: schema for name, schema in fields.items() if schema.get("format") != "binary"}
    kinds = {"multipart/form-data": fields, "application/json": plain}
    content: Schema = {kind: {"schema": object_of(required, **each)} for kind, each in kinds.items()}
    for each in content.values():
        each["schema"]["anyOf"] = [{"required": [n]} for n in SOURCES if n in each["schema"]["properties"]]
    content["application/json"]["example"] = {"image_b64": DOT} | example
    return {"requestBody": {"content": content, "required": True}, "parameters": HEADERS}


def _described(parameter: Parameter) -> Schema:
    on = parameter.switch is not None
    schema = {"type": "boolean"} if on else msgspec.json.schema(parameter.field.type)
    return schema | {"description": parameter.help, "default": False if on else parameter.field.default}
