"""Room around the subject: a margin that is said of all sides of it goes around its box, so that is cropped to first.

Where a canvas is asked for, such as a square, the margin is that canvas's own.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import replace

from mattebox.language.interpretation import Reading
from mattebox.language.lexicon import Lexicon
from mattebox.language.tokens import Token, fold_word

MARGIN, CROP = "margin", "crop"  # parameters
CANVAS = frozenset(("size", "aspect", "position", "preset"))  # parameters of a canvas that is not the subject's box
NO_MARGIN = "0"


def imply_crop(readings: Sequence[Reading], tokens: Sequence[Token], lexicon: Lexicon) -> list[Reading]:
    """The readings of a request of these tokens, with a crop to the subject implied by "10 % room around it"."""
    if any(not CANVAS.isdisjoint(r.values) for r in readings):
        return list(readings)
    around = {word for clause in _split(tokens) if lexicon.places.surroundings & clause for word in clause}
    return [replace(r, implied={CROP: True, **r.implied}) if _surrounds(r, around) else r for r in readings]


def _split(tokens: Sequence[Token]) -> list[set[str]]:
    """The words of each clause between separators."""
    clauses: list[set[str]] = [set()]
    for token in tokens:
        if token.kind == "separator":
            clauses.append(set())
        clauses[-1].add(fold_word(token.text))
    return clauses


def _surrounds(reading: Reading, around: Set[str]) -> bool:
    """Whether a reading sets a margin, with words of a clause about all sides."""
    has_margin = str(reading.values.get(MARGIN, NO_MARGIN)) != NO_MARGIN
    return has_margin and not around.isdisjoint(map(fold_word, reading.text.split()))
