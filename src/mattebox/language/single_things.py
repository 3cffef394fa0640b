"""Requests for one of several things that do not say which: "cut out only one of the bottles"."""

from __future__ import annotations

from collections.abc import Sequence

from mattebox.language.errors import AmbiguousWords
from mattebox.language.lexicon import Lexicon
from mattebox.language.tokens import Token, fold_word

MAX_TEXT_LENGTH = 4  # words of the question's text


def require_which(tokens: Sequence[Token], lexicon: Lexicon) -> None:
    """AmbiguousWords for a request that wants one of several things, and leaves open which."""
    picks = lexicon.picks
    words = [fold_word(token.text) if token.kind == "word" else "" for token in tokens]
    for index, word in enumerate(words):
        start = max((i + 1 for i in range(index) if tokens[i].kind == "separator"), default=0)
        before = words[max(start, index - 1) : index]
        is_alone = not lexicon.restrictions.isdisjoint(before) and _ends(words, index + 1, lexicon)
        is_of = words[index + 1 : index + 2] != [] and words[index + 1] in lexicon.places.relations
        is_part = is_of and not (picks.cuttings | lexicon.places.commands).isdisjoint(before)
        if word in picks.ones and (is_alone or is_part):
            text = " ".join(token.text for token in tokens[index - 1 : index - 1 + MAX_TEXT_LENGTH])
            raise AmbiguousWords(text, lexicon.vocabulary.picks.one_question, lexicon.vocabulary.picks.one_choices)


def _ends(words: Sequence[str], index: int, lexicon: Lexicon) -> bool:
    """Whether nothing follows that says of what there is one."""
    while index < len(words) and words[index] in lexicon.places.courtesies:
        index += 1
    return index == len(words) or not words[index] or words[index] in lexicon.picks.one_ends
