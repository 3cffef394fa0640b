"""Routes of the mattebox API: cutouts, enhancements, recipes, and the lists of models, presets and usage."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, NamedTuple, TypeAlias

from fastapi import APIRouter, Request, Response

from mattebox.errors import UsageError
from mattebox.models.cards import registry
from mattebox.models.store.weight_files import is_installed
from mattebox.recipe import presets
from mattebox.recipe.field_types import AREAS
from mattebox.recipe.flat_parameters import AREA_HELP, build_recipe, limit_to_area, parameters_by_name
from mattebox.recipe.presets import ENHANCE_STEPS, enhance_base_recipe, require_kind
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import STEP_ORDER, Anonymise, Save
from mattebox.server.api_keys import USAGE_SCOPE
from mattebox.server.auth import require_caller
from mattebox.server.http.content_negotiation import choose_media_type, prefers_json
from mattebox.server.http.content_response import BASE64_PLACEHOLDER, Base64JsonResponse, ContentResponse
from mattebox.server.http.fields import parse_flat_parameters, pop_count_field, pop_text_field
from mattebox.server.http.objects import take_objects
from mattebox.server.http.problems import Problem
from mattebox.server.http.requests import RequestData, receive_request
from mattebox.server.http.sources import count_pixels, take_source
from mattebox.server.job_submission import parse_idempotency_key, should_run_as_job, submit_job
from mattebox.server.openapi.requests import form_request, recipe_request, recipe_schema
from mattebox.server.openapi.responses import json_responses, picture_responses
from mattebox.server.openapi.schemas import MODEL_LIST, STRING, STRING_MAP, USAGE
from mattebox.server.photograph_store import StoredPhotograph
from mattebox.server.picture_processing import process_picture
from mattebox.server.routes.extra_images import EXTRA_IMAGE_FIELDS, PATH_PARAMETERS, name_extra_images
from mattebox.server.routes.recipes import decode_recipe, take_base_recipe
from mattebox.server.serializers import result_headers
from mattebox.server.state import AppState, get_state
from mattebox.server.usage import MonthlyUsage
from mattebox.server.words.recipe_draft import RecipeDraft, complete_recipe, keep_recipe
from mattebox.server.workers.protocol import WorkerTask
from mattebox.server.workers.referenced_source import prepare_referenced_task
from mattebox.server.workers.task_execution import prepare_task
from mattebox.server.workers.worker_pool import WorkerResponse

BuildDraft: TypeAlias = Callable[[dict[str, Any], Recipe | None], RecipeDraft]
"""Fields and the preset that they change -> the recipe to run, and the words that change it."""


class PreparedTask(NamedTuple):
    """A request's task, its web hook, the headers of the caller's limits, and the stored photograph."""

    task: WorkerTask
    webhook_url: str | None
    limit_headers: dict[str, str]
    photograph: StoredPhotograph | None


PrepareTask: TypeAlias = Callable[[AppState, str, RequestData], Awaitable[PreparedTask]]
"""The server's state, the caller and what was sent -> what to do. MatteboxError, Problem."""

ENHANCEMENT_IMAGE_FIELDS = {name: EXTRA_IMAGE_FIELDS[name] for name in ("style_image", "logo_image", "heal_image")}
ONLY_SCHEMA = STRING | {"enum": list(AREAS), "description": AREA_HELP}

router = APIRouter(prefix="/v1")


@router.post(
    "/cutouts",
    tags=["pictures"],
    openapi_extra=form_request("Cutout", STEP_ORDER, {"empty": "keep"}, PATH_PARAMETERS, **EXTRA_IMAGE_FIELDS),
    responses=picture_responses(),
    response_class=Response,
)
async def create_cutout(request: Request) -> Response:
    """Cut out a picture, and optionally compose or enhance it. Returns the picture; with `Accept: application/json`,
    its metadata too; with `Prefer: respond-async`, a job. Errors are problem documents with a stable `code`."""
    defaults = {"model": get_state(request).settings.model}

    def build_draft(fields: dict[str, Any], preset: Recipe | None) -> RecipeDraft:
        words, base = pop_text_field(fields, "words"), take_base_recipe(fields, preset)
        recipe = build_recipe(defaults | fields, base and require_kind(base, must_cut=True))
        return RecipeDraft(recipe, words, must_cut=True)

    return await answer_request(request, partial(_prepare_request, request, build_draft))


