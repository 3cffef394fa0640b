"""What the server asks its process for words, and the answers: one line of JSON each."""

from __future__ import annotations

from typing import Any, TypeAlias

from msgspec import Struct


class ReadPlan(Struct, frozen=True, tag=True):
    """A request in words as a plan: the answer is that of POST /v1/plans. `base`: the recipe that the words change."""

    words: str
    base: dict[str, Any] | None
    language: str


class ChangeRecipe(Struct, frozen=True, tag=True):
    """The recipe that words make of another: the answer is `[recipe, language of the words]`."""

    words: str
    recipe: dict[str, Any]


class ListPhrases(Struct, frozen=True, tag=True):
    """Phrases that requests may consist of: the answer is a list, of all languages for `auto`."""

    language: str


class TranslateLines(Struct, frozen=True, tag=True):
    """An error's lines in a language: the answer is `[problem, remedy]`."""

    problem: str
    remedy: str
    language: str


WordsCall: TypeAlias = ReadPlan | ChangeRecipe | ListPhrases | TranslateLines


class WordsAnswer(Struct, frozen=True, omit_defaults=True):
    """The result of a call, or `error`: code, problem and remedy; with kind and trace where it is a fault of ours."""

    result: Any = None
    error: dict[str, Any] | None = None
