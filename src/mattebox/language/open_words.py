"""Words that no vocabulary has, by the place where they stand: what is photographed, what it is for, and small talk.

"cut out the kalimba", "the kalimba on white" and "shadow under my kalimba" name the subject; "for our lookbook" says
what the picture is for; "We sell kalimbas." says nothing that can be done. A plan shows what was read so. Elsewhere an
unknown word stays an error: "remove the kalimba", "add a kalimba".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set

from mattebox.language.lexicon import Lexicon
from mattebox.language.meanings import Adjective, Area, Meaning, Noun
from mattebox.language.open_nouns import (
    name_first_things,
    name_removed_backgrounds,
    pass_over_adverbs,
    pass_over_attributes,
    pass_over_left,
    pass_over_names,
    pass_over_topics,
)
from mattebox.language.place_search import PlacedWords, PlaceSearch
from mattebox.language.places import CANVAS_CONCEPTS, RELATED_CONCEPTS
from mattebox.language.tokens import Token

MAX_CUE_LENGTH = 3  # words that say that a thing follows
MAX_COLOUR_DISTANCE = 5  # tokens from "on" to the colour or background behind a thing
MAX_THING_LENGTH = 5  # words of a thing without its article


def place_unknown_words(
    text: str, tokens: Sequence[Token], unknown: Set[int], forms: Mapping[str, str], lexicon: Lexicon
) -> PlacedWords:
    """Find what unknown words are by their place.

    Parameters
    ----------
    text
        Of the request.
    tokens
        All of it.
    unknown
        Places of those that the lexicon does not have.
    forms
        Words as written, and the known words that they are forms or typing errors of.
    lexicon
        Of the language.
    """
    finder = _PlaceFinder(text, tokens, unknown, forms, lexicon)
    finder.pass_over_statements()
    finder.pass_over_reasons()
    finder.pass_over_preserved()
    finder.name_things()
    finder.pass_over_whereabouts()
    name_removed_backgrounds(finder)
    pass_over_topics(finder)
    pass_over_names(finder)
    pass_over_left(finder)
    name_first_things(finder)
    pass_over_attributes(finder)
    pass_over_adverbs(finder)
    return finder.result()


class _PlaceFinder(PlaceSearch):
    """The search, by what stands around unknown words."""

    def pass_over_statements(self) -> None:
        """Drop clauses such as "we sell kalimbas", beside others: they ask for nothing."""
        spans = list(self.spans())
        for start, end in spans:
            words = self.words[start:end]
            is_statement = bool(words) and words[0] in self.places.statements
            is_plain = self.places.wishes.isdisjoint(words) and all(map(self.says_nothing, range(start, end)))
            if self.has_unknown(start, end) and is_statement and is_plain and len(spans) > 1:
                self.drop(start, end)
        if len(spans) > 1 and self._is_signature(*spans[-1], before=spans[-2]):
            self.drop(*spans[-1])

    def _is_signature(self, start: int, end: int, before: tuple[int, int]) -> bool:
        """Whether a name ends the text, behind thanks or regards."""
        if not self.has_unknown(start, end) or not all(map(self.says_nothing, range(start, end))):
            return False
        greets = not self.places.greetings.isdisjoint(self.words[start:end])
        is_name = all(index in self.unknown for index in range(start, end))
        parts = not self.places.greetings.isdisjoint(self.words[before[0] : before[1]])
        return greets or parts or (is_name and all(map(self.says_nothing, range(*before))))

    def pass_over_reasons(self) -> None:
        """Drop "because ..." where no word behind it means anything that can be done."""
        for start, end in self.spans():
            begin = next((i for i in range(start, end) if self.words[i] in self.places.reasons), end)
            if self.has_unknown(begin, end) and all(map(self.says_nothing, range(begin + 1, end))):
                self.drop(begin, end)

    def pass_over_preserved(self) -> None:
        """Drop clauses that say what stays as it is, beside others; of backgrounds and shadows that means something."""
        spans = [span for span in self.spans(at_conjunctions=True) if not self.dropped.intersection(range(*span))]
        for start, end in spans:
            indices = [i for i in range(start, end) if self.words[i] in self.preserving or not self.is_small(i)]
            kept = [self.words[i] for i in indices]
            says_so = any(_is_subsequence(phrase.split(), kept) for phrase in self.places.preservations)
            if not says_so or len(spans) == 1 or any(self._is_canvas(i) for i in range(start, end)):
                continue
            if not self.lexicon.restrictions.isdisjoint(self.words[start:end]) and self._name_rest(start, end):
                continue
            self.drop(self._begin_of_list(start), end)

    def _name_rest(self, start: int, end: int) -> bool:
        """Whether a clause says that one thing alone stays as it is; it then limits all changes to the background."""
        only = next(i for i in range(start, end) if self.words[i] in self.lexicon.restrictions)
        thing = next((i for i in range(only + 1, end) if self.is_subject_word(i)), None)
        if thing is None:
            return False
        self.subjects[self.tokens[thing].text] = self.background_word
        self.forget({i for i in range(start, end) if i not in (only, thing)})
        return True

    def _begin_of_list(self, start: int) -> int:
        """Where the things begin of which the last one stands at `start`: "skin and colours unchanged"."""
        begin = start
        while begin > 1 and self.tokens[begin - 1].kind == "word" and self._is_thing(begin - 2):
            begin -= 2
        return begin if begin == 0 or self.tokens[begin - 1].kind == "separator" else start

    def _is_thing(self, index: int) -> bool:
        """Whether a word is unknown, or only names something."""
        meanings = self.lexicon.meanings.get((self.words[index],), ())
        return index in self.unknown or (bool(meanings) and all(isinstance(m, Noun) for m in meanings))

    def _is_canvas(self, index: int) -> bool:
        """Whether a word names something that is kept or made anew by its own rules, or a change."""
        if self.words[index] in self.preserving or self.words[index] in self.places.rests:
            return False
        meanings = self.lexicon.meanings.get((self.words[index],), ())
        named = any(isinstance(m, Noun) and m.name in CANVAS_CONCEPTS for m in meanings)
        named = named or any(isinstance(m, Adjective) and "format" in m.alone.split() for m in meanings)
        return named or self.tokens[index].kind in ("number", "hex", "size", "ratio", "path", "setting")

    def name_things(self) -> None:
        """Read unknown words as the subject, its attributes, or what the picture is for."""
        for start, end in self.spans(at_conjunctions=True):
            index = start
            while index < end:
                if index in self.unknown:
                    first, last = self._thing_around(index, start, end)
                    self._name_thing(first, last, start, end)
                    index = max(last, index)
                index += 1

    def pass_over_whereabouts(self) -> None:
        """Drop "from the Alps" and "in the rocks": where a picture was taken, or what of it, unless only there."""
        for start, end in self.spans(at_conjunctions=True):
            words = {word for index, word in enumerate(self.words[start:end], start) if index not in self.dropped}
            if words & (self.lexicon.restrictions | self.places.movements | self.places.insertions):
                continue
            for index in range(start, end):
                if index in self.unknown or (self.words[index] in self.lexicon.scenery and index not in self.dropped):
                    self._pass_over_whereabout(index, start, end)

    def _pass_over_whereabout(self, index: int, start: int, end: int) -> None:
        first, last = self._thing_around(index, start, end)
        begin = first - 1
        while begin > start and self.words[begin] in self.places.determiners | self.places.known_articles:
            begin -= 1
        if begin < start or self.words[begin] not in self.places.whereabouts or self._is_area(begin, last):
            return
        is_known = begin < first - 1 and self.words[first - 1] in self.places.known_articles
        if is_known or self.words[begin] in self.places.origins:
            self.drop(begin, last)

    def _is_area(self, first: int, last: int) -> bool:
        """Whether words are known as a part of the photograph, which limits what is changed: "in the distance"."""
        words = (tuple(self.words[first:end]) for end in range(first + 1, last + 1))
        return any(isinstance(m, Area) for w in words for m in self._find(w))

    def _find(self, words: tuple[str, ...]) -> tuple[Meaning, ...]:
        kept = self.lexicon.leave_out_fillers(words)
        return (*self.lexicon.whole_phrases.get(words, ()), *(self.lexicon.find_phrase(kept) if kept else ()))

    def _name_thing(self, first: int, last: int, start: int, end: int) -> None:
        """Read the words from `first` up to `last`, in the clause from `start` to `end`."""
        if last - first > MAX_THING_LENGTH or not self.places.manners.isdisjoint(self.words[first : last + 1]):
            return
        before = self._words_before(first, start)
        if before and before[-1] in self.places.purposes and self.places.exchanges.isdisjoint(self.words[start:end]):
            begin = next(i for i in range(first - 1, start - 1, -1) if self.words[i] in self.places.purposes)
            self.drop(begin, last)
        elif self.is_subject_word(last - 1) and self.has_article(first, start):
            self._drop_attributes(first, last)
        elif self._is_cued(before) or self._is_followed(last, start, end) or self._is_part_of(before):
            self.name_subject(first, last)

    def _thing_around(self, index: int, start: int, end: int) -> tuple[int, int]:
        """Where the words around an unknown one that can name a thing with it begin and end."""
        first, last = index, index + 1
        while first > start and self._can_describe(first - 1):
            first -= 1
        while last < end and (last in self.unknown or self.is_subject_word(last)):
            last += 1
        return first, last

    def _can_describe(self, index: int) -> bool:
        """Whether a word can stand between an article and a thing: unknown, or an attribute."""
        word = self.words[index]
        return index in self.unknown or word in self.places.attributes or self.is_subject_word(index)

    def _is_cued(self, before: Sequence[str]) -> bool:
        return any(" ".join(before[-count:]) in self.places.subject_cues for count in range(1, MAX_CUE_LENGTH + 1))

    def _is_followed(self, last: int, start: int, end: int) -> bool:
        """Whether "on white", or a verb such as German "freistellen", stands behind a thing that nothing else takes."""
        after = [i for i in range(last, end) if not self.is_small(i)]
        if not after:
            return False
        if self.words[after[0]] in self.places.subject_verbs:
            return True
        begins = all(self.is_small(i) for i in range(start, last) if i not in self.unknown)
        is_added = not self.places.insertions.isdisjoint(self.words[start:last])
        names_background = any(self.paints(i) for i in after[1:MAX_COLOUR_DISTANCE])
        return begins and not is_added and self.words[after[0]] in self.places.grounds and names_background

    def _is_part_of(self, before: Sequence[str]) -> bool:
        """Whether "background of", "shadow under" or the like stands before a thing."""
        before = [word for word in before if word not in self.places.removals]
        if len(before) < 2 or before[-1] not in self.places.relations:
            return False
        meanings = self.lexicon.meanings.get((before[-2],), ())
        return any(isinstance(m, Noun) and m.name in RELATED_CONCEPTS for m in meanings)

    def _words_before(self, first: int, start: int) -> list[str]:
        """The words before a thing, without articles and small words that are part of no cue."""
        cues = self._cue_words()
        words = [self.words[i] for i in range(start, first) if i not in self.dropped]
        return [w for w in words if w in cues or (w not in self.lexicon.fillers and w not in self.places.determiners)]

    def _cue_words(self) -> Set[str]:
        cues = {word for cue in self.places.subject_cues for word in cue.split()}
        return cues | self.places.relations | self.places.purposes

    def _drop_attributes(self, first: int, last: int) -> None:
        gone = {i for i in range(first, last) if i in self.unknown}
        self.passed_over += [self.tokens[i].text for i in sorted(gone)]
        self.forget(gone)


def _is_subsequence(words: Sequence[str], others: Sequence[str]) -> bool:
    """Whether the words stand among the others in their order."""
    rest = iter(others)
    return all(word in rest for word in words)
