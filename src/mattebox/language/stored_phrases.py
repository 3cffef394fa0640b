"""Stored phrases: those of a compiled lexicon by their words, of which nothing is unpacked before it is looked up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from mattebox.language.meanings import Meaning
from mattebox.language.phrase_tables import FoldedWords

SEPARATOR = " "  # of the words of a stored phrase


class StoredPhrases(Mapping[FoldedWords, "tuple[Meaning, ...]"]):
    """A read-only mapping from words to their meanings.

    Parameters
    ----------
    numbers
        For each phrase, its words joined by spaces, the number of its group.
    groups
        Meanings that phrases have together.
    """

    def __init__(self, numbers: Mapping[str, int], groups: Sequence[tuple[Meaning, ...]]) -> None:
        self._numbers, self._groups = numbers, groups

    def __getitem__(self, words: FoldedWords) -> tuple[Meaning, ...]:
        return self._groups[self._numbers[SEPARATOR.join(words)]]

    def get(self, words: FoldedWords, default: object = None) -> object:  # type: ignore[override]
        """The meanings of words, without the cost of an exception for those that are no phrase."""
        number = self._numbers.get(SEPARATOR.join(words))
        return default if number is None else self._groups[number]

    def __contains__(self, words: object) -> bool:
        return isinstance(words, tuple) and SEPARATOR.join(words) in self._numbers

    def __iter__(self) -> Iterator[FoldedWords]:
        return (tuple(words.split(SEPARATOR)) for words in self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)
