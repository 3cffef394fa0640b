"""Errors of recipes in the language of the request that they came of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from mattebox.errors import MatteboxError
from mattebox.language.vocabulary import load_vocabulary

PLACEHOLDER = re.compile(r"\{(\w+)(?:![rsa])?\}")


def translate_error(error: MatteboxError, language: str) -> MatteboxError:
    """The error with its problem and remedy in a language, as far as its vocabulary has them under `recipe_messages`.

    Parameters
    ----------
    error
        In English. It keeps its class, exit code and code.
    language
        ISO 639-1 code of a vocabulary.
    """
    problem, remedy = translate_lines(error.problem, error.remedy, language)
    if (problem, remedy) == (error.problem, error.remedy):
        return error
    translated = MatteboxError.__new__(type(error))
    translated.__dict__.update(error.__dict__)
    MatteboxError.__init__(translated, problem, remedy)
    return translated


def translate_lines(problem: str, remedy: str, language: str) -> tuple[str, str]:
    """An error's problem and remedy in the language of a vocabulary, as far as it has them."""
    messages = load_vocabulary(language).recipe_messages
    return translate_text(problem, messages), translate_text(remedy, messages)


def translate_text(text: str, messages: Mapping[str, str]) -> str:
    """A text by the first of the messages that it is, with the parts in its braces; unchanged if it is none."""
    for template, translation in messages.items():
        match = _compile_template(template).fullmatch(text)
        if match is not None:
            return translation.format(**match.groupdict())
    return text


@lru_cache(maxsize=1000)
def _compile_template(template: str) -> re.Pattern[str]:
    parts = PLACEHOLDER.split(template)  # every second one is a name
    patterns = (f"(?P<{part}>.+?)" if i % 2 else re.escape(part) for i, part in enumerate(parts))
    return re.compile("".join(patterns), re.DOTALL)
