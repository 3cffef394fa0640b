"""Errors of requests in words are in the language of the request."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import mattebox.language
from mattebox.errors import UsageError
from mattebox.language.errors import CHOICE, SEVERAL_MEANINGS, AmbiguousWords
from mattebox.language.plan import plan_request
from mattebox.language.vocabulary import language_codes, load_vocabulary

ERRORS = ("WordsNotUnderstood", "ValueOutOfRange")
UNTRANSLATED = {"{help}", 'write it as name="value"'}  # for settings, whose names are English


def english_messages() -> set[str]:
    """The texts with which errors of requests are raised, by the source."""
    texts = {SEVERAL_MEANINGS, CHOICE}
    for path in Path(mattebox.language.__path__[0]).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ERRORS:
                texts |= {str(a.value) for a in node.args if isinstance(a, ast.Constant)}
    return texts - UNTRANSLATED


@pytest.mark.parametrize("language", [code for code in language_codes() if code != "en"])
def test_every_error_has_its_translation(language: str) -> None:
    messages = load_vocabulary(language).messages
    assert len(english_messages()) > 30
    assert english_messages() - set(messages) == set()


@pytest.mark.parametrize(
    ("request_text", "words"),
    [("Hintergrund blorx", "nicht verstanden"), ("Kontrast 500", "höchstens 100"), ("etwas weniger", "wovon"),
     ("mach das Auto rot", "eigene Farbe"), ("setz ihm einen Hut auf", "geht nicht"), ("rot", "was soll rot sein"),
     ("Hintergrund weiß und schwarz", "widerspricht sich"), ("kein Hut", "geht nicht")],
)  # fmt: skip
def test_errors_are_in_the_language_of_the_request(request_text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        plan_request(request_text)
    assert "nothing was done" not in str(caught.value)


def test_questions_are_in_the_language_of_the_request() -> None:
    with pytest.raises(AmbiguousWords, match="kann mehreres heißen"):
        plan_request("mach es schöner")
