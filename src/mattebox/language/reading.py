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
    Number,
    PathText,
    Phrase,
    Word,
)
from mattebox.language.number_units import join_units
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
MIN_PIXEL_SIDE = 64  # of a size that is not square and has no unit
MAX_RATIO_SIDE = 32  # "4x5" and "16 by 9" are proportions, not pixels
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
    wanted = drop_answered(grade_questions(drop_replaced(join_units(words)), concepts))
    wanted = name_quality(wanted, concepts)
    subjects = [w.text for w in wanted if forms.get(w.text, fold_word(w.text)) in lexicon.subjects]
    return ReadText(
        tuple(join_attributes(drop_praise(wanted, lexicon.praises, lexicon.fillers), subjects)), corrections
    )


def _leave_out_infinitives(tokens: Sequence[Token], lexicon: Lexicon) -> list[Token]:
    """The tokens without the words that only say that a verb follows."""
    pairs = zip(tokens, [*tokens[1:], None], strict=False)
    return [
        t
        for t, after in pairs
        if after is None or not lexicon.is_infinitive((fold_word(t.text), fold_word(after.text)))
    ]


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
    whole: tuple[str, ...] = ()  # with fillers
    inner: tuple[str, ...] = ()  # with those behind the first other word
    match: tuple[int, tuple[Meaning, ...]] | None = None
    split = _find_split_phrase(tokens, index, lexicon, known_forms)
    end = index
    while end < len(tokens) and tokens[end].kind == "word" and len(folded) < lexicon.longest_phrase:
        written = tokens[end].text
        word = known_forms.get(written, fold_word(written))
        end += 1
        whole = (*whole, word)
        inner = (*inner, word) if inner or word not in lexicon.fillers else ()
        found = _find_phrase((*folded, word), lexicon)  # a phrase may hold what is a filler elsewhere
        found = lexicon.whole_phrases.get(whole) or lexicon.whole_phrases.get(inner, found)
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
        return _read_sides(
            text, [parse_number(side, thousands) for side in _split_numbers(text)], token.kind == "ratio"
        )
    value = parse_number(text, thousands)
    return Number(f"{value:.10g}", "", value, text[0] in "+-")


def _read_sides(text: str, sides: Sequence[float], is_ratio: bool) -> Number:
    """A size or a ratio: "4x5" is one, too. WordsNotUnderstood for what may be centimetres."""
    written = [f"{side:.10g}" for side in sides]
    if is_ratio or (max(sides) <= MAX_RATIO_SIDE and "p" not in text.lower()):
        return Number(":".join(written), "ratio")
    if max(sides) < MIN_PIXEL_SIDE and sides[0] != sides[1] and "p" not in text.lower():
        raise WordsNotUnderstood(
            "{words}: are these pixels?", "write {words} px, or a proportion such as 4:5", words=text
        )
    return Number("x".join(written), "size")


def _split_numbers(text: str) -> list[str]:
    digits = "".join(c if c.isdigit() or c in ".," else " " for c in text)
    return digits.split()


def quote_value(value: object) -> str:
    """A value as a setting has it: text in quotes where it needs them."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    is_plain = re.fullmatch(r'[^\s,;"\\\x00-\x1f]+', text) is not None
    return text if is_plain else json.dumps(text, ensure_ascii=False)
