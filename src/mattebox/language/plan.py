"""Plans: what a request in words was read as, and the recipe that it makes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from mattebox.errors import UsageError
from mattebox.language.anchor_checks import (
    require_background,
    require_complete_request,
    require_complete_text,
    require_direction,
    require_label_text,
    require_one_choice,
    require_supported,
    require_whole_background,
)
from mattebox.language.anchor_reading import read_anchors
from mattebox.language.anchor_sequence import find_all_anchors
from mattebox.language.concepts import Value
from mattebox.language.context_clauses import drop_spans, find_plain_contexts, leave_out_contexts
from mattebox.language.error_translation import translate_error
from mattebox.language.errors import AmbiguousWords, WordsNotUnderstood
from mattebox.language.interpretation import Reading
from mattebox.language.lexicon import Lexicon
from mattebox.language.lexicon_cache import load_lexicon
from mattebox.language.reading import count_unknown_words, read_text, split_request
from mattebox.language.recipe_assembly import assemble_recipe
from mattebox.language.separable_verbs import join_separable_verbs
from mattebox.language.single_things import require_which
from mattebox.language.surroundings import imply_crop
from mattebox.language.tokens import Token
from mattebox.language.vocabulary import language_codes
from mattebox.recipe.flat_parameters import parameters_by_name
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Step

ANY_LANGUAGE = "auto"
FIRST_LANGUAGE = "en"  # of several that know the words


@dataclass(frozen=True)
class Plan:
    """A recipe made of words.

    Parameters
    ----------
    recipe
        What will be done.
    readings
        What each part of the request was read as, in its order.
    corrections
        Typing errors: as written -> as read.
    language
        ISO 639-1 code of the vocabulary.
    passed_over
        What says nothing that can be done, such as what the picture is for, as written.
    """

    recipe: Recipe
    readings: tuple[Reading, ...]
    corrections: Mapping[str, str]
    language: str
    passed_over: tuple[str, ...] = ()


def plan_request(text: str, base: Recipe | None = None, language: str = ANY_LANGUAGE) -> Plan:
    """Read a request in words.

    Parameters
    ----------
    text
        Such as "white background, soft shadow, twice as large, a bit warmer"; settings such as contrast=20 may stand
        among the words.
    base
        The recipe that the words change; without one they change nothing but what they name.
    language
        ISO 639-1 code, or "auto": the vocabulary that knows most of the words.

    Returns
    -------
    Plan

    Raises
    ------
    AmbiguousWords
        Words can mean several things; the error has the question and its choices.
    WordsNotUnderstood
        A word is unknown, or the words do not go together. Nothing is left out silently.
    UsageError
        Values are out of range, or there is no such language or preset.
    """
    first_error: WordsNotUnderstood | None = None
    for lexicon in _choose_lexicons(text, language):
        try:
            return _plan_in(text, base, lexicon)
        except WordsNotUnderstood as error:
            first_error = first_error or error
    assert first_error is not None
    raise first_error


def _plan_in(text: str, base: Recipe | None, lexicon: Lexicon) -> Plan:
    """The plan of a request in the language of a lexicon, and so are the errors."""
    try:
        return _read_plan(text, base, lexicon)
    except (AmbiguousWords, WordsNotUnderstood) as error:
        raise error.translate(lexicon.vocabulary.messages) from error
    except UsageError as error:
        raise translate_error(error, lexicon.vocabulary.language) from error


def _read_plan(text: str, base: Recipe | None, lexicon: Lexicon) -> Plan:
    """The plan of all words; where they are not understood, of those that do not only tell something."""
    tokens = split_request(text, lexicon)
    tokens = drop_spans(tokens, find_plain_contexts(text, tokens, lexicon))
    try:
        return _plan_all(text, tokens, base, lexicon)
    except (AmbiguousWords, WordsNotUnderstood) as error:
        plan = _plan_without_contexts(text, tokens, base, lexicon)
        if isinstance(plan, Plan):
            return plan
        raise plan if isinstance(plan, AmbiguousWords) else error from None


def _plan_without_contexts(
    text: str, tokens: Sequence[Token], base: Recipe | None, lexicon: Lexicon
) -> Plan | UsageError | None:
    """The plan without clauses that only tell something, or why there is none."""

    def plan_names(rest: Sequence[Token]) -> set[str]:
        readings = _plan_all(text, rest, base, lexicon).readings
        return {name for reading in readings for name in reading.values}

    try:
        spans = leave_out_contexts(text, tokens, lexicon, plan_names)
        plan = _plan_all(text, drop_spans(tokens, spans), base, lexicon) if spans else None
    except UsageError as error:
        return error
    told = tuple(text[tokens[start].start : tokens[end - 1].end] for start, end in spans)
    return plan and replace(plan, passed_over=(*plan.passed_over, *told))


def _plan_all(text: str, tokens: Sequence[Token], base: Recipe | None, lexicon: Lexicon) -> Plan:
    """The plan of all tokens, verbs in parts joined where they are not understood apart."""
    try:
        return _plan_tokens(text, tokens, base, lexicon)
    except WordsNotUnderstood as error:
        joined = join_separable_verbs(tokens, lexicon)
        if error.is_final or joined == tokens:
            raise
        return _plan_tokens(text, joined, base, lexicon)


def _plan_tokens(text: str, tokens: Sequence[Token], base: Recipe | None, lexicon: Lexicon) -> Plan:
    require_direction(tokens, lexicon)
    require_whole_background(tokens, lexicon)
    require_which(tokens, lexicon)
    read = read_text(text, tokens, lexicon)
    require_complete_request(read.words, lexicon)
    require_supported(read.words, lexicon.excess)
    require_one_choice(read.words, lexicon.vocabulary.alternative_question)
    readings = read_anchors(find_all_anchors(read.words, lexicon, text), _flat_values(base), lexicon)
    readings = imply_crop(readings, tokens, lexicon)
    require_label_text(readings, base, lexicon)
    require_background(read.words, readings)
    if not readings:
        require_complete_text(" ".join(token.text for token in tokens if token.kind == "word"), lexicon)
        raise WordsNotUnderstood("nothing was asked for", 'say what you want, such as "white background, soft shadow"')
    recipe = assemble_recipe(readings, base)
    return Plan(recipe, tuple(readings), read.corrections, lexicon.vocabulary.language, read.passed_over)


def _choose_lexicons(text: str, language: str) -> Iterator[Lexicon]:
    """The lexicon of a language; for any, those that know most of the words, English first.

    Others are loaded only if English does not know all words, or does not understand them.
    """
    if language != ANY_LANGUAGE:
        yield load_lexicon(language)
        return
    unknown = {FIRST_LANGUAGE: count_unknown_words(text, load_lexicon(FIRST_LANGUAGE))}
    if not unknown[FIRST_LANGUAGE]:
        yield load_lexicon(FIRST_LANGUAGE)
    for code in language_codes():
        unknown.setdefault(code, count_unknown_words(text, load_lexicon(code)))
    for code, count in unknown.items():
        if count == min(unknown.values()) and (count or code != FIRST_LANGUAGE):
            yield load_lexicon(code)


def _flat_values(recipe: Recipe | None) -> dict[str, Value]:
    """The values of a recipe by flat name."""
    if recipe is None:
        return {}
    steps: dict[type[Step], Step] = {type(s): s for s in recipe.steps}
    known = parameters_by_name().values()
    return {p.name: getattr(steps[p.step], p.field.name) for p in known if p.step in steps and p.switch_value is None}
