"""Colours of a gradient in order: "a gradient, grey at the bottom, white at the top", "Schwarz oben zu Grau unten"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mattebox.language.concepts import BACKGROUND, Concept
from mattebox.language.meanings import Break, ColourName, Noun, Word
from mattebox.language.places import Places
from mattebox.language.tokens import fold_word

GRADIENT = "gradient"  # concept
END_COUNT = 2  # of a gradient from top to bottom


def order_colours(words: Sequence[Word], places: Places, concepts: Mapping[str, Concept]) -> list[Word]:
    """The words, with the colours of a gradient behind its noun: what says where they lie puts the upper one first.

    Parameters
    ----------
    words
        Of a request.
    places
        With words for the upper and lower end, and for what stands between two colours.
    concepts
        Of the language, by name.
    """
    nouns = [i for i, word in enumerate(words) if _find_noun(word)]
    if not nouns:
        return list(words)
    ends = _find_ends(words, places)
    is_gradient = any(_find_noun(words[i]) == GRADIENT for i in nouns)
    if len(ends) == END_COUNT:
        own = [i for i in nouns if _find_noun(words[i]) == GRADIENT] or nouns[:1]
        return _put_in_order(words, own, ends, concepts)
    return [w for i, w in enumerate(words) if not (is_gradient and _is_link(words, i, places))]


def _find_noun(word: Word) -> str:
    """The concept that a word names as its likeliest meaning, of those with such colours; "" for none."""
    nouns = [m.name for m in word.meanings[:1] if isinstance(m, Noun) and m.name in (GRADIENT, BACKGROUND)]
    return nouns[0] if nouns else ""


def _find_ends(words: Sequence[Word], places: Places) -> dict[int, tuple[int, int]]:
    """For the upper (1) and lower end (-1) the places of the word for it and of its colour; none where one lacks."""
    sides = {i: _side_of(word, places) for i, word in enumerate(words) if _side_of(word, places)}
    if sorted(sides.values()) != [-1, 1]:
        return {}
    for step in (1, -1):  # "white at the top" behind "grey at the bottom", or "top white"
        found = {side: (i, i + step) for i, side in sides.items() if 0 <= i + step < len(words)}
        if len(found) == END_COUNT and all(words[colour].find(ColourName) for _, colour in found.values()):
            return found
    return {}


def _side_of(word: Word, places: Places) -> int:
    last = fold_word(word.text.split()[-1]) if word.text.split() else ""
    return 1 if last in places.tops else -1 if last in places.bottoms else 0


def _put_in_order(
    words: Sequence[Word], nouns: Sequence[int], ends: Mapping[int, tuple[int, int]], concepts: Mapping[str, Concept]
) -> list[Word]:
    """The words, with a gradient and its two colours in place of the noun and what says where they lie."""
    places = [index for end in ends.values() for index in end]
    first, last = min(places), max(places)
    gradient = Word(words[nouns[0]].text, (Noun(GRADIENT, concepts[GRADIENT]),))
    before = [word for i, word in enumerate(words[:first]) if i not in nouns and not word.find(ColourName)]
    while before and before[-1].find(Break):
        before.pop()
    behind = [word for i, word in enumerate(words) if i > last and i not in nouns]
    return [*before, gradient, words[ends[1][1]], words[ends[-1][1]], *behind]


def _is_link(words: Sequence[Word], index: int, places: Places) -> bool:
    """Whether a word stands between two colours, and says only that one becomes the other: "white to grey"."""
    if not 0 < index < len(words) - 1 or fold_word(words[index].text) not in places.colour_links:
        return False
    return words[index - 1].find(ColourName) is not None and words[index + 1].find(ColourName) is not None
