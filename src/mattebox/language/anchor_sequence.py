"""Anchors of all clauses of a request: what a clause leaves unsaid goes on from the one before it."""

from __future__ import annotations

from collections.abc import Sequence

from mattebox.language.anchor_search import find_anchors
from mattebox.language.anchors import Anchor, is_bare_subject, is_limitable
from mattebox.language.clauses import Clause, split_clauses
from mattebox.language.lexicon import Lexicon
from mattebox.language.meanings import (
    Adjective,
    Area,
    Degree,
    Direction,
    Gradation,
    Negation,
    Noun,
    Number,
    Phrase,
    Word,
)
from mattebox.language.self_corrections import correct_anchors
from mattebox.language.tokens import fold_word, split_tokens

HIDE = "hide"  # parameter
HIDDEN = "hidden_"  # begins the names of concepts of what is made unrecognisable


def find_all_anchors(words: Sequence[Word], lexicon: Lexicon, text: str) -> list[Anchor]:
    """The anchors of all clauses of a text, in order."""
    anchors: list[Anchor] = []
    introduced: list[Anchor] = []  # "this is our new lamp."
    was_negated = False
    clauses = split_clauses(words)
    for clause, after in zip(clauses, [*clauses[1:], None], strict=False):
        found = find_anchors(clause, lexicon, anchors[-1] if anchors and not clause.corrects else None)
        if clause.corrects:
            anchors += correct_anchors(found, anchors)
            continue
        if clause.is_joined and was_negated and not clause.is_contrasted:  # "remove noise and artefacts"
            found = [_negate_bare_noun(anchor, lexicon) for anchor in found]
        if anchors and not (after is not None and _is_negation(after)):
            found = _continue_last(found, anchors[-1], clause, lexicon, text)
        if len(found) == 1 and clause.begins_sentence and is_bare_subject(found[0]):
            introduced += found
            continue
        if anchors and len(found) == 1 and _negates_last(found[0], anchors[-1]):
            anchors[-1].modifiers.append(Negation())
            found = []
        was_negated = any(anchor.is_negated or lexicon.begins_negated(anchor.text) for anchor in found)
        anchors += found
    return _drop_unhidden(anchors) or introduced


def _continue_last(found: Sequence[Anchor], last: Anchor, clause: Clause, lexicon: Lexicon, text: str) -> list[Anchor]:
    """The anchors of a clause, with what is said only of the one before it: "more sharpness and contrast"."""
    if clause.is_joined:
        found = [_continue_direction(anchor, last, lexicon) for anchor in found]
    if clause.is_joined and not clause.is_contrasted and len(found) == 1:
        found = [_continue_area(anchor, last, lexicon, text) for anchor in found]
    is_short = len(found) == 1 and (clause.is_joined or _says_too_little(found[0]))
    return [_continue_hiding(_continue_adjectives(anchor, last), last) if is_short else anchor for anchor in found]


def _continue_area(anchor: Anchor, last: Anchor, lexicon: Lexicon, text: str) -> Anchor:
    """The anchor, limited as the last one is if it is only a graded word: "the background darker and less yellow"."""
    meaning = anchor.meaning
    areas = last.find(Area)
    words = set(map(fold_word, anchor.text.split()))
    is_plain = isinstance(meaning, Gradation) and is_limitable(last) and not _names_picture(anchor, last, lexicon, text)
    names_itself = isinstance(meaning, Gradation) and not words.isdisjoint(map(fold_word, meaning.concept.nouns))
    if is_plain and not names_itself and areas and not anchor.find(Area) and is_limitable(anchor):
        anchor.modifiers += areas[:1]
    return anchor


def _names_picture(anchor: Anchor, last: Anchor, lexicon: Lexicon, text: str) -> bool:
    """Whether the picture is named from an anchor on: "brighten the dog and make the picture warmer"."""
    start = text.find(last.words[-1][1]) if last.words else 0
    end = text.find(anchor.text, start)
    between = text[max(start, 0) : end + len(anchor.text) if end >= 0 else None]
    return not lexicon.places.picture_words.isdisjoint(fold_word(token.text) for token in split_tokens(between))


