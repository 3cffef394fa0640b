"""Requests as people write them give the recipes that they should, and none is half-understood."""

from __future__ import annotations

from pathlib import Path

import pytest

from mattebox.errors import MatteboxError
from mattebox.language.errors import AmbiguousWords, WordsNotUnderstood
from mattebox.language.lexicon_cache import load_lexicon
from mattebox.language.meanings import Gradation, Unsupported
from mattebox.language.meanings import Phrase as WholePhrase
from mattebox.language.plan import plan_request
from mattebox.language.vocabulary import split_synonyms
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Cut, Light, Save
from tests.language.phrase_checks import QUESTION, REFUSE, Phrase, is_right, load_phrases, read_phrase, wanted_recipe

FOLDER = Path(__file__).parent
NOTHING_CHANGES = '"{words}" changes nothing'
MIN_SHARE = 0.95  # of requests that are read as wanted
PHRASE_FILES = sorted(path.stem for path in FOLDER.glob("*phrases.toml"))


@pytest.mark.parametrize("name", PHRASE_FILES)
def test_phrases_give_their_recipes(name: str) -> None:
    phrases = list(load_phrases(FOLDER / f"{name}.toml"))
    answers = {phrase: read_phrase(phrase) for phrase in phrases}
    wrong = {phrase: answer for phrase, answer in answers.items() if not is_right(phrase, answer)}
    share = 1 - len(wrong) / len(phrases)
    assert share >= MIN_SHARE, wrong
    misread = {phrase.text: answer for phrase, answer in wrong.items() if isinstance(answer, Recipe)}
    assert misread == {}


def test_a_wrong_recipe_would_be_seen() -> None:
    assert not is_right(Phrase("", "english", "cut background=white"), wanted_recipe("cut"))
    assert not is_right(Phrase("", "english", REFUSE), wanted_recipe("cut"))
    assert not is_right(Phrase("", "english", QUESTION), f"{REFUSE}: no")


@pytest.mark.parametrize("language", ["en", "de"])
def test_no_phrase_of_a_vocabulary_has_two_readings(language: str) -> None:
    kinds = (WholePhrase, Gradation, Unsupported)
    meanings = load_lexicon(language).meanings
    double = {w: found for w, ms in meanings.items() if len(found := [m for m in ms if isinstance(m, kinds)]) > 1}
    assert double == {}


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_answer_to_a_question_is_understood(language: str) -> None:
    for question in load_lexicon(language).vocabulary.questions.values():
        for choice in question.choices:
            assert plan_request(choice, language=language).recipe


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_phrase_is_understood_alone(language: str) -> None:
    vocabulary = load_lexicon(language).vocabulary
    for key, values in vocabulary.phrases.items():
        for phrase in {*split_synonyms(key)[:2], split_synonyms(key)[-1]} if values else ():
            try:
                plan_request(phrase, language=language)
            except WordsNotUnderstood as error:
                assert error.templates[0] == NOTHING_CHANGES  # noqa: PT017  "don't crop"


def test_a_question_has_its_choices() -> None:
    with pytest.raises(AmbiguousWords) as caught:
        plan_request("make it pop")
    assert caught.value.exit_code == 8
    assert "white outline" in caught.value.choices


def test_an_unknown_word_is_an_error_that_names_the_nearest() -> None:
    with pytest.raises(
        WordsNotUnderstood, match=r'"shadwows" is not|did you mean .*softwood|not understood: "softwood"'
    ):
        plan_request("softwood behind it")


@pytest.mark.parametrize(
    "request_text",
    ["make the subject transparent", "make the shadow transparent", "black and white outline", "half as large",
     "remove the person", "no white background", "don't sharpen", "mach das Motiv durchsichtig"],
)  # fmt: skip
def test_what_would_be_misread_is_an_error(request_text: str) -> None:
    with pytest.raises(WordsNotUnderstood):
        plan_request(request_text)


def test_typing_errors_are_reported() -> None:
    assert plan_request("white backgruond").corrections == {"backgruond": "background"}


def test_words_change_a_recipe() -> None:
    base = Recipe((Cut(), Light(exposure=1.0), Save(format="jpg")))
    changed = plan_request("a bit darker, soft shadow", base).recipe
    assert changed.find_step(Light) == Light(exposure=0.75)
    assert changed.save_step.format == "jpg"
    assert changed.has_composition


def test_a_bit_less_halves_the_last_change() -> None:
    light = plan_request("more contrast. a bit less").recipe.find_step(Light)
    assert light is not None
    assert light.contrast == 10


def test_a_value_out_of_range_is_an_error() -> None:
    with pytest.raises(MatteboxError, match="at most 100"):
        plan_request("contrast 500%")
