"""Search for the anchors of a clause: which of its words belongs to what.

The anchors are its nouns, graded words and whole phrases (`anchor_choice`); every other word modifies the anchor that
can take it (`modifier_assignment`). Bare nouns then say where another is changed, or give way to it.
"""

from __future__ import annotations

from mattebox.language.anchor_checks import require_one_subject, require_own_colour, require_plain_order
from mattebox.language.anchor_choice import add_anchor, choose_anchor
from mattebox.language.anchors import (
    MODIFIERS,
    SUBJECT,
    Anchor,
    accepts,
    choose_noun,
    is_limitable,
    paints,
)
from mattebox.language.clauses import Clause
from mattebox.language.concepts import BACKGROUND
from mattebox.language.lexicon import Lexicon
from mattebox.language.meanings import (
    Adjective,
    Ambiguity,
    Area,
    Degree,
    Direction,
    Gradation,
    Negation,
    Noun,
    Number,
    Phrase,
    Word,
)
from mattebox.language.modifier_assignment import UPSCALING, assign_modifiers
from mattebox.language.named_pictures import drop_named_pictures
from mattebox.language.shared_concepts import name_by_modifiers
from mattebox.language.tokens import fold_word

SIZE = "size"  # concept
MATTE_ONLY = "matte_only"  # parameter: "the mask", of which the edge can be moved
WIDTH = "width"  # concept of the picture's own
WIDE_CONCEPTS = frozenset(("outline", "margin"))
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
    if previous is not None and _measures_width(clause, previous):
        numbers = [(i, word) for i, word in enumerate(clause.words) if word.find(Number)]
        assign_modifiers(numbers, {-1: previous}, clause.start, follows=True)
        return []
    if not nouns and previous is not None and _belongs_to(previous, clause):
        words = [(i, w) for i, w in enumerate(clause.words) if not _repeats_direction(w, previous)]
        assign_modifiers(words, {-1: previous}, clause.start, follows=True)
        return []
    for index, word in enumerate(clause.words):
        meaning = choose_anchor(word, nouns, clause.words)
        if meaning is not None:
            add_anchor(anchors, index, word, meaning, clause.start)
        else:
            modifiers.append((index, word))
    follows = bool(modifiers) and 0 in anchors and modifiers[-1][0] == len(clause.words) - 1
    rest = assign_modifiers(modifiers, anchors, clause.start, follows)
    require_own_colour(rest, list(anchors.values()))
    require_plain_order(list(anchors.values()))
    _drop_measured(anchors)
    _limit_to_rear(list(anchors.values()), lexicon)
    found = _limit_to_nouns([anchor for anchor in anchors.values() if not _says_nothing(anchor)], lexicon)
    found = drop_named_pictures(found, lexicon)
    rest = name_by_modifiers(rest, lexicon.vocabulary.concepts)
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
    is_named = isinstance(anchor.meaning, Noun) and not anchor.modifiers  # "the highlights are burnt, bring them down"
    if all(isinstance(m, Degree | Direction) for m in firsts) and any(isinstance(m, Direction) for m in firsts):
        return is_named and all(any(accepts(anchor, m) for m in w.meanings) for w in clause.words)
    return all(any(accepts(anchor, m) for m in w.meanings if isinstance(m, MODIFIERS)) for w in clause.words)


def _measures_width(clause: Clause, previous: Anchor) -> bool:
    """Whether a clause only says how wide what was named before it is: "a white outline, 10 px wide"."""
    noun = previous.meaning
    is_open = isinstance(noun, Noun) and noun.name in WIDE_CONCEPTS and not previous.is_negated
    if not is_open or previous.find(Number) or len(clause.words) != 2 or clause.begins_sentence:
        return False
    number, width = clause.words[0].find(Number), clause.words[1].find(Noun)
    return number is not None and accepts(previous, number) and isinstance(width, Noun) and width.name == WIDTH


def _limit_to_rear(anchors: list[Anchor], lexicon: Lexicon) -> None:
    """Limit changes to the background beside a word for what lies behind the subject: German "dahinter dunkler"."""
    rears = [a for a in anchors if _says_nothing(a) and fold_word(a.text) in lexicon.places.behind]
    targets = [a for a in anchors if a not in rears and not _says_nothing(a)]
    if not rears or not all(isinstance(a.meaning, Gradation) and is_limitable(a) for a in targets):
        return
    for anchor in targets:
        if not anchor.find(Area):
            anchor.modifiers.append(Area(BACKGROUND))
            anchor.words.extend(rears[0].words)


def _repeats_direction(word: Word, anchor: Anchor) -> bool:
    """Whether a word says again which way an anchor is changed, or how much: "a bit brighter, really just a bit"."""
    first, degree = word.meanings[0], word.find(Degree)
    if degree in anchor.modifiers:
        return True
    return isinstance(first, Direction) and first.sign == anchor.direction


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
