"""Phrases by people who did not know the grammar: shares that are read as they wanted, which may only rise."""

from __future__ import annotations

from pathlib import Path

import pytest

from mattebox.recipe.flat_parameters import parameters_by_name
from tests.language.part_conditions import conditions_of, find_part_fault, load_labelled
from tests.language.phrase_conditions import (
    RECIPE,
    WrittenPhrase,
    answer_phrase,
    find_fault,
    is_met,
    load_written,
)

FOLDER = Path(__file__).parent / "written"
SHARES = {  # of phrases read as wanted
    "dev-a": 0.91,
    "dev-b": 0.9,
    "held-a": 0.66,
    "held-b": 0.62,
    "held-c": 0.96,
    "dev-d4": 0.91,
    "dev-d5": 0.85,
    "dev-f1": 0.89,
    "dev-f2": 0.94,
    "held-f": 0.93,
    "held-g": 0.79,
    "held-h": 0.91,
    "table": 0.95,
}
MAX_MISREAD = {
    "dev-a": 4,
    "dev-b": 4,
    "held-a": 3,
    "held-b": 7,
    "held-c": 1,
    "dev-d4": 8,
    "dev-d5": 8,
    "dev-f1": 6,
    "dev-f2": 3,
    "held-f": 5,
    "held-g": 9,
    "held-h": 3,
    "table": 16,
}  # phrases that gave another recipe than wanted, without an error


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", sorted(SHARES))
def test_phrases_by_others_are_read_as_wanted(name: str) -> None:
    phrases = list(load_written(FOLDER / f"{name}.jsonl"))
    answers = {phrase.words: answer_phrase(phrase.words) for phrase in phrases}
    faults = {p.words: fault for p in phrases if (fault := find_fault(p, answers[p.words]))}
    misread = [words for words in faults if answers[words].kind == RECIPE]
    assert 1 - len(faults) / len(phrases) >= SHARES[name], faults
    assert len(misread) <= MAX_MISREAD[name], misread


@pytest.mark.parametrize(
    ("wanted", "value", "met"),
    [(">0", 0.5, True), (">0", -0.5, False), ("<45", 45, False), ("~180", 170, True), ("any", "none", False),
     ("f/1.8", "1.8", True), ("lightgray", "lightgrey", True), ("blur(>3%)", "blur(6%)", True),
     ("blur(>3%)", "blur", False), ("linear-gradient(red, black)", "linear-gradient(180deg, red, #000)", True),
     ("white", "black", False)],
)  # fmt: skip
def test_conditions(wanted: str, value: object, met: bool) -> None:
    assert is_met(wanted, value) is met


@pytest.mark.parametrize("name", ["parts-a", "parts-b"])
def test_labelled_requests_name_what_a_recipe_has(name: str) -> None:
    phrases = list(load_labelled(FOLDER / f"{name}.jsonl"))
    assert len(phrases) == 600
    assert {field for phrase in phrases for field in phrase.fields} - {"cut", "preset"} <= set(parameters_by_name())


@pytest.mark.parametrize(
    ("said", "words", "fault"),
    [(["exposure=more"], "brighter", ""), (["exposure=less"], "brighter", "exposure"),
     (["refuse: a hat"], "brighter", "refuse"), (["background=#add8e6; cut=yes"], "light blue background", ""),
     (["background=red; cut=yes"], "white background", "background"),
     (["saturation=-20", "scope=subject"], "saturation -20, only the subject", "")],
)  # fmt: skip
def test_labelled_parts_are_conditions(said: list[str], words: str, fault: str) -> None:
    found = find_part_fault(WrittenPhrase(words, "en", *conditions_of(said)), answer_phrase(words))
    assert fault in found if fault else not found
