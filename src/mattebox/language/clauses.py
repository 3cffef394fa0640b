"""Clauses: the words of a request between commas and conjunctions, and what in them belongs to what.

In a clause the anchors are its nouns, graded words and whole phrases; every other word modifies the anchor that can
take it. Where several can, it belongs to the next one after it, as adjectives stand before their noun; in clauses
that begin with a noun and end with a modifier ("background white, shadow soft") to the last one before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from mattebox.language.errors import AmbiguousWords, WordsNotUnderstood
from mattebox.language.meanings import (
    Adjective,
    Ambiguity,
    Area,
    Break,
    ColourName,
    Degree,
    Direction,
    Gradation,
    Meaning,
    Negation,
    Noun,
    Number,
    PathText,
    Phrase,
    Word,
)

MODIFIERS = (Adjective, ColourName, Number, PathText, Degree, Direction, Area, Negation)
Modifier: TypeAlias = Adjective | ColourName | Number | PathText | Degree | Direction | Area | Negation


@dataclass
class Anchor:
    """A noun, graded word or phrase of a clause at its `positions`, with the words that modify it."""

    meaning: Noun | Gradation | Phrase | None
    words: list[tuple[int, str]]
    modifiers: list[Modifier] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Its words in the order of the request."""
        return " ".join(text for _, text in sorted(self.words))

    @property
    def is_negated(self) -> bool:
        return any(isinstance(m, Negation) for m in self.modifiers)

    def find(self, *kinds: type) -> list[Modifier]:
        """Its modifiers of these kinds."""
        return [m for m in self.modifiers if isinstance(m, kinds)]


@dataclass(frozen=True)
class Clause:
    """Words between breaks; `is_joined` if only a conjunction stands before them."""

    words: tuple[Word, ...]
    is_joined: bool = False


def split_clauses(words: Sequence[Word]) -> Iterator[Clause]:
    """The words between breaks; adjectives before a conjunction belong to the clause behind it."""
    clause: list[Word] = []
    is_joined = False
    for word in words:
        end = word.find(Break)
        if not isinstance(end, Break):
            clause.append(word)
        elif clause and (end.is_hard or not _is_adjectives(clause)):
            yield Clause(tuple(clause), is_joined)
            clause, is_joined = [], not end.is_hard
    if clause:
        yield Clause(tuple(clause), is_joined)


def _is_adjectives(words: Sequence[Word]) -> bool:
    """Whether the words are adjectives of a noun that is still to come."""
    adjectives = [isinstance(m, Adjective) and not m.stands_alone for w in words for m in w.meanings[:1]]
    return any(adjectives) and all(isinstance(w.meanings[0], Adjective | ColourName | Degree | Negation) for w in words)


def find_anchors(clause: Clause) -> list[Anchor]:
    """The anchors of a clause with their modifiers; an anchor without a meaning holds those that nothing can take.

    Raises
    ------
    AmbiguousWords
        Words of the clause must be asked about.
    """
    anchors: dict[int, Anchor] = {}
    modifiers: list[tuple[int, Word]] = []
    chosen = {index: _choose_noun(word, clause.words) for index, word in enumerate(clause.words)}
    nouns = {index: noun for index, noun in chosen.items() if noun is not None}
    for index, word in enumerate(clause.words):
        meaning = _choose_anchor(word, nouns, clause.words)
        if meaning is not None:
            _add_anchor(anchors, index, word, meaning)
        else:
            modifiers.append((index, word))
    follows = bool(modifiers) and 0 in anchors and modifiers[-1][0] == len(clause.words) - 1
    rest = Anchor(None, [])
    for index, word in modifiers:
        anchor, modifier = _assign(index, word, anchors, follows)
        target = anchor or rest
        target.modifiers.append(modifier)
        target.words.append((index, word.text))
    found = [anchor for anchor in anchors.values() if not _says_nothing(anchor)]
    return [*found, *([rest] if rest.modifiers else [])]


def _says_nothing(anchor: Anchor) -> bool:
    return isinstance(anchor.meaning, Noun) and anchor.meaning.is_optional and len(anchor.words) == 1


