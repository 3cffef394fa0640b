"""Numbers of a request and their units: "5 %", "half a stop", "2k px", "minus two", "forty five"."""

from __future__ import annotations

from collections.abc import Sequence

from mattebox.language.errors import WordsNotUnderstood
from mattebox.language.meanings import Adjective, ColourName, Minus, Noun, Number, NumberWord, Unit, Word

THOUSAND = "k"  # unit of "150k", which only the words around it make bytes or pixels
MIN_KELVIN = 1000  # of a colour temperature
COUNTED_UNITS = ("stop",)  # of which one is meant without a number: "a stop darker"


def join_units(words: Sequence[Word]) -> list[Word]:
    """The words, with each number and the unit behind it as one. WordsNotUnderstood for a unit without a number."""
    joined: list[Word] = []
    for word, after in zip(words, [*words[1:], None], strict=False):
        unit, number = word.find(Unit), word.find(Number, NumberWord)
        if isinstance(number, Number) and joined and joined[-1].find(Minus):
            sign, value = joined.pop(), -number.value
            word = Word(f"{sign.text} {word.text}", (Number(f"{value:.10g}", number.unit, value, True),))
        last = joined[-1].find(Number) if joined else None
        if isinstance(unit, Unit) and isinstance(last, Number) and _takes_unit(last, unit):
            joined[-1] = Word(f"{joined[-1].text} {word.text}", (_with_unit(last, unit),))
        elif isinstance(unit, Unit) and word.find(Noun) and _is_number(after):  # "EV +1"
            joined.append(Word(word.text, tuple(m for m in word.meanings if isinstance(m, Noun))))
        elif isinstance(unit, Unit) and unit.name in COUNTED_UNITS:
            joined.append(Word(word.text, (Number("1", unit.name, 1),)))
        elif isinstance(unit, Unit) and len(word.meanings) == 1:
            raise WordsNotUnderstood('"{words}" stands without a number', "say how many", words=word.text)
        elif isinstance(number, NumberWord) and isinstance(last, Number) and _continues(last, number):
            total = last.value + number.value
            joined[-1] = Word(f"{joined[-1].text} {word.text}", (Number(f"{total:.10g}", "", total),))
        elif isinstance(number, NumberWord) and _is_pronoun(number, joined, after):
            continue
        elif isinstance(number, NumberWord):
            joined.append(Word(word.text, (Number(f"{number.value:.10g}", "", number.value),)))
        else:
            joined.append(word)
    return joined


def _takes_unit(number: Number, unit: Unit) -> bool:
    """Whether a unit belongs to a number: to a bare one, to one that has it already, and pixels to "2k"."""
    return number.unit in ("", unit.name) or (number.unit == THOUSAND and unit.name == "px")


def _with_unit(number: Number, unit: Unit) -> Number:
    """The number in a unit; "k" behind one that is no colour temperature is a thousand of what is counted."""
    if number.unit == THOUSAND:
        return Number(f"{1000 * number.value:.10g}", unit.name, 1000 * number.value)
    name = THOUSAND if unit.name == "K" and number.value < MIN_KELVIN else unit.name
    return Number(number.text, name, number.value, number.is_signed)


def _is_pronoun(number: NumberWord, before: Sequence[Word], after: Word | None) -> bool:
    """Whether "one" stands for a noun: "a dark green one"."""
    noun = after.find(Noun) if after is not None else None
    is_measured = isinstance(noun, Noun) and bool(noun.concept.measures or noun.concept.grade)
    counts = is_measured or (after is not None and after.find(Unit) is not None)
    return number.value == 1 and not counts and bool(before) and before[-1].find(ColourName, Adjective) is not None


def _is_number(word: Word | None) -> bool:
    return word is not None and word.find(Number) is not None


def _continues(tens: Number, ones: NumberWord) -> bool:
    """Whether two numbers as words are one, such as "forty five"."""
    return not tens.unit and tens.value in range(20, 100, 10) and 0 < ones.value < 10
