"""Phrases by other hands, with conditions on the recipe that they should give.

`python tests/language/phrase_conditions.py FILE.jsonl ...` counts, and shows what is wrong. A line has the phrase
(`words`), what is wanted (`expect`: recipe, refuse or question) and `fields`: flat names, or step/field, with a value,
a condition (">0", "<45", "~180", "blur(>3%)") or "any". What no field names must be at its default, or the preset's.
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from mattebox.errors import MatteboxError
from mattebox.io.colour import parse_colour
from mattebox.language.description import changed_values
from mattebox.language.errors import AmbiguousWords
from mattebox.language.plan import plan_request
from mattebox.recipe.flat_parameters import parameters_by_name
from mattebox.recipe.presets import find_preset
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Background, Frame, Outline, Save, Shadow, Step

RECIPE, REFUSE, QUESTION = "recipe", "refuse", "question"
NEAR_SHARE, MIN_NEAR = 0.2, 0.02  # of a number that "~" allows
CANVAS_STEPS = (Frame, Outline, Shadow, Background)
IMPLIED = {  # fields that others need, and which they may set along
    "shadow": ("shadow_opacity", "shadow_softness", "shadow_angle", "shadow_length", "shadow_colour"),
    "outline": ("outline_colour",),
    "upscale": ("upscale_model", "upscale_detail"),
    "label": ("label_opacity", "label_position", "label_size"),
    "restore": ("restore_model",),
    "around": ("crop",),
}


class WrittenPhrase(NamedTuple):
    words: str
    language: str
    expect: str
    fields: Mapping[str, Any]


class Answer(NamedTuple):
    """What a phrase gave: a recipe, a question or a refusal, with its line."""

    kind: str
    recipe: Recipe | None
    line: str


def load_written(path: Path) -> Iterator[WrittenPhrase]:
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip():
            row = json.loads(line)
            yield WrittenPhrase(row["words"], row["language"], row["expect"], row.get("fields") or {})


def answer_phrase(words: str) -> Answer:
    try:
        recipe = plan_request(words).recipe
    except AmbiguousWords as error:
        return Answer(QUESTION, None, str(error))
    except MatteboxError as error:
        return Answer(REFUSE, None, str(error))
    cut = "cut " if recipe.cut_step is not None else ""
    return Answer(RECIPE, recipe, cut + " ".join(f"{n}={v}" for n, v in changed_values(recipe).items()))


def find_fault(phrase: WrittenPhrase, answer: Answer) -> str:
    """What is wrong with an answer; "" for nothing."""
    if phrase.expect != answer.kind:
        return f"{phrase.expect} was wanted"
    return "; ".join(_recipe_faults(phrase.fields, answer.recipe)) if answer.recipe is not None else ""


def _recipe_faults(fields: Mapping[str, Any], recipe: Recipe) -> Iterator[str]:
    flat = {_flat_name(name): value for name, value in fields.items()}
    flat = {name: _switch_value(name, value) for name, value in flat.items()}
    preset = flat.pop("preset", None)
    start = find_preset(str(preset)) if preset else Recipe((Save(),))
    expected_cut = bool(flat.pop("cut", False)) or start.cut_step is not None
    unknown = [name for name in flat if name not in parameters_by_name()]
    yield from (f"{name} is no parameter" for name in unknown)
    values = _all_values(recipe)
    if "aspect" not in flat and values["aspect"] == "1:1" and str(values["size"]).isdigit():  # "square, 2000 px"
        values |= {"aspect": "original", "size": f"{values['size']}x{values['size']}"}
    for name, wanted in flat.items():
        if name not in unknown and not is_met(wanted, values[name]):
            yield f"{name}={values[name]}, wanted {wanted}"
    allowed = set(flat) | {other for name in flat for other in _allowed_with(name)}
    before = _all_values(start)
    for name, value in values.items():
        if name not in allowed and not is_met(before[name], value):
            yield f"{name}={value} was not wanted"
    needs_cut = any(name in parameters_by_name() and _needs_cut(name, value) for name, value in flat.items())
    if (recipe.cut_step is not None) != (expected_cut or needs_cut):
        yield "cut was not wanted" if recipe.cut_step is not None else "cut was wanted"


def _flat_name(name: str) -> str:
    step, _, own = name.partition("/")
    if not own:
        return name
    return next((p.name for p in parameters_by_name().values() if p.step.tag() == step and p.field.name == own), name)


def _switch_value(name: str, value: Any) -> Any:
    """A switch is on where its field has the switch's value."""
    parameter = parameters_by_name().get(name)
    is_named = parameter is not None and parameter.switch_value is not None and not isinstance(value, bool)
    return value in (parameter.switch_value, "any") if is_named and parameter is not None else value


