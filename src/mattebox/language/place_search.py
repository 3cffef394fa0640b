"""The state of a search for what unknown words are by their place, and what it asks of single tokens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field

from mattebox.language.concepts import BACKGROUND
from mattebox.language.lexicon import Lexicon
from mattebox.language.meanings import Adjective, Break, ColourName, Noun
from mattebox.language.tokens import Token, fold_word


@dataclass
class PlacedWords:
    """Tokens without those that were passed over.

    Parameters
    ----------
    tokens
        The rest, unknown words that name the subject among them.
    subjects
        Unknown words as written, with the subject's own word.
    things
        The same with all words that name the thing, as people are told.
    passed_over
        What says nothing that can be done, as written.
    unknown
        Places in `tokens` of words that stay unknown.
    kept
        For each of `tokens` its place in the request.
    """

    tokens: list[Token]
    subjects: dict[str, str] = field(default_factory=dict)
    things: dict[str, str] = field(default_factory=dict)
    passed_over: list[str] = field(default_factory=list)
    unknown: Set[int] = frozenset()
    kept: Sequence[int] = ()


class PlaceSearch:
    """Which tokens are gone, and which unknown ones have been placed."""

    def __init__(
        self, text: str, tokens: Sequence[Token], unknown: Set[int], forms: Mapping[str, str], lexicon: Lexicon
    ) -> None:
        self.text, self.tokens, self.lexicon = text, tokens, lexicon
        self.places = lexicon.places
        self.words = [forms.get(t.text, fold_word(t.text)) if t.kind == "word" else "" for t in tokens]
        self.unknown = set(unknown)
        self.dropped: set[int] = set()
        self.subjects: dict[str, str] = {}
        self.things: dict[str, str] = {}
        self.passed_over: list[str] = []
        self.background_word = lexicon.vocabulary.concepts[BACKGROUND].nouns[0]
        self.preserving = {word for phrase in self.places.preservations for word in phrase.split()}

    def result(self) -> PlacedWords:
        kept = [index for index in range(len(self.tokens)) if index not in self.dropped]
        return PlacedWords(
            [self.tokens[index] for index in kept],
            self.subjects,
            self.things,
            self.passed_over,
            {place for place, index in enumerate(kept) if index in self.unknown},
            kept,
        )

    def has_article(self, first: int, start: int) -> bool:
        return first > start and self.words[first - 1] in self.places.determiners

    def is_subject_word(self, index: int) -> bool:
        return self.words[index] in self.lexicon.subjects

    def is_small(self, index: int) -> bool:
        """Whether a word is passed over wherever it stands, and is no cue."""
        word = self.words[index]
        is_filler = word in self.lexicon.fillers or word in self.places.determiners
        return self.tokens[index].kind == "word" and is_filler and word not in self.places.grounds

    def says_nothing(self, index: int) -> bool:
        word, lexicon = self.words[index], self.lexicon
        if any(isinstance(m, Break) for m in lexicon.meanings.get((word,), ())):
            return True
        small = (lexicon.fillers, lexicon.particles, lexicon.subjects, self.places.determiners, self.places.reasons)
        is_word = self.tokens[index].kind == "word"
        return index in self.unknown or (is_word and any(word in words for words in small))

    def has_unknown(self, start: int, end: int) -> bool:
        return any(index in self.unknown for index in range(start, end))

    def paints(self, index: int) -> bool:
        """Whether a token is a colour, a background or a picture."""
        if self.tokens[index].kind in ("hex", "call", "path"):
            return True
        meanings = self.lexicon.meanings.get((self.words[index],), ())
        return any(
            isinstance(m, ColourName)
            or (isinstance(m, Noun) and m.name == "background")
            or (isinstance(m, Adjective) and "background" in m.values)
            for m in meanings
        )

    def name_subject(self, first: int, last: int) -> None:
        """Let the last unknown word stand for the subject; those before it describe it."""
        head = max(i for i in range(first, last) if i in self.unknown)
        written = self.text[self.tokens[first].start : self.tokens[last - 1].end]
        self.things[written] = self.lexicon.vocabulary.subjects[0]
        self.subjects[self.tokens[head].text] = self.lexicon.vocabulary.subjects[0]
        self.unknown -= {i for i in self.unknown if self.words[i] == self.words[head] and self._is_free(i)}
        self.forget({i for i in range(first, last) if i != head})

    def _is_free(self, index: int) -> bool:
        """Whether a word is written as a thing that was named before, and names it again: the "kalimba" fills 90 %."""
        return self.tokens[index].text in self.subjects

    def drop(self, start: int, end: int) -> None:
        self.passed_over.append(self.text[self.tokens[start].start : self.tokens[end - 1].end])
        self.forget(set(range(start, end)))

    def forget(self, indices: set[int]) -> None:
        self.dropped |= indices
        self.unknown -= indices

    def spans(self, *, at_conjunctions: bool = False) -> Iterator[tuple[int, int]]:
        """Where clauses begin and end, without what stands between them."""
        start = 0
        for index, token in enumerate(self.tokens):
            meanings = self.lexicon.meanings.get((self.words[index],), ()) if at_conjunctions else ()
            if token.kind == "separator" or any(isinstance(m, Break) for m in meanings):
                if index > start:
                    yield start, index
                start = index + 1
        if start < len(self.tokens):
            yield start, len(self.tokens)
