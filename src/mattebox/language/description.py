"""Recipes in words: a request that is read as the recipe again."""

from __future__ import annotations

from functools import cache

from mattebox.language.concepts import Concept, Value
from mattebox.language.errors import AmbiguousWords, WordsNotUnderstood
from mattebox.language.plan import plan_request
from mattebox.language.reading import quote_value
from mattebox.language.settings import CUT, STEP, TITLE
from mattebox.language.vocabulary import Vocabulary, load_vocabulary, split_synonyms
from mattebox.recipe.flat_parameters import parameters_by_name
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Cut, Step

PRESET_VALUE = "preset"
UNIT_SIGNS = {"deg": "°"}  # of units that are not written as they are called


def describe_recipe(recipe: Recipe, language: str = "en") -> str:
    """A recipe in words.

    Parameters
    ----------
    recipe
        Any valid recipe.
    language
        ISO 639-1 code of a vocabulary.

    Returns
    -------
    str
        A request that `plan_request` reads as this recipe: plain words where the vocabulary has them for exactly these
        values, settings (name=value) for the rest.

    Raises
    ------
    UsageError
        There is no such language.
    """
    vocabulary = load_vocabulary(language)
    parts = _describe_values(changed_values(recipe), vocabulary)
    words = _with_frame(parts, recipe)
    if _is_read_as(words, recipe, language):
        return words
    return _with_frame([f"{n}={quote_value(v)}" for n, v in changed_values(recipe).items()], recipe)


def _is_read_as(words: str, recipe: Recipe, language: str) -> bool:
    try:
        return plan_request(words, language=language).recipe == recipe
    except (AmbiguousWords, WordsNotUnderstood):
        return False


def _with_frame(parts: list[str], recipe: Recipe) -> str:
    """The parts, with what no value says: whether it cuts, steps at their defaults, the title."""
    values = changed_values(recipe)
    steps = {type(s) for s in recipe.steps}
    changed = {parameters_by_name()[name].step for name in values}
    said = [f"{CUT}={'yes' if Cut in steps else 'no'}"]
    said += [f"{STEP}={s.tag()}" for s in steps - changed if s is not Cut]
    if recipe.title:
        said.append(f"{TITLE}={quote_value(recipe.title)}")
    return ", ".join([*parts, *sorted(said)])


def changed_values(recipe: Recipe) -> dict[str, Value]:
    """The values of a recipe that are not defaults, by flat name."""
    steps: dict[type[Step], Step] = {type(s): s for s in recipe.steps}
    changed: dict[str, Value] = {}
    for parameter in parameters_by_name().values():
        step = steps.get(parameter.step)
        value = getattr(step, parameter.field.name) if step is not None else parameter.field.default
        if value != parameter.field.default:
            changed[parameter.name] = value if parameter.switch_value is None else True
    return changed


def _describe_values(values: dict[str, Value], vocabulary: Vocabulary) -> list[str]:
    """Words for values: whole phrases, then concepts with a measure, then settings for what is left."""
    left, parts = dict(values), []
    for phrase, meant in sorted(_known_phrases(vocabulary.language), key=lambda pair: -len(pair[1])):
        if meant and meant.items() <= left.items():
            parts.append(phrase)
            left = {name: value for name, value in left.items() if name not in meant}
    for name, value in list(left.items()):
        words = _describe_measure(name, value, vocabulary)
        parts.append(words or f"{name}={quote_value(value)}")
    return parts


@cache
def _known_phrases(language: str) -> tuple[tuple[str, dict[str, Value]], ...]:
    """Phrases of a vocabulary with the values that they mean, the first synonym of each."""
    vocabulary = load_vocabulary(language)
    phrases = [split_synonyms(key)[0] for key in vocabulary.phrases]
    for concept in vocabulary.concepts.values():
        phrases += _concept_phrases(concept)
    colours = [split_synonyms(key)[0] for key in vocabulary.colours]
    colours += [name for name in vocabulary.colours.values() if name.isalpha()]
    nouns = [concept.nouns[0] for concept in vocabulary.concepts.values() if concept.colour]
    phrases += [f"{colour} {noun}" for noun in nouns for colour in colours]
    return tuple((phrase, values) for phrase in phrases if (values := _read_values(phrase, language)))


def _concept_phrases(concept: Concept) -> list[str]:
    phrases = [concept.nouns[0]] if concept.on else []
    return phrases + [f"{concept.nouns[0]} {split_synonyms(key)[0]}" for key in concept.adjectives]


def _read_values(phrase: str, language: str) -> dict[str, Value]:
    """What a phrase changes by itself; nothing if it is not understood so, asked about, or a preset."""
    try:
        plan = plan_request(phrase, language=language)
    except (AmbiguousWords, WordsNotUnderstood):
        return {}
    if any(PRESET_VALUE in reading.values for reading in plan.readings):
        return {}
    return changed_values(plan.recipe)


def _describe_measure(name: str, value: Value, vocabulary: Vocabulary) -> str:
    """A concept with a number, such as "margin 5 %"; "" where no concept is measured so."""
    text = str(value)
    for concept in vocabulary.concepts.values():
        if concept.grade is not None and concept.grade.parameter == name:
            return f"{concept.nouns[0]} {text}"
        for unit, target in concept.measures.items():
            parameter, _, form = target.partition(" ")
            prefix, _, suffix = form.partition("{}")
            number = text.removeprefix(prefix).removesuffix(suffix)
            is_measure = parameter == name and unit not in ("size", "ratio") and _is_number(number)
            if is_measure and form.format(number) == text:
                return f"{concept.nouns[0]} {number} {UNIT_SIGNS.get(unit, unit)}".strip()
    return ""


def _is_number(text: str) -> bool:
    return text.lstrip("-").replace(".", "", 1).isdigit()
