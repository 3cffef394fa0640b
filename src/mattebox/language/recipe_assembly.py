"""Assembly of the recipe of a request from what its words were read as."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import get_args

import msgspec

from mattebox.language.anchors import SUBJECT
from mattebox.language.concepts import Value
from mattebox.language.errors import ValueOutOfRange, WordsNotUnderstood
from mattebox.language.interpretation import Reading
from mattebox.language.partial_values import complete_parts, is_partial, join_parts
from mattebox.language.related_values import PAINT, describe_product, enlarge_to_size
from mattebox.language.settings import CUT, PRESET, STEP, TITLE
from mattebox.recipe.flat_parameters import base_type, build_recipe, limit_to_area, parameters_by_name
from mattebox.recipe.presets import find_preset
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import (
    STEP_ORDER,
    Anonymise,
    Background,
    CompositionStep,
    Cut,
    Frame,
    LensBlur,
    Outline,
    Save,
    Shadow,
    Step,
)

GENERIC_PRESETS = frozenset(("product", "portrait"))  # beside which another one says more
KEPT_BACKGROUNDS = ("blur", "transparent")  # that a photograph's own can become
MAX_RATIO_ERROR = 0.01  # of a size in pixels beside a proportion
RATIO = "aspect"  # parameter
STUDIO = "studio"  # value of the background
HIDE, HIDE_METHOD = "hide", "hide_method"  # parameters
UNCUT_NAMES = ("size", "crop_to")  # that make sense for a whole photograph
UNLIMITED_STEPS = {Cut, Frame, Anonymise, LensBlur}  # that have no area, and are about the subject, or all of its kind
LENGTH_NAMES = ("size", "margin", "fill", "outline", "upscale", "file_limit")  # of which none is below 0
UPRIGHT = "upright"  # of rotate: by the outline of what was cut out


def assemble_recipe(readings: Iterable[Reading], base: Recipe | None) -> Recipe:
    """The recipe of the readings.

    Parameters
    ----------
    readings
        In the order of the request.
    base
        The recipe that they change; without one they change nothing but what they name.

    Raises
    ------
    WordsNotUnderstood
        Two contradict each other, one cannot be limited to its area, or they change nothing.
    UsageError
        A value is out of its range.
    """
    values: dict[str, Value] = {}
    sources: dict[str, str] = {}
    defaults: frozenset[str] = frozenset()  # of a name that was said without more, which give way
    implied: dict[str, Value] = {}
    areas = []
    methods = set()
    readings = list(readings)
    for reading in readings:
        if HIDE in reading.values:
            methods.add(reading.values.get(HIDE_METHOD))
            _require_one_method(methods, reading.text)
        for name, value in {**reading.values, **_area_values(reading)}.items():
            if name in values and reading.is_default:
                continue
            known = value if name in defaults else values.get(name, value)
            agreed = value if reading.corrects else _agree(name, known, value, sources.get(name, ""), reading.text)
            values[name] = agreed
            sources[name] = reading.text
            defaults = defaults | {name} if reading.is_default else defaults - {name}
        implied = {**reading.implied, **implied}
        if reading.area and not reading.values:
            areas.append(reading.area)
    values = _keep_preset(values, readings)
    _require_possible(values, sources)
    values = {name: complete_parts(name, value) for name, value in {**implied, **values}.items()}
    values = enlarge_to_size(describe_product(values))
    _require_ranges(values, sources)
    if base is None and not values and set(areas) == {SUBJECT}:  # "only the subject"
        return Recipe((Cut(),))
    recipe = _apply_values(values, base)
    for area in areas:
        if area == SUBJECT and recipe.find_step(Cut) and not _is_limitable(recipe):
            continue  # "only the jacket" beside a cutout is that
        recipe = limit_to_area(recipe, area)
    if base is None and recipe == Recipe((Save(),)) and f"{STEP} {Save.tag()}" not in values:
        raise WordsNotUnderstood(
            '"{words}" changes nothing',
            "say what to do, such as cut out or brighter",
            words=", ".join(sources.values()),
        )
    title = values.get(TITLE)
    return msgspec.structs.replace(recipe, title=title) if isinstance(title, str) else recipe


def _keep_preset(values: Mapping[str, Value], readings: Sequence[Reading]) -> dict[str, Value]:
    """The values without those that a preset has, too, where words only name them: "a sticker with a white border"."""
    if PRESET not in values or values[PRESET] in GENERIC_PRESETS:
        return dict(values)
    preset = find_preset(str(values[PRESET]))
    steps = {type(step): step for step in preset.steps}
    said = {name for reading in readings for name in reading.values if name not in reading.unsaid}
    known = parameters_by_name()

    def is_own(name: str) -> bool:
        parameter = known.get(name)
        if name in said or parameter is None or parameter.step not in steps:
            return False
        return bool(getattr(steps[parameter.step], parameter.field.name) != parameter.default)

    return {name: value for name, value in values.items() if not is_own(name)}


def _require_one_method(methods: Collection[Value | None], text: str) -> None:
    """WordsNotUnderstood for faces that are hidden in one way and number plates in another."""
    if len(methods) > 1:
        raise WordsNotUnderstood(
            '"{words}": all that is hidden is hidden in one way', "choose one; nothing was done", words=text
        )


def _agree(name: str, first: Value, second: Value, first_text: str, second_text: str) -> Value:
    """The value of two readings of one parameter; of presets the one that says more. WordsNotUnderstood."""
    if name == PRESET and first != second and {first, second} & GENERIC_PRESETS:
        return second if first in GENERIC_PRESETS else first
    if name == HIDE and {first, second} == {"faces", "plates"}:
        return "all"
    if name == PAINT and STUDIO in (first, second) and first != second:  # "studio background in light grey"
        return f"{STUDIO}({second if first == STUDIO else first})"
    joined = join_parts(first, second)
    if joined is not None:
        return joined
    if first != second:
        exact = [value for value, text in ((first, first_text), (second, second_text)) if _has_number(text)]
        if len(exact) == 1 and _can_be_exact(name, first) and _can_be_exact(name, second):  # "some room, say 10 %"
            return exact[0]
        raise _contradiction(first_text, second_text)
    return second


def _can_be_exact(name: str, value: Value) -> bool:
    """Whether a value of a parameter is a rough or an exact amount, and not part of one, another kind, or nothing."""
    parameter = parameters_by_name().get(name)
    return name not in (PAINT, RATIO) and parameter is not None and value != parameter.default and not is_partial(value)


def _has_number(text: str) -> bool:
    return any(character.isdigit() for character in text)


def _require_possible(values: Mapping[str, Value], sources: Mapping[str, str]) -> None:
    """WordsNotUnderstood for a new background beside the old one, and transparency in a format without it."""
    paint, is_opaque = str(values.get("background", "transparent")), values.get("format") == "jpg"
    is_said = CUT in sources and "=" not in sources[CUT]  # a setting may say what it likes
    if values.get(CUT) is False and is_said and not paint.startswith(KEPT_BACKGROUNDS):
        raise _contradiction(sources[CUT], sources["background"])
    sides, ratio = _sides(values.get("size")), _sides(values.get("aspect"))
    if sides and ratio and abs(sides[0] * ratio[1] - sides[1] * ratio[0]) > MAX_RATIO_ERROR * sides[0] * ratio[1]:
        raise _contradiction(sources["size"], sources["aspect"])
    if is_opaque and paint == "transparent" and "background" in sources and "format" in sources:
        raise _contradiction(sources["background"], sources["format"])


def _sides(value: Value | None) -> tuple[float, float] | None:
    """The two numbers of a size such as "1000x800" or a ratio such as "5:4"; None for others."""
    found = re.fullmatch(r"([\d.]+)[x:]([\d.]+)", str(value))
    return (float(found[1]), float(found[2])) if found else None


def _contradiction(first: str, second: str) -> WordsNotUnderstood:
    return WordsNotUnderstood(
        '"{first}" and "{second}" contradict each other',
        "choose one; nothing was done",
        first=first,
        second=second,
    )


def _require_ranges(values: Mapping[str, Value], sources: Mapping[str, str]) -> None:
    """ValueOutOfRange for the first number that is."""
    known = parameters_by_name()
    for name, value in values.items():
        is_setting = "=" in sources.get(name, "")  # which the recipe itself checks
        if name in LENGTH_NAMES and str(value).startswith("-") and not is_setting:
            raise ValueOutOfRange(
                "{name}: {value} is too little", "it must be at least {limit}", name=name, value=value, limit=0
            )
        info = base_type(known[name]) if name in known else None
        low, high = getattr(info, "ge", None), getattr(info, "le", None)
        if isinstance(value, bool | str) or (low is None and high is None):
            continue
        if high is not None and value > high:
            raise ValueOutOfRange(
                "{name}: {value} is too much", "it may be at most {limit}", name=name, value=value, limit=high
            )
        if low is not None and value < low:
            raise ValueOutOfRange(
                "{name}: {value} is too little", "it must be at least {limit}", name=name, value=value, limit=low
            )


def _is_limitable(recipe: Recipe) -> bool:
    return any("only" in step.__struct_fields__ for step in recipe.steps)


def _area_values(reading: Reading) -> dict[str, Value]:
    """The values that limit a reading's steps to its area. WordsNotUnderstood for a step that has none."""
    if not reading.area or not reading.values:
        return {}
    known = parameters_by_name()
    steps = {known[name].step for name in reading.values if name in known}
    only: dict[str, Value] = {
        p.name: reading.area for p in known.values() if p.field.name == "only" and p.step in steps
    }
    if (
        not only and reading.area == SUBJECT and steps <= UNLIMITED_STEPS
    ):  # "crop close to the brooch", "the plate on my car"
        return {}
    if not only:
        raise WordsNotUnderstood(
            '"{words}": that cannot be limited to a part of the photograph',
            "say it without the area",
            words=reading.text,
        )
    return dict.fromkeys(only, reading.area)


