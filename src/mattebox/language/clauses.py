"""Clauses: the words of a request between commas, full stops and conjunctions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from mattebox.language.anchors import Anchor, accepts, choose_noun
from mattebox.language.meanings import Adjective, Break, ColourName, Degree, Noun, Word


@dataclass(frozen=True)
class Clause:
    """Words between breaks, of which the first is the `start`th of the request.

    `is_joined` if only a conjunction stands before them, `is_contrasted` if it is one such as "but";
    `begins_sentence` at the start and after a full stop; it `corrects` what was said before if "no wait" or the
    like stands before it.
    """

    words: tuple[Word, ...]
    start: int = 0
    is_joined: bool = False
    is_contrasted: bool = False
    begins_sentence: bool = True
    corrects: bool = False


def split_clauses(words: Sequence[Word]) -> list[Clause]:
    """The words between breaks; adjectives before a break belong to the noun behind it ("a dark, hard shadow")."""
    clauses: list[Clause] = []
    for clause in _split_at_breaks(words):
        last = clauses[-1] if clauses else None
        if last is not None and not (clause.begins_sentence or clause.corrects) and _are_adjectives_of(last, clause):
            clauses[-1] = replace(last, words=(*last.words, *clause.words))
        else:
            clauses.append(clause)
    return clauses


def _split_at_breaks(words: Sequence[Word]) -> Iterator[Clause]:
    clause: list[Word] = []
    start, is_joined, is_contrasted, begins_sentence, corrects = 0, False, False, True, False
    for index, word in enumerate(words):
        end = word.find(Break)
        if not isinstance(end, Break):
            clause.append(word)
            continue
        if clause:
            yield Clause(tuple(clause), start, is_joined, is_contrasted, begins_sentence, corrects)
            begins_sentence = is_contrasted = corrects = False
        clause, start, is_joined = [], index + 1, not end.is_hard
        is_contrasted = is_contrasted or end.is_adversative
        begins_sentence = begins_sentence or end.ends_sentence
        corrects = corrects or end.corrects
    if clause:
        yield Clause(tuple(clause), start, is_joined, is_contrasted, begins_sentence, corrects)


def _stands_in_colour(noun: Anchor) -> bool:
    """Whether a colour before a comma is likelier the noun's than the background's: not of "white, soft shadow"."""
    return isinstance(noun.meaning, Noun) and noun.meaning.concept.colour in ("background", "outline_colour")


def _are_adjectives_of(first: Clause, second: Clause) -> bool:
    """Whether all of a clause can belong to the noun of the next, behind the adjectives of that."""
    kinds = (Adjective, ColourName, Degree)
    if not all(word.find(*kinds) for word in first.words) or first.words[0].find(Degree):
        return False
    index = next((i for i, word in enumerate(second.words) if word.find(Noun)), 0)
    if not index or not all(word.find(*kinds) for word in second.words[:index]):
        return False
    noun = Anchor(choose_noun(second.words[index], first.words), [])
    if all(word.find(ColourName) for word in first.words) and not _stands_in_colour(noun):
        return False
    return all(any(accepts(noun, m) for m in word.meanings) for word in first.words)
