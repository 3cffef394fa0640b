"""Requests of which writers labelled the parts, as phrases with conditions on the recipe.

`python -m tests.language.part_conditions FILE.jsonl ...` counts, and shows what is wrong. A line has the request
(`words`) and its `parts`: [part as written, "field=value; ..." | "nothing" | "refuse: ..." | "ask: ..."]. Values that
only say a direction ("more", "a bit less") are met by any value beyond the default; colours without digits by one
nearby, gradients and studio floors by any of their kind.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mattebox.errors import MatteboxError
from mattebox.io.colour import parse_colour
from mattebox.recipe.flat_parameters import base_type, parameters_by_name
from tests.language.phrase_conditions import (
    QUESTION,
    RECIPE,
    REFUSE,
    Answer,
    WrittenPhrase,
    answer_phrase,
    find_fault,
)

MAX_COLOUR_DISTANCE = 90.0  # between two colours of one name, of 441
COLOURS = ("background", "outline_colour", "shadow_colour", "label_colour")
FORMS = ("linear-gradient", "radial-gradient", "studio", "blur")
NAMES = {"cream": "#fffdd0"}  # of colours that CSS does not have
RENAMED = {"light": "exposure", "width": "size", "height": "size"}
ALIKE = {("light", "auto"): "light", ("light", "none"): "light"}


def load_labelled(path: Path) -> Iterator[WrittenPhrase]:
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip():
            row = json.loads(line)
            yield WrittenPhrase(row["words"], row["language"], *conditions_of([said for _, said in row["parts"]]))


def conditions_of(parts: list[str]) -> tuple[str, dict[str, Any]]:
    """What is expected of a request, and the conditions on its recipe."""
    if any(said.startswith("refuse") for said in parts):
        return REFUSE, {}
    if any(said.startswith("ask") for said in parts):
        return QUESTION, {}
    fields: dict[str, Any] = {}
    area = ""
    for name, value in (pair for said in parts for pair in _pairs(said)):
        if name == "scope":
            area = value
        elif (name, value) == ("rotate", "upright"):
            fields |= {name: value, "cut": True}
        elif name == "cut" or (name, value) == ("background", "transparent"):
            fields["cut"] = value != "no"
        elif name != "subject":
            own = ALIKE.get((name, value), RENAMED.get(name, name))
            fields[own] = _condition(own, value)
    return RECIPE, _limit(fields, area)


def _pairs(said: str) -> Iterator[tuple[str, str]]:
    for pair in said.split(";"):
        name, separator, value = pair.partition("=")
        if separator:
            yield name.strip(), value.strip()


def _limit(fields: dict[str, Any], area: str) -> dict[str, Any]:
    """The conditions, with the area of each step that can be limited to one."""
    known = parameters_by_name()
    steps = {known[name].step for name in fields if name in known}
    only = {p.name: area for p in known.values() if area and p.field.name == "only" and p.step in steps}
    if area == "subject" and not only:
        return {**fields, "cut": True}
    return {**only, **fields}


def _condition(name: str, value: str) -> Any:
    parameter = parameters_by_name().get(name)
    if parameter is None:
        return value
    is_number = type(base_type(parameter)).__name__ in ("IntType", "FloatType")
    if value.endswith(("more", "less")):
        return (f">{parameter.default}" if value.endswith("more") else f"<{parameter.default}") if is_number else "any"
    if name == "exposure" and value.endswith("%"):
        return ">0"
    if name == "upscale" and value.replace(".", "").isdigit():
        return f"{value}x"
    return next((f"form {form}" for form in FORMS if value.startswith(form)), value)


def find_part_fault(phrase: WrittenPhrase, answer: Answer) -> str:
    """What is wrong with an answer; "" for nothing."""
    if phrase.expect != RECIPE or answer.recipe is None:
        return find_fault(phrase, answer)
    fields = {name: _met(name, wanted, phrase, answer) for name, wanted in phrase.fields.items()}
    return find_fault(phrase._replace(fields=fields), answer)


def _met(name: str, wanted: Any, phrase: WrittenPhrase, answer: Answer) -> Any:
    """The condition; the answer's own value where that is near enough to the wanted one."""
    parameter = parameters_by_name().get(name)
    step = None if parameter is None or answer.recipe is None else answer.recipe.find_step(parameter.step)
    if parameter is None or step is None:
        return wanted.removeprefix("form ") if isinstance(wanted, str) else wanted
    own = getattr(step, parameter.field.name)
    text = str(wanted)
    is_form = text.startswith("form ") and str(own).startswith(text.removeprefix("form "))
    is_near = name in COLOURS and "#" not in phrase.words and _distance(str(own), text) <= MAX_COLOUR_DISTANCE
    is_spelt_otherwise = name in ("label", "size", "scene_keep") and text.lower() == str(own).lower()
    if is_form or is_near or is_spelt_otherwise:
        return own
    return text.removeprefix("form ")


def _distance(first: str, second: str) -> float:
    try:
        a, b = parse_colour(first), parse_colour(NAMES.get(second, second))
    except (MatteboxError, ValueError):
        return math.inf
    return math.dist(a, b) if a is not None and b is not None else math.inf


def count_answers(phrases: list[WrittenPhrase], answers: list[Answer]) -> Mapping[str, int]:
    """How many are right, of each kind, and how many were misread without an error."""
    faults = [find_part_fault(p, a) for p, a in zip(phrases, answers, strict=True)]
    counts = {"right": sum(not f for f in faults), "of": len(phrases)}
    for kind in (RECIPE, REFUSE, QUESTION):
        own = [f for p, f in zip(phrases, faults, strict=True) if p.expect == kind]
        counts |= {kind: sum(not f for f in own), f"{kind}s": len(own)}
    counts["misread"] = sum(bool(f) and a.kind == RECIPE for f, a in zip(faults, answers, strict=True))
    return counts


def main() -> None:
    for name in sys.argv[1:]:
        phrases = list(load_labelled(Path(name)))
        answers = [answer_phrase(phrase.words) for phrase in phrases]
        for phrase, answer in zip(phrases, answers, strict=True):
            fault = find_part_fault(phrase, answer)
            if fault:
                wanted = dict(phrase.fields) or phrase.expect
                sys.stdout.write(f"{phrase.words}\n    wanted {wanted}\n    got    {answer.line}\n    {fault}\n")
        sys.stdout.write(f"{name}: {dict(count_answers(phrases, answers))}\n")


if __name__ == "__main__":
    main()
