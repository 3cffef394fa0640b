"""Plans: what a request in words was read as, and the recipe that it makes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

import msgspec

from mattebox.core.suggestions import suggest_name
from mattebox.language.clauses import Anchor, find_anchors, split_clauses
from mattebox.language.errors import AmbiguousWords, WordsNotUnderstood
from mattebox.language.interpretation import Reading, interpret_anchor
from mattebox.language.lexicon import Lexicon, load_lexicon
from mattebox.language.meanings import Adjective, Area, ColourName, Degree, Direction, Negation, Noun, Number
from mattebox.language.reading import count_unknown_words, read_text
from mattebox.language.settings import CUT, PRESET, STEP, TITLE
from mattebox.language.vocabulary import Value, language_codes
from mattebox.recipe.flat_parameters import build_recipe, limit_to_area, parameters_by_name
from mattebox.recipe.presets import find_preset
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import STEP_ORDER, CompositionStep, Cut, Save, Step

ANY_LANGUAGE = "auto"
ALL_AREAS = "all"
LESS_FACTOR, MORE_FACTOR = 0.5, 1.5  # of the last change, for "a bit less" and "a bit more"
STRONG_LESS_FACTOR, STRONG_MORE_FACTOR = 0.25, 2.0  # for "much less" and "much more"


@dataclass(frozen=True)
class Plan:
    """A recipe made of words.

    Parameters
    ----------
    recipe
        What will be done.
    readings
        What each part of the request was read as, in its order.
    corrections
        Typing errors: as written -> as read.
    language
        ISO 639-1 code of the vocabulary.
    """

    recipe: Recipe
    readings: tuple[Reading, ...]
    corrections: Mapping[str, str]
    language: str


def plan_request(text: str, base: Recipe | None = None, language: str = ANY_LANGUAGE) -> Plan:
    """Read a request in words.

    Parameters
    ----------
    text
        Such as "white background, soft shadow, twice as large, a bit warmer"; settings such as contrast=20 may stand
        among the words.
    base
        The recipe that the words change; without one they change nothing but what they name.
    language
        ISO 639-1 code, or "auto": the vocabulary that knows most of the words.

    Returns
    -------
    Plan

    Raises
    ------
    AmbiguousWords
        Words can mean several things; the error has the question and its choices.
    WordsNotUnderstood
        A word is unknown, or the words do not go together. Nothing is left out silently.
    UsageError
        Values are out of range, or there is no such language or preset.
    """
    lexicon = _choose_lexicon(text, language)
    read = read_text(text, lexicon)
    current = _flat_values(base)
    readings: list[Reading] = []
    was_negated = False
    for clause in split_clauses(read.words):
        anchors = find_anchors(clause)
        if clause.is_joined and was_negated:  # "remove noise and artefacts"
            anchors = [_negate_bare_noun(anchor, lexicon) for anchor in anchors]
        for anchor in anchors:
            _append_reading(anchor, current, readings, lexicon)
        was_negated = any(anchor.is_negated or lexicon.begins_negated(anchor.text) for anchor in anchors)
    if not readings:
        raise WordsNotUnderstood("nothing was asked for", 'say what you want, such as "white background, soft shadow"')
    recipe = _build(readings, base)
    return Plan(recipe, tuple(readings), read.corrections, lexicon.vocabulary.language)


def _choose_lexicon(text: str, language: str) -> Lexicon:
    if language != ANY_LANGUAGE:
        return load_lexicon(language)
    lexicons = [load_lexicon(code) for code in sorted(language_codes(), key=lambda code: code != "en")]
    return min(lexicons, key=lambda lexicon: count_unknown_words(text, lexicon))


def _flat_values(recipe: Recipe | None) -> dict[str, Value]:
    """The values of a recipe by flat name."""
    if recipe is None:
        return {}
    steps: dict[type[Step], Step] = {type(s): s for s in recipe.steps}
    known = parameters_by_name().values()
    return {p.name: getattr(steps[p.step], p.field.name) for p in known if p.step in steps and p.switch_value is None}


def _append_reading(anchor: Anchor, current: Mapping[str, Value], readings: list[Reading], lexicon: Lexicon) -> None:
    """Add what an anchor means; words without one change what was said last, or name the area of all."""
    if anchor.meaning is not None:
        readings.append(interpret_anchor(anchor, current))
        return
    kinds = {type(m) for m in anchor.modifiers}
    if kinds == {Area}:
        readings.append(Reading(anchor.text, {}, area=anchor.find(Area)[0].name))  # type: ignore[union-attr]
    elif Direction in kinds and kinds <= {Direction, Degree}:
        _change_last(anchor, current, readings)
    elif len(anchor.modifiers) == 1 and (implied := _implied_anchor(anchor, lexicon)) is not None:
        readings.append(interpret_anchor(implied, current))
    else:
        _add_to_last(anchor, readings, lexicon)


def _negate_bare_noun(anchor: Anchor, lexicon: Lexicon) -> Anchor:
    """The anchor, negated if it is only a noun that can be left out, with its article at most."""
    meaning = anchor.meaning
    is_bare = isinstance(meaning, Noun) and not anchor.modifiers and lexicon.is_bare_noun(anchor.text)
    if is_bare and isinstance(meaning, Noun) and meaning.concept.off is not None:
        anchor.modifiers.append(Negation())
    return anchor


def _implied_anchor(anchor: Anchor, lexicon: Lexicon) -> Anchor | None:
    """The concept that a lone modifier can only belong to: a size, a ratio, "2x", or linear-gradient(...)."""
    modifier = anchor.modifiers[0]
    concepts = lexicon.vocabulary.concepts
    if isinstance(modifier, Adjective) and modifier.stands_alone:
        names = list(modifier.values)
    elif isinstance(modifier, Number) and modifier.unit:
        names = [n for n, c in concepts.items() if modifier.unit in c.measures]
    else:
        return None
    if len(names) != 1:
        return None
    return Anchor(Noun(names[0], concepts[names[0]]), anchor.words, anchor.modifiers)


def _add_to_last(anchor: Anchor, readings: list[Reading], lexicon: Lexicon) -> None:
    """WordsNotUnderstood or AmbiguousWords: nothing can take these words."""
    modifier = anchor.modifiers[0]
    concepts = lexicon.vocabulary.concepts
    if len(anchor.modifiers) == 1 and isinstance(modifier, ColourName):
        nouns = [c.nouns[0] for c in concepts.values() if c.colour]
        raise AmbiguousWords(anchor.text, f"what should be {anchor.text}?", [f"{anchor.text} {noun}" for noun in nouns])
    names = [n for m in anchor.modifiers if isinstance(m, Adjective) for n in m.values]
    hint = f'such as "{anchor.text} {concepts[names[0]].nouns[0]}"' if names else "say what it belongs to"
    raise WordsNotUnderstood(f'"{anchor.text}" does not say what', f"{hint}; nothing was done")


def _change_last(anchor: Anchor, current: Mapping[str, Value], readings: list[Reading]) -> None:
    """Change the last graded value by a part of its own change."""
    index = next((i for i in range(len(readings) - 1, -1, -1) if readings[i].change), None)
    if index is None:
        raise WordsNotUnderstood(f'"{anchor.text}" does not say of what', 'say such as "a bit less contrast"')
    last = readings[index]
    sign = 1
    for direction in anchor.find(Direction):
        sign *= direction.sign  # type: ignore[union-attr]
    is_strong = any(degree.factor > 1 for degree in anchor.find(Degree))  # type: ignore[union-attr]
    factor = (
        (STRONG_MORE_FACTOR if is_strong else MORE_FACTOR)
        if sign > 0
        else (STRONG_LESS_FACTOR if is_strong else LESS_FACTOR)
    )
    parameter = parameters_by_name()[last.change]
    before = current.get(last.change, parameter.default)
    after = last.values[last.change]
    assert not isinstance(before, str)
    assert not isinstance(after, str)
    value = before + (after - before) * factor
    changed = round(value) if isinstance(after, int) else round(value, 2)
    readings[index] = replace(last, text=f"{last.text}, {anchor.text}", values={**last.values, last.change: changed})


def _build(readings: Iterable[Reading], base: Recipe | None) -> Recipe:
    """The recipe of the readings. WordsNotUnderstood if two contradict each other."""
    values: dict[str, Value] = {}
    sources: dict[str, str] = {}
    areas = []
    for reading in readings:
        items = {**reading.values, **_area_values(reading)}
        for name, value in items.items():
            if values.get(name, value) != value:
                raise WordsNotUnderstood(
                    f'"{sources[name]}" and "{reading.text}" contradict each other', "choose one; nothing was done"
                )
            values[name], sources[name] = value, reading.text
        if reading.area and not reading.values:
            areas.append(reading.area)
    start = _starting_recipe(values, sources, base)
    names = {n: v for n, v in values.items() if n in parameters_by_name()}
    recipe = build_recipe(names, start)
    tags = [name.split(" ")[1] for name in values if name.startswith(f"{STEP} ")]
    recipe = _with_steps(_without_unsaid_save(recipe, tags, base), tags)
    for area in areas:
        recipe = limit_to_area(recipe, area)
    title = values.get(TITLE)
    return msgspec.structs.replace(recipe, title=title) if isinstance(title, str) else recipe


def _area_values(reading: Reading) -> dict[str, Value]:
    """The values that limit a reading's steps to its area. WordsNotUnderstood for a step that has none."""
    if not reading.area or not reading.values:
        return {}
    known = parameters_by_name()
    steps = {known[name].step for name in reading.values if name in known}
    only: dict[str, Value] = {p.name: reading.area for p in known.values() if p.field.name == "only" and p.step in steps}
    if not only:
        raise WordsNotUnderstood(
            f'"{reading.text}": that cannot be limited to a part of the photograph', "say it without the area"
        )
    return only


