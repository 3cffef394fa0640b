"""Replacement: what a request names only to say that something else is wanted ("white instead of grey")."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set

from mattebox.language.concepts import Concept
from mattebox.language.meanings import (
    Adjective,
    Ambiguity,
    Area,
    Break,
    ColourName,
    Contrast,
    Degree,
    Direction,
    Gradation,
    Meaning,
    Negation,
    Noun,
    Number,
    Phrase,
    Replaced,
    Word,
)
from mattebox.language.tokens import fold_word

KINDS = (ColourName, Adjective, Number, Gradation)  # what can be named as not wanted, without its noun

MAX_INTERJECTION_LENGTH = 4  # letters of "no" and the like inside a sentence


def drop_replaced(words: Sequence[Word]) -> list[Word]:
    """The words without those for what is not wanted, where the request says what is wanted in its place.

    "instead of X" drops X; "not X but Y" and "Y, not X" drop X if it is a colour, an adjective or a number. A noun
    stays where the dropped word was its adjective: "grey instead of a white background" is a grey one.
    """
    kept: list[Word] = []
    index = 0
    while index < len(words):
        if _is_interjection(words, index):
            index += 1
            continue
        count = _count_replaced(words, index) or _count_contrasted(words, index, kept)
        if not count:
            kept.append(words[index])
        index += count or 1
    return kept


def drop_praise(words: Sequence[Word], praises: frozenset[str], fillers: frozenset[str]) -> list[Word]:
    """The words without praise before something else: "a nice white background". By itself it must be asked about."""
    kept: list[Word] = []
    for word in reversed(words):
        describes = bool(kept) and not kept[-1].find(Break, Negation)
        plain = " ".join(w for w in map(fold_word, word.text.split()) if w not in fillers)
        if not (describes and word.find(Ambiguity) and plain in praises):
            kept.append(word)
    return kept[::-1]


def drop_explained(words: Sequence[Word], text: str, explanations: Sequence[str]) -> list[Word]:
    """The words without vague ones that the request itself explains: "make it stand out: darken the background"."""
    behind = "|".join(re.escape(word) for word in explanations)
    kept: list[Word] = []
    for index, word in enumerate(words):
        form = rf"{re.escape(word.text)}[^,.;:!?]{{0,24}}(?::|[,;]?\s+(?:{behind})\b)"
        follows = index + 1 < len(words) and bool(explanations)
        if not (follows and isinstance(word.meanings[0], Ambiguity) and re.search(form, text, re.IGNORECASE)):
            kept.append(word)
    return kept


def grade_questions(words: Sequence[Word], concepts: Mapping[str, Concept]) -> list[Word]:
    """The words, with a question beside a word of degree as what it then means: a "slightly darker background"."""
    graded: list[Word] = []
    for word, before, after in zip(words, [None, *words], [*words[1:], None], strict=False):
        ambiguity = word.find(Ambiguity)
        rule = _find_rule(ambiguity, [near for near in (before, after) if near is not None])
        if rule:
            name, sign, *areas = rule.split()
            graded.append(Word(word.text, (Gradation(name, concepts[name], int(sign)),)))
            graded += [Word(word.text, (Area(area),)) for area in areas]
        else:
            graded.append(word)
    return graded


def _find_rule(ambiguity: Meaning | None, near: Sequence[Word]) -> str:
    """What a question means beside these words; "" where it must be asked."""
    if not isinstance(ambiguity, Ambiguity):
        return ""
    if any(isinstance(word.meanings[0], Direction) for word in near) and ambiguity.question.directed:
        return ambiguity.question.directed
    return ambiguity.question.graded if any(word.find(Degree, Number) for word in near) else ""


def drop_answered(words: Sequence[Word]) -> list[Word]:
    """The words without questions that the request itself answers; a noun answers only if something is to be changed.

    What is described by the word asked about keeps it: a "dark" shadow.
    """
    is_change = any(word.find(Direction, Number) for word in words)
    named = {m.name for word in words for m in word.meanings if isinstance(m, Gradation)}
    nouns = [m for word in words for m in word.meanings if isinstance(m, Noun)]
    named |= {noun.name for noun in nouns if is_change or noun.concept.grade is None}
    named |= {name for word in words for m in word.meanings[:1] if isinstance(m, Phrase) for name in m.values}
    firsts = [word.meanings[0] for word in words]
    named |= {name for m in firsts if isinstance(m, Adjective) for name in m.alone.split()}
    answered: list[Word] = []
    for word, after in zip(words, [*words[1:], None], strict=False):
        if not _is_answered(word.find(Ambiguity), named):
            answered.append(word)
        elif _describes(word, after) or _is_named(word, named):
            answered.append(Word(word.text, tuple(m for m in word.meanings if not isinstance(m, Ambiguity))))
    return answered


def _describes(word: Word, after: Word | None) -> bool:
    adjective, noun = word.find(Adjective), after.find(Noun) if after is not None else None
    return isinstance(adjective, Adjective) and isinstance(noun, Noun) and noun.name in adjective.values


def _is_named(word: Word, named: Set[str]) -> bool:
    """Whether a word is a noun, graded, or an adjective of what the request names: "make the plate unreadable"."""
    adjective = word.find(Adjective)
    return word.find(Noun, Gradation) is not None or (
        isinstance(adjective, Adjective) and not named.isdisjoint(adjective.values)
    )


def _is_answered(ambiguity: Meaning | None, named: Set[str]) -> bool:
    return isinstance(ambiguity, Ambiguity) and not named.isdisjoint(ambiguity.question.answered_by)


def join_attributes(words: Sequence[Word], subjects: Sequence[str], text: str) -> list[Word]:
    """The words, with each colour and the subject behind it as one: a "red mug" is a mug.

    Not before another noun, nor apart from it: of a "white product background" the background is white.
    """
    joined: list[Word] = []
    plain = " ".join(text.split())
    for index, word in enumerate(words):
        follows_colour = bool(joined) and f"{joined[-1].text} {word.text}" in plain
        follows_colour = follows_colour and joined[-1].meanings[:1] != () and _is_only(joined[-1], ColourName)
        before_noun = index + 1 < len(words) and words[index + 1].find(Noun) is not None
        if word.text in subjects and follows_colour and not before_noun:
            joined[-1] = Word(f"{joined[-1].text} {word.text}", word.meanings)
        else:
            joined.append(word)
    return joined


def _is_interjection(words: Sequence[Word], index: int) -> bool:
    """Whether a word for no stands for itself: "no, a bit less"."""
    before = words[index - 1].find(Break) if index else Break(is_hard=True, ends_sentence=True)
    is_short = len(words[index].text) <= MAX_INTERJECTION_LENGTH  # not "noise - remove it"
    begins = isinstance(before, Break) and (before.ends_sentence or is_short)
    ends = index + 1 < len(words) and words[index + 1].find(Break) is not None
    return begins and ends and isinstance(words[index].meanings[0], Negation)


def _is_only(word: Word, kind: type) -> bool:
    return all(isinstance(meaning, kind) for meaning in word.meanings)


def _count_replaced(words: Sequence[Word], index: int) -> int:
    """How many words "instead of X" has at this place; 0 for none."""
    if not words[index].find(Replaced) or index + 1 == len(words) or words[index + 1].find(Break):
        return 0
    return 2


def _count_contrasted(words: Sequence[Word], index: int, before: Sequence[Word]) -> int:
    """How many words "not X but" or ", not X" has at this place; 0 where nothing stands in the place of X."""
    if not words[index].find(Negation) or index + 1 == len(words) or not words[index + 1].find(*KINDS):
        return 0
    kind = next(kind for kind in KINDS if words[index + 1].find(kind))
    end = index + 2
    while end < len(words) and words[end].find(Break) and not words[end].find(Contrast):
        end += 1
    if end < len(words) and words[end].find(Contrast) and any(w.find(kind) for w in words[end + 1 : end + 3]):
        return end - index  # the word "but" stays as a break
    ends_clause = index + 2 == len(words) or words[index + 2].find(Break) is not None
    return 2 if ends_clause and _is_named_before(kind, before) else 0


def _is_named_before(kind: type, before: Sequence[Word]) -> bool:
    """Whether something of that kind was said directly before a break: "white, not grey"."""
    said = [word for word in before if not word.find(Break)]
    return bool(said) and said[-1].find(kind, Noun) is not None and any(word.find(kind) for word in said[-2:])
