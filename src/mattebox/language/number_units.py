"""Numbers of a request and their units: "5 %", "half a stop", "2k px", "minus two", "forty five"."""

from __future__ import annotations

from collections.abc import Sequence

from mattebox.language.errors import WordsNotUnderstood
from mattebox.language.meanings import Adjective, Break, ColourName, Minus, Noun, Number, NumberWord, Unit, Word

THOUSAND = "k"  # unit of "150k", which only the words around it make bytes or pixels
HUNDRED, THOUSAND_VALUE = 100, 1000
MIN_KELVIN = 1000  # of a colour temperature
GREYS, WHITE_LEVEL = ("grey", "gray", "black"), 255
FILE_LIMIT = "file_limit"  # concept
COUNTED_UNITS = ("stop",)  # of which one is meant without a number: "a stop darker"


def join_units(words: Sequence[Word]) -> list[Word]:
    """The words, with each number and the unit behind it as one. WordsNotUnderstood for a unit without a number."""
    joined: list[Word] = []
    words = join_number_words(words)
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
        elif isinstance(unit, Unit) and unit.name == "x" and after is None:
            continue  # "thanks x"
        elif isinstance(unit, Unit) and len(word.meanings) == 1:
            raise WordsNotUnderstood('"{words}" stands without a number', "say how many", words=word.text)
        elif isinstance(number, NumberWord) and _is_pronoun(number, joined, after):
            continue
        elif isinstance(number, NumberWord):
            joined.append(Word(word.text, (Number(f"{number.value:.10g}", "", number.value),)))
        else:
            joined.append(word)
    return joined


def drop_limits(words: Sequence[Word]) -> list[Word]:
    """The words without "at most" before a share, which no file's size is: a shadow of "at most 30 %"."""
    pairs = zip(words, [*words[1:], None], strict=False)
    return [word for word, after in pairs if not (_is_limit(word) and after is not None and _is_share(after))]


def name_greys(words: Sequence[Word]) -> list[Word]:
    """The words, with a share of grey behind "on" or the like as that grey: "against 50 % grey"."""
    named: list[Word] = []
    for word in words:
        colour, share = word.find(ColourName), named[-1].find(Number) if named else None
        ground = named[-2].find(Noun) if len(named) > 1 else None
        is_grey = isinstance(colour, ColourName) and colour.css in GREYS and isinstance(share, Number)
        if (
            is_grey
            and isinstance(share, Number)
            and share.unit == "%"
            and isinstance(ground, Noun)
            and ground.is_optional
        ):
            level = round(WHITE_LEVEL * (1 - min(max(share.value, 0), HUNDRED) / HUNDRED))
            named[-1] = Word(f"{named[-1].text} {word.text}", (ColourName(f"#{level:02x}{level:02x}{level:02x}"),))
        else:
            named.append(word)
    return named


def _is_limit(word: Word) -> bool:
    noun = word.meanings[0]
    return isinstance(noun, Noun) and noun.name == FILE_LIMIT


def _is_share(word: Word) -> bool:
    number = word.find(Number)
    return isinstance(number, Number) and number.unit == "%"


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


def join_number_words(words: Sequence[Word]) -> list[Word]:
    """The words, with those that are one number together as it: "two hundred and fifty", "forty five", "2 thousand"."""
    joined: list[Word] = []
    index = 0
    while index < len(words):
        count, total = _read_number(words[index:])
        if count > 1:
            text = " ".join(word.text for word in words[index : index + count])
            joined.append(Word(text, (Number(f"{total:.10g}", "", total),)))
        else:
            joined.append(words[index])
        index += max(count, 1)
    return joined


def _read_number(words: Sequence[Word]) -> tuple[int, float]:
    """How many words from the first on are one number, and which; 0 words where the first is none."""
    count, total, part = 0, 0.0, 0.0
    for index, word in enumerate(words):
        value = _number_value(word, is_first=index == 0)
        if value is None:
            is_link = isinstance(word.find(Break), Break) and not _is_hard_break(word) and part % HUNDRED == 0 < part
            follows = index + 1 < len(words) and (_number_value(words[index + 1], is_first=False) or HUNDRED) < HUNDRED
            if is_link and follows:  # "two hundred and fifty"
                continue
            break
        if value == THOUSAND_VALUE:
            total, part = total + max(part, 1) * value, 0
        elif value == HUNDRED:
            part = max(part, 1) * value
        elif index == 0 or _continues(part, value) or (total and not part):
            part += value
        else:
            break
        count = index + 1
    return count, total + part


def _number_value(word: Word, *, is_first: bool) -> float | None:
    """The number that a word is; digits only before words for hundreds."""
    number = word.find(NumberWord)
    if isinstance(number, NumberWord):
        return number.value
    digits = word.find(Number)
    return digits.value if is_first and isinstance(digits, Number) and not digits.unit else None


def _is_hard_break(word: Word) -> bool:
    end = word.find(Break)
    return isinstance(end, Break) and end.is_hard


def _continues(before: float, value: float) -> bool:
    """Whether two numbers as words are one: "forty five", "two hundred five"."""
    is_ones = before in range(20, 100, 10) and 0 < value < 10
    return is_ones or (before >= HUNDRED and before % HUNDRED == 0 and value < HUNDRED) or _is_round(before, value)


def _is_round(before: float, value: float) -> bool:
    """Whether ones stand behind hundreds and tens: "two hundred forty" and "five"."""
    return before > HUNDRED and before % 10 == 0 and before % HUNDRED != 0 and 0 < value < 10
