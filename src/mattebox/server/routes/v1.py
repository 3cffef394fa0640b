"""Our own API: /v1/cutouts and /v1/enhancements with flat parameters, /v1/recipes:run, and what there is."""

from __future__ import annotations

import base64
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from mattebox.errors import UsageError
from mattebox.models.cards import registry
from mattebox.models.store.weight_store import is_here
from mattebox.recipe import presets
from mattebox.recipe.flat_parameters import build_recipe, limited, parameters
from mattebox.recipe.presets import ENHANCING, enhancing, of_kind
from mattebox.recipe.recipe import ORDER, Recipe
from mattebox.server import openapi
from mattebox.server.api_keys import USAGE
from mattebox.server.http import requests
from mattebox.server.http.problems import Problem
from mattebox.server.http.requests import Asked
from mattebox.server.routes import jobs
from mattebox.server.serializers import headers
from mattebox.server.state import House, house_of
from mattebox.server.usage import Used
from mattebox.server.workers.tasks import Task, done, prepared
from mattebox.server.workers.worker_pool import Done

OTHERS = {  # pictures sent beside the one that is done: which parameter each is
    "background_image": "background", "style_image": "style", "trimap_image": "trimap", "garbage_image": "garbage",
    "holdout_image": "holdout", "core_image": "core", "plate_image": "by",
}  # fmt: skip
OTHERS_FIELDS = {name: openapi.FILE | {"description": f"a picture for {other}"} for name, other in OTHERS.items()}
STYLE_FIELD = {"style_image": OTHERS_FIELDS["style_image"]}
ONLY = {"enum": ["all", "subject", "background"], "description": "where, for all steps that can be told"}

router = APIRouter(prefix="/v1")


@router.post("/cutouts", openapi_extra=openapi.form(ORDER, {"empty": "keep"}, **OTHERS_FIELDS),
             responses=openapi.pictures(), response_class=Response)  # fmt: skip
async def cutouts(request: Request) -> Response:
    """Cut out a picture, and compose or enhance it if asked. The picture comes back; with `Accept: application/json`,
    what is known of it too; with `Prefer: respond-async`, a job. Errors are problem documents with a stable `code`."""
    own = {"model": house_of(request).settings.model}

    def recipe(fields: dict[str, Any], preset: Recipe | None) -> Recipe:
        return build_recipe(own | fields, preset and of_kind(preset, cuts=True))

    return await _answer(request, recipe)


@router.post("/enhancements", openapi_extra=openapi.form(ENHANCING, {"exposure": 0.5}, **STYLE_FIELD, only=ONLY),
             responses=openapi.pictures(), response_class=Response)  # fmt: skip
async def enhancements(request: Request) -> Response:
    """Make a picture better, or larger; nothing is cut. Without a field of a step it does what the picture needs and
    no more, as the preset `enhance` says. Answers as /v1/cutouts."""

    def recipe(fields: dict[str, Any], preset: Recipe | None) -> Recipe:
        only = requests.text(fields, "only")
        foreign = fields.keys() & {name for name, p in parameters().items() if p.step not in ENHANCING}
        if foreign:
            raise UsageError(f"{min(foreign)} is not for enhancing", "send it to /v1/cutouts")
        made = build_recipe(fields, of_kind(preset, cuts=False) if preset else enhancing(fields))
        return limited(made, only) if only else made

    return await _answer(request, recipe)


@router.post("/recipes:run", openapi_extra=openapi.run(), responses=openapi.pictures(), response_class=Response)
async def run(request: Request) -> Response:
    """Do a recipe (field `recipe`, JSON) to a picture (field `image`). Other files are the pictures it names."""
    return await _answer(request, lambda fields, preset: _recipe(fields.get("recipe", "")))


@router.get("/recipes/schema", responses=openapi.told({"type": "object"}, "A JSON Schema"))
async def schema() -> Any:
    """The JSON Schema of recipes."""
    return openapi.recipe_schema()


@router.get("/models", responses=openapi.told(openapi.MODELS, "The models"))
async def models() -> Any:
    """The models that this server has the weights of: what they do and their licence."""
    found = [card for card in registry.cards().values() if is_here(card)]
    return {"models": [{"name": c.name, "task": c.task, "licence": c.licence.name, "commercial": c.licence.commercial,
                        "styles": c.styles} for c in found]}  # fmt: skip


@router.get("/presets", responses=openapi.told(openapi.NAMES, "Name and purpose of each"))
async def named() -> dict[str, str]:
    """Recipes with a name, and what each is for."""
    return presets.titles()


async def _answer(request: Request, recipe: Callable[[dict[str, Any], Recipe | None], Recipe]) -> Response:
    """The picture, or a job that will make it. `recipe` is made of the fields and the preset that they change."""
    house = house_of(request)
    caller = house.caller(request)
    jobs.key_of(request)
    async with house.intake.entered(request, house.settings.max_upload) as upload:
        look = partial(requests.check_beginning, request, house.settings.max_pixels)
        data = await house.intake.body(request, upload, house.settings.max_upload, look)
        asked = await requests.asked(request, data)
        task, hook, limits = await _prepared(house, caller, asked, recipe)
        del data, asked
        if jobs.wanted(request, house, task):
            return await jobs.accepted(request, caller, task, hook, limits)
    if hook is not None:
        raise Problem(422, "invalid_parameter", "hook_url is for jobs", "send Prefer: respond-async with it")
    made = await done(house.crew, task)
    house.usage.add(caller, task.pixels, made.seconds)
    return answered(made, request, limits)


async def _prepared(
    house: House, caller: str, asked: Asked, recipe: Callable[[dict[str, Any], Recipe | None], Recipe]
) -> tuple[Task, str | None, dict[str, str]]:
    """What is to be done, whom to tell of its end, and the headers of the caller's limits. MatteboxError, Problem."""
    fields, images = dict(asked.fields), dict(asked.images)
    source = await _source(house, Asked(fields, images))
    hook, preset = requests.text(fields, "hook_url"), requests.text(fields, "preset")
    for name in OTHERS.keys() & images.keys():
        images[f"{name}.file"] = images.pop(name)
        fields[OTHERS[name]] = f"plate({name}.file)" if name == "plate_image" else f"{name}.file"
    wanted = recipe(requests.flat(fields), presets.find_preset(preset) if preset else None)
    house.check_staying()
    limits = house.counted(caller, source)
    task = prepared(house.settings, wanted, source, images)
    return task, hook, limits


@router.get("/usage", responses=openapi.told(openapi.USAGE, "By month"))
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
    return Response(made.body, media_type=told["mime"], headers=headers(told) | limits)


async def _source(house: House, asked: Asked) -> bytes:
    """The picture among the images, taken out of them; or from base64, or from its address."""
    given = [asked.images.pop("image")] if "image" in asked.images else []
    encoded, url = requests.text(asked.fields, "image_b64"), requests.text(asked.fields, "image_url")
    if encoded is not None:
        given.append(requests.decoded(encoded, "image_b64"))
    if url is not None and not given:
        return await house.fetched(url)
    if len(given) + (url is not None) != 1:
        raise Problem(
            422,
            "image_missing",
            f"{len(given) + (url is not None)} pictures were sent",
            "send one, as the field `image`",
        )
    return given[0]


def _recipe(told: Any) -> Recipe:
    try:
        return msgspec.convert(told, Recipe) if isinstance(told, dict) else msgspec.json.decode(str(told), type=Recipe)
    except msgspec.DecodeError as error:
        raise Problem(422, "invalid_recipe", f"recipe: {error}", "GET /v1/recipes/schema tells what it holds") from None
