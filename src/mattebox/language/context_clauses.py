"""Clauses that tell something beside a request: why it is wanted, what is wrong, where the picture was taken.

"The phone made it look cold, warm it up" asks for one thing. Such a clause is passed over, and shown in the plan, only
where the request is not understood with it, where it has the form of a statement or a reason, and where nothing in it
asks for more than the rest of the request does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from itertools import pairwise
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

from mattebox.errors import MatteboxError
from mattebox.language.lexicon import Lexicon
from mattebox.language.meanings import (
    Adjective,
    Ambiguity,
    Break,
    ColourName,
    Direction,
    Gradation,
    Negation,
    Noun,
    Phrase,
    Unsupported,
)
from mattebox.language.phrase_tables import FoldedWords
from mattebox.language.places import CANVAS_CONCEPTS
from mattebox.language.redundant_anchors import FAULTS
from mattebox.language.settings import CUT, PRESET
from mattebox.language.tokens import Token, fold_word
from mattebox.language.unknown_statements import states_unknown
from mattebox.recipe.flat_parameters import parameters_by_name

MAX_PHRASE_LENGTH = 4  # words of a clause that are looked up together
MIN_REASON_LENGTH = 3  # words of a reason, the first of which says that it is one
MIN_SIMILE_LENGTH = 2
MIN_SENTENCE_LENGTH = 4
SENTENCE_ENDS = frozenset(".!?;\n")
MIN_STATEMENT_LENGTH = 3  # words of one that begins with a pronoun
PIXEL_WORDS = frozenset(("px", "pixel", "pixels"))
ASKING_TOKENS = frozenset(("number", "factor", "size", "ratio", "hex", "path", "quoted", "call", "setting"))
COLOUR, LIGHT, DETAIL, SIZE, CANVAS = "colour", "light", "detail", "size", "canvas"
ROOM = frozenset(("margin",))  # which is also where somebody lives
ASKED = "asked"  # of a clause that must not be passed over
FAMILIES: Mapping[str, str] = MappingProxyType(
    {
        "balance": COLOUR, "colour": COLOUR, "style": COLOUR, "light": LIGHT, "distance": LIGHT, "restore": DETAIL,
        "upscale": SIZE, "faces": DETAIL, "sharpen": DETAIL, "cut": CANVAS, "background": CANVAS, "shadow": CANVAS,
        "outline": CANVAS, "frame": CANVAS, "label": CANVAS, "save": CANVAS, "anonymise": CANVAS, "heal": DETAIL,
    }
)  # fmt: skip
"""What a step can be complained about: "everything is yellow" is answered by a white balance."""

PlanNames: TypeAlias = Callable[[Sequence[Token]], Set[str]]
"""The flat names that a request of these tokens sets, with `cut` and `preset`; it raises as a plan does."""


class ClauseSpan(NamedTuple):
    """Tokens from `start` up to `end`."""

    start: int
    end: int


def leave_out_contexts(text: str, tokens: Sequence[Token], lexicon: Lexicon, plan_names: PlanNames) -> list[ClauseSpan]:
    """Those clauses without which a request is understood, and which ask for nothing that it leaves as it is.

    Parameters
    ----------
    text
        As the user wrote it.
    tokens
        Of the request, which is not understood as a whole.
    lexicon
        Of its language.
    plan_names
        What other tokens of it set.

    Raises
    ------
    MatteboxError
        The rest is not understood, either.
    """
    words = [fold_word(token.text) if token.kind == "word" else "" for token in tokens]
    clauses = list(_split_clauses(text, tokens, words, lexicon))
    spans = [
        span
        for span in clauses
        if _tells(words[span.start : span.end], lexicon)
        or states_unknown(tokens[span.start : span.end], lexicon)
        or _introduces(span, words, lexicon)
        or _is_plain_sentence(span, tokens, words, lexicon)
    ]
    asked = {span: _asked_by(tokens[span.start : span.end], lexicon, plan_names) for span in spans}
    wishes = {s for s in spans if _introduces(s, words, lexicon) and not asked[s] <= set(FAMILIES.values())}
    spans = [span for span in spans if ASKED not in asked[span] and span not in wishes]
    if not spans:
        return []
    try:
        named = plan_names(drop_spans(tokens, spans))
    except MatteboxError:  # "the white balance is off. fix it"
        spans = [span for span in spans if not asked[span]]
        named = plan_names(drop_spans(tokens, spans))
    return [span for span in spans if asked[span] <= named | _list_families(named)]


def find_plain_contexts(text: str, tokens: Sequence[Token], lexicon: Lexicon) -> list[ClauseSpan]:
    """The clauses that ask for nothing in any case, beside others: "it has only 400 pixels", "so she stands out"."""
    words = [fold_word(token.text) if token.kind == "word" else "" for token in tokens]
    spans = list(_split_clauses(text, tokens, words, lexicon))
    plain = [
        s for s in spans if _counts_pixels(words[s.start : s.end], lexicon) or _is_reason(s, tokens, words, lexicon)
    ]
    return plain if len(plain) < len(spans) else []


def _is_reason(span: ClauseSpan, tokens: Sequence[Token], words: Sequence[str], lexicon: Lexicon) -> bool:
    """Whether a clause says why, and nothing of what should be."""
    own = words[span.start : span.end]
    if own[0] not in lexicon.places.subordinators or not lexicon.places.commands.isdisjoint(own):
        return False
    asks = any(token.kind in ASKING_TOKENS for token in tokens[span.start : span.end])
    phrases = [p for p in _find_phrases([word for word in own if word], lexicon) if not _is_impossible(p, lexicon)]
    return not asks and _tells(own, lexicon) and not any(_families_of(phrase, lexicon) for phrase in phrases)


def _is_impossible(words: FoldedWords, lexicon: Lexicon) -> bool:
    """Whether words name what cannot be done, which no reason asks for: "before I send it to the printer"."""
    return isinstance(lexicon.find_phrase(words)[0], Unsupported)


def _counts_pixels(words: Sequence[str], lexicon: Lexicon) -> bool:
    is_command = not lexicon.places.commands.isdisjoint(words)
    return _states_limit(words, lexicon) and not is_command and not PIXEL_WORDS.isdisjoint(words)


def _states_limit(words: Sequence[str], lexicon: Lexicon) -> bool:
    """Whether a clause states how little there is: "it has only ..."."""
    places = lexicon.places
    return not places.limitations.isdisjoint(words) and not places.facts.isdisjoint(words)


def drop_spans(tokens: Sequence[Token], spans: Sequence[ClauseSpan]) -> list[Token]:
    """The tokens outside these spans."""
    gone = {index for span in spans for index in range(*span)}
    return [token for index, token in enumerate(tokens) if index not in gone]


def _list_families(names: Set[str]) -> set[str]:
    known = parameters_by_name()
    tags = {known[name].step.tag() for name in names if name in known}
    return {FAMILIES.get(tag, tag) for tag in tags} | ({CANVAS} if names & {CUT, PRESET} else set())


def _asked_by(tokens: Sequence[Token], lexicon: Lexicon, plan_names: PlanNames) -> set[str]:
    """What a clause sets, or what it is about where it cannot be read; `ASKED` where it must not be passed over."""
    words = [fold_word(token.text) for token in tokens if token.kind == "word"]
    if _states_limit(words, lexicon):  # its number asks for nothing: "it has only 400 pixels"
        return set()
    if any(token.kind in ASKING_TOKENS for token in tokens):
        return {ASKED}
    try:
        asked = set(plan_names(tokens))
        return asked | {ASKED} if CANVAS in _list_families(asked) else asked
    except MatteboxError:
        phrases = list(_find_phrases(words, lexicon))
        found = {family for phrase in phrases for family in _families_of(phrase, lexicon)}
        paints = any(isinstance(m, ColourName) for phrase in phrases for m in lexicon.find_phrase(phrase)[:1])
        return found | {ASKED} if paints and CANVAS in found else found


def _families_of(words: FoldedWords, lexicon: Lexicon) -> set[str]:
    first = lexicon.find_phrase(words)[0]
    if isinstance(first, Gradation) and first.concept.grade is not None:
        return _list_families({first.concept.grade.parameter})
    asked = next((m for m in lexicon.find_phrase(words) if isinstance(m, Ambiguity)), None)
    if asked is not None and asked.question.directed:
        concept = lexicon.vocabulary.concepts[asked.question.directed.split()[0]]
        return _list_families({concept.grade.parameter} if concept.grade is not None else set())
    whole = first if isinstance(first, Phrase) else _find_preset(words, lexicon)
    if isinstance(first, Adjective) and whole is None:
        blurs = any(str(v).startswith("blur") for values in first.values.values() for v in values.values())
        return {ASKED} if first.alone else {DETAIL} if blurs else set()
    if whole is not None:
        return _list_families(set(whole.values))
    if isinstance(first, Noun) and first.name in FAULTS:
        return set(first.concept.off or ())
    if isinstance(first, Noun):
        return {CANVAS} if first.name in CANVAS_CONCEPTS - ROOM and not first.is_optional else set()
    return {ASKED} if isinstance(first, Unsupported) and not lexicon.is_mentioned(words) else set()


def _find_preset(words: FoldedWords, lexicon: Lexicon) -> Phrase | None:
    """The phrase for a preset that words may be, too."""
    phrases = (m for m in lexicon.find_phrase(words) if isinstance(m, Phrase) and PRESET in m.values)
    return next(phrases, None)


def _find_phrases(words: Sequence[str], lexicon: Lexicon) -> Iterator[FoldedWords]:
    """The longest phrases of the words."""
    index = 0
    while index < len(words):
        lengths = range(min(MAX_PHRASE_LENGTH, len(words) - index), 0, -1)
        length = next((n for n in lengths if lexicon.find_phrase(tuple(words[index : index + n]))), 0)
        if length:
            yield tuple(words[index : index + length])
        index += length or 1


def _split_clauses(text: str, tokens: Sequence[Token], words: Sequence[str], lexicon: Lexicon) -> Iterator[ClauseSpan]:
    """The clauses between separators, colons and conjunctions, and from words such as "because" on."""
    start, places = 0, lexicon.places
    for index, (token, word, before) in enumerate(zip(tokens, words, ["", *words], strict=False)):
        begins = word in places.subordinators or (word in places.similes and before not in places.likings)
        if index > start and ":" in text[tokens[index - 1].end : token.start]:
            yield ClauseSpan(start, index)
            start = index
        if token.kind == "separator" or begins or any(isinstance(m, Break) for m in lexicon.meanings.get((word,), ())):
            if index > start:
                yield ClauseSpan(start, index)
            start = index if begins else index + 1
    if start < len(tokens):
        yield ClauseSpan(start, len(tokens))


def _tells(words: Sequence[str], lexicon: Lexicon) -> bool:
    """Whether a clause has the form of a statement or a reason."""
    places, own = lexicon.places, [word for word in words if word]
    if own and own[0] in places.similes:
        return len(own) >= MIN_SIMILE_LENGTH and places.pleas.isdisjoint(own)
    if len(own) >= MIN_STATEMENT_LENGTH and " ".join(own[-2:]) in places.demands:
        return True
    pairs = {" ".join(pair) for pair in pairwise(own)}
    if len(own) >= MIN_STATEMENT_LENGTH and own[0] in places.narrators and own[1] not in places.narrators:
        return places.wants.isdisjoint({*own, *pairs})  # "I took this", where verbs behind "I" are no commands
    if not own or not places.commands.isdisjoint({*own, *pairs}):
        return own[:1] != [] and own[0] in places.subordinators and not places.pleas.intersection(own)
    has_verb = any(
        word in places.facts or (lexicon.is_past(word) and before not in places.determiners)
        for before, word in pairwise(own)
    )
    has_verb = has_verb or (len(own) >= MIN_STATEMENT_LENGTH and own[0] in places.remarks)
    if own[0] in places.subordinators:
        return len(own) >= MIN_REASON_LENGTH and (has_verb or not places.agents.isdisjoint(own[1:]))
    if own[0] in places.facts and own[0] not in places.remarks:
        return own[0] in places.openings
    return has_verb and own[0] not in places.purposes and not _begins_request(own[0], lexicon)


def _is_plain_sentence(span: ClauseSpan, tokens: Sequence[Token], words: Sequence[str], lexicon: Lexicon) -> bool:
    """Whether a clause is a sentence of its own about somebody's things, of which nothing means what can be done."""
    own = [word for word in words[span.start : span.end] if word]
    ends = [tokens[i].text for i in (span.start - 1, span.end) if 0 <= i < len(tokens)]
    is_whole = all(not SENTENCE_ENDS.isdisjoint(text) for text in ends)
    if not is_whole or len(own) < MIN_SENTENCE_LENGTH or own[0] not in lexicon.places.possessors:
        return False
    doings = lexicon.places.commands | lexicon.doings | lexicon.changes
    kinds = (Gradation, Direction, Negation, Phrase, Adjective, Unsupported, Ambiguity)
    phrases = [lexicon.find_phrase(phrase) for phrase in _find_phrases(own, lexicon)]
    return doings.isdisjoint(own) and not any(isinstance(found[0], kinds) for found in phrases)


def _introduces(span: ClauseSpan, words: Sequence[str], lexicon: Lexicon) -> bool:
    """Whether the first clause only says what picture it is, or who writes: "old family photo", "photographer here"."""
    places, own = lexicon.places, [word for word in words[span.start : span.end] if word]
    if span.start or not own or not places.commands.isdisjoint(own) or _begins_request(own[0], lexicon):
        return False
    negates = any(isinstance(m, Negation) for word in own for m in lexicon.meanings.get((word,), ()))
    endings = tuple(places.picture_endings)
    shows = any(word in places.picture_words or (endings and word.endswith(endings)) for word in own)
    return not negates and (shows or own[-1] in places.introductions)


def _begins_request(word: str, lexicon: Lexicon) -> bool:
    """Whether a word tells what should be done: "brighten", "without", "more"."""
    kinds = (Gradation, Direction, Negation, Phrase)
    return any(isinstance(m, kinds) for m in lexicon.meanings.get((word,), ())[:1])
