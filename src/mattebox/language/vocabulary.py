"""Vocabularies: the words of a language and what they mean for a recipe, as data in a TOML file for each language."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from itertools import product
from pathlib import Path

import msgspec
from msgspec import Struct

from mattebox.core.struct_types import build_type_info
from mattebox.core.suggestions import suggest_name
from mattebox.errors import UsageError
from mattebox.language.concepts import Concept, OpenQuestion, Values
from mattebox.language.pick_words import PickWords
from mattebox.language.places import Places

VOCABULARY_FOLDER = Path(__file__).parent / "vocabularies"
SYNONYM_SEPARATOR = "|"  # of the words in one key, and of the alternatives between brackets
_SYNONYM = re.compile(r"(?:[^|()]|\([^()]*\))+")
_ALTERNATIVES = re.compile(r"\(([^()]*)\)")


class Vocabulary(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All words of a language.

    Parameters
    ----------
    language
        ISO 639-1 code.
    thousands
        The character that groups digits.
    inflections
        Endings of adjectives and colours.
    endings
        Endings that are left out where no phrase has the words as they are written, the longest first.
    fillers
        Words without a meaning of their own.
    particles
        Words that are part of some phrases and elsewhere say nothing, such as "only".
    restrictions
        Words for no more than that, such as "only", which are among the particles.
    articles
        Definite articles, which are among the fillers.
    capital_nouns
        Whether nouns begin with a capital letter, as in German.
    subjects
        Words for what is photographed; in phrases they stand for the first of them.
    limiting_subjects
        Those of the subjects to which a change is limited that is said of them: brighten the "product". Others may
        fill the whole picture: "the cake a bit warmer".
    compound_heads
        Words that, as the subjects, end long words for a kind of them, as in German ("Lederjacke" is a "Jacke").
    excess
        Words before a graded one that turn it round, such as "too" dark.
    excess_errors
        Words that are often written for those, and the right ones: "to" bright.
    infinitive
        The word before a verb, or inside it, that says nothing: German "zu" ("zu entfernen", "aufzuhellen").
    mentions
        Others of its words that may stand in such a clause: "the print looks dull".
    omitted_endings
        Endings of known verbs that imperatives lack: German "signier(e)".
    finite_endings
        Endings of verbs behind a noun that begins a statement, of words that are not known: "the horizon slope-s".
    finite_inner_endings
        Those that a verb has only before other words of its clause: German "saufen ab", but "absaufen".
    past_endings
        Endings of verbs that tell what happened, of words that are not known: "squash-ed".
    insufficient
        Forms with {} for a graded word that mean more of it, such as "not {} enough".
    rescalings
        Words for a multiple of the change that was said last, such as "half of that", and its factor.
    replaced
        Words before what is not wanted, such as "instead of".
    contrasts
        Words behind what is negated and before what is wanted, such as not grey "but" white.
    praises
        Words that say nothing before something else ("a nice white background"), and by themselves are a question.
    conjunctions
        Words between two requests.
    adversatives
        Those of them behind which a word for no does not go on: no frame, "but" a shadow.
    corrections
        Phrases behind which something takes the place of what was said: "no wait".
    denials
        Words that by themselves do the same, which are words for no, too.
    negations, more, less
        Words for no, more and less.
    comparatives
        Those of `more` and `less` that change the last change: "less" halves it, "bring it down" does not.
    weak_directions
        Words for more (1) or less (-1) that give way to another one beside them: "pull" highlights, but "pull" them up.
    abbreviations
        Short forms, and the words that they stand for.
    verb_particles
        Words at the end of a clause that belong to its verb: stell ... "frei", cut ... "out".
    irregular_verbs
        Forms of verbs in front of a clause, and their infinitives.
    links
        Letters between the parts of a compound word.
    places
        Words that tell what an unknown word beside them is.
    degrees
        Words of degree, and the factor of a step.
    complete
        Words for as far as it goes, such as "completely".
    minus
        Words that make the number behind them one below 0.
    numbers, units
        Words for numbers and units.
    number_parts, number_joint
        Words that are numbers only inside longer ones, and what joins ones and tens in these.
    additions, reductions
        Words before a noun that is graded which mean more or less of it, such as "add" contrast.
    amounts
        Words for numbers with their unit, such as "half a stop": "0.5 stop".
    colours
        Names of colours beside CSS's, synonyms separated by "|", and their CSS colours.
    shades
        Words before a colour, or with a hyphen its first part, and the colour that it is mixed with; "" for none.
    areas
        Phrases that limit what is graded to an area: subject, background, all.
    phrases
        Whole phrases, synonyms separated by "|", and their values.
    questions
        Phrases that must be asked about.
    picks
        Words of requests for one thing of several.
    lone_questions
        The same of phrases that are asked about only where a request says nothing else: "crop it".
    unsupported
        What cannot be done, synonyms separated by "|", and why.
    scenery
        Those of its words that only name what a picture shows, where a clause asks for nothing: "the sun was low".
    concepts
        What recipes have.
    messages
        Errors in this language, by those in English.
    recipe_messages
        Errors of recipes in this language, by those in English, with their parts in braces.
    colour_question
        The question for a colour of which it is not said what should have it, which stands for {}.
    change_question, more_choices, less_choices
        The question for "more" and "less" by themselves, and clear words for its answers.
    explanations
        Words behind a vague wish and before what it means: "that is".
    direction_question
        The question for what should be changed, where nothing says how.
    changes
        Words for a change that do not say which: "adjust", "different".
    alternatives, alternative_question
        Words between two things of which one is wanted, and the question for which.
    """

    language: str
    thousands: str
    inflections: tuple[str, ...] = ()
    endings: tuple[str, ...] = ()
    fillers: tuple[str, ...]
    particles: tuple[str, ...] = ()
    restrictions: tuple[str, ...] = ()
    articles: tuple[str, ...]
    capital_nouns: bool = False
    subjects: tuple[str, ...]
    limiting_subjects: tuple[str, ...] = ()
    compound_heads: tuple[str, ...] = ()
    excess: tuple[str, ...] = ()
    excess_errors: dict[str, str] = {}
    picks: PickWords = PickWords()
    infinitive: str = ""
    omitted_endings: tuple[str, ...] = ()
    finite_endings: tuple[str, ...] = ()
    finite_inner_endings: tuple[str, ...] = ()
    past_endings: tuple[str, ...] = ()
    insufficient: tuple[str, ...] = ()
    rescalings: dict[str, float] = {}
    replaced: tuple[str, ...] = ()
    contrasts: tuple[str, ...] = ()
    praises: tuple[str, ...] = ()
    conjunctions: tuple[str, ...]
    adversatives: tuple[str, ...] = ()
    corrections: tuple[str, ...] = ()
    denials: tuple[str, ...] = ()
    negations: tuple[str, ...]
    more: tuple[str, ...]
    less: tuple[str, ...]
    comparatives: tuple[str, ...] = ()
    weak_directions: dict[str, int] = {}
    abbreviations: dict[str, str] = {}
    verb_particles: tuple[str, ...] = ()
    irregular_verbs: dict[str, str] = {}
    links: tuple[str, ...] = ()
    places: Places = Places()
    degrees: dict[str, float]
    complete: tuple[str, ...] = ()
    minus: tuple[str, ...] = ()
    numbers: dict[str, float]
    number_parts: dict[str, float] = {}
    number_joint: str = ""
    units: dict[str, str]
    additions: tuple[str, ...] = ()
    reductions: tuple[str, ...] = ()
    amounts: dict[str, str] = {}
    colours: dict[str, str]
    shades: dict[str, str] = {}
    areas: dict[str, str]
    phrases: dict[str, Values]
    questions: dict[str, OpenQuestion]
    lone_questions: dict[str, OpenQuestion] = {}
    unsupported: dict[str, str] = {}
    scenery: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    concepts: dict[str, Concept]
    messages: dict[str, str] = {}
    recipe_messages: dict[str, str] = {}
    colour_question: str = "what should be {}?"
    change_question: str = "of what?"
    more_choices: tuple[str, ...] = ()
    less_choices: tuple[str, ...] = ()
    explanations: tuple[str, ...] = ()
    direction_question: str = "more or less of it?"
    changes: tuple[str, ...] = ()
    alternatives: tuple[str, ...] = ()
    alternative_question: str = "which of the two?"


