"""Redundant anchors of a request: said again by others, or only where another is changed; and their joining."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from itertools import pairwise
from types import MappingProxyType

from mattebox.language.anchors import SUBJECT, Anchor, accepts, is_bare_subject, is_limitable
from mattebox.language.concepts import BACKGROUND
from mattebox.language.lexicon import Lexicon
from mattebox.language.meanings import (
    Adjective,
    Area,
    ColourName,
    Degree,
    Direction,
    Gradation,
    Negation,
    Noun,
    Number,
    Phrase,
    Rescaling,
)
from mattebox.language.settings import CUT, PRESET
from mattebox.language.tokens import fold_word

ANSWERS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "warmth": frozenset(("white_balance", "colour_cast", "balance")),
        "exposure": frozenset(("shadow_tones", "highlights", "light")),
    }
)
"""What else than the opposite answers a complaint: concepts and parameters."""
ROTATE = "rotate"  # parameter
PICK = "pick"  # parameter: which of several subjects
APERTURE_CONCEPT, SHARPNESS_CONCEPT = "aperture", "sharpness"
FAULTS = frozenset(("noise", "colour_cast", "haze"))  # concepts of what a photograph should not have
FAULT_ANSWERS: Mapping[str, frozenset[str]] = MappingProxyType(
    {"colour_cast": frozenset(("warmth", "white_balance")), "haze": frozenset(("dehazing", "clarity", "contrast"))}
)
"""Concepts by which they are mended."""


def join_anchors(anchors: Sequence[Anchor], lexicon: Lexicon) -> list[Anchor]:
    """The anchors without repainted and rescaled ones, a kept background with what describes it."""
    return _drop_rescaled(_join_kept_background(_drop_repainted(anchors), lexicon))


def drop_redundant_anchors(anchors: Sequence[Anchor], lexicon: Lexicon) -> list[Anchor]:
    """The anchors without those that say again what others say, or only where those are changed."""
    anchors = _drop_bare_subjects(_drop_complaints(anchors, lexicon), lexicon)
    return _drop_angle(_drop_blur(_drop_focus(_drop_restated(_drop_repeated_nouns(_limit_to_picked(anchors))))))


def _drop_complaints(anchors: Sequence[Anchor], lexicon: Lexicon) -> list[Anchor]:
    """The anchors without complaints that a later one answers otherwise: "too yellow. fix the white balance"."""

    def is_answered(index: int, anchor: Anchor) -> bool:
        if _limits_another(anchor, anchors, lexicon):
            return True
        if not isinstance(anchor.meaning, Gradation):
            return False
        if any(_is_opposite(anchor, other) for other in anchors) and _states(anchor, lexicon):
            return True
        if lexicon.excess.isdisjoint(map(fold_word, anchor.text.split())):
            return False
        answers = ANSWERS.get(anchor.meaning.name, frozenset())
        if any(_wishes_same(anchor, other) for other in anchors if other is not anchor):
            return True
        return any(not answers.isdisjoint(_list_names(later)) for later in anchors[index + 1 :])

    return [anchor for index, anchor in enumerate(anchors) if not is_answered(index, anchor)]


def _limits_another(anchor: Anchor, anchors: Sequence[Anchor], lexicon: Lexicon) -> bool:
    """Whether an anchor only says that another change shall not go too far: "brighter, but not too bright"."""
    words = [fold_word(word) for word in anchor.text.split()]
    small = lexicon.fillers | lexicon.particles | lexicon.excess | set(map(fold_word, lexicon.vocabulary.negations))
    rest = [lexicon.find_stem(word) for word in words if word not in small]
    is_limit = words[:1] != [] and lexicon.begins_negated(anchor.text) and not lexicon.excess.isdisjoint(words)
    others = (word for a in anchors if a is not anchor and isinstance(a.meaning, Gradation) for word in a.text.split())
    return is_limit and len(rest) == 1 and any(fold_word(word).startswith(rest[0]) for word in others)


def _is_opposite(anchor: Anchor, other: Anchor) -> bool:
    """Whether two graded words are of the same thing in two directions: "it looks so cold" beside "warmer"."""
    is_graded = isinstance(anchor.meaning, Gradation) and isinstance(other.meaning, Gradation)
    is_same = is_graded and anchor.meaning.name == other.meaning.name  # type: ignore[union-attr]
    return is_same and anchor.direction == -other.direction


def _states(anchor: Anchor, lexicon: Lexicon) -> bool:
    """Whether an anchor's words say how something is, and not what it should be."""
    words = {fold_word(word) for word in anchor.text.split()}
    return bool(words & lexicon.places.facts) and not words & lexicon.places.commands


def _wishes_same(complaint: Anchor, other: Anchor) -> bool:
    """Whether another anchor asks for what a complaint means: "much too dark, brighten it"."""
    is_graded = isinstance(complaint.meaning, Gradation) and isinstance(other.meaning, Gradation)
    is_same = is_graded and complaint.meaning.name == other.meaning.name  # type: ignore[union-attr]
    return is_same and complaint.direction == other.direction and "too" not in other.text.lower().split()


