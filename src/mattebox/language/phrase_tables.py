"""Tables of a vocabulary's phrases by their words, which take long to build."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from mattebox.language.colour_names import list_css_colours, list_own_colours
from mattebox.language.concepts import BACKGROUND, Concept
from mattebox.language.meanings import (
    Adjective,
    Alternative,
    Ambiguity,
    Area,
    Break,
    ColourName,
    Complete,
    Contrast,
    Degree,
    Direction,
    Gradation,
    Meaning,
    Minus,
    Negation,
    Noun,
    Number,
    NumberWord,
    Phrase,
    Replaced,
    Rescaling,
    Unit,
    Unsupported,
)
from mattebox.language.tokens import fold_word
from mattebox.language.vocabulary import Vocabulary, expand_all, split_synonyms

MIN_STEM_LENGTH = 3  # letters of a word without its ending
MIN_FILLER_LENGTH = 6  # letters of a filler whose typing errors are corrected
MIN_UNDOUBLED_LENGTH = 4  # letters of a stem whose last letter counts once: "cropped" is of "crop"
MIN_PHRASE_LENGTH = 2  # words without fillers of a phrase that means something without them
REDUCED_KINDS = (Noun, Adjective, Gradation, ColourName, Number, Unit)

FoldedWords: TypeAlias = tuple[str, ...]
MeaningOf: TypeAlias = tuple[FoldedWords, Meaning]


@dataclass(frozen=True)
class PhraseTables:
    """What takes long to build of a lexicon.

    Parameters
    ----------
    meanings
        Phrases without fillers, and their meanings.
    whole_phrases
        Phrases with fillers that mean something else than without.
    stems
        Phrases of several words by the stems of those.
    stem_of_word, words_by_stem
        Known words with their stems, and the first known word of each.
    standing_words
        Words that are phrases by themselves, or passed over, by their stems.
    longest_phrase
        Words of the longest phrase.
    """

    meanings: Mapping[FoldedWords, tuple[Meaning, ...]]
    whole_phrases: Mapping[FoldedWords, tuple[Meaning, ...]]
    stems: Mapping[FoldedWords, tuple[Meaning, ...]]
    stem_of_word: dict[str, str]
    words_by_stem: dict[str, str]
    standing_words: dict[str, str]
    longest_phrase: int


def remove_ending(word: str, endings: Iterable[str]) -> str:
    """A folded word without the first of the endings that it has, and a doubled last letter once."""
    for ending in endings:
        if word.endswith(ending) and len(word) - len(ending) >= MIN_STEM_LENGTH:
            word = word[: -len(ending)]
            break
    is_doubled = len(word) >= MIN_UNDOUBLED_LENGTH and word[-1] == word[-2]
    return word[:-1] if is_doubled else word


class PhraseCompiler:
    """Builds the tables of one vocabulary."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.fillers = frozenset(map(fold_word, vocabulary.fillers))
        self.particles = frozenset(map(fold_word, vocabulary.particles))
        self.subjects = frozenset(map(fold_word, vocabulary.subjects))
        self.articles = frozenset(map(fold_word, (*vocabulary.articles, *vocabulary.places.determiners)))
        self.endings = tuple(map(fold_word, vocabulary.endings))
        self.negations = frozenset(map(fold_word, vocabulary.negations))
        small = (*vocabulary.conjunctions, *vocabulary.negations, *vocabulary.more, *vocabulary.less)
        degrees = (word for key in vocabulary.degrees for word in split_synonyms(key))
        self.small_words = frozenset(map(fold_word, (*small, *degrees)))
        concepts = vocabulary.concepts.values()
        counts = Counter(stem for c in concepts for stem in set(map(self._remove_ending, expand_all(c.nouns))))
        self.shared_nouns = frozenset(stem for stem, count in counts.items() if count > 1)

    def _remove_ending(self, word: str) -> str:
        return remove_ending(word, self.endings)

    def build(self) -> PhraseTables:
        """All phrases of the vocabulary with their meanings, and known words with their stems."""
        found: dict[FoldedWords, list[Meaning]] = defaultdict(list)
        exact, reduced, whole = self._sort_phrases()
        for words, meaning in exact:
            if meaning not in found[words]:
                found[words].append(meaning)
        declared = frozenset(found)
        for words, meaning in reduced:
            if words not in declared and meaning not in found[words]:
                found[words].append(meaning)
        with_fillers: dict[FoldedWords, list[Meaning]] = defaultdict(list)
        for words, meaning in whole:
            shorter = () if not isinstance(meaning, Degree | Adjective) else found[self._leave_out_fillers(words)]
            with_fillers[words] += [m for m in (*shorter, meaning) if m not in with_fillers[words]]
        for meanings in (*found.values(), *with_fillers.values()):
            _merge_adjectives(meanings)
        phrases = {words: tuple(meanings) for words, meanings in found.items() if meanings}
        in_phrases = {word for words in phrases for word in words}
        known_words = in_phrases | self.fillers | self.particles | self.subjects
        stem_of_word = {word: self._remove_ending(word) for word in known_words}
        inflected = [(w, s) for w, s in sorted(stem_of_word.items(), reverse=True) if not self._is_short_filler(w)]
        stems: dict[FoldedWords, tuple[Meaning, ...]] = {}
        for words, word_meanings in phrases.items():
            if len(words) > 1:
                stems.setdefault(tuple(stem_of_word[word] for word in words), word_meanings)
        whole_phrases = {words: tuple(meanings) for words, meanings in with_fillers.items()}
        single = {words[0] for words in phrases if len(words) == 1}
        standing = sorted(single | self.fillers | self.particles | self.subjects, reverse=True)
        standing_words = {stem_of_word[word]: word for word in standing if len(word) > MIN_STEM_LENGTH}
        words_by_stem = {stem: word for word, stem in inflected}
        longest = max(map(len, phrases))
        return PhraseTables(phrases, whole_phrases, stems, stem_of_word, words_by_stem, standing_words, longest)

    def _is_short_filler(self, word: str) -> bool:
        return word in self.fillers and len(word) < MIN_FILLER_LENGTH

    def inflect(self, word: str) -> list[str]:
        """A word and, where the language inflects adjectives, its forms."""
        stem = word[:-1] if self.vocabulary.inflections and word.endswith("e") else word
        return [word, *(stem + ending for ending in self.vocabulary.inflections)]

    def _sort_phrases(self) -> tuple[list[MeaningOf], list[MeaningOf], list[MeaningOf]]:
        """The phrases that have no fillers, those from which fillers were left out, and these with them.

        Of a phrase with fillers of which a single word would be left only the whole counts: "in a hurry" must not make
        "hurry" mean something.
        """
        exact, reduced, whole = [], [], []
        for phrase, meaning in self._list_phrases():
            written = tuple(map(fold_word, phrase.split()))
            if self.fillers.isdisjoint(written):
                exact.append((written, meaning))
                continue
            kept = self._leave_out_fillers(written)
            if kept and self.subjects.issuperset(kept):  # it has nothing but them and a subject
                exact.append((written, meaning))
            elif kept and (self._keeps_meaning(written, kept, meaning) or self._is_clear(kept, meaning)):
                reduced.append((kept, meaning))
            if len(written) > 1 and not self._is_clear(kept, meaning):
                whole.append((written, meaning))
        return exact, reduced, whole

    def _keeps_meaning(self, written: FoldedWords, kept: FoldedWords, meaning: Meaning) -> bool:
        """Whether a thing or an attribute means the same without its fillers; a single word only without articles.

        "At the base" must not make "base" mean something, nor German "unter der Tasse" the "Tasse".
        """
        if not isinstance(meaning, REDUCED_KINDS):
            return False
        return len(kept) >= MIN_PHRASE_LENGTH or self.articles.issuperset(w for w in written if w in self.fillers)

    def _is_clear(self, kept: FoldedWords, meaning: Meaning) -> bool:
        """Whether what is left of a phrase means the same: not of "remove all around it", nor of "and so on"."""
        if not isinstance(meaning, Phrase) or len(kept) != MIN_PHRASE_LENGTH:
            return len(kept) >= MIN_PHRASE_LENGTH
        removes = not self.subjects.isdisjoint(kept) and not self.negations.isdisjoint(kept)
        return not removes and (bool(meaning.values) or self.small_words.isdisjoint(kept))

    def _leave_out_fillers(self, words: FoldedWords) -> FoldedWords:
        return tuple(word for word in words if word not in self.fillers)

    def _is_small(self, noun: str) -> bool:
        """Whether a noun has only words that say nothing by themselves: "on a"."""
        words = set(map(fold_word, noun.split()))
        return not words.isdisjoint(self.particles) and words <= self.particles | self.fillers

    def _list_phrases(self) -> Iterator[tuple[str, Meaning]]:
        """Phrases with their meanings, the likelier of equal ones first."""
        data = self.vocabulary
        for key, reason in data.unsupported.items():
            yield from _pairs(split_synonyms(key), Unsupported(reason))
        for key, question in data.questions.items():
            yield from _pairs(split_synonyms(key), Ambiguity(question))
        for key, values in data.phrases.items():
            yield from _pairs(split_synonyms(key), Phrase(values))
        for name, concept in data.concepts.items():
            yield from self._concept_phrases(name, concept)
        yield from ((phrase, Area(area)) for key, area in data.areas.items() for phrase in split_synonyms(key))
        named = [phrase for key, area in data.areas.items() if area == BACKGROUND for phrase in split_synonyms(key)]
        yield from _pairs(named, Noun(BACKGROUND, data.concepts[BACKGROUND], is_optional=True))
        for name, css in list_own_colours(data).items():
            yield from _pairs(self.inflect(name), ColourName(css))
        yield from ((name, ColourName(css)) for name, css in list_css_colours().items())
        yield from _pairs(expand_all(data.more), Direction(1))
        yield from _pairs(expand_all(data.less), Direction(-1))
        yield from ((w, Direction(sign, is_weak=True)) for w, sign in data.weak_directions.items())
        yield from ((w, Rescaling(f)) for key, f in data.rescalings.items() for w in split_synonyms(key))
        yield from _pairs(expand_all(data.replaced), Replaced())
        yield from _pairs(data.contrasts, Contrast())
        yield from _pairs(data.alternatives, Alternative())
        yield from _pairs(expand_all(data.complete), Complete())
        yield from _pairs(data.minus, Minus())
        yield from ((w, Degree(f)) for key, f in data.degrees.items() for w in split_synonyms(key))
        yield from _pairs(expand_all(data.negations), Negation())
        yield from ((w, NumberWord(n)) for key, n in data.numbers.items() for w in split_synonyms(key))
        yield from ((w, _amount(text)) for key, text in data.amounts.items() for w in split_synonyms(key))
        yield from ((w, Unit(unit)) for key, unit in data.units.items() for w in split_synonyms(key))
        yield from _pairs(expand_all(data.corrections), Break(is_hard=True, corrects=True))
        for conjunction in data.conjunctions:
            yield conjunction, Break(is_hard=False, is_adversative=conjunction in data.adversatives)

    def _concept_phrases(self, name: str, concept: Concept) -> Iterator[tuple[str, Meaning]]:
        nouns = expand_all(concept.nouns)
        full, small = Noun(name, concept), Noun(name, concept, is_optional=True)
        for noun in nouns:
            yield noun, small if self._is_small(noun) else full
        for key, values in concept.adjectives.items():
            for word in split_synonyms(key):
                yield from _pairs(self.inflect(word), Adjective({name: values}, "" if concept.needs_noun else name))
        if concept.grade is not None:
            own = [noun for noun in nouns if self._remove_ending(noun) not in self.shared_nouns]
            for verbs, direction in ((self.vocabulary.additions, 1), (self.vocabulary.reductions, -1)):
                forms = [verb if "{}" in verb else f"{verb} {{}}" for verb in expand_all(verbs)]
                phrases = [form.format(noun) for form in forms for noun in own]
                yield from _pairs(phrases, Gradation(name, concept, direction))
            for words, direction in ((concept.grade.more, 1), (concept.grade.less, -1)):
                for word in expand_all(words):
                    yield from _pairs(self.inflect(word), Gradation(name, concept, direction))
                    excess = [f"{too} {word}" for too in self.vocabulary.excess]
                    yield from _pairs(excess, Gradation(name, concept, -direction))
                    lack = [form.format(word) for form in self.vocabulary.insufficient]
                    yield from _pairs(lack, Gradation(name, concept, direction))


def _amount(text: str) -> Number:
    """A number with its unit, such as "0.5 stop"."""
    number, _, unit = text.partition(" ")
    return Number(number, unit, float(number))


def _merge_adjectives(meanings: list[Meaning]) -> None:
    """Make the adjectives among the meanings of a phrase one, the first of all."""
    adjectives = [m for m in meanings if isinstance(m, Adjective)]
    if adjectives:
        values = {name: v for adjective in reversed(adjectives) for name, v in adjective.values.items()}
        alone = " ".join(dict.fromkeys(name for adjective in adjectives for name in adjective.alone.split()))
        meanings[:] = [Adjective(values, alone), *(m for m in meanings if not isinstance(m, Adjective))]


def _pairs(phrases: Iterable[str], meaning: Meaning) -> Iterator[tuple[str, Meaning]]:
    return ((phrase, meaning) for phrase in phrases)
