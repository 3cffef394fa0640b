"""JSON Schemas of what the API returns. Schemas with a title become components of the document under that name."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

STRING, INTEGER, NUMBER, BOOLEAN = {"type": "string"}, {"type": "integer"}, {"type": "number"}, {"type": "boolean"}
FILE = {"type": "string", "format": "binary"}
TIME = {"type": "string", "format": "date-time"}
STRING_MAP = {"type": "object", "additionalProperties": STRING}


def object_schema(name: str, required: str, /, **properties: Schema) -> Schema:
    """The schema of an object; `required` names the properties that are always there, separated by spaces."""
    schema: Schema = {"title": name, "type": "object", "properties": properties}
    return schema | ({"required": required.split()} if required else {})


def record_schema(name: str, /, **properties: Schema) -> Schema:
    """The schema of an object whose properties are always there."""
    return object_schema(name, " ".join(properties), **properties)


def list_schema(items: Schema) -> Schema:
    """The schema of an array."""
    return {"type": "array", "items": items}


def nullable(schema: Schema) -> Schema:
    """The schema of a value that may be null."""
    return {"anyOf": [schema, {"type": "null"}]}


PROBLEM = record_schema(
    "Problem",
    type=STRING,
    title=STRING,
    status=INTEGER,
    code=STRING | {"description": "what went wrong, for programs; it stays the same in later versions"},
    detail=STRING | {"description": "what went wrong, for people"},
    remedy=STRING | {"description": "what to do about it"},
)
BROKEN_RULE = record_schema(
    "BrokenRule",
    rule=STRING,
    measured=STRING,
    wanted=STRING,
    advice=BOOLEAN | {"description": "whether it is only a recommendation"},
)
MARKETPLACE_CHECK = record_schema(
    "MarketplaceCheck",
    **{"for": STRING | {"description": "the marketplace"}},
    passed=BOOLEAN,
    broken=list_schema(BROKEN_RULE),
)
PATCH = record_schema(
    "Patch",
    side=INTEGER | {"description": "of a square tile, in pixels"},
    tiles=list_schema(INTEGER) | {"description": "those that are sent, counted row by row from 0"},
)
DETECTED_OBJECT = record_schema(
    "DetectedObject",
    number=INTEGER | {"description": "by size, from 1"},
    kind=STRING | {"enum": ["face", "plate"]},
    box=list_schema(NUMBER) | {"description": "left, top, right, bottom in the picture that was sent"},
    score=NUMBER | {"description": "0 to 1"},
    hidden=BOOLEAN | {"description": "whether it was made unrecognisable"},
)
DEPTH = record_schema(
    "Depth",
    source=STRING | {"enum": ["file", "stereo", "layers"], "description": "layers is an assumption"},
    unit=STRING | {"enum": ["1/m", "relative"]},
    inverse_depth_far=NUMBER | {"description": "of black"},
    inverse_depth_near=NUMBER | {"description": "of white"},
)
APPLIED_SCENE = record_schema(
    "Scene",
    name=STRING | {"description": "the likeliest, or the one that was named"},
    probability=NUMBER | {"description": "0 to 1; 1 where it was named"},
    clear=BOOLEAN | {"description": "whether it counts; else nothing was set by it"},
    values={"type": "object", "additionalProperties": True, "description": "what it set, by parameter"},
)
RESULT_PROPERTIES: Schema = {
    "mime": STRING,
    "format": STRING,
    "width": INTEGER,
    "height": INTEGER,
    "confidence": NUMBER | {"description": "0 to 1, of a cutout"},
    "found": BOOLEAN | {"description": "whether it is clear what the subject is"},
    "box": list_schema(INTEGER) | {"description": "left, top, right, bottom of the subject"},
    "photograph_bounds": list_schema(NUMBER)
    | {"description": "left, top, width, height of the photograph on a composed picture, in shares of it"},
    "objects": list_schema(DETECTED_OBJECT) | {"description": "faces and plates found to be hidden"},
    "depth": DEPTH,
    "scene": APPLIED_SCENE | {"description": "what the photograph shows, where that was asked for"},
    "notes": list_schema(STRING) | {"description": "warnings, and what was converted"},
    "check": MARKETPLACE_CHECK,
    "frames": INTEGER | {"description": "of a clip"},
    "found_frames": INTEGER | {"description": "in which it is clear what the subject is"},
    "scene_cuts": list_schema(NUMBER) | {"description": "seconds at which new scenes start"},
    "mean_confidence": NUMBER | {"description": "0 to 1, over the frames of a clip"},
    "output_object": STRING | {"description": "the object that the result became: LOCATION/KEY"},
    "output_sha256": STRING | {"description": "of its bytes"},
    "model": nullable(STRING),
    "stored_width": INTEGER | {"description": "width of the picture that was sent"},
    "stored_height": INTEGER | {"description": "height of the picture that was sent"},
    "full_width": INTEGER | {"description": "of the result, where this is a preview of it"},
    "full_height": INTEGER,
    "fingerprint": STRING | {"description": "of what was asked for with since: size, and a checksum of each tile"},
    "patch": PATCH,
    "seconds": {"type": "object", "additionalProperties": NUMBER, "description": "by stage"},
}
PHOTOGRAPH = record_schema(
    "Photograph",
    id=STRING | {"description": "for the field image_id"},
    width=INTEGER,
    height=INTEGER,
    keep_seconds=INTEGER | {"description": "how long it is kept after its last use"},
)
PHOTOGRAPH_RETENTION = record_schema(
    "PhotographRetention",
    keep_seconds=INTEGER,
    fetches_urls=BOOLEAN | {"description": "whether image_url may be sent"},
    max_pixels=INTEGER | {"description": "of a picture, sent or made, at most"},
    max_video_bytes=INTEGER | {"description": "of a clip at most; 0 where the server takes none"},
    max_video_seconds=INTEGER | {"description": "of a clip at most"},
)
RESULT = object_schema(
    "Result",
    "mime format width height notes image_b64",
    **RESULT_PROPERTIES,
    image_b64=STRING | {"description": "the picture as base64"},
)
JOB_RESULT = object_schema("JobResult", "mime format width height notes", **RESULT_PROPERTIES)
JOB = record_schema(
    "Job",
    id=STRING,
    state=STRING | {"enum": ["queued", "running", "done", "failed", "cancelled"]},
    progress=NUMBER | {"description": "0 while queued, below 1 while running, 1 when finished"},
    attempts=INTEGER,
    created=TIME,
    finished=nullable(TIME),
    links=object_schema("JobLinks", "self events", self=STRING, events=STRING, result=STRING),
    made=nullable(JOB_RESULT),
    error=nullable(PROBLEM),
)
JOB_LIST = record_schema("JobList", jobs=list_schema(JOB))
MONTHLY_USAGE = record_schema(
    "MonthlyUsage",
    key=STRING,
    name=STRING,
    month=STRING,
    pictures=INTEGER,
    megapixels=NUMBER,
    seconds=NUMBER,
)
USAGE = record_schema("Usage", usage=list_schema(MONTHLY_USAGE), left=nullable(INTEGER))
MODEL = record_schema(
    "Model",
    name=STRING,
    task=STRING,
    licence=STRING,
    commercial=BOOLEAN,
    styles=list_schema(STRING),
    embedded=BOOLEAN | {"description": "whether it comes with mattebox"},
)
MODEL_LIST = record_schema("ModelList", models=list_schema(MODEL))
BUILT_RECIPE = record_schema(
    "BuiltRecipe",
    recipe={"type": "object", "description": "see /v1/recipes/schema"},
    toml=STRING | {"description": "the same as a recipe file"},
    title=STRING,
    cuts=BOOLEAN,
)
PHRASE_LIST = record_schema("PhraseList", phrases=list_schema(STRING))
PLAN_READING = record_schema(
    "PlanReading",
    text=STRING | {"description": "words of the request"},
    values={"type": "object", "description": "parameters by name, with cut and preset beside them"},
    area=nullable(STRING),
)
PLAN_CHOICE = record_schema(
    "PlanChoice", words=STRING, request=STRING | {"description": "the request with this answer"}
)
PLAN = record_schema(
    "PlanAnswer",
    plan=nullable(
        record_schema(
            "Plan",
            language=STRING,
            readings=list_schema(PLAN_READING),
            corrections=STRING_MAP | {"description": "typing errors and things: as written, as read"},
            passed_over=list_schema(STRING) | {"description": "what says nothing that can be done, as written"},
            cuts=BOOLEAN | {"description": "whether the subject is cut out; else it is a request for /v1/enhancements"},
            recipe={"type": "object", "description": "see /v1/recipes/schema"},
            words=STRING | {"description": "a request that is read as this recipe"},
        )
    ),
    question=nullable(
        record_schema("PlanQuestion", words=STRING, ask=STRING, choices=list_schema(PLAN_CHOICE)),
    ),
)
