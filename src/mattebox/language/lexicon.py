"""Lexicon: the phrases of a vocabulary by their words, inflected forms and likely typing errors included."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from typing import TypeAlias

from mattebox.language.colour_names import list_css_colours, list_own_colours
from mattebox.language.meanings import (
    Adjective,
    Ambiguity,
    Area,
    Break,
    ColourName,
    Degree,
    Direction,
    Gradation,
    Meaning,
    Negation,
    Noun,
    Number,
    NumberWord,
    Phrase,
    Unit,
    Unsupported,
)
from mattebox.language.spelling import correct_spelling
from mattebox.language.tokens import fold_word
from mattebox.language.vocabulary import Concept, Vocabulary, load_vocabulary, split_synonyms

MIN_STEM_LENGTH = 3  # letters of a word without its ending
MIN_FILLER_LENGTH = 6  # letters of a filler whose typing errors are corrected

FoldedWords: TypeAlias = tuple[str, ...]


class Lexicon:
    """The phrases of one vocabulary."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.fillers = frozenset(map(fold_word, vocabulary.fillers))
        self.particles = frozenset(map(fold_word, vocabulary.particles))
        self.restrictions = frozenset(map(fold_word, vocabulary.restrictions))
        self.subjects = frozenset(map(fold_word, vocabulary.subjects))
        self.endings = tuple(map(fold_word, vocabulary.endings))
        found: dict[FoldedWords, list[Meaning]] = defaultdict(list)
        for phrase, meaning in self._list_phrases():
            words = self._fold_phrase(phrase)
            if words and meaning not in found[words]:
                found[words].append(meaning)
        for meanings in found.values():
            _merge_adjectives(meanings)
        self.meanings = {words: tuple(meanings) for words, meanings in found.items()}
        in_phrases = {word for words in self.meanings for word in words}
        self.known_words = frozenset(in_phrases | self.fillers | self.particles | self.subjects)
        self.stem_of_word = {word: self._remove_ending(word) for word in self.known_words}
        self.words_by_stem = {stem: word for word, stem in sorted(self.stem_of_word.items(), reverse=True)}
        self.stems: dict[FoldedWords, tuple[Meaning, ...]] = {}
        for words, word_meanings in self.meanings.items():
            if len(words) > 1:
                self.stems.setdefault(tuple(map(self.find_stem, words)), word_meanings)
        self.longest_phrase = max(map(len, self.meanings))

    def find_phrase(self, words: FoldedWords) -> tuple[Meaning, ...]:
        """What these words mean together, with other endings if need be; empty if they are no phrase.

        Whole phrases mean the same behind a word such as "only".
        """
        found = self.meanings.get(words, ())
        if not found and len(words) > 1:
            found = self.stems.get(tuple(map(self.find_stem, words)), ())
        if not found and len(words) > 1 and words[0] in self.restrictions:
            rest = self.find_phrase(words[1:])
            found = rest if all(isinstance(m, Phrase) for m in rest) else ()
        return found

    def find_stem(self, word: str) -> str:
        """A folded word without its ending."""
        return self.stem_of_word.get(word) or self._remove_ending(word)

    def _remove_ending(self, word: str) -> str:
        for ending in self.endings:
            if word.endswith(ending) and len(word) - len(ending) >= MIN_STEM_LENGTH:
                return word[: -len(ending)]
        return word

    def find_inflected(self, word: str) -> str | None:
        """The known word of which a folded one is short, or has another ending."""
        short = self.vocabulary.abbreviations.get(word)
        if short is not None:
            return fold_word(short)
        return self.words_by_stem.get(self.find_stem(word))

    def replace_subject(self, word: str) -> str:
        """The word that stands for a subject in phrases; other words as they are."""
        return fold_word(self.vocabulary.subjects[0]) if word in self.subjects else word

    def correct(self, word: str) -> str | None:
        """A known word that an unknown one was probably meant to be; not one that is passed over, unless it is long."""
        corrected = correct_spelling(word, self.known_words)
        is_passed_over = corrected in self.fillers and len(corrected) < MIN_FILLER_LENGTH
        return None if is_passed_over else corrected

    def begins_negated(self, text: str) -> bool:
        """Whether a text begins with a word for no, such as "remove the background"."""
        words = tuple(w for w in map(fold_word, text.split()) if w not in self.fillers)
        return any(isinstance(m, Negation) for m in self.find_phrase(words[:1]))

    def is_bare_noun(self, text: str) -> bool:
        """Whether a text has no filler beside definite articles."""
        articles = set(map(fold_word, self.vocabulary.articles))
        return not (set(map(fold_word, text.split())) & self.fillers) - articles

    def inflect(self, word: str) -> list[str]:
        """A word and, where the language inflects adjectives, its forms."""
        stem = word[:-1] if self.vocabulary.inflections and word.endswith("e") else word
        return [word, *(stem + ending for ending in self.vocabulary.inflections)]

    def _fold_phrase(self, phrase: str) -> FoldedWords:
        """A phrase's words as they are compared; fillers are left out, unless it has nothing but them and a subject."""
        words = tuple(map(fold_word, phrase.split()))
        kept = tuple(word for word in words if word not in self.fillers)
        return words if self.subjects.issuperset(kept) else kept

    def _list_phrases(self) -> Iterator[tuple[str, Meaning]]:
        """Phrases with their meanings, the likelier of equal ones first."""
        data = self.vocabulary
        yield from ((w, Unsupported(reason)) for key, reason in data.unsupported.items() for w in split_synonyms(key))
        for key, question in data.questions.items():
            yield from ((phrase, Ambiguity(question)) for phrase in split_synonyms(key))
        for key, values in data.phrases.items():
            yield from ((phrase, Phrase(values)) for phrase in split_synonyms(key))
        for name, concept in data.concepts.items():
            yield from self._concept_phrases(name, concept)
        yield from ((phrase, Area(area)) for key, area in data.areas.items() for phrase in split_synonyms(key))
        for name, css in list_own_colours(data).items():
            yield from _pairs(self.inflect(name), ColourName(css))
        yield from ((name, ColourName(css)) for name, css in list_css_colours().items())
        yield from _pairs(data.more, Direction(1))
        yield from _pairs(data.less, Direction(-1))
        yield from ((w, Degree(f)) for key, f in data.degrees.items() for w in split_synonyms(key))
        yield from _pairs(data.negations, Negation())
        yield from ((w, NumberWord(n)) for key, n in data.numbers.items() for w in split_synonyms(key))
        yield from ((w, _amount(text)) for key, text in data.amounts.items() for w in split_synonyms(key))
        yield from ((w, Unit(unit)) for key, unit in data.units.items() for w in split_synonyms(key))
        yield from _pairs(data.conjunctions, Break(is_hard=False))

    def _concept_phrases(self, name: str, concept: Concept) -> Iterator[tuple[str, Meaning]]:
        for noun in concept.nouns:
            yield noun, Noun(name, concept, fold_word(noun) in self.particles)
        for key, values in concept.adjectives.items():
            for word in split_synonyms(key):
                yield from _pairs(self.inflect(word), Adjective({name: values}, not concept.needs_noun))
        if concept.grade is not None:
            added = [
                f"{addition} {noun}"
                for addition in self.vocabulary.additions
                for noun in concept.nouns
                if self._remove_ending(noun) == noun
            ]
            yield from _pairs(added, Gradation(name, concept, 1))
            for words, direction in ((concept.grade.more, 1), (concept.grade.less, -1)):
                for word in words:
                    yield from _pairs(self.inflect(word), Gradation(name, concept, direction))
                    excess = [f"{too} {word}" for too in self.vocabulary.excess]
                    yield from _pairs(excess, Gradation(name, concept, -direction))


def _amount(text: str) -> Number:
    """A number with its unit, such as "0.5 stop"."""
    number, _, unit = text.partition(" ")
    return Number(number, unit, float(number))


def _merge_adjectives(meanings: list[Meaning]) -> None:
    """Make the adjectives among the meanings of a phrase one, the first of all."""
    adjectives = [m for m in meanings if isinstance(m, Adjective)]
    if adjectives:
        values = {name: v for adjective in reversed(adjectives) for name, v in adjective.values.items()}
        stands_alone = all(adjective.stands_alone for adjective in adjectives)
        meanings[:] = [Adjective(values, stands_alone), *(m for m in meanings if not isinstance(m, Adjective))]


def _pairs(phrases: Iterable[str], meaning: Meaning) -> Iterator[tuple[str, Meaning]]:
    return ((phrase, meaning) for phrase in phrases)


@cache
def load_lexicon(language: str) -> Lexicon:
    """The lexicon of a language. UsageError for one without a vocabulary."""
    return Lexicon(load_vocabulary(language))
