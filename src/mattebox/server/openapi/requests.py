"""Requests of the routes that take a picture, as a form or as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from mattebox.language.vocabulary import language_codes
from mattebox.recipe.flat_parameters import Parameter, parameters_by_name
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Step
from mattebox.server.clip_preparation import COHERENCE_NAMES
from mattebox.server.job_submission import MAX_IDEMPOTENCY_KEY_CHARACTERS
from mattebox.server.openapi.schemas import BOOLEAN, FILE, INTEGER, STRING, Schema, object_schema

IMAGE: Schema = {"image": FILE | {"description": "the picture"}}
ENCODED_IMAGE: Schema = {
    "image_b64": STRING | {"description": "the picture's bytes as base64; required, unless there is image_url"},
    "image_url": STRING | {"description": "or the picture's address, where the server fetches"},
}
STORED_IMAGE: Schema = {"image_id": STRING | {"description": "or the id of a picture that was sent to /v1/photographs"}}
PREVIEW: Schema = {
    "preview": INTEGER | {"minimum": 1, "description": "pixels that the result is shrunk to, for a look at it"}
}
SINCE: Schema = {
    "since": STRING
    | {
        "description": "none, or the fingerprint of a preview that you have: of a transparent PNG only the tiles that "
        "differ are sent, where the metadata have a patch; the rest of it is transparent"
    },
}
BASE_RECIPE: Schema = {
    "recipe": STRING
    | {"description": "in place of a preset a recipe that the fields change: the text of a recipe file"}
}
PRESET: Schema = {"preset": STRING | {"description": "a recipe that the fields change; see /v1/presets"}}
WORDS: Schema = {
    "words": STRING | {"description": 'a request in words, which changes the fields: "a bit warmer"; see /v1/plans'}
}
WEBHOOK: Schema = {
    "hook_url": STRING | {"description": "notified when the job is finished; with Prefer: respond-async"}
}
CLIP_PART: Schema = {
    "start": STRING | {"description": "where to begin, such as 75, 1:15 or 1:15.5"},
    "until": STRING | {"description": "where to end"},
    "every": INTEGER | {"minimum": 1, "description": "keep the first of so many frames"},
}
COHERENCE: Schema = {
    "coherence": STRING | {"enum": list(COHERENCE_NAMES), "description": "how mattes hold together in time"}
}
ROTO_KEYS: Schema = {
    "keys": STRING
    | {
        "description": "key frames as JSON: the number of a frame, from 0, or a time at which it is on show, and the "
        "name of a file of this form, a grey matte of the frame's size, or marks: "
        '{"0": "first", "40": {"keep": "40%,50%", "drop": "10%,10%"}, "2.5s": {"keep": "45%,50%"}}'
    }
}
OBJECTS: Schema = {
    "image_object": STRING
    | {"description": "or an object in a location of this server's, as LOCATION/KEY; the request then becomes a job"},
    "output_object": STRING
    | {"description": "the object that the result becomes, as LOCATION/KEY; the request then becomes a job"},
    "overwrite": BOOLEAN | {"description": "whether output_object may replace one that is there"},
}
CLIP_OBJECTS: Schema = {
    "video_object": STRING | {"description": "or an object in a location of this server's, as LOCATION/KEY"},
    "output_object": STRING | {"description": "the object that the result becomes, as LOCATION/KEY"},
    "overwrite": OBJECTS["overwrite"],
}
EXAMPLE_PNG_BASE64 = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR42mM4IScHAAK2AQUKW6YGAAAAAElFTkSuQmCC"  # a PNG, 1 x 1
)
JOB_HEADER_PARAMETERS: list[Schema] = [
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
        "schema": STRING | {"minLength": 1, "maxLength": MAX_IDEMPOTENCY_KEY_CHARACTERS},
        "description": "the same key with the same request is the same job",
    },
]


def form_request(
    name: str, steps: Iterable[type[Step]], example: Schema, omitted: Iterable[str] = (), **extra_fields: Schema
) -> Schema:
    """The request of a route with these steps' flat parameters.

    Parameters
    ----------
    name
        What the components are called by, before "Form" and "Request".
    steps
        The steps whose parameters are fields.
    example
        Of the JSON, besides the picture.
    omitted
        Parameters that are no fields.
    **extra_fields
        Schemas of further fields. Files are for forms only.
    """
    step_types = tuple(steps)
    parameters = (p for p in parameters_by_name().values() if p.step in step_types and p.name not in omitted)
    fields = {p.name: _parameter_schema(p) for p in parameters}
    return request_operation(
        name, extra_fields | SINCE | WORDS | PRESET | BASE_RECIPE | WEBHOOK | OBJECTS | fields, example
    )


def video_request(
    name: str, parameters: Iterable[str], extra_fields: Mapping[str, Schema], required: str = ""
) -> Schema:
    """The request of a route that takes a clip, as a form or as the bare file.

    Parameters
    ----------
    name
        What the component is called by, before "Form".
    parameters
        Names of the recipe's parameters that are fields.
    extra_fields
        Schemas of further fields.
    required
        Fields that must be sent, separated by spaces.
    """
    by_name = parameters_by_name()
    form = object_schema(
        f"{name}Form", required,
        video=FILE | {"description": "the clip: MP4, MOV, WebM, Matroska, ...; required, unless there is video_object"},
        format=STRING
        | {
            "enum": ["webm", "mp4", "prores", "qtrle", "ffv1"],
            "description": "webm, or mp4 for what is opaque; mp4 has no alpha",
        },
        deinterlace=BOOLEAN | {"description": "make one frame of the two fields of interlaced ones"},
        **WEBHOOK, **CLIP_OBJECTS, **extra_fields, **{n: _parameter_schema(by_name[n]) for n in parameters},
    )  # fmt: skip
    if not required:
        form["minProperties"] = 1  # the clip, or the object that is the clip
    content: Schema = {"multipart/form-data": {"schema": form}}
    idempotency = [parameter for parameter in JOB_HEADER_PARAMETERS if parameter["name"] == "Idempotency-Key"]
    return {"requestBody": {"content": content, "required": True}, "parameters": idempotency}


def plan_request_body() -> Schema:
    """The request of the route that reads words, as a form or as JSON."""
    schema = object_schema(
        "PlanRequest",
        "words",
        words=WORDS["words"],
        language=STRING | {"enum": ["auto", *language_codes()], "description": "auto is the one that knows more words"},
        **PRESET,
    )
    example = {"words": "white background, soft shadow, a bit warmer"}
    content: Schema = {
        "application/json": {"schema": schema, "example": example},
        "application/x-www-form-urlencoded": {"schema": schema},
        "multipart/form-data": {"schema": schema},
    }
    return {"requestBody": {"content": content, "required": True}}


def recipe_build_request() -> Schema:
    """The request of the route that makes a recipe of fields, as a form or as JSON."""
    fields = {p.name: _parameter_schema(p) for p in parameters_by_name().values()}
    cut = {"cut": BOOLEAN | {"description": "whether the subject is cut out (without preset and recipe: true)"}}
    schema = object_schema("RecipeBuildRequest", "", **cut, **WORDS, **PRESET, **BASE_RECIPE, **fields)
    content: Schema = {
        "application/json": {"schema": schema, "example": {"background": "white", "shadow": "contact"}},
        "multipart/form-data": {"schema": schema},
    }
    return {"requestBody": {"content": content, "required": True}}


def recipe_request() -> Schema:
    """The request of a route with a recipe."""
    recipe = {"description": "a recipe, see /v1/recipes/schema"}
    example = {"recipe": {"steps": [{"step": "sharpen", "amount": 80}]}}
    operation = request_operation("Recipe", SINCE | WEBHOOK | OBJECTS | {"recipe": recipe | STRING}, example, "recipe")
    json_schema = operation["requestBody"]["content"]["application/json"]["schema"]
    json_schema["properties"]["recipe"] = recipe | {"type": "object"}
    return operation


def recipe_schema() -> Schema:
    """The JSON Schema of recipes."""
    return msgspec.json.schema(Recipe)


def request_operation(name: str, fields: Schema, example: Schema, required: str = "") -> Schema:
    """A request with a picture and these fields, as a form or (without files) as JSON."""
    plain_fields = {n: schema for n, schema in fields.items() if schema.get("format") != "binary"}
    form = object_schema(f"{name}Form", required, **IMAGE, **STORED_IMAGE, **PREVIEW, **fields)
    document = object_schema(f"{name}Request", required, **ENCODED_IMAGE, **STORED_IMAGE, **PREVIEW, **plain_fields)
    content: Schema = {
        "multipart/form-data": {"schema": form},
        "application/json": {"schema": document, "example": {"image_b64": EXAMPLE_PNG_BASE64} | example},
    }
    return {"requestBody": {"content": content, "required": True}, "parameters": JOB_HEADER_PARAMETERS}


def photograph_request() -> Schema:
    """The request that sends a picture and nothing else."""
    form = object_schema("PhotographForm", "image", **IMAGE)
    document = object_schema("PhotographRequest", "", **ENCODED_IMAGE)
    content: Schema = {
        "multipart/form-data": {"schema": form},
        "application/json": {"schema": document, "example": {"image_b64": EXAMPLE_PNG_BASE64}},
    }
    return {"requestBody": {"content": content, "required": True}}


def _parameter_schema(parameter: Parameter) -> Schema:
    """A parameter's schema. Its default is in words: a client that filled it in would override the preset."""
    is_switch = parameter.switch_value is not None
    schema = BOOLEAN if is_switch else msgspec.json.schema(parameter.field.type)
    default = str(parameter.default).lower() if is_switch else parameter.default
    if "enum" in schema:
        schema = STRING | schema | {"title": parameter.name.title().replace("_", "")}
    return schema | {"description": f"{parameter.help} (without preset: {default})"}
