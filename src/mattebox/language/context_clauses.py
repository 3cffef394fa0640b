"""Clauses that tell something beside a request: why it is wanted, what is wrong, where the picture was taken.

"The phone made it look cold, warm it up" asks for one thing. Such a clause is passed over, and shown in the plan, only
where the request is not understood with it, where it has the form of a statement or a reason, and where nothing in it
asks for more than the rest of the request does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from mattebox.errors import MatteboxError
from mattebox.language.clause_topics import (
    ASKED,
    ASKING_TOKENS,
    FAMILIES,
    PlanNames,
    families_of,
    find_asked,
    find_phrases,
    list_families,
    states_limit,
)
from mattebox.language.lexicon import Lexicon
from mattebox.language.meanings import (
    Adjective,
    Ambiguity,
    Break,
    Direction,
    Gradation,
    Negation,
    Phrase,
    Unsupported,
)
from mattebox.language.phrase_tables import FoldedWords
from mattebox.language.tokens import Token, fold_word
from mattebox.language.unknown_statements import states_unknown

MIN_REASON_LENGTH = 3  # words of a reason, the first of which says that it is one
MIN_SIMILE_LENGTH = 2
MIN_SENTENCE_LENGTH = 4
SENTENCE_ENDS = frozenset(".!?;\n")
MIN_STATEMENT_LENGTH = 3  # words of one that begins with a pronoun
PIXEL_WORDS = frozenset(("px", "pixel", "pixels"))


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
    asked = {span: find_asked(tokens[span.start : span.end], lexicon, plan_names) for span in spans}
    wishes = {s for s in spans if _introduces(s, words, lexicon) and not asked[s] <= set(FAMILIES.values())}
    spans = [span for span in spans if ASKED not in asked[span] and span not in wishes]
    if not spans:
        return []
    try:
        named = plan_names(drop_spans(tokens, spans))
    except MatteboxError:  # "the white balance is off. fix it"
        spans = [span for span in spans if not asked[span]]
        named = plan_names(drop_spans(tokens, spans))
    return [span for span in spans if asked[span] <= named | list_families(named)]


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
    phrases = [p for p in find_phrases([word for word in own if word], lexicon) if not _is_impossible(p, lexicon)]
    return not asks and _tells(own, lexicon) and not any(families_of(phrase, lexicon) for phrase in phrases)


def _is_impossible(words: FoldedWords, lexicon: Lexicon) -> bool:
    """Whether words name what cannot be done, which no reason asks for: "before I send it to the printer"."""
    return isinstance(lexicon.find_phrase(words)[0], Unsupported)


def _counts_pixels(words: Sequence[str], lexicon: Lexicon) -> bool:
    is_command = not lexicon.places.commands.isdisjoint(words)
    return states_limit(words, lexicon) and not is_command and not PIXEL_WORDS.isdisjoint(words)


def drop_spans(tokens: Sequence[Token], spans: Sequence[ClauseSpan]) -> list[Token]:
    """The tokens outside these spans."""
    gone = {index for span in spans for index in range(*span)}
    return [token for index, token in enumerate(tokens) if index not in gone]


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
    if own[0] in places.accompaniments:  # "with a bit of contrast added"
        return False
    has_verb = any(
        (word in places.facts and not _is_noun(own, place, lexicon))
        or (lexicon.is_past(word) and before not in places.determiners)
        for place, (before, word) in enumerate(pairwise(own), 1)
    )
    has_verb = has_verb or (len(own) >= MIN_STATEMENT_LENGTH and own[0] in places.remarks)
    if own[0] in places.subordinators:
        return len(own) >= MIN_REASON_LENGTH and (has_verb or not places.agents.isdisjoint(own[1:]))
    if own[0] in places.facts and own[0] not in places.remarks:
        return own[0] in places.openings
    return has_verb and own[0] not in places.purposes and not _begins_request(own[0], lexicon)


def _is_noun(words: Sequence[str], index: int, lexicon: Lexicon) -> bool:
    """Whether a verb is a noun, or part of a phrase: "a softer look", "kind of see-through"."""
    behind = words[index + 1 : index + 2]
    if not behind:
        return words[index] in lexicon.places.manners
    is_verb = behind[0] in lexicon.verb_particles  # "came out"
    return not is_verb and bool(lexicon.find_phrase((words[index], behind[0])))


def _is_plain_sentence(span: ClauseSpan, tokens: Sequence[Token], words: Sequence[str], lexicon: Lexicon) -> bool:
    """Whether a clause is a sentence of its own about somebody's things, of which nothing means what can be done."""
    own = [word for word in words[span.start : span.end] if word]
    ends = [tokens[i].text for i in (span.start - 1, span.end) if 0 <= i < len(tokens)]
    is_whole = all(not SENTENCE_ENDS.isdisjoint(text) for text in ends)
    if not is_whole or len(own) < MIN_SENTENCE_LENGTH or own[0] not in lexicon.places.possessors:
        return False
    doings = lexicon.places.commands | lexicon.doings | lexicon.changes
    kinds = (Gradation, Direction, Negation, Phrase, Adjective, Unsupported, Ambiguity)
    phrases = [lexicon.find_phrase(phrase) for phrase in find_phrases(own, lexicon)]
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
