"""Missing and wrong spaces: "whitebackground", "back ground", "frei stellen", German "Hintergrundentfernung"."""

from __future__ import annotations

from collections.abc import Sequence

from mattebox.language.lexicon import Lexicon
from mattebox.language.meanings import Degree, Gradation
from mattebox.language.tokens import Token, fold_word

MIN_PART_LENGTH = 3  # letters of a part of a word that has lost a space
MIN_JOINED_LENGTH = 7  # letters of a word that is split


def mend_boundaries(tokens: Sequence[Token], lexicon: Lexicon) -> list[Token]:
    """The tokens, with unknown words of two known ones split, and neighbours that only together are known joined."""
    mended: list[Token] = []
    for token in tokens:
        before = mended[-1] if mended else None
        if before is not None and _belong_together(before, token, lexicon):
            mended[-1] = Token("word", before.text + token.text, before.start, token.end)
        else:
            mended.append(token)
    return [part for token in mended for part in _split_token(token, lexicon)]


def drop_repeated(tokens: Sequence[Token]) -> list[Token]:
    """The tokens without words that are said again directly behind a comma: "way, way too dark"."""
    gone: set[int] = set()
    for index in range(1, len(tokens) - 1):
        before, token, after = tokens[index - 1 : index + 2]
        are_words = before.kind == after.kind == "word" and token.kind == "separator" and token.text == ","
        if are_words and fold_word(before.text) == fold_word(after.text):
            gone |= {index, index + 1}
    return [token for index, token in enumerate(tokens) if index not in gone]


def mend_excess(tokens: Sequence[Token], lexicon: Lexicon) -> list[Token]:
    """The tokens, with words that are often written for those before too much of something: "its to bright"."""
    errors = lexicon.vocabulary.excess_errors
    mended: list[Token] = []
    for index, token in enumerate(tokens):
        meant = errors.get(fold_word(token.text), "")
        before = fold_word(tokens[index - 1].text) if index else ""
        after = fold_word(tokens[index + 1].text) if index + 1 < len(tokens) else ""
        states = before in lexicon.places.facts or any(isinstance(m, Degree) for m in lexicon.find_phrase((before,)))
        is_excess = any(isinstance(m, Gradation) for m in lexicon.find_phrase((meant, after)))
        mended.append(token._replace(text=meant) if meant and states and is_excess else token)
    return mended


def _belong_together(first: Token, second: Token, lexicon: Lexicon) -> bool:
    """Whether two tokens are one word: at least one is unknown, and the two together are known."""
    if first.kind != "word" or second.kind != "word":
        return False
    words = fold_word(first.text), fold_word(second.text)
    if all(map(lexicon.is_known, words)):
        return False
    return "".join(words) in lexicon.known_words or lexicon.find_inflected("".join(words)) is not None


def _split_token(token: Token, lexicon: Lexicon) -> list[Token]:
    """The two known words that an unknown one is, or the token."""
    word = fold_word(token.text)
    if token.kind != "word" or len(word) != len(token.text) + _count_umlauts(token.text) or lexicon.is_known(word):
        return [token]
    cut = None if lexicon.correct(word) is not None else _find_cut(token.text, lexicon)
    if cut is None:
        return [token]
    end, start = cut
    return [
        Token("word", token.text[:end], token.start, token.start + end),
        Token("word", token.text[start:], token.start + start, token.end),
    ]


def _count_umlauts(text: str) -> int:
    return sum(c in "äöüßÄÖÜ" for c in text)


def _find_cut(text: str, lexicon: Lexicon) -> tuple[int, int] | None:
    """Where the first part of a word ends and the second begins; the longest first part that leaves a telling word."""
    if len(text) < MIN_JOINED_LENGTH:
        return None
    for end in range(len(text) - MIN_PART_LENGTH, MIN_PART_LENGTH - 1, -1):
        first = fold_word(text[:end])
        if not lexicon.is_front(first):
            continue
        for link in ("", *lexicon.vocabulary.links):
            rest = text[end:]
            if rest.lower().startswith(link) and lexicon.is_back(fold_word(rest[len(link) :])):
                return end, end + len(link)
    return None
