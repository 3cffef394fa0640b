"""Lexicon: the phrases of a vocabulary by their words, inflected forms and likely typing errors included."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from mattebox.language.colour_names import list_css_colours, list_own_colours
from mattebox.language.meanings import (
    Adjective,
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
from mattebox.language.spelling import filter_likely, has_same_letters, nearest_words
from mattebox.language.tokens import fold_word
from mattebox.language.vocabulary import Concept, Vocabulary, expand_all, split_synonyms

MIN_STEM_LENGTH = 3  # letters of a word without its ending
SWAPPED_LENGTH = 3  # letters of a word whose last two may be swapped
MIN_FILLER_LENGTH = 6  # letters of a filler whose typing errors are corrected
MIN_UNDOUBLED_LENGTH = 4  # letters of a stem whose last letter counts once: "cropped" is of "crop"
MIN_PHRASE_LENGTH = 2  # words without fillers of a phrase that means something without them
MIN_HEAD_LENGTH, MIN_FRONT_LENGTH = 4, 3  # letters of the two parts of a compound word

BACKGROUND = "background"  # the area that is also a concept: "blur only the background"

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
    """

    meanings: dict[FoldedWords, tuple[Meaning, ...]]
    whole_phrases: dict[FoldedWords, tuple[Meaning, ...]]
    stems: dict[FoldedWords, tuple[Meaning, ...]]
    stem_of_word: dict[str, str]
    words_by_stem: dict[str, str]