def _drop_bare_subjects(anchors: Sequence[Anchor], lexicon: Lexicon) -> list[Anchor]:
    """The anchors without those that only name what is photographed, beside others: "thumbnail, me and the drill"."""
    bare = [a for a in anchors if is_bare_subject(a) and not _asks_for_change(a.text, lexicon)]
    return list(anchors) if len(bare) == len(anchors) else [a for a in anchors if a not in bare]


def _asks_for_change(text: str, lexicon: Lexicon) -> bool:
    """Whether words about a thing ask for what cannot be done: "make him a king", "her on a beach"."""
    words = list(map(fold_word, text.split()))
    is_moved = any(a in lexicon.places.grounds and b in lexicon.places.indefinites for a, b in pairwise(words))
    return is_moved or not lexicon.doings.isdisjoint(words)


def _drop_repeated_nouns(anchors: Sequence[Anchor]) -> list[Anchor]:
    """The anchors without nouns that say nothing more than another sets: "it's upside down, please rotate"."""
    said = {name for a in anchors if isinstance(a.meaning, Phrase) for name in a.meaning.values}

    def repeats(anchor: Anchor) -> bool:
        noun = anchor.meaning
        if not isinstance(noun, Noun) or anchor.modifiers or noun.concept.on or noun.concept.implied:
            return False
        return not said.isdisjoint(form.split(" ")[0] for form in noun.concept.measures.values())

    described = [a.meaning.name for a in anchors if isinstance(a.meaning, Noun) and a.modifiers]
    named = {a.meaning.name for a in anchors if isinstance(a.meaning, Noun | Gradation)}
    kept = [anchor for anchor in anchors if not repeats(anchor)]
    return [a for a in kept if not _is_answered_fault(a, described, said, named)]


def _is_answered_fault(anchor: Anchor, described: Sequence[str], said: Set[str], named: Set[str]) -> bool:
    """Whether an anchor only names what another says to remove: "an old scan with noise. Clean up the grain"."""
    noun = anchor.meaning
    if not isinstance(noun, Noun) or noun.name not in FAULTS or anchor.modifiers:
        return False
    answers = FAULT_ANSWERS.get(noun.name, frozenset())
    return noun.name in described or not said.isdisjoint(noun.concept.off or {}) or not answers.isdisjoint(named)


def _list_names(anchor: Anchor) -> set[str]:
    """The concept of an anchor, or the parameters of a phrase."""
    if isinstance(anchor.meaning, Phrase):
        return set(anchor.meaning.values)
    return {anchor.meaning.name} if anchor.meaning is not None else set()


def _drop_angle(anchors: Sequence[Anchor]) -> list[Anchor]:
    """The anchors without an angle by itself that a phrase has set: "on its head, so 180 degrees"."""
    phrases = [a.meaning.values for a in anchors if isinstance(a.meaning, Phrase)]
    turned = {str(values[ROTATE]) for values in phrases if ROTATE in values}

    def repeats(anchor: Anchor) -> bool:
        numbers = [m for m in anchor.modifiers if isinstance(m, Number)]
        return anchor.meaning is None and len(anchor.modifiers) == 1 and any(m.text in turned for m in numbers)

    return [anchor for anchor in anchors if not repeats(anchor)]


def _drop_blur(anchors: Sequence[Anchor]) -> list[Anchor]:
    """The anchors without "blurred background" and the like beside the aperture that blurs it: "as at f/1.8"."""
    has_aperture = any(_names_aperture(anchor) and anchor.find(Number) for anchor in anchors)
    blurs = [a for a in anchors if has_aperture and not _names_aperture(a) and _blurs_background(a)]
    return [anchor for anchor in anchors if anchor not in blurs or anchor.find(ColourName)]


def _names_aperture(anchor: Anchor) -> bool:
    return isinstance(anchor.meaning, Noun) and anchor.meaning.name == APERTURE_CONCEPT


def _drop_excluded(anchors: Sequence[Anchor]) -> list[Anchor]:
    """The anchors; beside "only the dog" what says that another thing is not wanted says nothing more."""
    is_picked = any(isinstance(a.meaning, Phrase) and PICK in a.meaning.values for a in anchors)
    return [anchor for anchor in anchors if not (is_picked and _excludes(anchor))]


def _excludes(anchor: Anchor) -> bool:
    """Whether an anchor only says that a thing, or all around, is not wanted: "not the lady"."""
    if anchor.meaning is None:
        return [type(m) for m in anchor.modifiers] == [Area] and anchor.modifiers[0] == Area(BACKGROUND)
    only_negates = anchor.is_negated and all(isinstance(m, Negation) for m in anchor.modifiers)
    return only_negates and isinstance(anchor.meaning, Noun) and anchor.meaning.concept.area == SUBJECT


def _names_subject(anchor: Anchor) -> bool:
    """Whether an anchor only says that all is about the subject: "not the rest"."""
    return anchor.meaning is None and anchor.modifiers == [Area(SUBJECT)]


