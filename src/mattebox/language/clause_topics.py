"""What a clause is about: what it sets or complains about, as families of steps that answer each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from types import MappingProxyType
from typing import TypeAlias

from mattebox.errors import MatteboxError
from mattebox.language.lexicon import Lexicon
from mattebox.language.meanings import (
    Adjective,
    Ambiguity,
    ColourName,
    Gradation,
    Noun,
    NumberWord,
    Phrase,
    Unsupported,
)
from mattebox.language.phrase_tables import FoldedWords
from mattebox.language.places import CANVAS_CONCEPTS
from mattebox.language.redundant_anchors import FAULTS
from mattebox.language.settings import CUT, PRESET
from mattebox.language.tokens import Token, fold_word
from mattebox.recipe.flat_parameters import parameters_by_name

MAX_PHRASE_LENGTH = 4  # words of a clause that are looked up together
ASKING_TOKENS = frozenset(("number", "factor", "size", "ratio", "hex", "path", "quoted", "call", "setting"))
COLOUR, LIGHT, DETAIL, SIZE, CANVAS = "colour", "light", "detail", "size", "canvas"
ROOM = frozenset(("margin",))  # which is also where somebody lives
OWN_ANSWERS = frozenset(("shadow", "outline"))  # what nothing else answers: concepts and steps
ASKED = "asked"  # of a clause that must not be passed over
FAMILIES: Mapping[str, str] = MappingProxyType(
    {
        "balance": COLOUR, "colour": COLOUR, "style": COLOUR, "light": LIGHT, "distance": LIGHT, "restore": DETAIL,
        "upscale": SIZE, "faces": DETAIL, "sharpen": DETAIL, "cut": CANVAS, "background": CANVAS, "shadow": CANVAS,
        "outline": CANVAS, "frame": CANVAS, "label": CANVAS, "save": CANVAS, "anonymise": CANVAS, "heal": DETAIL,
    }
)  # fmt: skip
"""What a step can be complained about: "everything is yellow" is answered by a white balance."""

PlanNames: TypeAlias = Callable[[Sequence[Token]], Set[str]]
"""The flat names that a request of these tokens sets, with `cut` and `preset`; it raises as a plan does."""


def list_families(names: Set[str]) -> set[str]:
    """The families of the steps that flat names belong to, with those that nothing else answers by themselves."""
    known = parameters_by_name()
    tags = {known[name].step.tag() for name in names if name in known}
    return (
        {FAMILIES.get(tag, tag) for tag in tags} | (tags & OWN_ANSWERS) | ({CANVAS} if names & {CUT, PRESET} else set())
    )


def find_asked(tokens: Sequence[Token], lexicon: Lexicon, plan_names: PlanNames) -> set[str]:
    """What a clause sets, or what it is about where it cannot be read; `ASKED` where it must not be passed over."""
    words = [fold_word(token.text) for token in tokens if token.kind == "word"]
    if states_limit(words, lexicon):  # its number asks for nothing: "it has only 400 pixels"
        return set()
    if any(token.kind in ASKING_TOKENS for token in tokens):
        return {ASKED}
    try:
        asked = set(plan_names(tokens))
        return asked | {ASKED} if CANVAS in list_families(asked) else asked
    except MatteboxError:
        phrases = list(find_phrases(words, lexicon))
        if _measures(phrases, lexicon):
            return {ASKED}
        found = {family for phrase in phrases for family in families_of(phrase, lexicon)}
        paints = any(isinstance(m, ColourName) for phrase in phrases for m in lexicon.find_phrase(phrase)[:1])
        return found | {ASKED} if paints and CANVAS in found else found


def _measures(phrases: Sequence[FoldedWords], lexicon: Lexicon) -> bool:
    """Whether words name something with a number: "the product takes up three quarters of it"."""
    meanings = [m for phrase in phrases for m in lexicon.find_phrase(phrase)[:1]]
    counts = any(isinstance(m, NumberWord) and m.value > 1 for m in meanings)
    return counts and any(isinstance(m, Noun) and m.concept.measures and not m.is_optional for m in meanings)


def families_of(words: FoldedWords, lexicon: Lexicon) -> set[str]:
    """What a phrase is about; empty where it is about nothing that can be changed."""
    first = lexicon.find_phrase(words)[0]
    if isinstance(first, Gradation) and first.concept.grade is not None:
        return list_families({first.concept.grade.parameter})
    asked = next((m for m in lexicon.find_phrase(words) if isinstance(m, Ambiguity)), None)
    if asked is not None and asked.question.directed:
        concept = lexicon.vocabulary.concepts[asked.question.directed.split()[0]]
        return list_families({concept.grade.parameter} if concept.grade is not None else set())
    whole = first if isinstance(first, Phrase) else _find_preset(words, lexicon)
    if isinstance(first, Adjective) and whole is None:
        blurs = any(str(v).startswith("blur") for values in first.values.values() for v in values.values())
        return {ASKED} if first.alone else {DETAIL} if blurs else set()
    if whole is not None:
        return list_families(set(whole.values))
    if isinstance(first, Noun) and first.name in FAULTS:
        return set(first.concept.off or ())
    if isinstance(first, Noun) and first.name in OWN_ANSWERS:
        return {first.name}
    if isinstance(first, Noun):
        return {CANVAS} if first.name in CANVAS_CONCEPTS - ROOM and not first.is_optional else set()
    return {ASKED} if isinstance(first, Unsupported) and not lexicon.is_mentioned(words) else set()


def _find_preset(words: FoldedWords, lexicon: Lexicon) -> Phrase | None:
    """The phrase for a preset that words may be, too."""
    phrases = (m for m in lexicon.find_phrase(words) if isinstance(m, Phrase) and PRESET in m.values)
    return next(phrases, None)


def find_phrases(words: Sequence[str], lexicon: Lexicon) -> Iterator[FoldedWords]:
    """The longest phrases of the words."""
    index = 0
    while index < len(words):
        lengths = range(min(MAX_PHRASE_LENGTH, len(words) - index), 0, -1)
        length = next((n for n in lengths if lexicon.find_phrase(tuple(words[index : index + n]))), 0)
        if length:
            yield tuple(words[index : index + length])
        index += length or 1


def states_limit(words: Sequence[str], lexicon: Lexicon) -> bool:
    """Whether a clause states how little there is: "it has only ..."."""
    places = lexicon.places
    return not places.limitations.isdisjoint(words) and not places.facts.isdisjoint(words)