class Lexicon:
    """The phrases of one vocabulary; `tables` are those of an earlier lexicon of it."""

    def __init__(self, vocabulary: Vocabulary, tables: PhraseTables | None = None) -> None:
        self.vocabulary = vocabulary
        self.fillers = frozenset(map(fold_word, vocabulary.fillers))
        self.particles = frozenset(map(fold_word, vocabulary.particles))
        self.restrictions = frozenset(map(fold_word, vocabulary.restrictions))
        self.subjects = frozenset(map(fold_word, vocabulary.subjects))
        self.excess = frozenset(map(fold_word, vocabulary.excess))
        self.comparatives = frozenset(map(fold_word, vocabulary.comparatives))
        self.praises = frozenset(map(fold_word, expand_all(vocabulary.praises)))
        heads = self.subjects | set(map(fold_word, vocabulary.compound_heads))
        self.heads = sorted((w for w in heads if len(w) >= MIN_HEAD_LENGTH), key=len, reverse=True)
        self.corrections: dict[str, str | None] = {}
        self.endings = tuple(map(fold_word, vocabulary.endings))
        self.stem_of_word: dict[str, str] = {} if tables is None else tables.stem_of_word
        self.tables = self._build_tables() if tables is None else tables
        self.meanings, self.whole_phrases = self.tables.meanings, self.tables.whole_phrases
        self.stems, self.stem_of_word = self.tables.stems, self.tables.stem_of_word
        self.words_by_stem = self.tables.words_by_stem
        self.known_words = frozenset(self.stem_of_word)
        self.longest_phrase = max(map(len, self.meanings))

    def _build_tables(self) -> PhraseTables:
        """All phrases of the vocabulary with their meanings, and known words with their stems."""
        concepts = self.vocabulary.concepts.values()
        counts = Counter(stem for c in concepts for stem in set(map(self._remove_ending, expand_all(c.nouns))))
        self.shared_nouns = frozenset(stem for stem, count in counts.items() if count > 1)
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
        self.stem_of_word = {word: self._remove_ending(word) for word in known_words}
        inflected = [(w, s) for w, s in sorted(self.stem_of_word.items(), reverse=True) if not self._is_short_filler(w)]
        stems: dict[FoldedWords, tuple[Meaning, ...]] = {}
        for words, word_meanings in phrases.items():
            if len(words) > 1:
                stems.setdefault(tuple(map(self.find_stem, words)), word_meanings)
        whole_phrases = {words: tuple(meanings) for words, meanings in with_fillers.items()}
        return PhraseTables(phrases, whole_phrases, stems, self.stem_of_word, {s: w for w, s in inflected})

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

    def _is_short_filler(self, word: str) -> bool:
        """Whether a word is passed over, and too short to be what another word was meant to be."""
        return word in self.fillers and len(word) < MIN_FILLER_LENGTH

    def _remove_ending(self, word: str) -> str:
        for ending in self.endings:
            if word.endswith(ending) and len(word) - len(ending) >= MIN_STEM_LENGTH:
                word = word[: -len(ending)]
                break
        is_doubled = len(word) >= MIN_UNDOUBLED_LENGTH and word[-1] == word[-2]
        return word[:-1] if is_doubled else word

    def find_inflected(self, word: str) -> str | None:
        """The known word of which a folded one is short, or has another ending."""
        short = self.vocabulary.abbreviations.get(word)
        if short is not None:
            return fold_word(short)
        joined = self._leave_out_infinitive(word)
        if joined is not None:
            return joined
        stem = self.find_stem(word)
        inflected = self.words_by_stem.get(stem) if len(stem) > MIN_STEM_LENGTH else None
        return inflected or self._find_head(word)

    def _leave_out_infinitive(self, word: str) -> str | None:
        """The known verb that a word is with "zu" inside: "aufzuhellen" is "aufhellen"."""
        inner = self.vocabulary.infinitive
        front, found, end = word.partition(inner) if inner else (word, "", "")
        return front + end if found and front and front + end in self.known_words else None

    def is_infinitive(self, words: FoldedWords) -> bool:
        """Whether two words are a verb behind "zu", and not too much of something: "zu entfernen", not "zu hell"."""
        is_known = words[1:] and words[1].endswith("n") and (words[1] in self.known_words)
        return bool(is_known) and words[0] == self.vocabulary.infinitive and not self.find_phrase(words)

    def _find_head(self, word: str) -> str | None:
        """The subject that a compound word is a kind of, with an ending or without."""
        if not self.vocabulary.compound_heads:
            return None
        forms = (word, self.find_stem(word))
        ends = ((form, head) for head in self.heads for form in forms if form.endswith(head))
        return next((head for form, head in ends if len(form) - len(head) >= MIN_FRONT_LENGTH), None)

    def replace_subject(self, word: str) -> str:
        """The word that stands for a subject in phrases; other words as they are."""
        return fold_word(self.vocabulary.subjects[0]) if word in self.subjects else word

    def correct(self, word: str) -> str | None:
        """A known word that an unknown one was probably meant to be; not one that is passed over, unless it is long."""
        if word not in self.corrections:
            self.corrections[word] = self._find_swapped(word)
        if self.corrections[word] is None:
            self.corrections[word] = self._choose_correction(word, nearest_words(word, self.known_words))
        return self.corrections[word]

    def _find_swapped(self, word: str) -> str | None:
        """The known word of three letters of which the last two of a word are swapped: "teh"."""
        swapped = word[:1] + word[:0:-1]
        return swapped if len(word) == SWAPPED_LENGTH and swapped in self.known_words else None

    def _choose_correction(self, word: str, candidates: Sequence[str]) -> str | None:
        """Of the nearest known words the one that was meant, if that is clear; forms of one word count as one."""
        candidates = [c for c in candidates if c not in self.subjects or has_same_letters(c, word)]
        telling = [c for c in candidates if self._tells_much(c)]
        for kept in (*filter_likely(word, candidates), *filter_likely(word, telling)):
            if len({self.find_stem(candidate) for candidate in kept}) == 1:
                chosen = min(kept, key=len)
                return None if self._is_short_filler(chosen) else chosen
        return None

    def _tells_much(self, word: str) -> bool:
        """Whether a word means something by itself that can be done."""
        meanings = self.meanings.get((word,), ())
        return any(isinstance(m, Noun | Adjective | Gradation | ColourName | Negation | Direction) for m in meanings)

    def begins_negated(self, text: str) -> bool:
        """Whether a text begins with a word for no, such as "remove the background"."""
        words = tuple(w for w in map(fold_word, text.split()) if w not in self.fillers)
        return any(isinstance(m, Negation) for m in self.find_phrase(words[:1]))

    def says_direction(self, text: str) -> bool:
        """Whether a text has a word for more or less."""
        words = map(fold_word, text.split())
        return any(isinstance(m, Direction) for word in words for m in self.meanings.get((word,), ()))

    def is_bare_noun(self, text: str) -> bool:
        """Whether a text has no filler beside definite articles."""
        articles = set(map(fold_word, self.vocabulary.articles))
        return not (set(map(fold_word, text.split())) & self.fillers) - articles

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
            if self.subjects.issuperset(kept):  # it has nothing but them and a subject
                exact.append((written, meaning))
            elif len(kept) > 1 or isinstance(meaning, REDUCED_KINDS):
                reduced.append((kept, meaning))
            if len(written) > 1 and len(kept) < MIN_PHRASE_LENGTH:
                whole.append((written, meaning))
        return exact, reduced, whole

    def _leave_out_fillers(self, words: FoldedWords) -> FoldedWords:
        return tuple(word for word in words if word not in self.fillers)

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
        yield from _pairs(expand_all(data.complete), Complete())
        yield from _pairs(data.minus, Minus())
        yield from ((w, Degree(f)) for key, f in data.degrees.items() for w in split_synonyms(key))
        yield from _pairs(expand_all(data.negations), Negation())
        yield from ((w, NumberWord(n)) for key, n in data.numbers.items() for w in split_synonyms(key))
        yield from ((w, _amount(text)) for key, text in data.amounts.items() for w in split_synonyms(key))
        yield from ((w, Unit(unit)) for key, unit in data.units.items() for w in split_synonyms(key))
        for conjunction in data.conjunctions:
            yield conjunction, Break(is_hard=False, is_adversative=conjunction in data.adversatives)

    def _concept_phrases(self, name: str, concept: Concept) -> Iterator[tuple[str, Meaning]]:
        nouns = expand_all(concept.nouns)
        for noun in nouns:
            yield noun, Noun(name, concept, fold_word(noun) in self.particles)
        for key, values in concept.adjectives.items():
            for word in split_synonyms(key):
                yield from _pairs(self.inflect(word), Adjective({name: values}, not concept.needs_noun))
        if concept.grade is not None:
            own = [noun for noun in nouns if self._remove_ending(noun) not in self.shared_nouns]
            for verbs, direction in ((self.vocabulary.additions, 1), (self.vocabulary.reductions, -1)):
                phrases = [f"{verb} {noun}" for verb in expand_all(verbs) for noun in own]
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
        stands_alone = all(adjective.stands_alone for adjective in adjectives)
        meanings[:] = [Adjective(values, stands_alone), *(m for m in meanings if not isinstance(m, Adjective))]


def _pairs(phrases: Iterable[str], meaning: Meaning) -> Iterator[tuple[str, Meaning]]:
    return ((phrase, meaning) for phrase in phrases)
