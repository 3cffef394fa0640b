"""Values that are not wanted beside others of the same kind: "no webp, png rather"."""

from __future__ import annotations

from collections.abc import Sequence

from mattebox.language.anchors import Anchor
from mattebox.language.meanings import Adjective, ColourName, Negation, Noun, Phrase


def drop_negated_values(anchors: Sequence[Anchor]) -> list[Anchor]:
    """The anchors without those that only say which value is not wanted, where another one says which is."""
    anchors = _drop_negated_colours(anchors)
    return [a for a in anchors if not (_only_negates(a) and _is_said(_list_parameters(a), a, anchors))]


def _drop_negated_colours(anchors: Sequence[Anchor]) -> list[Anchor]:
    """The anchors; of "no white background, beige rather" the beige is the background's."""
    kept = list(anchors)
    for index, anchor in enumerate(anchors[:-1]):
        other = anchors[index + 1]
        is_plain = all(isinstance(m, Negation | ColourName) for m in anchor.modifiers) and anchor.find(ColourName)
        is_colour = other.meaning is None and {type(m) for m in other.modifiers} == {ColourName}
        if isinstance(anchor.meaning, Noun) and anchor.is_negated and is_plain and is_colour:
            named = Anchor(anchor.meaning, other.words, other.modifiers, other.positions, other.order)
            kept = [named if a is other else a for a in kept if a is not anchor]
    return kept


def _only_negates(anchor: Anchor) -> bool:
    is_plain = all(isinstance(m, Negation | Adjective) for m in anchor.modifiers)
    return anchor.meaning is None and is_plain and anchor.is_negated and bool(anchor.find(Adjective))


def _is_said(names: set[str], anchor: Anchor, anchors: Sequence[Anchor]) -> bool:
    others = (other for other in anchors if other is not anchor and not other.is_negated)
    return any(not names.isdisjoint(_list_parameters(other)) for other in others)


def _list_parameters(anchor: Anchor) -> set[str]:
    """The parameters that the adjectives of an anchor, or its phrase, set."""
    adjectives = [m for m in anchor.modifiers if isinstance(m, Adjective)]
    names = {name for adjective in adjectives for values in adjective.values.values() for name in values}
    return names | (set(anchor.meaning.values) if isinstance(anchor.meaning, Phrase) else set())