def _starting_recipe(values: Mapping[str, Value], sources: Mapping[str, str], base: Recipe | None) -> Recipe:
    """The preset or recipe that the values change; without one a cut where they need it, else nothing."""
    preset = values.get(PRESET)
    if preset is not None:
        return find_preset(str(preset))
    known = parameters_by_name()
    needing = [
        n
        for n, v in values.items()
        if n in known and v != known[n].default and (known[n].step is Cut or issubclass(known[n].step, CompositionStep))
    ]  # type: ignore[arg-type]
    wants_cut = values.get(CUT)
    if base is not None:
        return _with_cut(base) if wants_cut or (needing and base.cut_step is None and wants_cut is None) else base
    if wants_cut is False or (wants_cut is None and not needing):
        return Recipe((Save(),))
    return Recipe((Cut(),))


def _without_unsaid_save(recipe: Recipe, tags: Collection[str], base: Recipe | None) -> Recipe:
    """The recipe without the step `save` where it is at its defaults and nobody asked for it."""
    others = tuple(s for s in recipe.steps if s != Save())
    is_unsaid = base is None and others and Save.tag() not in tags
    return msgspec.structs.replace(recipe, steps=others) if is_unsaid else recipe


def _with_cut(recipe: Recipe) -> Recipe:
    return _with_steps(recipe, [Cut.tag()])


def _with_steps(recipe: Recipe, tags: Iterable[str]) -> Recipe:
    """The recipe with these steps, at their defaults where it lacks them."""
    steps: dict[type[Step], Step] = {type(s): s for s in recipe.steps}
    for step in STEP_ORDER:
        if step.tag() in tags:
            steps.setdefault(step, step())
    ordered = tuple(steps[s] for s in STEP_ORDER if s in steps)
    return msgspec.structs.replace(recipe, steps=ordered)


def suggest_language(name: str) -> str:
    """The remedy for an unknown language."""
    return suggest_name(name, language_codes(), f"choose {', '.join(language_codes())}")