def _allowed_with(name: str) -> tuple[str, ...]:
    owner = next((kind for kind, others in IMPLIED.items() if name in others), name)
    return (owner, *IMPLIED.get(owner, ()))


def _needs_cut(name: str, value: Any) -> bool:
    parameter = parameters_by_name()[name]
    if parameter.step.tag() == "cut":
        return True
    if parameter.step not in CANVAS_STEPS or str(value) == str(parameter.default):
        return name == "background"
    return name not in ("size", "rotate", "crop_to")


def _all_values(recipe: Recipe) -> dict[str, Any]:
    """All values by flat name, defaults among them."""
    steps: dict[type[Step], Step] = {type(step): step for step in recipe.steps}
    found = {}
    for parameter in parameters_by_name().values():
        value = getattr(steps.get(parameter.step, parameter.step()), parameter.field.name)
        found[parameter.name] = value == parameter.switch_value if parameter.switch_value is not None else value
    return found


def is_met(wanted: Any, value: Any) -> bool:
    """Whether a value is the wanted one, or meets the condition."""
    if wanted == "any":
        return value not in ("none", "0", 0, None)
    if isinstance(wanted, bool) or isinstance(value, bool):
        return bool(wanted) == bool(value) if isinstance(wanted, bool) else str(wanted).lower() in (str(value).lower(),)
    text, own = str(wanted).strip(), str(value).strip()
    if text[:1] in "<>~":
        return _meets(text, own)
    inner = re.fullmatch(r"(\w+)\(([<>~].*)\)", text)
    if inner:
        share = own[len(inner[1]) + 1 : -1] if "(" in own else "3%"
        return own.startswith(inner[1]) and _meets(inner[2], share)
    return _canonical(text) == _canonical(own) or (text == "blur" and own.startswith("blur("))


def _meets(condition: str, value: str) -> bool:
    limit, number = _number(condition[1:]), _number(value)
    if math.isnan(number):
        return condition[0] == ">" and value not in ("none", "0") and limit == 0
    if condition[0] == "~":
        return abs(number - limit) <= max(abs(limit) * NEAR_SHARE, MIN_NEAR)
    return number > limit if condition[0] == ">" else number < limit


def _number(text: str) -> float:
    found = re.search(r"-?\d+(?:\.\d+)?", text)
    return float(found[0]) if found else math.nan


def _canonical(text: str) -> str:
    """A value in one of the ways in which it can be written."""
    folded = text.lower().replace("gray", "grey")
    call = re.fullmatch(r"(linear|radial)-gradient\((.*)\)", folded)
    if call:
        parts = [part.strip() for part in re.split(r",(?![^()]*\))", call[2])]
        parts = parts if call[1] == "radial" or parts[0].endswith("deg") else ["180deg", *parts]
        return f"{call[1]}({','.join(map(_canonical_colour, parts))})"
    inner = re.fullmatch(r"studio\((.*)\)", folded)
    if inner:
        return f"studio({_canonical_colour(inner[1])})"
    named = {"center": "50% 50%", "centre": "50% 50%", "f/": ""}
    folded = named.get(folded, folded).removeprefix("f/").removesuffix("ev")
    if re.fullmatch(r"[-+]?\d+(\.\d+)?", folded):
        return f"{float(folded):.6g}"
    return _canonical_colour(folded)


def _canonical_colour(text: str) -> str:
    try:
        return str(parse_colour(text) or text)
    except (MatteboxError, ValueError):
        return text


def main() -> None:
    for name in sys.argv[1:]:
        phrases = list(load_written(Path(name)))
        answers = [answer_phrase(phrase.words) for phrase in phrases]
        faults = [find_fault(p, a) for p, a in zip(phrases, answers, strict=True)]
        misread = sum(bool(f) and a.kind == RECIPE for f, a in zip(faults, answers, strict=True))
        for phrase, answer, fault in zip(phrases, answers, faults, strict=True):
            if fault:
                fields = msgspec.json.encode(phrase.fields).decode() if phrase.expect == RECIPE else phrase.expect
                sys.stdout.write(f"{phrase.words}\n    wanted {fields}\n    got    {answer.line}\n    {fault}\n")
        for expect in (RECIPE, REFUSE, QUESTION):
            own = [f for p, f in zip(phrases, faults, strict=True) if p.expect == expect]
            sys.stdout.write(f"{expect}: {sum(not f for f in own)} of {len(own)}\n")
        right = sum(not f for f in faults)
        sys.stdout.write(f"{name}: {right} of {len(phrases)} right, {misread} misread without an error\n")


if __name__ == "__main__":
    main()
