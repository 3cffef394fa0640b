"""Anchors: the nouns, graded words and whole phrases of a request, and which other words can belong to them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from mattebox.language.meanings import (
    Adjective,
    Area,
    ColourName,
    Complete,
    Degree,
    Direction,
    Gradation,
    Meaning,
    Negation,
    Noun,
    Number,
    PathText,
    Phrase,
    Rescaling,
    Word,
)
from mattebox.recipe.flat_parameters import parameters_by_name

SUBJECT = "subject"  # the area of its nouns
MODIFIERS = (Adjective, ColourName, Number, PathText, Degree, Direction, Area, Negation, Rescaling, Complete)
Modifier: TypeAlias = (
    Adjective | ColourName | Number | PathText | Degree | Direction | Area | Negation | Rescaling | Complete
)


@dataclass
class Anchor:
    """A noun, graded word or phrase of a clause at its `positions`, with the words that modify it.

    `order` has the place of each modifier in the request, and its kind; one that `corrects` takes the place of what
    was said before.
    """

    meaning: Noun | Gradation | Phrase | None
    words: list[tuple[int, str]]
    modifiers: list[Modifier] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    order: list[tuple[int, type]] = field(default_factory=list)
    corrects: bool = False

    @property
    def text(self) -> str:
        """Its words in the order of the request."""
        return " ".join(text for _, text in sorted(self.words))

    @property
    def is_negated(self) -> bool:
        return any(isinstance(m, Negation) for m in self.modifiers)

    @property
    def negates_adjective(self) -> bool:
        """Whether a word for no stands between the noun and its adjective: "the shadow should not be dark"."""
        noun = min((index for index, _ in self.words), default=0)
        said = [index for index, kind in self.order if kind is Negation and index > noun]
        return any(index > min(said, default=index) for index, kind in self.order if kind is Adjective)

    @property
    def direction(self) -> int:
        """More (1) or less (-1); 0 where neither is said."""
        signs = self.signs
        if isinstance(self.meaning, Gradation):
            signs.append(self.meaning.direction)
        return math.prod(signs) if signs else 0

    @property
    def signs(self) -> list[int]:
        """Those of its words for more and less; of weak ones only where there are no others."""
        found = [m for m in self.modifiers if isinstance(m, Direction)]
        is_graded = isinstance(self.meaning, Gradation)
        strong = [m.sign for m in found if not m.is_weak]
        return strong if strong or is_graded else [m.sign for m in found]

    def find(self, *kinds: type) -> list[Modifier]:
        """Its modifiers of these kinds."""
        return [m for m in self.modifiers if isinstance(m, kinds)]


def accepts(anchor: Anchor, modifier: Meaning) -> bool:
    """Whether a modifier can belong to an anchor."""
    meaning = anchor.meaning
    if isinstance(modifier, Negation | Complete):
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
        if modifier.is_quoted and not _is_file(modifier.path):
            return bool(concept.quoted)
        return bool(concept.path) or (modifier.is_quoted and bool(concept.quoted))
    if isinstance(modifier, Number):
        is_share = not modifier.unit and 0 < modifier.value <= 1 and "%" in concept.measures
        return (
            is_share
            or modifier.unit in concept.measures
            or (concept.grade is not None and _fits_grade(modifier.unit, concept.grade.unit))
        )
    if isinstance(modifier, Direction):
        return concept.grade is not None or bool(concept.more if modifier.sign > 0 else concept.less)
    return isinstance(modifier, Degree) and (concept.grade is not None or bool(concept.adjectives))


def _is_file(text: str) -> bool:
    """Whether a text in quotation marks may be a path."""
    return "." in text or "/" in text or "\\" in text


def _fits_grade(unit: str, grade_unit: str) -> bool:
    return unit in ("", grade_unit) or (unit in ("%", "x") and grade_unit == "stop")


def choose_noun(word: Word, clause: Sequence[Word]) -> Noun | None:
    """The noun that a word is; of several concepts of that name the one that takes most of the clause's words."""
    nouns = [m for m in word.meanings if isinstance(m, Noun)]
    if word.find(Area) and not isinstance(word.meanings[0], Noun):  # "only the background" where nothing describes it
        nouns = [noun for noun in nouns if _is_described(noun, word, clause)]
    is_signed = any(isinstance(m, Number) and m.is_signed for w in clause for m in w.meanings)  # "shadows +18 %"

    def rank(noun: Noun) -> tuple[bool, int]:
        return is_signed and noun.concept.grade is not None, count_modifiers(noun, word, clause)

    return max(nouns, key=rank, default=None)


def _is_described(noun: Noun, word: Word, clause: Sequence[Word]) -> bool:
    """Whether the clause says what a noun should be like."""
    meanings = [m for w in clause if w is not word for m in w.meanings if isinstance(m, Adjective | ColourName)]
    return any(accepts(Anchor(noun, []), meaning) for meaning in meanings)


def count_modifiers(noun: Noun, word: Word, clause: Sequence[Word]) -> int:
    """How many other words of the clause can belong to a noun."""
    anchor = Anchor(noun, [])
    pairs = zip([None, *clause], clause, strict=False)
    others = [w for before, w in pairs if w is not word and not _is_on_ground(before, w)]
    return sum(any(accepts(anchor, m) for m in w.meanings if not isinstance(m, Negation)) for w in others)


def _is_on_ground(before: Word | None, word: Word) -> bool:
    """Whether a colour stands behind "on", and so is the background's."""
    noun = before.find(Noun) if before is not None else None
    return isinstance(noun, Noun) and noun.is_optional and word.find(ColourName) is not None


def takes_several_colours(anchor: Anchor) -> bool:
    return isinstance(anchor.meaning, Noun) and bool(anchor.meaning.concept.colour_list)


def is_limitable(anchor: Anchor) -> bool:
    """Whether what an anchor changes can be limited to an area."""
    meaning = anchor.meaning
    if isinstance(meaning, Phrase):
        steps = {parameters_by_name()[name].step for name in meaning.values if name in parameters_by_name()}
        return any("only" in step.__struct_fields__ for step in steps)
    return meaning is not None and bool(meaning.concept.only)


def is_bare_subject(anchor: Anchor) -> bool:
    """Whether an anchor only names what is photographed."""
    meaning = anchor.meaning
    return isinstance(meaning, Noun) and meaning.concept.area == SUBJECT and not anchor.modifiers


def paints(anchor: Anchor, noun: Noun) -> bool:
    """Whether an anchor sets what a noun is called, as a gradient sets the background."""
    meaning = anchor.meaning
    is_list = not isinstance(meaning, Phrase) and meaning is not None and bool(meaning.concept.colour_list)
    return is_list and meaning.concept.colour_list.partition(" ")[0] == noun.concept.colour  # type: ignore[union-attr]