def language_codes() -> list[str]:
    """The languages that have a vocabulary, as ISO 639-1 codes."""
    return sorted(path.stem for path in VOCABULARY_FOLDER.glob("*.toml"))


@cache
def load_vocabulary(language: str) -> Vocabulary:
    """The vocabulary of a language. UsageError for one that has none."""
    if language not in language_codes():
        choices = ", ".join(language_codes())
        raise UsageError(
            f"there is no vocabulary for {language!r}", suggest_name(language, language_codes(), f"choose {choices}")
        )
    build_type_info(Vocabulary)
    return msgspec.toml.decode((VOCABULARY_FOLDER / f"{language}.toml").read_bytes(), type=Vocabulary)


@cache
def split_synonyms(key: str) -> tuple[str, ...]:
    """The words or phrases in a key of a vocabulary.

    "a | b c" has two; in brackets stand alternatives, of which one may be empty: "(crop | cut) (it |) close" has four.
    """
    return tuple(phrase for synonym in _SYNONYM.findall(key) for phrase in _expand_alternatives(synonym) if phrase)


def expand_all(phrases: Iterable[str]) -> list[str]:
    """Phrases with alternatives in brackets as all that they stand for."""
    return [phrase for key in phrases for phrase in split_synonyms(key)]


def _expand_alternatives(text: str) -> list[str]:
    parts = _ALTERNATIVES.split(text)  # every second one stood between brackets
    choices = [part.split(SYNONYM_SEPARATOR) if i % 2 else [part] for i, part in enumerate(parts)]
    return [" ".join("".join(choice).split()) for choice in product(*choices)]
