"""Errors of requests in words: words that are not understood, and words that must be asked about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from mattebox.errors import UsageError

NO_TRANSLATION: Mapping[str, str] = MappingProxyType({})
SEVERAL_MEANINGS = '"{words}" can mean several things: {question}'
CANNOT_BE_DONE = '"{words}" cannot be done'
CHOICE = "say {choices} or {last}"


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

    def __init__(
        self, words: str, question: str, choices: Sequence[str], messages: Mapping[str, str] = NO_TRANSLATION
    ) -> None:
        quoted = [f'"{choice}"' for choice in choices]
        problem = messages.get(SEVERAL_MEANINGS, SEVERAL_MEANINGS).format(words=words, question=question)
        remedy = messages.get(CHOICE, CHOICE).format(choices=", ".join(quoted[:-1]), last=quoted[-1])
        super().__init__(problem, remedy)
        self.words, self.question, self.choices = words, question, tuple(choices)

    def translate(self, messages: Mapping[str, str]) -> AmbiguousWords:
        """The same error in the language of these messages."""
        return AmbiguousWords(self.words, self.question, self.choices, messages)

    def resolve(self, request: str, choice: str) -> str:
        """The request with a choice in place of the words; behind them where they do not stand in a row."""
        return request.replace(self.words, choice, 1) if self.words in request else f"{request}, {choice}"


class WordsNotUnderstood(UsageError):
    """Words that the vocabulary does not have, or not in this place.

    Parameters
    ----------
    problem, remedy
        What is wrong and what to do, in English, with `values` by name in braces. A vocabulary has the same in its
        language under `messages`.
    """

    code = "words_not_understood"

    def __init__(self, problem: str, remedy: str, **values: object) -> None:
        super().__init__(problem.format(**values) if values else problem, remedy.format(**values) if values else remedy)
        self.templates = problem, remedy
        self.values = values

    @property
    def is_final(self) -> bool:
        """Whether other readings of the same words are no better: what is asked for cannot be done."""
        return self.templates[0] == CANNOT_BE_DONE

    def translate(self, messages: Mapping[str, str]) -> WordsNotUnderstood:
        """The same error in the language of these messages, by English ones; those they lack stay English."""
        problem, remedy = (messages.get(text, text) for text in self.templates)
        translated = type(self)(problem, remedy, **self.values)
        translated.templates = self.templates  # stay English, as the name of the error
        return translated


class LooseWord(WordsNotUnderstood):
    """A known word that means nothing where it stands: the `index`th token."""

    def __init__(self, index: int, word: str) -> None:
        super().__init__(
            '"{words}" is not understood here',
            "say in a few plain words what it belongs to; nothing was done",
            words=word,
        )
        self.index = index

    def translate(self, messages: Mapping[str, str]) -> WordsNotUnderstood:
        """The same error in the language of these messages."""
        plain = WordsNotUnderstood(*self.templates, words=self.values["words"])
        return plain.translate(messages)


class ValueOutOfRange(WordsNotUnderstood):
    """A number that the recipe does not allow."""

    code = "invalid_parameter"
