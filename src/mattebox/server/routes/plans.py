"""Route that reads a request in words as a recipe, without a picture; and the field `words` of the other routes."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import msgspec
from fastapi import APIRouter, Request

from mattebox.language.completion import list_completions
from mattebox.language.description import describe_recipe
from mattebox.language.error_translation import translate_lines
from mattebox.language.errors import AmbiguousWords
from mattebox.language.plan import ANY_LANGUAGE, Plan, plan_request
from mattebox.language.vocabulary import language_codes
from mattebox.recipe.presets import find_preset, require_kind
from mattebox.recipe.recipe import Recipe
from mattebox.server.auth import require_caller
from mattebox.server.http.fields import pop_text_field
from mattebox.server.http.problems import Problem
from mattebox.server.http.requests import receive_request
from mattebox.server.openapi.requests import plan_request_body
from mattebox.server.openapi.responses import UPLOAD_STATUSES, json_responses
from mattebox.server.openapi.schemas import PHRASE_LIST, PLAN
from mattebox.server.state import get_state

MAX_BODY_BYTES = 100_000

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
    base = find_preset(preset) if preset else None
    return await state.words_thread.run(sharer, partial(_answer_words, words, base, language))


@router.get("/plans/phrases", tags=["lists"], responses=json_responses(PHRASE_LIST, "The phrases", 422))
async def list_phrases(request: Request, language: str = ANY_LANGUAGE) -> Any:
    """Phrases that requests in words may consist of, to complete what is typed: of a language (`language`), or of
    all."""
    require_caller(get_state(request).access, request)
    languages = language_codes() if language == ANY_LANGUAGE else [language]
    lists = await asyncio.to_thread(lambda: [list_completions(code) for code in languages])
    return {"phrases": [phrase for phrases in lists for phrase in phrases]}


def apply_words(request: Request, words: str | None, recipe: Recipe, must_cut: bool) -> Recipe:
    """The recipe that words make of another, which it stays without words. Errors of the request are in their language.

    Raises
    ------
    UsageError
        The words are not understood, or can mean several things; or they cut where nothing is cut, or the reverse.
    """
    if words is None:
        return recipe
    plan = plan_request(words, recipe)
    request.state.words_language = plan.language
    return require_kind(plan.recipe, must_cut)


def translate_problem(request: Request, problem: Problem) -> Problem:
    """A problem in the language of the request's words; without words as it is."""
    language = getattr(request.state, "words_language", None)
    if language is None:
        return problem
    lines = translate_lines(problem.problem, problem.remedy, language)
    return Problem(problem.status, problem.code, *lines, problem.headers)


def _answer_words(words: str, base: Recipe | None, language: str) -> dict[str, Any]:
    try:
        plan = plan_request(words, base, language)
    except AmbiguousWords as error:
        choices = [{"words": choice, "request": error.resolve(words, choice)} for choice in error.choices]
        question = {"words": error.words, "ask": error.question, "choices": choices}
        return {"question": question, "plan": None}
    return {"question": None, "plan": _plan_fields(plan)}


def _plan_fields(plan: Plan) -> dict[str, Any]:
    return {
        "language": plan.language,
        "readings": [{"text": r.text, "values": dict(r.values), "area": r.area or None} for r in plan.readings],
        "corrections": dict(plan.corrections),
        "passed_over": list(plan.passed_over),
        "cuts": plan.recipe.cut_step is not None,
        "recipe": msgspec.to_builtins(plan.recipe),
        "words": describe_recipe(plan.recipe, plan.language),
    }
