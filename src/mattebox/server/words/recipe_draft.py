"""Recipes of requests with fields and words: first the fields, then the words, then what the words do not know of."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
from fastapi import Request

from mattebox.errors import MatteboxError
from mattebox.recipe.presets import require_kind
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.serialization import parse_recipe
from mattebox.server.http.problems import Problem
from mattebox.server.state import get_state
from mattebox.server.words.messages import ChangeRecipe, TranslateLines


def keep_recipe(recipe: Recipe) -> Recipe:
    """The recipe itself."""
    return recipe


@dataclass(frozen=True)
class RecipeDraft:
    """The recipe that the fields of a request make.

    Parameters
    ----------
    recipe
        By the fields alone.
    words
        What changes it, if anything does.
    must_cut
        Whether it must cut, or must not, once the words have changed it.
    finish
        What is done to it in the end.
    """

    recipe: Recipe
    words: str | None = None
    must_cut: bool = False
    finish: Callable[[Recipe], Recipe] = keep_recipe


async def complete_recipe(request: Request, sharer: str, build: Callable[[], RecipeDraft]) -> Recipe:
    """The recipe of a request, made beside the event loop. Its later errors are in the language of its words.

    Parameters
    ----------
    request
        The request.
    sharer
        Whose share of threads and processes it takes.
    build
        Reads the fields; it is called in a thread.

    Raises
    ------
    Problem
        The words are not understood, or can mean several things.
    UsageError
        They cut where nothing is cut, or the reverse; or `build` raises it.
    """
    draft = await asyncio.to_thread(build)
    if draft.words is None:
        return draft.finish(draft.recipe)
    call = ChangeRecipe(draft.words, msgspec.to_builtins(draft.recipe))
    fields, request.state.words_language = await get_state(request).words.run(sharer, call)
    return draft.finish(require_kind(parse_recipe(fields), draft.must_cut))


async def translate_problem(request: Request, problem: Problem) -> Problem:
    """A problem in the language of the request's words; as it is without words, or where their process is lost."""
    language = getattr(request.state, "words_language", None)
    if language is None:
        return problem
    try:
        lines = await get_state(request).words.run("", TranslateLines(problem.problem, problem.remedy, language))
    except (MatteboxError, Problem):
        return problem
    problem_line, remedy = lines
    return Problem(problem.status, problem.code, problem_line, remedy, problem.headers)
