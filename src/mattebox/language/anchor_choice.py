"""Choice of anchors: in which of its meanings a word of a clause is one, and words that name the same concept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mattebox.language.anchors import Anchor, accepts, count_modifiers
from mattebox.language.errors import AmbiguousWords
from mattebox.language.meanings import Adjective, Ambiguity, Degree, Direction, Gradation, Noun, Phrase, Word


def choose_anchor(word: Word, nouns: Mapping[int, Noun], clause: Sequence[Word]) -> Noun | Gradation | Phrase | None:
    """The meaning with which a word is an anchor; None for a modifier of another noun. AmbiguousWords."""
    others = [Anchor(noun, []) for index, noun in nouns.items() if clause[index] is not word]
    modifiers = [m for m in word.meanings if isinstance(m, Adjective | Direction)]
    if any(accepts(anchor, modifier) for anchor in others for modifier in modifiers):
        return None
    own = next((noun for index, noun in nouns.items() if clause[index] is word), None)
    ambiguity = word.find(Ambiguity)
    described = [w for w in clause if not w.find(Degree)]
    if own is not None and (not ambiguity or count_modifiers(own, word, described)):
        return own
    if isinstance(ambiguity, Ambiguity):
        raise AmbiguousWords(word.text, ambiguity.question.ask, ambiguity.question.choices)
    anchor = word.find(Gradation, Phrase)
    return anchor if isinstance(anchor, Gradation | Phrase) else None


def add_anchor(
    anchors: dict[int, Anchor], index: int, word: Word, meaning: Noun | Gradation | Phrase, start: int
) -> None:
    """Add an anchor, or the words to one of the same concept."""
    for anchor in anchors.values():
        if isinstance(meaning, Noun) and isinstance(anchor.meaning, Noun) and anchor.meaning.name == meaning.name:
            anchor.words.append((start + index, word.text))
            anchor.positions.append(index)
            return
    anchors[index] = Anchor(meaning, [(start + index, word.text)], positions=[index])
