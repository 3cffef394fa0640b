"""What phrases should give and what they do give; `python tests/language/phrase_checks.py FILE` counts."""

from __future__ import annotations

import shlex
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from mattebox.errors import MatteboxError
from mattebox.language.errors import AmbiguousWords
from mattebox.language.plan import plan_request
from mattebox.recipe.flat_parameters import base_type, build_recipe, parameters_by_name
from mattebox.recipe.presets import find_preset
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Cut, Save

REFUSE, QUESTION = "refuse", "question"


class Phrase(NamedTuple):
    text: str
    language: str
    wanted: str


def load_phrases(path: Path) -> Iterator[Phrase]:
    for language, phrases in tomllib.loads(path.read_text(encoding="utf-8")).items():
        for text, wanted in phrases.items():
            yield Phrase(text, language, wanted)


def wanted_recipe(settings: str) -> Recipe:
    """The recipe of settings such as `cut background=white`, made without the package under test."""
    values: dict[str, Any] = {}
    known = parameters_by_name()
    preset, cuts = "", False
    for word in shlex.split(settings):
        name, _, text = word.partition("=")
        if name == "cut":
            cuts = True
        elif name == "preset":
            preset = text
        else:
            kind = type(base_type(known[name])).__name__
            values[name] = {"IntType": int, "FloatType": float}.get(kind, str)(text) if text else True
    start = find_preset(preset) if preset else Recipe((Cut(),) if cuts else (Save(),))
    recipe = build_recipe(values, start)
    if not preset and len(recipe.steps) > 1:
        recipe = msgspec.structs.replace(recipe, steps=tuple(s for s in recipe.steps if s != Save()))
    return recipe


def read_phrase(phrase: Phrase) -> Recipe | str:
    """The recipe of a phrase, `question`, or `refuse` with the error's line."""
    try:
        return plan_request(phrase.text).recipe
    except AmbiguousWords:
        return QUESTION
    except MatteboxError as error:
        return f"{REFUSE}: {error}"


def is_right(phrase: Phrase, answer: Recipe | str) -> bool:
    if phrase.wanted in (REFUSE, QUESTION):
        return isinstance(answer, str) and answer.startswith(phrase.wanted)
    return answer == wanted_recipe(phrase.wanted)


def describe_answer(answer: Recipe | str) -> str:
    return answer if isinstance(answer, str) else answer.to_toml().replace("[[steps]]\nstep = ", "").replace("\n", " ")


def _write(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def main() -> None:
    for name in sys.argv[1:]:
        phrases = list(load_phrases(Path(name)))
        answers = {phrase: read_phrase(phrase) for phrase in phrases}
        wrong = {phrase: answer for phrase, answer in answers.items() if not is_right(phrase, answer)}
        misread = {p: a for p, a in wrong.items() if not isinstance(a, str)}
        for phrase, answer in wrong.items():
            _write(f"{phrase.text!r}\n    wanted {phrase.wanted}\n    got    {describe_answer(answer)}")
        for language in dict.fromkeys(phrase.language for phrase in phrases):
            own = [phrase for phrase in phrases if phrase.language == language]
            right = sum(phrase not in wrong for phrase in own)
            _write(f"{language}: {right} of {len(own)} right ({100 * right / len(own):.1f} %)")
        _write(f"all: {len(phrases) - len(wrong)} of {len(phrases)} right, {len(misread)} misread without an error")


if __name__ == "__main__":
    main()