@router.post(
    "/enhancements",
    tags=["pictures"],
    openapi_extra=form_request(
        "Enhancement", ENHANCE_STEPS, {"exposure": 0.5}, ("heal",), **ENHANCEMENT_IMAGE_FIELDS, only=ONLY_SCHEMA
    ),
    responses=picture_responses(),
    response_class=Response,
)
async def create_enhancement(request: Request) -> Response:
    """Enhance or enlarge a picture; nothing is cut out. Without the field of any step, it corrects what the picture
    needs, as the preset `enhance` does. Returns the same as /v1/cutouts."""
    return await answer_request(request, partial(_prepare_request, request, _draft_enhancement))


@router.post(
    "/anonymisations",
    tags=["pictures"],
    openapi_extra=form_request("Anonymisation", (Anonymise, Save), {"hide": "faces"}),
    responses=picture_responses(),
    response_class=Response,
)
async def create_anonymisation(request: Request) -> Response:
    """Make faces and number plates unrecognisable: all of them, without the field `hide`. Returns the same as
    /v1/cutouts; what was found is among the metadata (`objects`)."""
    return await answer_request(request, partial(_prepare_request, request, _draft_anonymisation))


@router.post(
    "/recipes:run",
    tags=["pictures"],
    openapi_extra=recipe_request(),
    responses=picture_responses(),
    response_class=Response,
)
async def create_recipe_run(request: Request) -> Response:
    """Run a recipe (field `recipe`, JSON) on a picture (field `image`). Other files are the pictures that it names."""

    def build_draft(fields: dict[str, Any], _: Recipe | None) -> RecipeDraft:
        return RecipeDraft(decode_recipe(fields.get("recipe", "")))

    return await answer_request(request, partial(_prepare_request, request, build_draft))


@router.get("/recipes/schema", tags=["lists"], responses=json_responses({"type": "object"}, "A JSON Schema"))
async def get_recipe_schema() -> Any:
    """The JSON Schema of recipes."""
    return recipe_schema()


@router.get("/models", tags=["lists"], responses=json_responses(MODEL_LIST, "The models"))
async def list_models() -> Any:
    """The installed models: their tasks and licences."""
    return {
        "models": [
            {
                "name": card.name,
                "task": card.task,
                "licence": card.licence.name,
                "commercial": card.licence.commercial,
                "styles": card.styles,
                "embedded": registry.is_embedded(card),
            }
            for card in registry.all_cards().values()
            if is_installed(card)
        ]
    }


@router.get("/presets", tags=["lists"], responses=json_responses(STRING_MAP, "Name and purpose of each"))
async def list_presets() -> dict[str, str]:
    """Name and purpose of each preset."""
    return presets.preset_titles()


@router.get("/usage", tags=["lists"], responses=json_responses(USAGE, "By month"))
async def get_usage(request: Request) -> Any:
    """Usage of the key by month: pictures, megapixels, seconds of work; of all keys with the scope `usage`."""
    state = get_state(request)
    caller = state.access.authenticate(request.headers.get("x-api-key")) or require_caller(state.access, request)
    sees_all = state.access.has_scope(caller, USAGE_SCOPE)
    months = state.usage.all_months() if sees_all else state.usage.caller_months(caller)
    return {
        "usage": [_serialize_usage(state, month) for month in months],
        "left": state.quota.pictures_left(caller),
    }


async def answer_request(request: Request, prepare: PrepareTask) -> Response:
    """Process the picture of a request and respond with the result, or submit a job."""
    state = get_state(request)
    caller = require_caller(state.access, request)
    parse_idempotency_key(request)
    async with receive_request(state, request, state.settings.max_upload) as request_data:
        arrived_at = time.monotonic()
        prepared = await prepare(state, caller, request_data)
        task, webhook_url, limit_headers, photograph = prepared
        del request_data, prepared  # the task holds its own copy
        if should_run_as_job(request, state, task):
            with state.quota.reserve_picture(caller):
                return await submit_job(request, caller, task, webhook_url, limit_headers)
    if webhook_url is not None:
        raise Problem(422, "invalid_parameter", "hook_url is for jobs", "send Prefer: respond-async with it")
    response = await process_picture(request, state, caller, task, arrived_at, photograph)
    return picture_response(response, request, limit_headers)


