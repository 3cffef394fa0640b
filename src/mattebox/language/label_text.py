"""Text of a label that stands without quotation marks: "write: Grandma is 80", "the text SALE at the top"."""

from __future__ import annotations

from collections.abc import Sequence, Set

from mattebox.language.lexicon import Lexicon
from mattebox.language.neighbours import LABEL
from mattebox.language.tokens import Token, fold_word
from mattebox.language.vocabulary import expand_all

MIN_CAPITALS = 3  # letters of a word in capitals that is a label's text in any language
SENTENCE_ENDS, LIST_ENDS = ".;\n", ","
ENGLISH = "en"


def quote_labels(text: str, tokens: Sequence[Token], lexicon: Lexicon) -> list[Token]:
    """The tokens, with a label's text as one in quotation marks; as they are where some have been written."""
    if any(token.kind == "quoted" for token in tokens):
        return list(tokens)
    phrases = _label_phrases(lexicon)
    names = frozenset(phrase[-1] for phrase in phrases)
    words = [fold_word(token.text) if token.kind == "word" else "" for token in tokens]
    for index, word in enumerate(words):
        if word in names and any(tuple(words[index + 1 - len(p) : index + 1]) == p for p in phrases):
            span = _find_behind_colon(text, tokens, index, names) or _find_capitals(text, tokens, index, lexicon)
            span = span or _find_later_capitals(tokens, index, lexicon)
            if span is not None:
                return _join(text, tokens, *span)
    return list(tokens)


def _label_phrases(lexicon: Lexicon) -> frozenset[tuple[str, ...]]:
    """What stands before a label's text, such as ("write",) or ("label", "it"); fillers at the front are left out."""
    phrases = set()
    for noun in expand_all(lexicon.vocabulary.concepts[LABEL].nouns):
        words = [fold_word(word) for word in noun.split()]
        while len(words) > 1 and words[0] in lexicon.fillers:
            del words[0]
        phrases.add(tuple(words))
    return frozenset(p for p in phrases if p[-1] not in lexicon.places.determiners)


def _find_behind_colon(text: str, tokens: Sequence[Token], index: int, names: Set[str]) -> tuple[int, int] | None:
    """The tokens behind the next colon of the sentence up to its end, or to a comma."""
    for before in range(index, len(tokens) - 1):
        if tokens[before].kind == "separator" and set(tokens[before].text) & set(SENTENCE_ENDS):
            return None
        if ":" in text[tokens[before].end : tokens[before + 1].start]:
            first = before + 1
            if fold_word(tokens[first].text) in names:
                return None  # "...: write SALE"
            ends = (i for i in range(first, len(tokens)) if _ends_text(tokens, i))
            last = next(ends, len(tokens))
            return (first, last) if last > first else None
    return None


def _ends_text(tokens: Sequence[Token], index: int) -> bool:
    marks = set(tokens[index].text) if tokens[index].kind == "separator" else set()
    is_final = index == len(tokens) - 1 and bool(marks & set("!?"))
    return bool(marks) and not is_final


def _find_capitals(text: str, tokens: Sequence[Token], index: int, lexicon: Lexicon) -> tuple[int, int] | None:
    """The words behind a word for a label that are written as names, or in capitals."""
    first = last = index + 1
    pair = tuple(fold_word(token.text) for token in tokens[first : first + 2])
    if pair in lexicon.meanings or pair in lexicon.whole_phrases:
        return None  # "AI-edited"
    while last < len(tokens) and (
        _is_name(tokens[last], lexicon, is_first=last == first) or (last > first and _is_joined(text, tokens, last))
    ):
        last += 1
    return (first, last) if last > first else None


def _is_joined(text: str, tokens: Sequence[Token], index: int) -> bool:
    """Whether a hyphen joins a word to the one before it: "AI-edited"."""
    return tokens[index].kind == "word" and text[tokens[index - 1].end : tokens[index].start] == "-"


def _find_later_capitals(tokens: Sequence[Token], index: int, lexicon: Lexicon) -> tuple[int, int] | None:
    """The words in capitals later in the clause that mean nothing else: "write top left SOLD on it"."""
    for first in range(index + 1, len(tokens)):
        if tokens[first].kind == "separator":
            return None
        if _is_in_capitals(tokens[first], lexicon):
            last = first
            while last < len(tokens) and _is_in_capitals(tokens[last], lexicon):
                last += 1
            return first, last
    return None


def _is_in_capitals(token: Token, lexicon: Lexicon) -> bool:
    is_capital = token.kind == "word" and token.text.isupper() and len(token.text) >= MIN_CAPITALS
    return is_capital and (fold_word(token.text),) not in lexicon.meanings


def _is_name(token: Token, lexicon: Lexicon, *, is_first: bool) -> bool:
    if token.kind == "number":
        return not is_first
    in_capitals = token.text.isupper() and len(token.text) >= MIN_CAPITALS
    is_capital = lexicon.vocabulary.language == ENGLISH and token.text[:1].isupper() and len(token.text) > 1
    return token.kind == "word" and (in_capitals or is_capital)


def _join(text: str, tokens: Sequence[Token], first: int, last: int) -> list[Token]:
    start, end = tokens[first].start, tokens[last - 1].end
    return [*tokens[:first], Token("quoted", f'"{text[start:end].strip()}"', start, end), *tokens[last:]]
