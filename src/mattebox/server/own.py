"""Our own API: /v1/cutouts with flat parameters, /v1/recipes:run with a recipe, presets and the schema."""

from __future__ import annotations

import base64
from typing import Any

import msgspec
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from mattebox import presets
from mattebox.parameters import Parameter, build_recipe, parameters
from mattebox.recipe import Recipe
from mattebox.server import jobs, requests
from mattebox.server.crew import Done
from mattebox.server.house import House, house_of
from mattebox.server.keys import USAGE
from mattebox.server.problems import Problem
from mattebox.server.requests import Asked
from mattebox.server.tasks import done, prepared
from mattebox.server.usage import Used

BACKDROP = "background_image"


def described() -> dict[str, Any]:
    """The request of /v1/cutouts for the OpenAPI document, from the steps' own fields."""
    picture, text = {"type": "string", "format": "binary"}, {"type": "string"}
    fields: dict[str, Any] = {"image": picture, "image_b64": text, "image_url": text, "hook_url": text}
    fields |= {BACKDROP: picture, "preset": text}
    fields |= {name: _described(parameter) for name, parameter in parameters().items()}
    form = {"schema": {"type": "object", "properties": fields}}
    return {"requestBody": {"content": {"multipart/form-data": form, "application/json": form}, "required": True}}


def _described(parameter: Parameter) -> dict[str, Any]:
    on = parameter.switch is not None
    schema = {"type": "boolean"} if on else msgspec.json.schema(parameter.field.type)
    return schema | {"description": parameter.help, "default": False if on else parameter.field.default}


router = APIRouter(prefix="/v1")


@router.post("/cutouts", openapi_extra=described(), response_class=Response)
async def cutouts(request: Request) -> Response:
    """Cut out a picture, and compose it if asked. The picture comes back; with `Accept: application/json`, what is
    known of it too; with `Prefer: respond-async`, a job. Errors are problem documents with a stable `code`."""
    house = house_of(request)
    caller = house.caller(request)
    asked = await requests.asked(request, house.settings.max_upload)
    fields, images = dict(asked.fields), dict(asked.images)
    source, hook = await _source(house, Asked(fields, images)), _hook(fields)
    preset = fields.pop("preset", None)
    base = presets.find_preset(str(preset)) if preset else None
    if BACKDROP in images:
        fields["background"] = f"{BACKDROP}.file"
        images[f"{BACKDROP}.file"] = images.pop(BACKDROP)
    fields.setdefault("model", house.settings.model)
    recipe = build_recipe(requests.flat(fields), base)
    return await _answer(request, caller, recipe, source, images, hook)


@router.post("/recipes:run", response_class=Response)
async def run(request: Request) -> Response:
    """Do a recipe (field `recipe`, JSON) to a picture (field `image`). Other files are the pictures it names."""
    house = house_of(request)
    caller = house.caller(request)
    asked = await requests.asked(request, house.settings.max_upload)
    recipe = _recipe(asked.fields.pop("recipe", ""))
    source, hook = await _source(house, asked), _hook(asked.fields)
    return await _answer(request, caller, recipe, source, asked.images, hook)


@router.get("/recipes/schema")
async def schema() -> Any:
    """The JSON Schema of recipes."""
    return msgspec.json.schema(Recipe)


@router.get("/presets")
async def named() -> dict[str, str]:
    """Recipes with a name, and what each is for."""
    return presets.titles()


async def _answer(
    request: Request, caller: str, recipe: Recipe, source: bytes, images: dict[str, bytes], hook: str | None
) -> Response:
    """The picture, or a job that will make it."""
    house = house_of(request)
    house.check_staying()
    limits = house.counted(caller, source)
    task = prepared(house.settings, recipe, source, images)
    if jobs.wanted(request, house, task):
        return await jobs.accepted(request, caller, task, hook, limits)
    if hook is not None:
        raise Problem(422, "invalid_parameter", "hook_url is for jobs", "send Prefer: respond-async with it")
    made = await done(house.crew, task)
    house.usage.add(caller, task.pixels, made.seconds)
    return answered(made, request, limits)


@router.get("/usage")
async def used(request: Request) -> Any:
    """What the key used, month by month: pictures, megapixels, seconds of work; of all keys, where its scope allows."""
    house = house_of(request)
    caller = house.access.caller(request.headers.get("x-api-key")) or house.caller(request)
    found = house.usage.all() if house.access.may(caller, USAGE) else house.usage.of(caller)
    return {"usage": [_used(house, each) for each in found], "left": house.left(caller)}


def _used(house: House, used: Used) -> dict[str, Any]:
    key = house.access.keys.get(used.caller)
    name = {"key": key.id, "name": key.name} if key else {"key": used.caller[:8], "name": ""}
    return name | {"month": used.month, "pictures": used.pictures, "megapixels": used.megapixels,
                   "seconds": used.seconds}  # fmt: skip


def answered(made: Done, request: Request, limits: dict[str, str]) -> Response:
    """The picture itself, or with `Accept: application/json` what is known of it and its bytes as base64."""
    told = made.told
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse(told | {"image_b64": base64.b64encode(made.body).decode()}, headers=limits)
    headers = {"X-Width": str(told["width"]), "X-Height": str(told["height"]), **limits}
    if "confidence" in told:
        headers |= {"X-Confidence": str(told["confidence"]), "X-Box": " ".join(map(str, told["box"]))}
    return Response(made.body, media_type=told["mime"], headers=headers)


async def _source(house: House, asked: Asked) -> bytes:
    """The picture among the images, taken out of them; or from base64, or from its address."""
    given = [asked.images.pop("image")] if "image" in asked.images else []
    if "image_b64" in asked.fields:
        given.append(requests.decoded(str(asked.fields.pop("image_b64")), "image_b64"))
    url = asked.fields.pop("image_url", None)
    if url is not None and not given:
        return await house.fetched(str(url))
    if len(given) + (url is not None) != 1:
        raise Problem(
            422,
            "image_missing",
            f"{len(given) + (url is not None)} pictures were sent",
            "send one, as the field `image`",
        )
    return given[0]


def _hook(fields: dict[str, Any]) -> str | None:
    hook = fields.pop("hook_url", None)
    return None if hook is None else str(hook)


def _recipe(told: Any) -> Recipe:
    try:
        return msgspec.convert(told, Recipe) if isinstance(told, dict) else msgspec.json.decode(str(told), type=Recipe)
    except msgspec.DecodeError as error:
        raise Problem(422, "invalid_recipe", f"recipe: {error}", "GET /v1/recipes/schema tells what it holds") from None
