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
from mattebox.models.store.weight_files import is_installed
from mattebox.recipe import presets
from mattebox.recipe.field_types import AREAS
from mattebox.recipe.flat_parameters import AREA_HELP, build_recipe, limit_to_area, parameters_by_name
from mattebox.recipe.presets import ENHANCE_STEPS, enhance_base_recipe, require_kind
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.serialization import parse_recipe
from mattebox.recipe.steps import STEP_ORDER
from mattebox.server import openapi
from mattebox.server.api_keys import USAGE_SCOPE
from mattebox.server.http import requests
from mattebox.server.http.problems import Problem
from mattebox.server.http.requests import RequestData
from mattebox.server.routes import jobs
from mattebox.server.serializers import result_headers
from mattebox.server.state import AppState, get_state
from mattebox.server.usage import MonthlyUsage
from mattebox.server.workers.tasks import WorkerTask, execute_task, prepare_task
from mattebox.server.workers.worker_pool import WorkerResponse

PARAMETER_BY_EXTRA_IMAGE = {  # pictures sent beside the one that is done: which parameter each is
    "background_image": "background", "style_image": "style", "trimap_image": "trimap", "garbage_image": "garbage",
    "holdout_image": "holdout", "core_image": "core", "plate_image": "by",
}  # fmt: skip
EXTRA_IMAGE_FIELDS = {
    name: openapi.FILE | {"description": f"a picture for {other}"} for name, other in PARAMETER_BY_EXTRA_IMAGE.items()
}
STYLE_IMAGE_FIELD = {"style_image": EXTRA_IMAGE_FIELDS["style_image"]}
ONLY_SCHEMA = {"enum": list(AREAS), "description": AREA_HELP}

router = APIRouter(prefix="/v1")


@router.post("/cutouts", openapi_extra=openapi.form_request(STEP_ORDER, {"empty": "keep"}, **EXTRA_IMAGE_FIELDS),
             responses=openapi.picture_responses(), response_class=Response)  # fmt: skip
async def create_cutout(request: Request) -> Response:
    """Cut out a picture, and compose or enhance it if asked. The picture comes back; with `Accept: application/json`,
    what is known of it too; with `Prefer: respond-async`, a job. Errors are problem documents with a stable `code`."""
    own = {"model": get_state(request).settings.model}

    def recipe(fields: dict[str, Any], preset: Recipe | None) -> Recipe:
        return build_recipe(own | fields, preset and require_kind(preset, must_cut=True))

    return await _answer_request(request, recipe)


@router.post("/enhancements", openapi_extra=openapi.form_request(ENHANCE_STEPS, {"exposure": 0.5}, **STYLE_IMAGE_FIELD, only=ONLY_SCHEMA),
             responses=openapi.picture_responses(), response_class=Response)  # fmt: skip
async def create_enhancement(request: Request) -> Response:
    """Make a picture better, or larger; nothing is cut. Without a field of a step it does what the picture needs and
    no more, as the preset `enhance` says. Answers as /v1/cutouts."""

    def recipe(fields: dict[str, Any], preset: Recipe | None) -> Recipe:
        only = requests.pop_text_field(fields, "only")
        foreign = fields.keys() & {name for name, p in parameters_by_name().items() if p.step not in ENHANCE_STEPS}
        if foreign:
            raise UsageError(f"{min(foreign)} is not for enhancing", "send it to /v1/cutouts")
        made = build_recipe(fields, require_kind(preset, must_cut=False) if preset else enhance_base_recipe(fields))
        return limit_to_area(made, only) if only else made

    return await _answer_request(request, recipe)


@router.post(
    "/recipes:run",
    openapi_extra=openapi.recipe_request(),
    responses=openapi.picture_responses(),
    response_class=Response,
)
async def create_recipe_run(request: Request) -> Response:
    """Do a recipe (field `recipe`, JSON) to a picture (field `image`). Other files are the pictures it names."""
    return await _answer_request(request, lambda fields, preset: _parse_recipe(fields.get("recipe", "")))


@router.get("/recipes/schema", responses=openapi.json_responses({"type": "object"}, "A JSON Schema"))
async def get_recipe_schema() -> Any:
    """The JSON Schema of recipes."""
    return openapi.recipe_schema()


@router.get("/models", responses=openapi.json_responses(openapi.MODEL_LIST_SCHEMA, "The models"))
async def list_models() -> Any:
    """The models that this server has the weights of: what they do and their licence."""
    found = [card for card in registry.all_cards().values() if is_installed(card)]
    return {"models": [{"name": c.name, "task": c.task, "licence": c.licence.name, "commercial": c.licence.commercial,
                        "styles": c.styles} for c in found]}  # fmt: skip


@router.get("/presets", responses=openapi.json_responses(openapi.STRING_MAP_SCHEMA, "Name and purpose of each"))
async def list_presets() -> dict[str, str]:
    """Recipes with a name, and what each is for."""
    return presets.preset_titles()


