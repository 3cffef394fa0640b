"""Readings of all anchors of a request: those of words without a noun of their own depend on the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from mattebox.language.anchors import Anchor, Modifier, accepts
from mattebox.language.concepts import BACKGROUND, Concept, Value
from mattebox.language.errors import AmbiguousWords, WordsNotUnderstood
from mattebox.language.interpretation import Reading, interpret_anchor
from mattebox.language.lexicon import Lexicon
from mattebox.language.meanings import (
    Adjective,
    Area,
    ColourName,
    Degree,
    Direction,
    Gradation,
    Noun,
    Number,
    Rescaling,
)
from mattebox.language.negated_values import drop_negated_values
from mattebox.language.number_units import THOUSAND
from mattebox.language.redundant_anchors import drop_redundant_anchors, join_anchors
from mattebox.language.self_corrections import mark_readings, restates
from mattebox.language.settings import CUT, PRESET
from mattebox.language.strengths import set_strength
from mattebox.language.tokens import fold_word
from mattebox.recipe.flat_parameters import parameters_by_name
from mattebox.recipe.presets import find_preset
from mattebox.recipe.steps import Background, Cut, Frame

LESS_FACTOR, MORE_FACTOR = 0.5, 1.5  # of the last change, for "a bit less" and "a bit more"
MAX_NAMED_NOUNS = 3  # in an error
TURN_CONCEPT, RIGHT_ANGLES = "rotation", (90, 180, 270)  # of degrees without a noun
PIXEL_CONCEPT = "size"  # of pixels without a noun
CANVAS_CONCEPTS = (
    "size",
    "aspect",
    "portrait_format",
    "landscape_format",
    "fill",
    "margin",
    "position",
    "shadow",
    "drop_shadow",
    "reflection",
)
STRONG_LESS_FACTOR, STRONG_MORE_FACTOR = 0.25, 2.0  # for "much less" and "much more"


def read_anchors(anchors: Sequence[Anchor], current: Mapping[str, Value], lexicon: Lexicon) -> list[Reading]:
    """What all anchors of a request mean, in its order.

    Parameters
    ----------
    anchors
        As `find_anchors` finds them.
    current
        Values of the recipe that is changed, by flat name.
    lexicon
        Of the request's language.

    Raises
    ------
    AmbiguousWords, WordsNotUnderstood
        As `interpret_anchor`; and for words that belong to nothing.
    """
    readings: list[Reading] = []
    anchors = join_anchors(drop_negated_values(anchors), lexicon)
    for anchor in drop_redundant_anchors(anchors, lexicon):
        first = len(readings)
        _append_reading(_as_background(anchor, anchors, lexicon), current, readings, lexicon)
        if anchor.corrects:
            mark_readings(readings, first, is_restated=restates(anchor, anchors))
    return readings


def _as_background(anchor: Anchor, anchors: Sequence[Anchor], lexicon: Lexicon) -> Anchor:
    """A colour without a noun as that of the background, beside words that put the subject on a canvas."""
    is_colour = anchor.meaning is None and [type(m) for m in anchor.modifiers] == [ColourName]
    if not is_colour or not any(_sets_canvas(other, lexicon) for other in anchors):
        return anchor
    return Anchor(Noun(BACKGROUND, lexicon.vocabulary.concepts[BACKGROUND]), anchor.words, anchor.modifiers)


def _sets_canvas(anchor: Anchor, lexicon: Lexicon) -> bool:
    is_lone = anchor.meaning is None and len(anchor.modifiers) == 1
    implied = _implied_anchor(anchor, anchor.modifiers[0], lexicon) if is_lone else anchor
    if implied is None or isinstance(implied.meaning, Gradation) or implied.meaning is None:
        return False
    if isinstance(implied.meaning, Noun):
        removes = implied.meaning.name == BACKGROUND and implied.is_negated
        return removes or implied.meaning.name in CANVAS_CONCEPTS
    known = parameters_by_name()
    values = implied.meaning.values
    if PRESET in values:
        return find_preset(str(values[PRESET])).find_step(Background) is not None
    return CUT in values or any(n in known and known[n].step in (Cut, Frame) for n in values)


def _append_reading(anchor: Anchor, current: Mapping[str, Value], readings: list[Reading], lexicon: Lexicon) -> None:
    """Add what an anchor means; words without one change what was said last, or name the area of all."""
    if anchor.meaning is not None:
        readings.append(interpret_anchor(anchor, current))
        return
    kinds = {type(m) for m in anchor.modifiers}
    strengthened = set_strength(anchor, readings)
    if strengthened is not None:
        readings[-1] = strengthened
        return
    if kinds == {Area}:
        readings.append(Reading(anchor.text, {}, area=anchor.find(Area)[0].name))  # type: ignore[union-attr]
    elif kinds == {Direction} and _repeats_last(anchor, readings, current, lexicon):
        return
    elif Direction in kinds and kinds <= {Direction, Degree}:
        _change_last(anchor, _relative_factor(anchor), current, readings, lexicon)
    elif kinds == {Rescaling} and len(anchor.modifiers) == 1:
        _change_last(anchor, anchor.modifiers[0].factor, current, readings, lexicon)  # type: ignore[union-attr]
    elif (named := _name_measured(anchor, lexicon)) is not None:
        readings.append(interpret_anchor(named, current))
    elif all(implied := [_implied_anchor(anchor, modifier, lexicon) for modifier in anchor.modifiers]):
        readings += [interpret_anchor(each, current) for each in implied if each is not None]
    else:
        _add_to_last(anchor, readings, lexicon)


def _name_measured(anchor: Anchor, lexicon: Lexicon) -> Anchor | None:
    """The concept of the only number without a noun, with all its other words: "half a stop up", "+2/3 EV on her"."""
    naming = anchor.find(Number)
    if len(naming) != 1 or len(anchor.modifiers) < 2:
        return None
    implied = _implied_anchor(anchor, naming[0], lexicon)
    named = None if implied is None else Anchor(implied.meaning, anchor.words, anchor.modifiers, order=anchor.order)
    return named if named is not None and all(accepts(named, m) for m in anchor.modifiers) else None


def _implied_anchor(anchor: Anchor, modifier: Modifier, lexicon: Lexicon) -> Anchor | None:
    """The concept that a modifier by itself can only belong to: a size, a ratio, "2x", or linear-gradient(...)."""
    concepts = lexicon.vocabulary.concepts
    if isinstance(modifier, Adjective) and modifier.stands_alone:
        names = modifier.alone.split()
    elif isinstance(modifier, Number) and modifier.unit not in ("", THOUSAND):
        names = [n for n, c in concepts.items() if _is_measured_in(c, modifier.unit)]
        targets = {concepts[n].measures.get(modifier.unit, n) for n in names}
        names = names[:1] if len(targets) == 1 else names
        names = [PIXEL_CONCEPT] if modifier.unit == "px" else names
        names = [TURN_CONCEPT] if modifier.unit == "deg" and modifier.value in RIGHT_ANGLES else names
    else:
        return None
    if len(names) != 1:
        return None
    return Anchor(Noun(names[0], concepts[names[0]]), anchor.words, [modifier])


def _is_measured_in(concept: Concept, unit: str) -> bool:
    return unit in concept.measures or (concept.grade is not None and concept.grade.unit == unit != "%")


def _add_to_last(anchor: Anchor, readings: list[Reading], lexicon: Lexicon) -> None:
    """WordsNotUnderstood or AmbiguousWords: nothing can take these words."""
    modifier = anchor.modifiers[0]
    concepts = lexicon.vocabulary.concepts
    if len(anchor.modifiers) == 1 and isinstance(modifier, ColourName):
        nouns = list({c.colour: c.nouns[0] for c in reversed(concepts.values()) if c.colour}.values())[::-1]
        raise AmbiguousWords(
            anchor.text,
            lexicon.vocabulary.colour_question.format(anchor.text),
            [f"{anchor.text} {noun}" for noun in nouns],
        )
    names = [n for m in anchor.modifiers if isinstance(m, Adjective) for n in m.values]
    if nouns := _plain_nouns([concepts[name] for name in names]):
        raise WordsNotUnderstood(
            '"{words}" does not say what',
            "say what it belongs to, such as {nouns}; nothing was done",
            words=anchor.text,
            nouns=", ".join(nouns),
        )
    raise WordsNotUnderstood(
        '"{words}" does not say what', "say what it belongs to; nothing was done", words=anchor.text
    )


def _plain_nouns(concepts: Iterable[Concept]) -> list[str]:
    """The first noun of each of a few concepts; patterns of several words are left out."""
    firsts = (next((noun for noun in concept.nouns if "(" not in noun), None) for concept in concepts)
    return list(dict.fromkeys(noun for noun in firsts if noun is not None))[:MAX_NAMED_NOUNS]


def _repeats_last(anchor: Anchor, readings: Sequence[Reading], current: Mapping[str, Value], lexicon: Lexicon) -> bool:
    """Whether words such as "bring it down" say the last change again ("overexposed, bring it down")."""
    changed = [reading for reading in readings if reading.change]
    if not changed:
        return False
    is_complaint = not lexicon.excess.isdisjoint(map(fold_word, changed[-1].text.split()))  # "too much, less please"
    if not is_complaint and any(fold_word(text) in lexicon.comparatives for _, text in anchor.words):
        return False
    name = changed[-1].change
    before = float(current.get(name, parameters_by_name()[name].default))
    return (float(changed[-1].values[name]) - before) * anchor.direction > 0


def _relative_factor(anchor: Anchor) -> float:
    """How much of the last change "a bit less" or "much more" leaves."""
    sign = 1
    for direction in anchor.find(Direction):
        sign *= direction.sign  # type: ignore[union-attr]
    is_strong = any(degree.factor > 1 for degree in anchor.find(Degree))  # type: ignore[union-attr]
    if sign > 0:
        return STRONG_MORE_FACTOR if is_strong else MORE_FACTOR
    return STRONG_LESS_FACTOR if is_strong else LESS_FACTOR


def _change_last(
    anchor: Anchor, factor: float, current: Mapping[str, Value], readings: list[Reading], lexicon: Lexicon
) -> None:
    """Change the last graded value to a multiple of its own change."""
    index = next((i for i in range(len(readings) - 1, -1, -1) if readings[i].change), None)
    choices = lexicon.vocabulary.more_choices if anchor.direction > 0 else lexicon.vocabulary.less_choices
    if index is None and len(choices) > 1:
        raise AmbiguousWords(anchor.text, lexicon.vocabulary.change_question, choices)
    if index is None:
        raise WordsNotUnderstood(
            '"{words}" does not say of what', 'say such as "a bit less contrast"', words=anchor.text
        )
    last = readings[index]
    parameter = parameters_by_name()[last.change]
    before = current.get(last.change, parameter.default)
    after = last.values[last.change]
    assert not isinstance(before, str)
    assert not isinstance(after, str)
    value = before + (after - before) * factor
    changed = round(value) if isinstance(after, int) else round(value, 2)
    readings[index] = replace(last, text=f"{last.text}, {anchor.text}", values={**last.values, last.change: changed})
