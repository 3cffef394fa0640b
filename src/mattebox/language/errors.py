"""Errors of requests in words: words that are not understood, and words that must be asked about."""

from __future__ import annotations

from collections.abc import Sequence

from mattebox.errors import UsageError


class AmbiguousWords(UsageError):
    """The words can mean several things.

    Attributes
    ----------
    words, question : str
    choices : tuple of str
        Clear words for each answer.
    """

    exit_code = 8
    code = "ambiguous_words"

    def __init__(self, words: str, question: str, choices: Sequence[str]) -> None:
        quoted = [f'"{choice}"' for choice in choices]
        super().__init__(
            f'"{words}" can mean several things: {question}', f"say {', '.join(quoted[:-1])} or {quoted[-1]}"
        )
        self.words, self.question, self.choices = words, question, tuple(choices)

    def resolve(self, request: str, choice: str) -> str:
        """The request with a choice in place of the words; behind them where they do not stand in a row."""
        return request.replace(self.words, choice, 1) if self.words in request else f"{request}, {choice}"


class WordsNotUnderstood(UsageError):
    """Words that the vocabulary does not have, or not in this place."""

    code = "words_not_understood"