async def _answer_request(request: Request, make_recipe: Callable[[dict[str, Any], Recipe | None], Recipe]) -> Response:
    """The picture, or a job that will make it. `make_recipe` is made of the fields and the preset that they change."""
    house = get_state(request)
    caller = house.require_caller(request)
    jobs.parse_idempotency_key(request)
    async with house.upload_limiter.admit(request, house.settings.max_upload) as upload:
        look = partial(requests.check_body_prefix, request, house.settings.max_pixels)
        data = await house.upload_limiter.read_body(request, upload, house.settings.max_upload, look)
        asked = await requests.parse_request(request, data)
        task, hook, limits = await _prepare_request(house, caller, asked, make_recipe)
        del data, asked
        if jobs.should_run_as_job(request, house, task):
            return await jobs.submit_job(request, caller, task, hook, limits)
    if hook is not None:
        raise Problem(422, "invalid_parameter", "hook_url is for jobs", "send Prefer: respond-async with it")
    made = await execute_task(house.worker_pool, task)
    house.usage.add_picture(caller, task.pixels, made.seconds)
    return picture_response(made, request, limits)


async def _prepare_request(
    state: AppState,
    caller: str,
    request_data: RequestData,
    make_recipe: Callable[[dict[str, Any], Recipe | None], Recipe],
) -> tuple[WorkerTask, str | None, dict[str, str]]:
    """What is to be done, whom to tell of its end, and the headers of the caller's limits. MatteboxError, Problem."""
    fields, images = dict(request_data.fields), dict(request_data.images)
    source = await _take_source(state, RequestData(fields, images))
    hook, preset = requests.pop_text_field(fields, "hook_url"), requests.pop_text_field(fields, "preset")
    for name in PARAMETER_BY_EXTRA_IMAGE.keys() & images.keys():
        images[f"{name}.file"] = images.pop(name)
        fields[PARAMETER_BY_EXTRA_IMAGE[name]] = f"plate({name}.file)" if name == "plate_image" else f"{name}.file"
    wanted = make_recipe(requests.parse_flat_parameters(fields), presets.find_preset(preset) if preset else None)
    state.check_not_stopping()
    limits = state.count_picture(caller, source)
    task = prepare_task(state.settings, wanted, source, images)
    return task, hook, limits


@router.get("/usage", responses=openapi.json_responses(openapi.USAGE_SCHEMA, "By month"))
async def get_usage(request: Request) -> Any:
    """What the key used, month by month: pictures, megapixels, seconds of work; of all keys, where its scope allows."""
    house = get_state(request)
    caller = house.access.authenticate(request.headers.get("x-api-key")) or house.require_caller(request)
    found = (
        house.usage.all_months() if house.access.has_scope(caller, USAGE_SCOPE) else house.usage.caller_months(caller)
    )
    return {"usage": [_serialize_usage(house, each) for each in found], "left": house.pictures_left(caller)}


def _serialize_usage(state: AppState, usage: MonthlyUsage) -> dict[str, Any]:
    key = state.access.keys.get(usage.caller)
    name = {"key": key.id, "name": key.name} if key else {"key": usage.caller[:8], "name": ""}
    return name | {"month": usage.month, "pictures": usage.pictures, "megapixels": usage.megapixels,
                   "seconds": usage.seconds}  # fmt: skip


def picture_response(worker_response: WorkerResponse, request: Request, limit_headers: dict[str, str]) -> Response:
    """The picture itself, or with `Accept: application/json` what is known of it and its bytes as base64."""
    told = worker_response.header
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse(
            told | {"image_b64": base64.b64encode(worker_response.body).decode()}, headers=limit_headers
        )
    return Response(worker_response.body, media_type=told["mime"], headers=result_headers(told) | limit_headers)


async def _take_source(state: AppState, request_data: RequestData) -> bytes:
    """The picture among the images, taken out of them; or from base64, or from its address."""
    given = [request_data.images.pop("image")] if "image" in request_data.images else []
    encoded, url = (
        requests.pop_text_field(request_data.fields, "image_b64"),
        requests.pop_text_field(request_data.fields, "image_url"),
    )
    if encoded is not None:
        given.append(requests.decode_base64(encoded, "image_b64"))
    if url is not None and not given:
        return await state.fetch_url(url)
    if len(given) + (url is not None) != 1:
        raise Problem(
            422,
            "image_missing",
            f"{len(given) + (url is not None)} pictures were sent",
            "send one, as the field `image`",
        )
    return given[0]


def _parse_recipe(value: Any) -> Recipe:
    try:
        return parse_recipe(value if isinstance(value, dict) else msgspec.json.decode(str(value)))
    except msgspec.DecodeError as error:
        raise Problem(422, "invalid_recipe", f"recipe: {error}", "GET /v1/recipes/schema tells what it holds") from None
