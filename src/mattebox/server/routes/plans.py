"""Routes that read a request in words as a recipe, without a picture, and list phrases to complete it."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import APIRouter, Request

from mattebox.recipe.presets import find_preset
from mattebox.server.auth import name_sharer, require_caller
from mattebox.server.http.fields import pop_text_field
from mattebox.server.http.problems import Problem
from mattebox.server.http.requests import receive_request
from mattebox.server.openapi.requests import plan_request_body
from mattebox.server.openapi.responses import UPLOAD_STATUSES, json_responses
from mattebox.server.openapi.schemas import PHRASE_LIST, PLAN
from mattebox.server.state import get_state
from mattebox.server.words.messages import ListPhrases, ReadPlan

MAX_BODY_BYTES = 100_000
ANY_LANGUAGE = "auto"  # the one that knows most of the words

router = APIRouter(prefix="/v1")


@router.post(
    "/plans",
    tags=["pictures"],
    openapi_extra=plan_request_body(),
    responses=json_responses(PLAN, "The plan, or a question", *UPLOAD_STATUSES),
)
async def create_plan(request: Request) -> Any:
    """Read a request in words (field `words`, English or German) as a recipe, without a picture. What can mean several
    things is answered by a question with its choices, as words, and no recipe."""
    state = get_state(request)
    require_caller(state.access, request)
    async with receive_request(state, request, MAX_BODY_BYTES) as request_data:
        fields, sharer = dict(request_data.fields), request_data.sharer
    words, preset = pop_text_field(fields, "words"), pop_text_field(fields, "preset")
    language = pop_text_field(fields, "language") or ANY_LANGUAGE
    if words is None:
        raise Problem(422, "invalid_parameter", "words are missing", "send the field words")
    base = msgspec.to_builtins(find_preset(preset)) if preset else None
    return await state.words.run(sharer, ReadPlan(words, base, language))


@router.get("/plans/phrases", tags=["lists"], responses=json_responses(PHRASE_LIST, "The phrases", 422))
async def list_phrases(request: Request, language: str = ANY_LANGUAGE) -> Any:
    """Phrases that requests in words may consist of, to complete what is typed: of a language (`language`), or of
    all."""
    state = get_state(request)
    require_caller(state.access, request)
    return {"phrases": await state.words.run(name_sharer(state.access, request), ListPhrases(language))}