def _apply_values(values: Mapping[str, Value], base: Recipe | None) -> Recipe:
    start = _starting_recipe(values, base)
    recipe = build_recipe({n: v for n, v in values.items() if n in parameters_by_name()}, start)
    tags = [name.split(" ")[1] for name in values if name.startswith(f"{STEP} ")]
    recipe = _with_steps(recipe, tags)
    return recipe if base is not None or PRESET in values else _without_unsaid_save(recipe, tags)


def _starting_recipe(values: Mapping[str, Value], base: Recipe | None) -> Recipe:
    """The preset or recipe that the values change; without one a cut where they need it, else nothing."""
    wants_cut = values.get(CUT)
    needs_cut = bool(wants_cut) or (wants_cut is None and any(_needs_cut(n, v) for n, v in values.items()))
    start = find_preset(str(values[PRESET])) if PRESET in values else base
    if start is not None:
        return _with_steps(start, [Cut.tag()]) if needs_cut else _without_cut(start) if wants_cut is False else start
    return Recipe((Cut(),)) if needs_cut else Recipe((Save(),))


def _needs_cut(name: str, value: Value) -> bool:
    """Whether a value makes sense only for what was cut out. Sizes, parts and turns do for whole photographs, too."""
    parameter = parameters_by_name().get(name)
    if parameter is None:
        return False
    if name == "position":
        return True
    if value == parameter.default or name in UNCUT_NAMES or (name == "rotate" and value != UPRIGHT):
        return False
    return parameter.step is Cut or issubclass(parameter.step, get_args(CompositionStep))


def _without_cut(recipe: Recipe) -> Recipe:
    """The recipe without the cut, and without what makes sense only behind it."""
    steps = [s for s in recipe.steps if not isinstance(s, Cut | Outline | Shadow | Background)]
    return msgspec.structs.replace(recipe, steps=tuple(steps) or (Save(),))


def _without_unsaid_save(recipe: Recipe, tags: Collection[str]) -> Recipe:
    """The recipe without the step `save` where it is at its defaults and nobody asked for it."""
    others = tuple(s for s in recipe.steps if s != Save())
    return msgspec.structs.replace(recipe, steps=others) if others and Save.tag() not in tags else recipe


def _with_steps(recipe: Recipe, tags: Iterable[str]) -> Recipe:
    """The recipe with these steps, at their defaults where it lacks them."""
    steps: dict[type[Step], Step] = {type(s): s for s in recipe.steps}
    for step in STEP_ORDER:
        if step.tag() in tags:
            steps.setdefault(step, step())
    return msgspec.structs.replace(recipe, steps=tuple(steps[s] for s in STEP_ORDER if s in steps))
