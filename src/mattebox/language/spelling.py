"""Correction of typing errors: the known words that are near enough to an unknown one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

MIN_LENGTH = 4  # letters of a word that is corrected; shorter ones are too near to each other
SHORT_WORD_LENGTH = 7  # up to which the first letter must be right
LONG_WORD_LENGTH = 8  # from which two errors are corrected


def nearest_words(word: str, known: Iterable[str]) -> list[str]:
    """The known words nearest to a word, in order: within one typing error of it, or two of a long one.

    A typing error is a letter too many, missing, wrong, or changed places with its neighbour (Damerau 1964). In short
    words the first letter must be right.
    """
    if len(word) < MIN_LENGTH:
        return []
    limit = 2 if len(word) >= LONG_WORD_LENGTH else 1
    letters = set(word)  # an error changes two of them at most
    near = (w for w in known if abs(len(w) - len(word)) <= limit and len(letters.symmetric_difference(w)) <= 2 * limit)
    near = (w for w in near if len(w) >= MIN_LENGTH)
    if len(word) <= SHORT_WORD_LENGTH:
        near = (w for w in near if w[0] == word[0])
    distances = {w: edit_distance(word, w) for w in near}
    nearest = min(distances.values(), default=limit + 1)
    return sorted(w for w, distance in distances.items() if distance == nearest <= limit)


def filter_likely(word: str, candidates: Sequence[str]) -> Iterator[list[str]]:
    """The candidates for a word, then the likelier ones among them.

    Likelier are those of the same letters, else of the same letters but for doubled ones, else with its first letter.
    """
    yield list(candidates)
    yield [c for c in candidates if sorted(c) == sorted(word)]
    yield [c for c in candidates if _join_doubles(c) == _join_doubles(word)]
    yield [c for c in candidates if c[0] == word[0]]


def has_same_letters(first: str, second: str) -> bool:
    """Whether two words have the same letters, in another order or more often."""
    return sorted(first) == sorted(second) or _join_doubles(first) == _join_doubles(second)


def _join_doubles(word: str) -> str:
    return re.sub(r"(.)\1", r"\1", word)


def edit_distance(a: str, b: str) -> int:
    """Number of typing errors between two words (optimal string alignment)."""
    before: list[int] = []
    above = list(range(len(b) + 1))
    for i, letter in enumerate(a, 1):
        row = [i]
        for j, other in enumerate(b, 1):
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == b[j - 2] and a[i - 2] == other:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, above = above, row
    return above[-1]
