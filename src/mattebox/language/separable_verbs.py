"""Verbs whose parts stand apart: German "stell die Lampe frei", English "cut the old lamp out"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mattebox.language.lexicon import Lexicon
from mattebox.language.meanings import Break
from mattebox.language.tokens import Token, fold_word

VERB_ENDINGS = ("est", "st", "et", "t", "e", "")  # of German verbs in front of a clause
INFINITIVE_ENDINGS = ("en", "n")


def join_separable_verbs(tokens: Sequence[Token], lexicon: Lexicon) -> list[Token]:
    """The tokens, with the last word of a clause back at the verb that it belongs to, where the two are known."""
    return [token for clause in split_at_breaks(tokens, lexicon) for token in _join_verb(clause, lexicon)]


def split_at_breaks(tokens: Sequence[Token], lexicon: Lexicon) -> Iterator[list[Token]]:
    """The tokens between commas, full stops and conjunctions, which stay at the ends."""
    clause: list[Token] = []
    for token in tokens:
        clause.append(token)
        meanings = lexicon.meanings.get((fold_word(token.text),), ()) if token.kind == "word" else ()
        if token.kind == "separator" or any(isinstance(m, Break) for m in meanings):
            yield clause
            clause = []
    if clause:
        yield clause


def _join_verb(clause: list[Token], lexicon: Lexicon) -> list[Token]:
    words = [index for index, token in enumerate(clause) if token.kind == "word"]
    ends_open = bool(words) and words[-1] != len(clause) - 1  # a break stands behind the last word
    last = words[-2] if ends_open and clause[-1].kind == "word" and len(words) > 1 else words[-1] if words else 0
    particle = fold_word(clause[last].text) if words else ""
    if particle not in lexicon.verb_particles:
        return clause
    for index in words:
        if index >= last:
            break
        joined = _find_joined(fold_word(clause[index].text), particle, lexicon)
        if joined is None:
            continue
        verb = clause[index]
        parts = [Token("word", word, verb.start, verb.end) for word in joined]
        return [*clause[:index], *parts, *clause[index + 1 : last], *clause[last + 1 :]]
    return clause


def _find_joined(verb: str, particle: str, lexicon: Lexicon) -> tuple[str, ...] | None:
    """The known words that a verb and its particle are together, such as ("freistellen",) or ("cut", "out")."""
    for infinitive in _infinitives(verb, lexicon):
        if particle + infinitive in lexicon.known_words:
            return (particle + infinitive,)
    return (verb, particle) if lexicon.find_phrase((verb, particle)) else None


def _infinitives(verb: str, lexicon: Lexicon) -> Iterator[str]:
    """What a German verb in front of a clause may be the form of."""
    irregular = lexicon.vocabulary.irregular_verbs.get(verb)
    if irregular is not None:
        yield fold_word(irregular)
    for ending in VERB_ENDINGS:
        stem = verb.removesuffix(ending)
        if verb.endswith(ending) and len(stem) > 1:
            yield from (stem + infinitive for infinitive in INFINITIVE_ENDINGS)
