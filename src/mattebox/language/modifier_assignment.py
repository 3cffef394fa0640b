"""Assignment of modifiers: which anchor of a clause each of its other words belongs to, and in which meaning.

Where several anchors can take a word it belongs to the next one behind it, as adjectives stand before their noun; in
clauses that begin with a noun and end with a modifier ("background white, shadow soft") to the last one before it.
"""

from __future__ import annotations

from collections.abc import Sequence

from mattebox.language.anchors import MODIFIERS, Anchor, Modifier, accepts, takes_several_colours
from mattebox.language.errors import WordsNotUnderstood
from mattebox.language.meanings import (
    ColourName,
    Complete,
    Degree,
    Direction,
    Gradation,
    Noun,
    Number,
    Word,
)

UPSCALING = "upscaling"  # concept


def assign_modifiers(
    words: Sequence[tuple[int, Word]], anchors: dict[int, Anchor], start: int, follows: bool
) -> Anchor:
    """Give each word to the anchor that takes it; an anchor without a meaning with those that none takes."""
    rest = Anchor(None, [])
    for index, word in words:
        anchor, modifier = _assign(index, word, anchors, follows)
        target = anchor or rest
        target.modifiers.append(modifier)
        target.words.append((start + index, word.text))
        target.order.append((start + index, type(modifier)))
    return rest


def _assign(index: int, word: Word, anchors: dict[int, Anchor], follows: bool) -> tuple[Anchor | None, Modifier]:
    """The anchor that takes a modifier, and in which of its meanings."""
    for meaning in word.meanings:
        if not isinstance(meaning, MODIFIERS):
            continue
        takers = {i: a for a in anchors.values() if accepts(a, meaning) for i in a.positions}
        if isinstance(meaning, Degree):
            takers = {i: a for i, a in takers.items() if isinstance(a.meaning, Gradation)} or takers
        if isinstance(meaning, Number):
            takers = _prefer_measured(takers, meaning)
        if isinstance(meaning, Complete):
            takers = {i: a for i, a in takers.items() if not isinstance(a.meaning, Noun)} or takers
        if isinstance(meaning, ColourName):
            takers = {i: a for i, a in takers.items() if takes_several_colours(a)} or takers
        is_own = index - 1 in takers and isinstance(meaning, ColourName) and _is_preposition(takers[index - 1])
        if is_own and not _paints_background(takers.get(index + 1)):
            return takers[index - 1], meaning
        if takers:
            after, before = sorted(i for i in takers if i > index), sorted(i for i in takers if i <= index)
            nearest = (before[-1:] or after[:1]) if follows else (after[:1] or before[-1:])
            return takers[nearest[0]], meaning
    modifier = word.find(Degree, Direction) or word.find(*MODIFIERS)
    if modifier is None:
        raise WordsNotUnderstood(
            '"{words}" is not understood here', "say what it belongs to; nothing was done", words=word.text
        )
    return None, modifier  # type: ignore[return-value]


def _prefer_measured(takers: dict[int, Anchor], number: Number) -> dict[int, Anchor]:
    """Of the anchors that take a number those that are no subject; for a share up to 1 those in percent."""
    enlarged = {i: a for i, a in takers.items() if isinstance(a.meaning, Noun) and a.meaning.name == UPSCALING}
    if enlarged and number.unit == "px":
        return enlarged
    others = {i: a for i, a in takers.items() if not (isinstance(a.meaning, Noun) and a.meaning.concept.area)} or takers
    is_share = not number.unit and 0 < number.value < 1
    shares = {i: a for i, a in others.items() if _is_measured_in_percent(a)}
    return shares if is_share and shares else others


def _is_measured_in_percent(anchor: Anchor) -> bool:
    measures = anchor.meaning.concept.measures if isinstance(anchor.meaning, Noun) else {}
    return "%" in measures and "" not in measures


def _is_preposition(anchor: Anchor) -> bool:
    """Whether a colour directly behind an anchor is its own: "on white with a shadow"."""
    return isinstance(anchor.meaning, Noun) and anchor.meaning.is_optional and bool(anchor.meaning.concept.colour)


def _paints_background(anchor: Anchor | None) -> bool:
    """Whether an anchor is a kind of background with a colour of its own: "on a grey studio floor"."""
    noun = anchor.meaning if anchor is not None else None
    return isinstance(noun, Noun) and not noun.is_optional and noun.concept.colour.startswith("background ")
