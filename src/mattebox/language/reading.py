"""Reading of a request: its tokens as words with meanings, by the longest phrases of a lexicon."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from mattebox.core.suggestions import similar_names
from mattebox.language.errors import WordsNotUnderstood
from mattebox.language.lexicon import Lexicon
from mattebox.language.meanings import (
    Adjective,
    Break,
    ColourName,
    Complete,
    Degree,
    Gradation,
    Meaning,
    Minus,
    Noun,
    Number,
    NumberWord,
    PathText,
    Phrase,
    Unit,
    Word,
)
from mattebox.language.replacement import (
    drop_answered,
    drop_praise,
    drop_replaced,
    grade_questions,
    join_attributes,
    name_quality,
)
from mattebox.language.settings import setting_values
from mattebox.language.tokens import Token, fold_word, parse_number, split_tokens

COLOUR_FUNCTIONS = ("rgb", "oklch")
MAX_TOKENS = 400  # of a request, commas among them
MAX_QUOTED_LENGTH = 40  # letters of a word in an error
MAX_RATIO_SIDE = 32  # "4x5" and "16 by 9" are proportions, not pixels
THOUSAND = "k"  # unit of "150k", which only the words around it make bytes or pixels
MIN_KELVIN = 1000  # of a colour temperature
COUNTED_UNITS = ("stop",)  # of which one is meant without a number: "a stop darker"
MAX_QUOTED_WORDS = 8
SUGGESTION_COUNT = 3
MIN_SUGGESTION_SIMILARITY = 0.5


@dataclass(frozen=True)
class ReadText:
    """The words of a request, and the typing errors that were corrected: as written -> as read."""

    words: tuple[Word, ...]
    corrections: Mapping[str, str]


def read_text(text: str, lexicon: Lexicon) -> ReadText:
    """Read a request.

    Raises
    ------
    WordsNotUnderstood
        A word is unknown; the remedy names the nearest ones.
    """
    tokens = _leave_out_infinitives(split_tokens(text), lexicon)
    if len(tokens) > MAX_TOKENS:
        raise WordsNotUnderstood("the request has more than {count} words", "say it in fewer", count=MAX_TOKENS)
    forms, corrections = _correct_words(tokens, lexicon)
    words: list[Word] = []
    index = 0
    while index < len(tokens):
        token = tokens[index]
        if token.kind == "word":
            index = _read_phrase(text, tokens, index, lexicon, forms | corrections, words)
            continue
        words.append(Word(token.text, (_token_meaning(token, lexicon),)))
        index += 1
    concepts = lexicon.vocabulary.concepts
    wanted = drop_answered(grade_questions(drop_replaced(_join_units(words)), concepts))
    wanted = name_quality(wanted, concepts)
    subjects = [w.text for w in wanted if forms.get(w.text, fold_word(w.text)) in lexicon.subjects]
    return ReadText(tuple(join_attributes(drop_praise(wanted, lexicon.praises, lexicon.fillers), subjects)), corrections)


def _leave_out_infinitives(tokens: Sequence[Token], lexicon: Lexicon) -> list[Token]:
    """The tokens without the words that only say that a verb follows."""
    pairs = zip(tokens, [*tokens[1:], None], strict=False)
    return [t for t, after in pairs if after is None or not lexicon.is_infinitive((fold_word(t.text), fold_word(after.text)))]


def count_unknown_words(text: str, lexicon: Lexicon) -> float:
    """How many words of a text the lexicon does not have; a typing error counts as half a word."""
    words = {fold_word(token.text) for token in split_tokens(text)[:MAX_TOKENS] if token.kind == "word"}
    unknown = words - lexicon.known_words
    return sum(0.5 if lexicon.find_inflected(word) or lexicon.correct(word) else 1 for word in unknown)


def _correct_words(tokens: Sequence[Token], lexicon: Lexicon) -> tuple[dict[str, str], dict[str, str]]:
    """The words of a text with another ending than known ones, and its typing errors, each with the known word.

    WordsNotUnderstood for words that are neither.
    """
    forms: dict[str, str] = {}
    corrections: dict[str, str] = {}
    unknown = []
    for token in tokens:
        if token.kind == "other":
            unknown.append(token.text)
        if token.kind != "word" or fold_word(token.text) in lexicon.known_words:
            continue
        inflected = lexicon.find_inflected(fold_word(token.text))
        correction = lexicon.correct(fold_word(token.text))
        if inflected is not None:
            forms[token.text] = inflected
        elif correction is not None:
            corrections[token.text] = correction
        else:
            unknown.append(token.text)
    if unknown:
        raise _unknown_words(unknown, lexicon)
    return forms, corrections


def _unknown_words(words: Sequence[str], lexicon: Lexicon) -> WordsNotUnderstood:
    names = [f'"{word[:MAX_QUOTED_LENGTH]}"' for word in dict.fromkeys(words)][:MAX_QUOTED_WORDS]
    nearest = similar_names(
        fold_word(words[0])[:MAX_QUOTED_LENGTH], lexicon.known_words, SUGGESTION_COUNT, MIN_SUGGESTION_SIMILARITY
    )
    remedy = "leave it out or say it otherwise; nothing was done"
    if nearest:
        remedy = "did you mean {nearest}? leave it out or say it otherwise; nothing was done"
    return WordsNotUnderstood("not understood: {words}", remedy, words=", ".join(names), nearest=", ".join(nearest))


def _read_phrase(
    text: str,
    tokens: Sequence[Token],
    index: int,
    lexicon: Lexicon,
    known_forms: Mapping[str, str],
    words: list[Word],
) -> int:
    """Append the longest phrase from this token on; the index behind it. A filler is passed over."""
    folded: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()  # with fillers, but for those before the first other word
    folded_all: list[str] = []
    match: tuple[int, tuple[Meaning, ...]] | None = None
    split = _find_split_phrase(tokens, index, lexicon, known_forms)
    end = index
    while end < len(tokens) and tokens[end].kind == "word" and len(folded) < lexicon.longest_phrase:
        written = tokens[end].text
        word = known_forms.get(written, fold_word(written))
        end += 1
        folded_all.append(word)
        whole = (*whole, word) if whole or word not in lexicon.fillers else ()
        found = _find_phrase((*folded, word), lexicon)  # a phrase may hold what is a filler elsewhere
        found = lexicon.whole_phrases.get(tuple(folded_all), lexicon.whole_phrases.get(whole, found))
        if word not in lexicon.fillers:
            folded = (*folded, word)
        if found:
            match = end, found
    if split is not None and (match is None or split.end > match[0]):
        return _append_split(text, tokens, index, split, words)
    if match is not None:
        words.append(Word(text[tokens[index].start : tokens[match[0] - 1].end], match[1]))
        return match[0]
    written = tokens[index].text
    if known_forms.get(written, fold_word(written)) not in lexicon.fillers | lexicon.particles:
        raise WordsNotUnderstood(
            '"{words}" is not understood here',
            "say in a few plain words what it belongs to; nothing was done",
            words=written,
        )
    return index + 1


class _SplitPhrase(NamedTuple):
    """A phrase with words of degree between its own: where it ends, what it means, and which tokens are those."""

    end: int
    meanings: tuple[Meaning, ...]
    degrees: dict[int, tuple[Meaning, ...]]


def _find_split_phrase(
    tokens: Sequence[Token], index: int, lexicon: Lexicon, known_forms: Mapping[str, str]
) -> _SplitPhrase | None:
    """The longest phrase from this token on that has words of degree in it: "remove the background completely"."""
    folded: tuple[str, ...] = ()
    degrees: dict[int, tuple[Meaning, ...]] = {}
    found: _SplitPhrase | None = None
    for end in range(index, min(len(tokens), index + lexicon.longest_phrase)):
        if tokens[end].kind != "word":
            break
        word = known_forms.get(tokens[end].text, fold_word(tokens[end].text))
        single = lexicon.meanings.get((word,), ())
        if not folded and word in lexicon.particles:
            break
        if folded and any(isinstance(m, Degree | Complete) for m in single):
            degrees[end] = single
        elif word not in lexicon.fillers:
            folded = (*folded, word)
            meanings = _find_phrase(folded, lexicon) if degrees else ()
            if any(isinstance(m, Phrase | Gradation) for m in meanings):
                found = _SplitPhrase(end + 1, meanings, dict(degrees))
    return found


def _append_split(text: str, tokens: Sequence[Token], index: int, split: _SplitPhrase, words: list[Word]) -> int:
    """Append the words of degree, then the phrase around them; the index behind it."""
    inner = [Word(tokens[i].text, meanings) for i, meanings in split.degrees.items()]
    kept = [t.text for i, t in enumerate(tokens[index : split.end], index) if i not in split.degrees]
    words += [*inner, Word(" ".join(kept), split.meanings)]
    return split.end


def _find_phrase(words: tuple[str, ...], lexicon: Lexicon) -> tuple[Meaning, ...]:
    """What words mean together as they are, else with whatever is photographed as "the subject"."""
    return lexicon.find_phrase(words) or lexicon.find_phrase(tuple(map(lexicon.replace_subject, words)))


def _token_meaning(token: Token, lexicon: Lexicon) -> Meaning:
    text, thousands = token.text, lexicon.vocabulary.thousands
    if token.kind == "separator":
        return Break(is_hard="+" not in text, ends_sentence=bool(set(text) & set(".!?;\n")))
    if token.kind == "setting":
        return Phrase(setting_values(text))
    if token.kind == "hex":
        return ColourName(text.lower())
    if token.kind == "call":
        is_colour = text.split("(")[0].lower() in COLOUR_FUNCTIONS
        return ColourName(text) if is_colour else Adjective({"background": {"background": text}}, stands_alone=True)
    if token.kind in ("path", "quoted"):
        return PathText(text.strip('"“”„«»'))
    if token.kind in ("size", "ratio"):
        sides = [f"{parse_number(side, thousands):g}" for side in _split_numbers(text)]
        is_size = token.kind == "size" and (any(float(side) > MAX_RATIO_SIDE for side in sides) or "p" in text.lower())
        return Number("x".join(sides), "size") if is_size else Number(":".join(sides), "ratio")
    value = parse_number(text, thousands)
    return Number(f"{value:g}", "", value, text[0] in "+-")


def _split_numbers(text: str) -> list[str]:
    digits = "".join(c if c.isdigit() or c in ".," else " " for c in text)
    return digits.split()


def _join_units(words: Sequence[Word]) -> list[Word]:
    """The words, with each number and the unit behind it as one. WordsNotUnderstood for a unit without a number."""
    joined: list[Word] = []
    for word, after in zip(words, [*words[1:], None], strict=False):
        unit, number = word.find(Unit), word.find(Number, NumberWord)
        if isinstance(number, Number) and joined and joined[-1].find(Minus):
            sign = joined.pop()
            word = Word(f"{sign.text} {word.text}", (Number(f"{-number.value:g}", "", -number.value, True),))
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
            joined[-1] = Word(f"{joined[-1].text} {word.text}", (Number(f"{total:g}", "", total),))
        elif isinstance(number, NumberWord) and _is_pronoun(number, joined, after):
            continue
        elif isinstance(number, NumberWord):
            joined.append(Word(word.text, (Number(f"{number.value:g}", "", number.value),)))
        else:
            joined.append(word)
    return joined


def _takes_unit(number: Number, unit: Unit) -> bool:
    """Whether a unit belongs to a number: to a bare one, to one that has it already, and pixels to "2k"."""
    return number.unit in ("", unit.name) or (number.unit == THOUSAND and unit.name == "px")


def _with_unit(number: Number, unit: Unit) -> Number:
    """The number in a unit; "k" behind one that is no colour temperature is a thousand of what is counted."""
    if number.unit == THOUSAND:
        return Number(f"{1000 * number.value:g}", unit.name, 1000 * number.value)
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


def quote_value(value: object) -> str:
    """A value as a setting has it: text in quotes where it needs them."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    is_plain = re.fullmatch(r'[^\s,;"\\\x00-\x1f]+', text) is not None
    return text if is_plain else json.dumps(text, ensure_ascii=False)