def _choose_noun(word: Word, clause: Sequence[Word]) -> Noun | None:
    """The noun that a word is; of several concepts of that name the one that takes most of the clause's words."""
    nouns = [m for m in word.meanings if isinstance(m, Noun)]
    return max(nouns, key=lambda noun: _count_modifiers(noun, word, clause), default=None)


def _count_modifiers(noun: Noun, word: Word, clause: Sequence[Word]) -> int:
    """How many other words of the clause can belong to a noun."""
    anchor = Anchor(noun, [])
    others = [w for w in clause if w is not word]
    return sum(any(accepts(anchor, m) for m in w.meanings if not isinstance(m, Negation)) for w in others)


def _choose_anchor(word: Word, nouns: Mapping[int, Noun], clause: Sequence[Word]) -> Noun | Gradation | Phrase | None:
    """The meaning with which a word is an anchor; None for a modifier of another noun. AmbiguousWords."""
    others = [Anchor(noun, []) for index, noun in nouns.items() if clause[index] is not word]
    modifiers = [m for m in word.meanings if isinstance(m, Adjective | Direction)]
    if any(accepts(anchor, modifier) for anchor in others for modifier in modifiers):
        return None
    own = next((noun for index, noun in nouns.items() if clause[index] is word), None)
    ambiguity = word.find(Ambiguity)
    if own is not None and (not ambiguity or _count_modifiers(own, word, clause)):
        return own
    if isinstance(ambiguity, Ambiguity):
        raise AmbiguousWords(word.text, ambiguity.question.ask, ambiguity.question.choices)
    anchor = word.find(Gradation, Phrase)
    return anchor if isinstance(anchor, Gradation | Phrase) else None


def _add_anchor(anchors: dict[int, Anchor], index: int, word: Word, meaning: Noun | Gradation | Phrase) -> None:
    """Add an anchor, or the words to one of the same concept."""
    for anchor in anchors.values():
        if isinstance(meaning, Noun) and isinstance(anchor.meaning, Noun) and anchor.meaning.name == meaning.name:
            anchor.words.append((index, word.text))
            anchor.positions.append(index)
            return
    anchors[index] = Anchor(meaning, [(index, word.text)], positions=[index])


def _assign(index: int, word: Word, anchors: dict[int, Anchor], follows: bool) -> tuple[Anchor | None, Modifier]:
    """The anchor that takes a modifier, and in which of its meanings."""
    for meaning in word.meanings:
        if not isinstance(meaning, MODIFIERS):
            continue
        takers = {i: a for a in anchors.values() if accepts(a, meaning) for i in a.positions}
        if takers:
            after, before = sorted(i for i in takers if i > index), sorted(i for i in takers if i < index)
            nearest = (before[-1:] or after[:1]) if follows else (after[:1] or before[-1:])
            return takers[nearest[0]], meaning
    modifier = word.find(Degree, Direction) or word.find(*MODIFIERS)
    if modifier is None:
        raise WordsNotUnderstood(f'"{word.text}" is not understood here', "say what it belongs to; nothing was done")
    return None, modifier  # type: ignore[return-value]


def accepts(anchor: Anchor, modifier: Meaning) -> bool:
    """Whether a modifier can belong to an anchor."""
    meaning = anchor.meaning
    if isinstance(modifier, Negation):
        return True
    if isinstance(modifier, Area):
        return not isinstance(meaning, Noun) or meaning.concept.grade is not None or bool(meaning.concept.only)
    if meaning is None or isinstance(meaning, Phrase):
        return False
    concept = meaning.concept
    if isinstance(modifier, Adjective):
        return meaning.name in modifier.values
    if isinstance(modifier, ColourName):
        return bool(concept.colour or concept.colour_list)
    if isinstance(modifier, PathText):
        return bool(concept.path)
    if isinstance(modifier, Number):
        return modifier.unit in concept.measures or (
            concept.grade is not None and _fits_grade(modifier.unit, concept.grade.unit)
        )
    if isinstance(modifier, Direction):
        return concept.grade is not None or bool(concept.more if modifier.sign > 0 else concept.less)
    return isinstance(modifier, Degree) and (concept.grade is not None or bool(concept.adjectives))


def _fits_grade(unit: str, grade_unit: str) -> bool:
    return unit in ("", grade_unit) or (unit == "%" and grade_unit == "stop")
