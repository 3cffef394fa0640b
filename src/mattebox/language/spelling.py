"""Correction of typing errors: the one known word that is near enough to an unknown one."""

from __future__ import annotations

from collections.abc import Iterable

MIN_LENGTH = 4  # letters of a word that is corrected; shorter ones are too near to each other
SHORT_WORD_LENGTH = 7  # up to which the first letter must be right
LONG_WORD_LENGTH = 8  # from which two errors are corrected


def correct_spelling(word: str, known: Iterable[str]) -> str | None:
    """The known word within one typing error of a word, or two of a long one; None without one, or with several.

    A typing error is a letter too many, missing, wrong, or changed places with its neighbour (Damerau 1964).
    """
    if len(word) < MIN_LENGTH:
        return None
    limit = 2 if len(word) >= LONG_WORD_LENGTH else 1
    near = (w for w in known if abs(len(w) - len(word)) <= limit and len(w) >= MIN_LENGTH)
    if len(word) <= SHORT_WORD_LENGTH:
        near = (w for w in near if w[0] == word[0])
    distances = {w: edit_distance(word, w) for w in near}
    nearest = min(distances.values(), default=limit + 1)
    candidates = [w for w, distance in distances.items() if distance == nearest]
    if nearest > limit:
        return None
    return candidates[0] if len(candidates) == 1 else _choose_candidate(word, candidates)


def _choose_candidate(word: str, candidates: list[str]) -> str | None:
    """Of several candidates the one of the same letters, else with the word's first letter, if there is only one."""
    same_letters = [c for c in candidates if sorted(c) == sorted(word)]
    same_initial = [c for c in candidates if c[0] == word[0]]
    return next((found[0] for found in (same_letters, same_initial) if len(found) == 1), None)


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