async def _prepare_request(
    request: Request, build_draft: BuildDraft, state: AppState, caller: str, request_data: RequestData
) -> PreparedTask:
    """The task of a recipe. MatteboxError, Problem."""
    fields, images = dict(request_data.fields), dict(request_data.images)
    objects = take_objects(state, caller, fields, images)
    source, photograph = (None, None) if objects.source else await take_source(state, caller, fields, images)
    preview_pixels, since = pop_count_field(fields, "preview"), pop_text_field(fields, "since")
    webhook_url, preset = pop_text_field(fields, "hook_url"), pop_text_field(fields, "preset")
    name_extra_images(fields, images)
    base = presets.find_preset(preset) if preset else None
    build = partial(build_draft, parse_flat_parameters(fields), base)
    recipe = await complete_recipe(request, request_data.sharer, build)
    state.check_not_stopping()
    state.quota.check_monthly_quota(caller)
    pixels = 0 if source is None else count_pixels(source, state.settings.max_pixels)
    limit_headers = state.quota.check_rate_limit(caller, pixels)
    if source is not None:
        task = prepare_task(state.settings, recipe, source, images, preview_pixels=preview_pixels, since=since)
    else:
        reference = {"object": str(objects.source)}
        task = prepare_referenced_task(state.settings, recipe, reference, images, preview_pixels)
    return PreparedTask(objects.add_picture_output(state, task, recipe), webhook_url, limit_headers, photograph)


def picture_response(worker_response: WorkerResponse, request: Request, limit_headers: dict[str, str]) -> Response:
    """The encoded result, or with `Accept: application/json` its metadata and the result as base64."""
    metadata, body = worker_response.header, worker_response.body
    if prefers_json(request):
        return Base64JsonResponse(metadata | {"image_b64": BASE64_PLACEHOLDER}, body, limit_headers)
    media_type = choose_media_type(request, metadata["mime"])
    return ContentResponse(body, media_type, result_headers(metadata) | limit_headers)


def _draft_enhancement(fields: dict[str, Any], preset: Recipe | None) -> RecipeDraft:
    only, words = pop_text_field(fields, "only"), pop_text_field(fields, "words")
    preset = take_base_recipe(fields, preset)
    cutout_fields = fields.keys() & {name for name, p in parameters_by_name().items() if p.step not in ENHANCE_STEPS}
    if cutout_fields:
        raise UsageError(f"{min(cutout_fields)} is not for enhancing", "send it to /v1/cutouts")
    default = Recipe((Save(),)) if words else enhance_base_recipe(fields)
    base = require_kind(preset, must_cut=False) if preset else default
    finish = partial(limit_to_area, area=only, stated_names=fields.keys()) if only else keep_recipe
    return RecipeDraft(build_recipe(fields, base), words, must_cut=False, finish=finish)


def _draft_anonymisation(fields: dict[str, Any], preset: Recipe | None) -> RecipeDraft:
    preset = take_base_recipe(fields, preset)
    other_fields = fields.keys() & {name for name, p in parameters_by_name().items() if p.step not in (Anonymise, Save)}
    if other_fields:
        raise UsageError(f"{min(other_fields)} is not for anonymising", "send it to /v1/enhancements, with hide")
    base = require_kind(preset, must_cut=False) if preset else Recipe((Anonymise(hide="all"), Save()))
    return RecipeDraft(build_recipe({"hide": "all"} | fields, base))


def _serialize_usage(state: AppState, usage: MonthlyUsage) -> dict[str, Any]:
    key = state.access.keys.get(usage.caller)
    return {
        "key": key.id if key else usage.caller[:8],
        "name": key.name if key else "",
        "month": usage.month,
        "pictures": usage.pictures,
        "megapixels": usage.megapixels,
        "seconds": usage.seconds,
    }
