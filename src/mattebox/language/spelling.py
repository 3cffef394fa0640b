"""Correction of typing errors: the known words that are near enough to an unknown one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

KEYBOARDS = (("qwertyuiop", "asdfghjkl", "zxcvbnm"), ("qwertzuiop", "asdfghjkl", "yxcvbnm"))
SIMILAR_SOUNDS = ("aeiouy", "dt", "bp", "gkcq", "szc", "fvw", "mn")
VOWELS = "aeiouy"
MIN_SKELETON_LENGTH = 4  # letters of a word without vowels that is completed: "bckgrnd"
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

    Likelier are those of the same letters, else of the same letters but for doubled ones, else those that differ by a
    neighbour on the keyboard, else with its first letter.
    """
    yield list(candidates)
    yield [c for c in candidates if sorted(c) == sorted(word)]
    yield [c for c in candidates if _join_doubles(c) == _join_doubles(word)]
    yield [c for c in candidates if is_slip(word, c)]
    yield [c for c in candidates if _lacks_letter(word, c)]
    yield [c for c in candidates if c[0] == word[0]]


def has_same_letters(first: str, second: str) -> bool:
    """Whether two words have the same letters, in another order or more often."""
    return sorted(first) == sorted(second) or _join_doubles(first) == _join_doubles(second)


def _lacks_letter(word: str, other: str) -> bool:
    """Whether one letter of the other word is missing."""
    return len(other) == len(word) + 1 and any(other[:i] + other[i + 1 :] == word for i in range(len(other)))


def is_likely_error(word: str, other: str) -> bool:
    """Whether a short word can be a typing error for another one; a letter in place of one far from it and of another
    sound makes another word ("Kasten" is not "kalten")."""
    different = [(a, b) for a, b in zip(word, other, strict=False) if a != b]
    is_replaced = len(word) == len(other) and len(different) == 1
    if len(word) == len(other) and len(different) == 2 and sorted(word) != sorted(other):
        return all(_sound_alike(*pair) or _touch(*pair) for pair in different)
    if len(word) > SHORT_WORD_LENGTH or not is_replaced:
        return True
    return is_slip(word, other) or _sound_alike(*different[0])


def is_slip(word: str, other: str) -> bool:
    """Whether two words differ in one letter, for which a key beside it was hit."""
    different = [(a, b) for a, b in zip(word, other, strict=False) if a != b]
    return len(word) == len(other) and len(different) == 1 and _touch(*different[0])


def _touch(first: str, second: str) -> bool:
    return any(_are_neighbours(first, second, keyboard) for keyboard in KEYBOARDS)


def _sound_alike(first: str, second: str) -> bool:
    return any({first, second} <= set(sounds) for sounds in SIMILAR_SOUNDS)


def _are_neighbours(first: str, second: str, keyboard: Sequence[str]) -> bool:
    """Whether two keys touch: beside each other, or one row up or down."""
    places = {letter: (x, y) for y, row in enumerate(keyboard) for x, letter in enumerate(row)}
    if first not in places or second not in places:
        return False
    (x, y), (other_x, other_y) = places[first], places[second]
    lower, upper = (x, other_x) if y > other_y else (other_x, x)
    return abs(x - other_x) == 1 if y == other_y else abs(y - other_y) == 1 and upper - lower in (0, 1)


def find_skeleton(word: str) -> str:
    """A word without the vowels behind its first letter; "" for one that is too short to be told by it."""
    skeleton = word[:1] + "".join(letter for letter in word[1:] if letter not in VOWELS)
    return skeleton if len(skeleton) >= MIN_SKELETON_LENGTH else ""


def shorten_runs(word: str) -> list[str]:
    """A word with letters that stand three times or more written once, and twice: "sooo", "whiiite"."""
    short = [re.sub(r"(.)\1{2,}", repeated, word) for repeated in (r"\1", r"\1\1")]
    return [form for form in short if form != word]


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
