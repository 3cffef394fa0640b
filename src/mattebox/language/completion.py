"""Phrases that a request may consist of, for lines that complete what is typed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from mattebox.errors import UsageError
from mattebox.language.concepts import Concept
from mattebox.language.plan import plan_request
from mattebox.language.vocabulary import Vocabulary, expand_all, load_vocabulary, split_synonyms
from mattebox.recipe.presets import preset_titles

PHRASE_CHARACTERS = range(3, 41)


@cache
def list_completions(language: str) -> tuple[str, ...]:
    """Phrases of a language, each of which is understood by itself.

    Parameters
    ----------
    language : str
        ISO 639-1 code of a vocabulary.

    Returns
    -------
    tuple of str
        The first way of saying each thing, in alphabetical order, each once.

    Raises
    ------
    UsageError
        There is no such language.
    """
    phrases = {*_list_phrases(load_vocabulary(language)), *preset_titles()}
    return tuple(sorted(p for p in phrases if len(p) in PHRASE_CHARACTERS and _is_understood(p, language)))


def _list_phrases(vocabulary: Vocabulary) -> Iterator[str]:
    """The first synonym of each phrase, of what each concept can be, and of each colour of the background."""
    for key in vocabulary.phrases:
        yield from _first(key)
    for concept in vocabulary.concepts.values():
        yield from (_join(pair, vocabulary) for pair in _concept_words(concept))
    noun = next(concept.nouns[0] for concept in vocabulary.concepts.values() if concept.colour == "background")
    for key in vocabulary.colours:
        yield from (_join((colour, noun), vocabulary) for colour in _first(key))


def _concept_words(concept: Concept) -> Iterator[tuple[str, str]]:
    """Adjectives and nouns of a concept, one of which may be missing."""
    if concept.on:
        yield "", concept.nouns[0]
    for key in concept.adjectives:
        yield from ((adjective, concept.nouns[0]) for adjective in _first(key))
    if concept.grade is not None:
        for words in (concept.grade.more, concept.grade.less):
            yield from ((word, "") for word in expand_all(words)[:1])


def _join(words: tuple[str, str], vocabulary: Vocabulary) -> str:
    """An adjective before its noun; where adjectives are inflected, after it, as they are in the vocabulary."""
    return " ".join(filter(None, reversed(words) if vocabulary.inflections else words))


def _first(key: str) -> list[str]:
    return expand_all(split_synonyms(key)[:1])[:1]


def _is_understood(phrase: str, language: str) -> bool:
    try:
        plan = plan_request(phrase, language=language)
    except UsageError:
        return False
    return not plan.corrections and not plan.passed_over
