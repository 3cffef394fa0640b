"""Lexicon: the phrases of a vocabulary by their words, inflected forms and likely typing errors included."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from mattebox.language.meanings import (
    Adjective,
    ColourName,
    Direction,
    Gradation,
    Meaning,
    Negation,
    Noun,
    Phrase,
)
from mattebox.language.phrase_tables import (
    MIN_FILLER_LENGTH,
    MIN_STEM_LENGTH,
    FoldedWords,
    PhraseCompiler,
    PhraseTables,
    remove_ending,
)
from mattebox.language.places import fold_places
from mattebox.language.spelling import (
    filter_likely,
    find_skeleton,
    has_same_letters,
    is_likely_error,
    nearest_words,
    shorten_runs,
)
from mattebox.language.tokens import fold_word
from mattebox.language.vocabulary import Vocabulary, expand_all, split_synonyms

SWAPPED_LENGTH = 3  # letters of a word whose last two may be swapped
MAX_DIRECTION_LENGTH = 5  # letters of words such as "out" and "down", which begin words of other meanings
MAX_REMEMBERED_WORDS = 20_000  # whose known forms and corrections are remembered
MIN_HEAD_LENGTH, MIN_FRONT_LENGTH = 4, 3  # letters of the two parts of a compound word


class Lexicon:
    """The phrases of one vocabulary; `tables` are those of an earlier lexicon of it."""

    def __init__(self, vocabulary: Vocabulary, tables: PhraseTables | None = None) -> None:
        self.vocabulary = vocabulary
        self.fillers = frozenset(map(fold_word, vocabulary.fillers))
        self.particles = frozenset(map(fold_word, vocabulary.particles))
        self.restrictions = frozenset(map(fold_word, vocabulary.restrictions))
        self.subjects = frozenset(map(fold_word, vocabulary.subjects))
        self.excess = frozenset(map(fold_word, vocabulary.excess))
        self.denials = frozenset(map(fold_word, vocabulary.denials))
        self.comparatives = frozenset(map(fold_word, vocabulary.comparatives))
        praises = expand_all(vocabulary.praises)
        inflected = (praise + ending for praise in praises for ending in vocabulary.inflections)
        self.praises = frozenset(map(fold_word, (*praises, *inflected)))
        self.fronts = self.subjects | set(map(fold_word, vocabulary.compound_heads))
        self.heads = sorted((w for w in self.fronts if len(w) >= MIN_HEAD_LENGTH), key=len, reverse=True)
        self.heads_by_end = _group_by_end(self.heads)
        self.find_inflected = lru_cache(MAX_REMEMBERED_WORDS)(self._find_inflected)
        self.correct = lru_cache(MAX_REMEMBERED_WORDS)(self._correct)
        self.endings = tuple(map(fold_word, vocabulary.endings))
        self.verb_particles = frozenset(map(fold_word, vocabulary.verb_particles))
        self.number_parts = {fold_word(w): n for k, n in vocabulary.numbers.items() for w in split_synonyms(k)}
        self.number_parts |= {fold_word(word): number for word, number in vocabulary.number_parts.items()}
        self.places = fold_places(vocabulary.places)
        self.limiting_subjects = frozenset(map(fold_word, vocabulary.limiting_subjects)) | self.places.persons
        self.changes = frozenset(map(fold_word, vocabulary.changes)) - self.fillers
        self.doings = self.places.makings | self.places.insertions | self.places.exchanges | self.places.movements
        self.scenery = frozenset(map(fold_word, vocabulary.scenery))
        self.mentions = self.scenery | frozenset(map(fold_word, vocabulary.mentions))
        self.past_endings = tuple(map(fold_word, vocabulary.past_endings))
        self.picks = vocabulary.picks.fold()
        self.class_of_word = self.picks.class_of_word()
        self.lone_questions = {
            self.leave_out_fillers(phrase.split()): question
            for key, question in vocabulary.lone_questions.items()
            for phrase in split_synonyms(key)
        }
        self.tables = PhraseCompiler(vocabulary).build() if tables is None else tables
        self.meanings, self.whole_phrases = self.tables.meanings, self.tables.whole_phrases
        self.stems, self.stem_of_word = self.tables.stems, self.tables.stem_of_word
        self.words_by_stem = self.tables.words_by_stem
        self.known_words = frozenset(self.stem_of_word)
        self.standing_words, self.longest_phrase = self.tables.standing_words, self.tables.longest_phrase
        self.mention_stems = frozenset(map(self.find_stem, self.mentions))

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

    def leave_out_fillers(self, words: Iterable[str]) -> FoldedWords:
        """Words in the form in which they are compared, without fillers."""
        return tuple(word for word in map(fold_word, words) if word not in self.fillers)

    def is_past(self, word: str) -> bool:
        """Whether a folded word that is not known tells what happened, by its ending."""
        return bool(self.past_endings) and word not in self.known_words and word.endswith(self.past_endings)

    def is_mentioned(self, words: Iterable[str]) -> bool:
        """Whether words only name something in clauses that ask for nothing: "the print looks dull"."""
        return self.mention_stems.issuperset(map(self.find_stem, words))

    def find_stem(self, word: str) -> str:
        """A folded word without its ending."""
        return self.stem_of_word.get(word) or remove_ending(word, self.endings)

    def _is_short_filler(self, word: str) -> bool:
        """Whether a word is passed over, and too short to be what another word was meant to be."""
        return word in self.fillers and len(word) < MIN_FILLER_LENGTH

    def _find_inflected(self, word: str) -> str | None:
        """The known word of which a folded one is short, or has another ending."""
        short = self.vocabulary.abbreviations.get(word)
        if short is not None:
            return fold_word(short)
        joined = self._leave_out_infinitive(word)
        if joined is not None:
            return joined
        stem = self.find_stem(word)
        inflected = self.words_by_stem.get(stem) if len(stem) > MIN_STEM_LENGTH else None
        return inflected or self._complete(word) or self._find_head(word)

    def _complete(self, word: str) -> str | None:
        """The known verb of which a word lacks the ending, as imperatives do: German "signier"."""
        endings = self.vocabulary.omitted_endings if len(word) > MIN_STEM_LENGTH else ()
        return next((word + ending for ending in endings if word + ending in self.known_words), None)

    def find_other_form(self, word: str) -> str | None:
        """What a known word that means nothing by itself is short for, or a form of."""
        short = self.vocabulary.abbreviations.get(word)
        if short is not None:
            return fold_word(short)
        return self.standing_words.get(self.find_stem(word)) if word not in self.standing_words.values() else None

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
        near = (head for form in forms for head in self.heads_by_end.get(form[-MIN_HEAD_LENGTH:], ()))
        found = {
            head for head in near if any(len(f) - len(head) >= MIN_FRONT_LENGTH and f.endswith(head) for f in forms)
        }
        return next((head for head in self.heads if head in found), None) if found else None

    def is_known(self, word: str) -> bool:
        """Whether a folded word is one of the vocabulary's, or a form of one."""
        return word in self.known_words or self.find_inflected(word) is not None

    def is_front(self, word: str) -> bool:
        """Whether a folded word can be the first part of a compound or of two words without a space."""
        meanings = self.meanings.get((word,), ())
        says_little = any(isinstance(m, Direction | Negation) for m in meanings) and len(word) <= MAX_DIRECTION_LENGTH
        is_colour = any(isinstance(m, ColourName) for m in meanings)
        is_long = len(word) >= MIN_HEAD_LENGTH or is_colour
        return is_long and not says_little and (self._tells_much(word) or word in self.fronts)

    def is_back(self, word: str) -> bool:
        """Whether a folded word can be the second part."""
        return len(word) >= MIN_HEAD_LENGTH and self._tells_much(word)

    def replace_subject(self, word: str) -> str:
        """The word that stands for a subject in phrases; other words as they are."""
        return fold_word(self.vocabulary.subjects[0]) if word in self.subjects else word

    def _correct(self, word: str) -> str | None:
        """A known word that an unknown one was probably meant to be; not one that is passed over, unless it is long."""
        drawn_out = next((form for form in shorten_runs(word) if form in self.known_words), None)
        return (
            drawn_out
            or self._find_swapped(word)
            or self._choose_correction(word, nearest_words(word, self.known_words))
            or self._complete_skeleton(word)
        )

    def _complete_skeleton(self, word: str) -> str | None:
        """The known word of which a word lacks vowels, if there is one: "bckgrnd"."""
        skeleton = find_skeleton(word)
        if not skeleton or skeleton != word:
            return None
        alike = (w for w in self.known_words if w[0] == word[0] and find_skeleton(w) == skeleton)
        found = [w for w in alike if self._tells_much(w)]
        return min(found, key=len) if len({self.find_stem(w) for w in found}) == 1 else None

    def _find_swapped(self, word: str) -> str | None:
        """The known word of three letters of which the last two of a word are swapped: "teh"."""
        swapped = word[:1] + word[:0:-1]
        return swapped if len(word) == SWAPPED_LENGTH and swapped in self.known_words else None

    def _choose_correction(self, word: str, candidates: Sequence[str]) -> str | None:
        """Of the nearest known words the one that was meant, if that is clear; forms of one word count as one."""
        candidates = [c for c in candidates if c not in self.subjects or has_same_letters(c, word)]
        candidates = [c for c in candidates if is_likely_error(word, c)]
        telling = [c for c in candidates if self._tells_much(c)]
        colours = [c for c in telling if any(isinstance(m, ColourName) for m in self.meanings[(c,)])]
        for kept in (*filter_likely(word, candidates), *filter_likely(word, telling), colours):
            if len({self.find_stem(candidate) for candidate in kept}) == 1:
                chosen = min(kept, key=len)
                return None if self._is_short_filler(chosen) and sorted(chosen) != sorted(word) else chosen
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


def _group_by_end(heads: Sequence[str]) -> dict[str, list[str]]:
    """The heads by their last letters, so that few are looked at for each word."""
    groups: dict[str, list[str]] = {}
    for head in heads:
        groups.setdefault(head[-MIN_HEAD_LENGTH:], []).append(head)
    return groups