def _limit_to_picked(anchors: Sequence[Anchor]) -> list[Anchor]:
    """The anchors; "only the car" beside nothing but changes of the photograph itself is where they are made."""
    anchors = _drop_excluded(anchors)
    picked = [a for a in anchors if isinstance(a.meaning, Phrase) and set(a.meaning.values) == {PICK}]
    kept = [a for a in anchors if isinstance(a.meaning, Phrase) and a.meaning.values == {CUT: False}]
    others = [a for a in anchors if a not in picked and a not in kept and not _names_subject(a)]
    if not picked or not others or not all(is_limitable(a) and not _is_elsewhere(a) for a in others):
        return list(anchors)
    for anchor in (a for a in others if not a.find(Area)):
        anchor.modifiers.append(Area(SUBJECT))
        anchor.words.extend(picked[0].words)
    return [*others, *kept]


def _is_elsewhere(anchor: Anchor) -> bool:
    return any(isinstance(m, Area) and m.name != SUBJECT for m in anchor.modifiers)


def _join_kept_background(anchors: Sequence[Anchor], lexicon: Lexicon) -> list[Anchor]:
    """The anchors; of "keep the background, but blur it" what belongs to a background without a noun is its own."""
    noun = Noun(BACKGROUND, lexicon.vocabulary.concepts[BACKGROUND])
    joined: list[Anchor] = []
    for anchor in anchors:
        describes = anchor.meaning is None and anchor.find(Adjective) != []
        describes = describes and all(accepts(Anchor(noun, []), modifier) for modifier in anchor.modifiers)
        if (
            describes
            and joined
            and isinstance(joined[-1].meaning, Phrase)
            and joined[-1].meaning.values == {CUT: False}
        ):
            kept = joined.pop()
            anchor = Anchor(noun, [*kept.words, *anchor.words], anchor.modifiers)
        joined.append(anchor)
    return joined


def _drop_rescaled(anchors: Sequence[Anchor]) -> list[Anchor]:
    """The anchors without "that's too much" before how much it should be: "half of it"."""

    def consists_of(anchor: Anchor, *kinds: type) -> bool:
        return anchor.meaning is None and all(isinstance(m, kinds) for m in anchor.modifiers)

    pairs = zip(anchors, [*anchors[1:], None], strict=False)
    return [
        anchor
        for anchor, after in pairs
        if not (after is not None and consists_of(after, Rescaling) and consists_of(anchor, Direction, Degree))
    ]


def _drop_restated(anchors: Sequence[Anchor]) -> list[Anchor]:
    """The anchors without those that the next one says again, with how much: "warmer, much warmer"."""
    return [a for a, after in zip(anchors, [*anchors[1:], None], strict=False) if not _restates(after, a)]


def _drop_repainted(anchors: Sequence[Anchor]) -> list[Anchor]:
    """The anchors without a bare background where another one says which: "the background, but transparent"."""
    painted = any(isinstance(a.meaning, Phrase) and BACKGROUND in a.meaning.values for a in anchors)
    return [a for a in anchors if not (painted and _is_bare_background(a))]


def _is_bare_background(anchor: Anchor) -> bool:
    meaning = anchor.meaning
    return isinstance(meaning, Noun) and meaning.name == BACKGROUND and not anchor.modifiers


def _drop_focus(anchors: Sequence[Anchor]) -> list[Anchor]:
    """The anchors; beside a background that blurs, "she stays sharp" says only that she does not."""
    blurs = any(_blurs_background(anchor) for anchor in anchors)
    return [anchor for anchor in anchors if not (blurs and _names_focus(anchor))]


def _blurs_background(anchor: Anchor) -> bool:
    meaning = anchor.meaning
    if isinstance(meaning, Phrase):
        return meaning.values.get(PRESET) == "portrait" or str(meaning.values.get(BACKGROUND, "")).startswith("blur")
    if not isinstance(meaning, Noun):
        return False
    adjectives = [m for m in anchor.find(Adjective) if isinstance(m, Adjective)]
    blurs = any(str(m.values.get(BACKGROUND, {}).get(BACKGROUND, "")).startswith("blur") for m in adjectives)
    return meaning.name == APERTURE_CONCEPT or (meaning.name == BACKGROUND and blurs)


def _names_focus(anchor: Anchor) -> bool:
    meaning = anchor.meaning
    is_sharp = isinstance(meaning, Gradation) and meaning.name == SHARPNESS_CONCEPT and meaning.direction > 0
    return is_sharp and any(isinstance(m, Area) and m.name == SUBJECT for m in anchor.modifiers)


def _restates(anchor: Anchor | None, before: Anchor) -> bool:
    if anchor is None or not isinstance(anchor.meaning, Gradation) or not isinstance(before.meaning, Gradation):
        return False
    is_same = anchor.meaning.name == before.meaning.name and anchor.direction == before.direction
    is_plain = all(isinstance(m, Degree) for m in (*anchor.modifiers, *before.modifiers))
    return is_same and is_plain and bool(anchor.modifiers)
