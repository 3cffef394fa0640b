"""Search for the anchors of a clause: which of its words belongs to what.

The anchors are its nouns, graded words and whole phrases; every other word modifies the anchor that can take it.
Where several can, it belongs to the next one after it, as adjectives stand before their noun; in clauses that begin
with a noun and end with a modifier ("background white, shadow soft") to the last one before it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mattebox.language.anchor_checks import require_one_subject, require_own_colour, require_plain_order
from mattebox.language.anchors import (
    MODIFIERS,
    SUBJECT,
    Anchor,
    Modifier,
    accepts,
    choose_noun,
    count_modifiers,
    is_limitable,
    paints,
    takes_several_colours,
)
from mattebox.language.clauses import Clause
from mattebox.language.errors import AmbiguousWords, WordsNotUnderstood
from mattebox.language.lexicon import Lexicon
from mattebox.language.meanings import (
    Adjective,
    Ambiguity,
    Area,
    ColourName,
    Complete,
    Degree,
    Direction,
    Gradation,
    Negation,
    Noun,
    Number,
    Phrase,
    Word,
)
from mattebox.language.tokens import fold_word

SIZE, UPSCALING = "size", "upscaling"  # concepts
MATTE_ONLY = "matte_only"  # parameter: "the mask", of which the edge can be moved
EDGE_CONCEPTS = frozenset(("growth", "shrinking", "feather"))


def find_anchors(clause: Clause, lexicon: Lexicon, previous: Anchor | None = None) -> list[Anchor]:
    """The anchors of a clause with their modifiers; an anchor without a meaning holds those that nothing can take.

    Parameters
    ----------
    clause
        With words.
    lexicon
        Of the request's language.
    previous
        The anchor before the clause. It takes the words of a clause without an anchor if it can take all of them
        ("sharpen the subject, a little").

    Raises
    ------
    AmbiguousWords
        Words of the clause must be asked about.
    WordsNotUnderstood
        Words belong to nothing.
    """
    require_one_subject(clause)
    anchors: dict[int, Anchor] = {}
    modifiers: list[tuple[int, Word]] = []
    chosen = {index: choose_noun(word, clause.words) for index, word in enumerate(clause.words)}
    nouns = {index: noun for index, noun in chosen.items() if noun is not None}
    if not nouns and previous is not None and _belongs_to(previous, clause):
        words = [(i, w) for i, w in enumerate(clause.words) if not _repeats_direction(w, previous)]
        _assign_all(words, {-1: previous}, clause.start, follows=True)
        return []
    for index, word in enumerate(clause.words):
        meaning = _choose_anchor(word, nouns, clause.words)
        if meaning is not None:
            _add_anchor(anchors, index, word, meaning, clause.start)
        else:
            modifiers.append((index, word))
    follows = bool(modifiers) and 0 in anchors and modifiers[-1][0] == len(clause.words) - 1
    rest = _assign_all(modifiers, anchors, clause.start, follows)
    require_own_colour(rest, list(anchors.values()))
    require_plain_order(list(anchors.values()))
    _drop_measured(anchors)
    found = _limit_to_nouns([anchor for anchor in anchors.values() if not _says_nothing(anchor)], lexicon)
    return [*found, *([rest] if rest.modifiers else [])]


def _belongs_to(anchor: Anchor, clause: Clause) -> bool:
    """Whether an anchor takes all words of a clause, and they are no change of its last value ("a bit less")."""
    if (
        clause.begins_sentence
        or anchor.is_negated
        or any(isinstance(w.meanings[0], Area | Negation | Phrase) for w in clause.words)
    ):
        return False
    if any(w.find(Gradation) or (w.find(Ambiguity) and not w.find(Adjective)) for w in clause.words):
        return False
    firsts = [w.meanings[0] for w in clause.words]
    if any(isinstance(m, Direction) and m.sign == -anchor.direction for m in firsts):
        return False
    if all(isinstance(m, Degree | Direction) for m in firsts) and any(isinstance(m, Direction) for m in firsts):
        return False
    return all(any(accepts(anchor, m) for m in w.meanings if isinstance(m, MODIFIERS)) for w in clause.words)


def _repeats_direction(word: Word, anchor: Anchor) -> bool:
    """Whether a word says again which way an anchor is changed, or how much: "a bit brighter, really just a bit"."""
    first, degree = word.meanings[0], word.find(Degree)
    if degree in anchor.modifiers:
        return True
    return isinstance(first, Direction) and first.sign == anchor.direction


def _assign_all(words: Sequence[tuple[int, Word]], anchors: dict[int, Anchor], start: int, follows: bool) -> Anchor:
    """Give each word to the anchor that takes it; an anchor without a meaning with those that none takes."""
    rest = Anchor(None, [])
    for index, word in words:
        anchor, modifier = _assign(index, word, anchors, follows)
        target = anchor or rest
        target.modifiers.append(modifier)
        target.words.append((start + index, word.text))
        target.order.append((start + index, type(modifier)))
    return rest


def _limit_to_nouns(anchors: list[Anchor], lexicon: Lexicon) -> list[Anchor]:
    """The anchors without bare nouns that say where another is changed ("brighten the subject"), or what it is of."""
    bare = [a for a in anchors if isinstance(a.meaning, Noun) and a.meaning.concept.area and not a.modifiers]
    others = [a for a in anchors if a not in bare]
    targets = [a for a in others if not a.find(Area) and is_limitable(a)]
    kept = []
    for noun in bare:
        assert isinstance(noun.meaning, Noun)
        for target in targets if _limits(noun, lexicon) else ():
            target.modifiers.append(Area(noun.meaning.concept.area))
            target.words.extend(noun.words)
        is_named = noun.meaning.concept.area == SUBJECT or any(paints(a, noun.meaning) for a in others)
        if not targets and not (others and is_named):
            kept.append(noun)
    return [a for a in anchors if a in others or a in kept]


def _limits(noun: Anchor, lexicon: Lexicon) -> bool:
    """Whether a change that is said of a noun is limited to it; what fills a picture, as a cake may, limits nothing."""
    words = set(map(fold_word, noun.text.split()))
    is_area = isinstance(noun.meaning, Noun) and noun.meaning.concept.area != SUBJECT
    return is_area or not words.isdisjoint(lexicon.limiting_subjects)


def _drop_measured(anchors: dict[int, Anchor]) -> None:
    """Leave out a size without a number beside an enlargement that has it: "enlarge to 6000 px on the long edge"."""
    names = {a.meaning.name for a in anchors.values() if isinstance(a.meaning, Noun) and a.find(Number)}
    phrases = [a.meaning for a in anchors.values() if isinstance(a.meaning, Phrase)]
    is_enlarged = any("upscale" in phrase.values for phrase in phrases)
    for index, anchor in list(anchors.items()):
        is_bare = isinstance(anchor.meaning, Noun) and anchor.meaning.name == SIZE and not anchor.modifiers
        is_mask = isinstance(anchor.meaning, Phrase) and set(anchor.meaning.values) == {MATTE_ONLY}
        if (is_bare and (UPSCALING in names or is_enlarged)) or (is_mask and names & EDGE_CONCEPTS):
            del anchors[index]


def _says_nothing(anchor: Anchor) -> bool:
    return isinstance(anchor.meaning, Noun) and anchor.meaning.is_optional and len(anchor.words) == 1


def _is_preposition(anchor: Anchor) -> bool:
    """Whether a colour directly behind an anchor is its own: "on white with a shadow"."""
    return isinstance(anchor.meaning, Noun) and anchor.meaning.is_optional and bool(anchor.meaning.concept.colour)


def _paints_background(anchor: Anchor | None) -> bool:
    """Whether an anchor is a kind of background with a colour of its own: "on a grey studio floor"."""
    noun = anchor.meaning if anchor is not None else None
    return isinstance(noun, Noun) and not noun.is_optional and noun.concept.colour.startswith("background ")


def _choose_anchor(word: Word, nouns: Mapping[int, Noun], clause: Sequence[Word]) -> Noun | Gradation | Phrase | None:
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


def _add_anchor(
    anchors: dict[int, Anchor], index: int, word: Word, meaning: Noun | Gradation | Phrase, start: int
) -> None:
    """Add an anchor, or the words to one of the same concept."""
    for anchor in anchors.values():
        if isinstance(meaning, Noun) and isinstance(anchor.meaning, Noun) and anchor.meaning.name == meaning.name:
            anchor.words.append((start + index, word.text))
            anchor.positions.append(index)
            return
    anchors[index] = Anchor(meaning, [(start + index, word.text)], positions=[index])


def _prefer_measured(takers: dict[int, Anchor], number: Number) -> dict[int, Anchor]:
    """Of the anchors that take a number those that are no subject; for a share up to 1 those in percent."""
    enlarged = {i: a for i, a in takers.items() if isinstance(a.meaning, Noun) and a.meaning.name == UPSCALING}
    if enlarged and number.unit == "px":
        return enlarged
    others = {i: a for i, a in takers.items() if not (isinstance(a.meaning, Noun) and a.meaning.concept.area)} or takers
    is_share = not number.unit and 0 < number.value < 1
    shares = {i: a for i, a in others.items() if _is_measured_in_percent(a)}
    return shares if is_share and shares else others


def _is_measured_in_percent(anchor: Anchor) -> bool:
    measures = anchor.meaning.concept.measures if isinstance(anchor.meaning, Noun) else {}
    return "%" in measures and "" not in measures


def _assign(index: int, word: Word, anchors: dict[int, Anchor], follows: bool) -> tuple[Anchor | None, Modifier]:
    """The anchor that takes a modifier, and in which of its meanings."""
    for meaning in word.meanings:
        if not isinstance(meaning, MODIFIERS):
            continue
        takers = {i: a for a in anchors.values() if accepts(a, meaning) for i in a.positions}
        if isinstance(meaning, Degree):
            takers = {i: a for i, a in takers.items() if isinstance(a.meaning, Gradation)} or takers
        if isinstance(meaning, Number):
            takers = _prefer_measured(takers, meaning)
        if isinstance(meaning, Complete):
            takers = {i: a for i, a in takers.items() if not isinstance(a.meaning, Noun)} or takers
        if isinstance(meaning, ColourName):
            takers = {i: a for i, a in takers.items() if takes_several_colours(a)} or takers
        is_own = index - 1 in takers and isinstance(meaning, ColourName) and _is_preposition(takers[index - 1])
        if is_own and not _paints_background(takers.get(index + 1)):
            return takers[index - 1], meaning
        if takers:
            after, before = sorted(i for i in takers if i > index), sorted(i for i in takers if i <= index)
            nearest = (before[-1:] or after[:1]) if follows else (after[:1] or before[-1:])
            return takers[nearest[0]], meaning
    modifier = word.find(Degree, Direction) or word.find(*MODIFIERS)
    if modifier is None:
        raise WordsNotUnderstood(
            '"{words}" is not understood here', "say what it belongs to; nothing was done", words=word.text
        )
    return None, modifier  # type: ignore[return-value]
