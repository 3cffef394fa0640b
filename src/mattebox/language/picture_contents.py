"""What a request says a picture shows, which asks for nothing: "the car pic", "photo of my terrier", "Pizza: ..."."""

from __future__ import annotations

from collections.abc import Sequence

from mattebox.language.lexicon import Lexicon
from mattebox.language.tokens import Token, fold_word

MAX_ARTICLES = 3  # words between "photo of" and what it shows
PHRASE_LENGTHS = (2, 3)  # of phrases such as "product photo", which mean something together


def leave_out_contents(text: str, tokens: Sequence[Token], lexicon: Lexicon) -> list[Token]:
    """The tokens without known things that only say of what the picture is, so that no change is limited to them."""
    words = [fold_word(token.text) if token.kind == "word" else "" for token in tokens]
    gone: set[int] = set()
    for index, word in enumerate(words):
        if word in lexicon.places.picture_words:
            gone |= _find_before(words, index, lexicon) | _find_behind(words, index, lexicon)
    gone |= _find_topic(text, tokens, words, lexicon)
    kept = [token for index, token in enumerate(tokens) if index not in gone]
    return kept if any(token.kind != "separator" for token in kept) else list(tokens)


def _find_before(words: Sequence[str], index: int, lexicon: Lexicon) -> set[int]:
    """The subject directly before a word for a picture, where the two are no phrase."""
    if index == 0 or words[index - 1] not in lexicon.subjects:
        return set()
    starts = (index + 1 - length for length in PHRASE_LENGTHS if index + 1 >= length)
    phrases = [tuple(words[start : index + 1]) for start in starts]
    is_phrase = any(p in lexicon.meanings or p in lexicon.whole_phrases for p in phrases)
    return set() if is_phrase or (words[index - 1],) in lexicon.meanings else {index - 1}


def _find_behind(words: Sequence[str], index: int, lexicon: Lexicon) -> set[int]:
    """The words from "of" on up to the subject behind a word for a picture."""
    places = lexicon.places
    if index + 2 >= len(words) or words[index + 1] not in places.contents:
        return set()
    for last in range(index + 2, min(index + 2 + MAX_ARTICLES, len(words))):
        if words[last] in lexicon.subjects:
            return set(range(index + 1, last + 1))
        if words[last] not in places.determiners and words[last] not in places.attributes:
            break
    return set()


def _find_topic(text: str, tokens: Sequence[Token], words: Sequence[str], lexicon: Lexicon) -> set[int]:
    """The words before a colon that begin a request and only name what is photographed."""
    for index in range(len(tokens) - 1):
        is_small = words[index] in lexicon.subjects | lexicon.places.determiners | lexicon.places.attributes
        if not words[index] or not is_small:
            return set()
        if ":" in text[tokens[index].end : tokens[index + 1].start]:
            return set(range(index + 1)) if words[index] in lexicon.subjects else set()
    return set()
