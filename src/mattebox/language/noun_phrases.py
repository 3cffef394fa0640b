"""Noun phrases for what is photographed, shortened to their nouns: "the vintage chair", "my red coat", "logo mug".

Phrases of the vocabulary then need no attributes inside: "apart from the red coat" is "apart from the coat".
"""

from __future__ import annotations

from collections.abc import Sequence

from mattebox.language.lexicon import Lexicon
from mattebox.language.meanings import Ambiguity, ColourName, Meaning, Noun
from mattebox.language.places import CANVAS_CONCEPTS
from mattebox.language.tokens import Token, fold_word

PHRASE_LENGTHS = (2, 3)  # of phrases that mean something with a thing in them, such as "number plate"


def shorten_noun_phrases(text: str, tokens: Sequence[Token], lexicon: Lexicon) -> list[Token]:
    """The tokens without what only describes a thing behind it; colours only behind an article."""
    words = [_read(token, lexicon) for token in tokens]
    gone: set[int] = set()
    for head, word in enumerate(words):
        if word in lexicon.subjects and not _describes_next(words, head, lexicon):
            gone |= _find_attributes(text, tokens, words, head, lexicon)
    return [token for index, token in enumerate(tokens) if index not in gone]


def _read(token: Token, lexicon: Lexicon) -> str:
    """The word of a token, without likely typing errors; "" for other tokens."""
    word = fold_word(token.text) if token.kind == "word" else ""
    return word if not word or lexicon.is_known(word) else lexicon.correct(word) or word


def _describes_next(words: Sequence[str], index: int, lexicon: Lexicon) -> bool:
    """Whether a thing stands before another noun: "product background", "tail light"."""
    after = words[index + 1] if index + 1 < len(words) else ""
    meanings = lexicon.meanings.get((after,), ())
    return after in lexicon.subjects or any(isinstance(m, Noun) and m.name in CANVAS_CONCEPTS for m in meanings)


def _find_attributes(text: str, tokens: Sequence[Token], words: Sequence[str], head: int, lexicon: Lexicon) -> set[int]:
    """The places of the words directly before a thing that only describe it."""
    first = head
    while first > 0 and _touches(text, tokens, first) and _describes(words[first - 1], lexicon):
        first -= 1
    while first < head and _is_phrase(words, first, head, lexicon):
        first += 1
    has_article = first > 0 and words[first - 1] in lexicon.places.determiners
    while first < head and not has_article and _is_colour(words[first], lexicon):
        first += 1
    return set(range(first, head))


def _touches(text: str, tokens: Sequence[Token], index: int) -> bool:
    """Whether nothing but a space or hyphen stands before a token."""
    return not text[tokens[index - 1].end : tokens[index].start].strip(" -")


def _describes(word: str, lexicon: Lexicon) -> bool:
    meanings = lexicon.meanings.get((word,), ())
    if word in lexicon.places.attributes or (word in lexicon.subjects and not meanings):
        return True
    return _is_colour(word, lexicon) or (bool(meanings) and all(map(_is_vague, meanings)))


def _is_vague(meaning: Meaning) -> bool:
    return isinstance(meaning, Ambiguity)


def _is_colour(word: str, lexicon: Lexicon) -> bool:
    meanings = lexicon.meanings.get((word,), ())
    return bool(meanings) and isinstance(meanings[0], ColourName)


def _is_phrase(words: Sequence[str], first: int, head: int, lexicon: Lexicon) -> bool:
    """Whether words up to the thing mean something together that would be lost."""
    starts = (head + 1 - length for length in PHRASE_LENGTHS if head + 1 - length <= first < head)
    phrases = (tuple(words[start : head + 1]) for start in starts if start >= 0)
    return any(phrase in lexicon.meanings or phrase in lexicon.whole_phrases for phrase in phrases)
