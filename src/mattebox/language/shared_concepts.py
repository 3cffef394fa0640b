"""Concepts that words without a noun share: "crest.png top right" is a logo, "two degrees clockwise" a rotation."""

from __future__ import annotations

from collections.abc import Mapping

from mattebox.language.anchors import Anchor, accepts
from mattebox.language.concepts import Concept
from mattebox.language.meanings import Adjective, Negation, Noun, Number, PathText


def name_by_modifiers(anchor: Anchor, concepts: Mapping[str, Concept]) -> Anchor:
    """The anchor with the only concept that takes all its words, where a number or path is described; else as it is."""
    has_value = any(isinstance(m, PathText) or (isinstance(m, Number) and m.unit) for m in anchor.modifiers)
    if anchor.meaning is not None or not has_value or not anchor.find(Adjective) or anchor.find(Negation):
        return anchor
    nouns = (Noun(name, concept) for name, concept in concepts.items())
    takers = [noun for noun in nouns if all(accepts(Anchor(noun, []), m) for m in anchor.modifiers)]
    if len(takers) != 1:
        return anchor
    return Anchor(takers[0], anchor.words, anchor.modifiers, anchor.positions or [0], anchor.order)
