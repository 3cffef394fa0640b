"""Numbers that are written as one word of several parts: German "fünfundzwanzig", "zweihundertfünfzig"."""

from __future__ import annotations

from collections.abc import Mapping

HUNDRED = 100  # from which a number multiplies the one before it


def parse_number_word(word: str, parts: Mapping[str, float], joint: str) -> float | None:
    """The number that a folded word is, or None.

    Parameters
    ----------
    word
        Folded, such as "fuenfundzwanzig".
    parts
        Folded words for single numbers, with those that only stand inside longer ones ("ein").
    joint
        What stands between ones and tens, such as "und"; "" where numbers are not joined.
    """
    if word in parts:
        return parts[word]
    if not joint or not word:
        return None
    for name, value in sorted(parts.items(), key=lambda part: -part[1]):
        if value >= HUNDRED and name in word:
            return _multiple(*_outer_parts(word, name), value, parts, joint)
    ones, _, tens = word.partition(joint)
    if parts.get(ones, 0) in range(1, 10) and parts.get(tens, 0) in range(20, HUNDRED, 10):
        return parts[ones] + parts[tens]
    return None


def _outer_parts(word: str, name: str) -> tuple[str, str]:
    before, _, after = word.partition(name)
    return before, after


def _multiple(before: str, after: str, unit: float, parts: Mapping[str, float], joint: str) -> float | None:
    """A number such as two hundred and fifty: what stands before and behind the hundred."""
    count = parse_number_word(before, parts, joint) if before else 1
    rest = parse_number_word(after.removeprefix(joint), parts, joint) if after else 0
    if count is None or rest is None or rest >= unit:
        return None
    return count * unit + rest
