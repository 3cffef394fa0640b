"""Statements with a verb that no vocabulary has: "the horizon slopes", German "die Schatten saufen ab".

A clause that begins with a thing and says what it does asks for nothing; what shall be done stands first, or last.
"""

from __future__ import annotations

from collections.abc import Sequence

from mattebox.language.lexicon import Lexicon
from mattebox.language.meanings import Adjective, ColourName, Degree, Direction, Gradation, Negation, Phrase
from mattebox.language.tokens import Token, fold_word


def states_unknown(tokens: Sequence[Token], lexicon: Lexicon) -> bool:
    """Whether a clause says what a thing does, with a verb that is not known: "the horizon slopes"."""
    words = [fold_word(token.text) if token.kind == "word" else "" for token in tokens]
    endings = tuple(lexicon.vocabulary.finite_endings)
    if not endings or not lexicon.places.commands.isdisjoint(words) or not lexicon.doings.isdisjoint(words):
        return False
    begins = words[0] in lexicon.places.determiners or (
        lexicon.vocabulary.capital_nouns and _is_thing(tokens[0], lexicon)
    )
    inner = tuple(lexicon.vocabulary.finite_inner_endings)
    verbs = [
        i
        for i, word in enumerate(words)
        if (word.endswith(endings) or (inner and i + 1 < len(words) and word.endswith(inner)))
        and tokens[i].text.islower()
        and not lexicon.is_known(word)
    ]
    return begins and any(i > 0 and _is_thing(tokens[i - 1], lexicon) for i in verbs)


def _is_thing(token: Token, lexicon: Lexicon) -> bool:
    """Whether a word can be a noun that a statement is about: unknown, or only named."""
    word = fold_word(token.text)
    if lexicon.vocabulary.capital_nouns and not token.text[:1].isupper():
        return False
    if token.kind != "word" or word in lexicon.fillers - lexicon.subjects:
        return False
    kinds = (Adjective, ColourName, Gradation, Direction, Negation, Phrase, Degree)
    return not any(isinstance(m, kinds) for m in lexicon.meanings.get((word,), ())[:1])
