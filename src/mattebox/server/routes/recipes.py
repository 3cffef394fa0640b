"""Routes of recipes: the one that fields and words make, as JSON and as a recipe file; and recipes as a base that
fields change."""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec
from fastapi import APIRouter, Request

from mattebox.errors import UsageError
from mattebox.recipe import presets
from mattebox.recipe.flat_parameters import build_recipe
from mattebox.recipe.presets import enhance_base_recipe, require_kind
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.serialization import parse_recipe, parse_recipe_text
from mattebox.recipe.validation_wording import describe_problem
from mattebox.server.auth import require_caller
from mattebox.server.booleans import parse_boolean
from mattebox.server.http.fields import parse_flat_parameters, pop_text_field
from mattebox.server.http.problems import Problem
from mattebox.server.http.requests import receive_request
from mattebox.server.openapi.requests import recipe_build_request
from mattebox.server.openapi.responses import UPLOAD_STATUSES, json_responses
from mattebox.server.openapi.schemas import BUILT_RECIPE
from mattebox.server.state import get_state
from mattebox.server.words.recipe_draft import RecipeDraft, complete_recipe

MAX_BODY_BYTES = 200_000

router = APIRouter(prefix="/v1")


@router.post(
    "/recipes:build",
    tags=["pictures"],
    openapi_extra=recipe_build_request(),
    responses=json_responses(BUILT_RECIPE, "The recipe", *UPLOAD_STATUSES),
)
async def build_recipe_file(request: Request) -> Any:
    """Make a recipe of the fields of /v1/cutouts (or with `cut` false of /v1/enhancements), or read a recipe file
    (field `recipe`, TOML or JSON), which the other fields change. Nothing is run."""
    state = get_state(request)
    require_caller(state.access, request)
    async with receive_request(state, request, MAX_BODY_BYTES) as request_data:
        fields, sharer = dict(request_data.fields), request_data.sharer
    build = partial(_build_draft, fields)
    recipe = await complete_recipe(request, sharer, build)
    return {
        "recipe": msgspec.to_builtins(recipe),
        "toml": recipe.to_toml(),
        "title": recipe.title,
        "cuts": recipe.cut_step is not None,
    }


def _build_draft(fields: dict[str, Any]) -> RecipeDraft:
    words, preset, cut = pop_text_field(fields, "words"), pop_text_field(fields, "preset"), fields.pop("cut", True)
    base = take_base_recipe(fields, presets.find_preset(preset) if preset else None)
    must_cut = base.cut_step is not None if base else parse_boolean(cut) if isinstance(cut, str) else cut
    if not isinstance(must_cut, bool):
        raise Problem(422, "invalid_parameter", "cut must be true or false", "send true or false")
    values = parse_flat_parameters(fields)
    if base is None and not must_cut:
        base = enhance_base_recipe(fields)
    recipe = build_recipe(values, base and require_kind(base, must_cut))
    return RecipeDraft(recipe, words, must_cut)


def take_base_recipe(fields: dict[str, Any], preset: Recipe | None) -> Recipe | None:
    """Remove the field `recipe` and return it, or else the preset. Problem 422; UsageError where both are given."""
    value = fields.pop("recipe", "")
    if value == "":
        return preset
    if preset is not None:
        raise UsageError("preset and recipe are both given", "send one of them")
    return decode_recipe(value)


def decode_recipe(value: Any) -> Recipe:
    """A recipe from JSON, or from the text of a recipe file. Problem 422; UsageError."""
    try:
        return parse_recipe(value) if isinstance(value, dict) else parse_recipe_text(str(value))
    except msgspec.DecodeError as error:
        raise Problem(
            422,
            "invalid_recipe",
            f"recipe: {describe_problem(str(error))}",
            "GET /v1/recipes/schema tells what it holds",
        ) from None
