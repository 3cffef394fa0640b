"""Interpretation of anchors: the values of a recipe that a noun, graded word or phrase means with its modifiers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from mattebox.language.anchors import SUBJECT, Anchor
from mattebox.language.colour_names import list_css_colours
from mattebox.language.concepts import Concept, Value, Values
from mattebox.language.errors import AmbiguousWords, WordsNotUnderstood
from mattebox.language.graded_values import convert_value, graded_value, scale_value
from mattebox.language.meanings import (
    Adjective,
    Area,
    ColourName,
    Degree,
    Direction,
    Gradation,
    Number,
    PathText,
    Phrase,
)
from mattebox.language.settings import CUT
from mattebox.recipe.flat_parameters import parameters_by_name

OUTLINE = "outline"  # concept: "without a white border" has none at all
STUDIO = "studio"  # a background that can have a colour
EXACT_UNITS = ("px", "%", "K")
RIGHT_ANGLE = 90  # degrees of "left" and "right" without a number


@dataclass(frozen=True)
class Reading:
    """What words of the request were read as.

    Parameters
    ----------
    text
        The words.
    values
        Values by flat name, with `cut` and `preset` beside those of recipes.
    change
        Flat name of the value that was changed by a step, which "a bit less" then halves; "" for none.
    area
        The area to which it is limited; "" for none.
    is_default
        Whether only a name was said, so that its values give way to others.
    implied
        Values that hold unless others are said.
    unsaid
        Names of values that its noun means by itself, which a preset's own are likelier than.
    corrects
        Whether its values take the place of those of earlier readings: "on cream, no, on tan".
    """

    text: str
    values: Mapping[str, Value]
    change: str = ""
    area: str = ""
    is_default: bool = False
    implied: Mapping[str, Value] = field(default_factory=dict)
    unsaid: frozenset[str] = frozenset()
    corrects: bool = False


def interpret_anchor(anchor: Anchor, current: Mapping[str, Value]) -> Reading:
    """The values that an anchor means with its modifiers.

    Parameters
    ----------
    anchor
        With a meaning.
    current
        Values of the recipe that is changed, by flat name; those it does not hold are defaults.

    Raises
    ------
    WordsNotUnderstood
        The words do not go together, or say too little.
    """
    meaning = anchor.meaning
    assert meaning is not None
    areas = [m.name for m in anchor.find(Area) if isinstance(m, Area)]
    area = areas[0] if areas else ""
    if len(set(areas)) > 1:
        raise WordsNotUnderstood('"{words}" names two areas', "choose one; nothing was done", words=anchor.text)
    if isinstance(meaning, Phrase):
        values = _phrase_values(anchor, meaning)
        return Reading(anchor.text, values, area="" if area == SUBJECT and set(values) == {CUT} else area)
    concept = meaning.concept
    numbers = [m.unit for m in anchor.find(Number) if isinstance(m, Number)]
    if len(set(numbers)) < len(numbers):
        raise WordsNotUnderstood('"{words}" has two numbers', "give one; nothing was done", words=anchor.text)
    if anchor.is_negated and not _takes_away(anchor, concept):
        is_paint = bool(concept.colour) and concept.off is not None and concept.area == "" and meaning.name == OUTLINE
        if (anchor.find(ColourName) and not is_paint) or anchor.negates_adjective:
            raise WordsNotUnderstood(
                '"{words}" is not understood', "say what should be there instead", words=anchor.text
            )
        return Reading(anchor.text, _negated_values(anchor, concept), area=area)
    if concept.grade is not None and _is_graded(anchor, concept):
        value = graded_value(anchor, meaning, concept.grade, current)
        return Reading(anchor.text, {concept.grade.parameter: value}, concept.grade.parameter, area)
    values = _described_values(anchor, meaning.name, concept)
    if not values and not concept.implied and len(concept.choices) > 1:
        raise AmbiguousWords(anchor.text, concept.ask, concept.choices)
    if not values and not concept.implied:
        raise WordsNotUnderstood(
            '"{words}" alone says too little', "say how it should be; nothing was done", words=anchor.text
        )
    is_default = bool(values) and values == concept.on and not anchor.modifiers
    unsaid = _find_unsaid(anchor, concept, values)
    return Reading(anchor.text, values, area=area, is_default=is_default, implied=concept.implied, unsaid=unsaid)


def _find_unsaid(anchor: Anchor, concept: Concept, values: Values) -> frozenset[str]:
    """The names of values that no modifier says: of a "white outline" its width, of a "gradient" its colours."""
    if anchor.find(Number, Degree, PathText):
        return frozenset()
    plain = {name for name, value in values.items() if concept.on.get(name) == value}
    is_list = bool(concept.colour_list) and not anchor.find(ColourName)
    return frozenset(plain | ({concept.colour_list.partition(" ")[0]} if is_list else set()))


def _takes_away(anchor: Anchor, concept: Concept) -> bool:
    """Whether a word for no means less, by a number: "take 20 off the saturation"."""
    if not anchor.find(Number) or anchor.find(Direction):
        return False
    return concept.grade is not None or concept.removes


def _phrase_values(anchor: Anchor, phrase: Phrase) -> Values:
    if not anchor.is_negated:
        return phrase.values
    if set(phrase.values) == {CUT}:
        return {CUT: not phrase.values[CUT]}
    raise WordsNotUnderstood(
        '"{words}" is not understood', "say what should be there instead; nothing was done", words=anchor.text
    )


def _negated_values(anchor: Anchor, concept: Concept) -> Values:
    if concept.off is None:
        raise WordsNotUnderstood(
            '"{words}": that cannot be left out', "say how it should be; nothing was done", words=anchor.text
        )
    return concept.off


def _is_graded(anchor: Anchor, concept: Concept) -> bool:
    """Whether the words say how much, and not only of what kind it is."""
    if isinstance(anchor.meaning, Gradation) or anchor.find(Direction):
        return True
    if anchor.is_negated:
        return True
    measured = any(isinstance(m, Number) and m.unit not in concept.measures for m in anchor.find(Number))
    return measured or (bool(anchor.find(Degree)) and not anchor.find(Adjective, ColourName, PathText, Number))


def _described_values(anchor: Anchor, name: str, concept: Concept) -> Values:
    """What the noun means, with its adjectives, colours, measures and pictures. WordsNotUnderstood."""
    plain: Values = {}
    for modifier in sorted(anchor.modifiers, key=_is_measure):
        for parameter, value in _modifier_values(modifier, name, concept).items():
            if parameter in plain and plain[parameter] != value and not _is_exact(modifier, value):
                value = _join_values(anchor, parameter, plain[parameter], value)
            plain[parameter] = value
    plain |= _colour_list_values(anchor, concept, plain)
    factor = 1.0 if anchor.find(Number) else math.prod(m.factor for m in anchor.find(Degree) if isinstance(m, Degree))
    if factor != 1 and not plain and concept.more and concept.less:  # "a lot of space"
        plain = concept.more if factor > 1 else concept.less
        factor = 1
    values = {p: scale_value(p, v, factor, concept) for p, v in plain.items()}
    if factor != 1 and values == plain:
        raise WordsNotUnderstood(
            '"{words}" has no degrees', "leave the word of degree out, or give a number", words=anchor.text
        )
    return {**concept.on, **values}


def _is_exact(modifier: object, value: Value) -> bool:
    """Whether a number says exactly what a word says roughly: a "thick" outline, 20 px; not "left" by 5 degrees."""
    is_number = isinstance(modifier, Number) and isinstance(value, int | float)
    return is_number or (_is_measure(modifier) and str(value).endswith(EXACT_UNITS))


def _is_measure(modifier: object) -> bool:
    return isinstance(modifier, Number) and modifier.unit in EXACT_UNITS


def _join_values(anchor: Anchor, parameter: str, first: Value, second: Value) -> Value:
    """A direction and a number as one: "left" (-90) and "5 degrees" are -5; of a colour the digits.

    WordsNotUnderstood for other values.
    """
    if STUDIO in (first, second):
        return f"{STUDIO}({second if first == STUDIO else first})"
    exact = [value for value in (first, second) if str(value).startswith("#")]
    written = [value for value in exact if str(value) in anchor.text.lower()]
    if len(written) == 1:
        return written[0]
    if len(exact) == 1 and {str(first), str(second)} - {exact[0]} <= set(list_css_colours()):
        return exact[0]
    try:
        number, direction = sorted((float(first), float(second)), key=lambda v: abs(abs(v) - RIGHT_ANGLE), reverse=True)
    except ValueError:
        raise WordsNotUnderstood(
            '"{words}" contradicts itself: {name} cannot be both {first} and {second}',
            "choose one; nothing was done",
            words=anchor.text,
            name=parameter,
            first=first,
            second=second,
        ) from None
    return f"{math.copysign(number, direction):.10g}"


def _colour_list_values(anchor: Anchor, concept: Concept, plain: Values) -> Values:
    """The value of a concept of several colours; a single one goes from white."""
    if not concept.colour_list:
        return {}
    parameter, _, form = concept.colour_list.partition(" ")
    colours = [m.css for m in anchor.modifiers if isinstance(m, ColourName)] or ["lightgrey"]
    colours = ["white", *colours] if len(colours) == 1 else colours
    return {parameter: str(plain.get(parameter, form)).format(", ".join(colours))}


def _is_share(number: Number, concept: Concept) -> bool:
    """Whether a bare number up to 1 is a share of what is measured in percent: fills 0.85."""
    is_percent = "%" in concept.measures and "" not in concept.measures
    return is_percent and not number.unit and 0 < number.value <= 1


def _modifier_values(modifier: object, name: str, concept: Concept) -> Values:
    if isinstance(modifier, Adjective):
        return modifier.values[name]
    if isinstance(modifier, ColourName):
        parameter, _, form = concept.colour.partition(" ")
        return {parameter: form.format(modifier.css) if form else modifier.css} if parameter else {}
    if isinstance(modifier, PathText):
        return {concept.quoted if modifier.is_quoted and concept.quoted else concept.path: modifier.path}
    if isinstance(modifier, Number) and _is_share(modifier, concept):
        modifier = Number(f"{100 * modifier.value:.10g}", "%", 100 * modifier.value)
    if isinstance(modifier, Number) and modifier.unit in concept.measures:
        parameter, _, form = concept.measures[modifier.unit].partition(" ")
        return {parameter: convert_value(parameters_by_name()[parameter], form.format(modifier.text))}
    if isinstance(modifier, Direction):
        return concept.more if modifier.sign > 0 else concept.less
    return {}
