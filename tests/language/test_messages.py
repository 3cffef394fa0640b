"""Errors of requests in words are in the language of the request."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest

import mattebox as mb
import mattebox.language
from mattebox.errors import MatteboxError, UsageError
from mattebox.language.error_translation import translate_error
from mattebox.language.errors import CHOICE, SEVERAL_MEANINGS, AmbiguousWords
from mattebox.language.plan import plan_request
from mattebox.language.vocabulary import language_codes, load_vocabulary
from mattebox.pipeline.recipe_check import check_recipe

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
     ("Hintergrund weiß und schwarz", "widerspricht sich"), ("keine Falten", "geht nicht")],
)  # fmt: skip
def test_errors_are_in_the_language_of_the_request(request_text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        plan_request(request_text)
    assert "nothing was done" not in str(caught.value)


def test_questions_are_in_the_language_of_the_request() -> None:
    with pytest.raises(AmbiguousWords, match="kann mehreres heißen"):
        plan_request("mach es schöner")


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ("Größe 0 Pixel", "0 ist keine Größe; geben Sie Breite x Höhe"),
        ("Rand 80 %, weiß", "die Ränder lassen vom Bild nichts übrig; beide Seiten"),
        ("auf 20-fach vergrößern", "20x ist kein Faktor zum Vergrößern"),
        ("weißer Hintergrund 1.2.3", "1.2.3 ist keine Zahl; schreiben Sie sie"),
        ("Hintergrund weg, preset=amazn", "eine Vorlage amazn gibt es nicht; meinten Sie amazon"),
    ],
)
def test_errors_of_recipes_are_in_the_language_of_the_request(words: str, problem: str) -> None:
    with pytest.raises(MatteboxError) as caught:
        check_recipe(plan_request(words).recipe)
    error = translate_error(caught.value, "de")
    assert problem in str(error)
    assert (type(error), error.exit_code) == (type(caught.value), 2)


def test_errors_without_a_translation_stay_as_they_are() -> None:
    error = UsageError("something that no vocabulary has", "see the help")
    assert translate_error(error, "de") is error
    assert translate_error(error, "en") is error


def test_large_numbers_keep_their_digits() -> None:
    assert plan_request("size 1234567 px").recipe.steps[0].size == "1234567"  # type: ignore[attr-defined]


def test_errors_of_say_are_in_the_language_of_the_words() -> None:
    photograph = np.full((32, 32, 3), 128, np.uint8)
    with pytest.raises(MatteboxError, match="die Ränder lassen vom Bild nichts übrig"):
        mb.say(photograph, "weiß, Rand 80 %")