def _is_negation(clause: Clause) -> bool:
    """Whether a clause is only a word for no, of what stands before it: "the plates, however, not"."""
    return all(isinstance(word.meanings[0], Negation) for word in clause.words)


def _says_too_little(anchor: Anchor) -> bool:
    """Whether an anchor is a noun that says nothing alone: "the plates too", behind "pixelate the faces"."""
    noun = anchor.meaning
    if not isinstance(noun, Noun) or noun.is_optional or anchor.modifiers:
        return False
    concept = noun.concept
    return not (concept.on or concept.implied or concept.grade or concept.area or concept.choices)


def _negates_last(anchor: Anchor, last: Anchor) -> bool:
    """Whether an anchor only says that what the last one names should go: "it has a blue cast, that should go"."""
    noun = last.meaning
    is_bare = all(isinstance(m, Area) for m in last.modifiers)
    return _only_negates(anchor) and is_bare and isinstance(noun, Noun) and noun.concept.off is not None


def _drop_unhidden(anchors: Sequence[Anchor]) -> list[Anchor]:
    """The anchors without what stays recognisable beside what does not: "pixelate the faces but not the plates"."""
    nouns = [a for a in anchors if isinstance(a.meaning, Noun) and a.meaning.name.startswith(HIDDEN)]
    phrases = [a for a in anchors if isinstance(a.meaning, Phrase) and HIDE in a.meaning.values]
    kept = [a for a in nouns if a.modifiers and all(isinstance(m, Negation) for m in a.modifiers)]
    return [anchor for anchor in anchors if anchor not in kept or len(kept) == len(nouns) + len(phrases)]


def _continue_direction(anchor: Anchor, last: Anchor, lexicon: Lexicon) -> Anchor:
    """The anchor, changed as the last one is if it is only a noun that is graded as that is."""
    meaning = anchor.meaning
    is_bare = isinstance(meaning, Noun) and meaning.concept.grade is not None and not anchor.modifiers
    if is_bare and lexicon.is_bare_noun(anchor.text) and lexicon.says_direction(last.text) and not last.find(Number):
        anchor.modifiers += [Direction(last.direction), *last.find(Degree)]
    return anchor


def _only_negates(anchor: Anchor) -> bool:
    return anchor.meaning is None and all(isinstance(m, Negation) for m in anchor.modifiers)


def _continue_adjectives(anchor: Anchor, last: Anchor) -> Anchor:
    """The anchor, described as the last one is if it is only a noun: "blur faces and plates"."""
    meaning = anchor.meaning
    described = [m for m in last.find(Adjective) if isinstance(m, Adjective)]
    if isinstance(meaning, Noun) and not anchor.modifiers and isinstance(last.meaning, Noun):
        anchor.modifiers += [m for m in described if {meaning.name, last.meaning.name} <= set(m.values)][:1]
    return anchor


def _continue_hiding(anchor: Anchor, last: Anchor) -> Anchor:
    """The anchor, hidden as the last one is if it only names what can be: "pixelate the faces, the plates too"."""
    noun = anchor.meaning
    names_hidden = isinstance(noun, Noun) and noun.name.startswith(HIDDEN) and not anchor.modifiers
    if not (names_hidden and isinstance(last.meaning, Phrase) and HIDE in last.meaning.values):
        return anchor
    assert isinstance(noun, Noun)
    values = {**last.meaning.values, **(noun.concept.off or {})}
    return Anchor(Phrase(values), anchor.words, positions=anchor.positions)


def _negate_bare_noun(anchor: Anchor, lexicon: Lexicon) -> Anchor:
    """The anchor, negated if it is only a noun that can be left out, with its article at most."""
    meaning = anchor.meaning
    is_bare = isinstance(meaning, Noun) and not anchor.modifiers and lexicon.is_bare_noun(anchor.text)
    if is_bare and isinstance(meaning, Noun) and meaning.concept.off is not None:
        anchor.modifiers.append(Negation())
    return anchor
