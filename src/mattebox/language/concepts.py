"""What a vocabulary says of a recipe's parts: concepts, how they are graded, and open questions."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct

BACKGROUND = "background"  # name of the concept, and of the area

Value: TypeAlias = str | int | float | bool
Values: TypeAlias = dict[str, Value]
"""Values of a recipe by flat name; beside those, `cut` and `preset`."""


class Grade(Struct, frozen=True, forbid_unknown_fields=True):
    """A parameter that words such as "more", "brighter" and "a bit less" change by steps.

    Parameters
    ----------
    parameter
        Flat name.
    step
        What "more" adds without a word of degree.
    more, less
        Words that alone mean more or less of it.
    unit
        Of a bare number; percent of a parameter in stops is converted.
    complete
        Whether it can be done "completely": more (1) or less (-1); 0 for neither.
    initial
        What a step is taken from where the parameter is at its default, and what its bare noun means.
    """

    parameter: str
    step: float
    more: tuple[str, ...] = ()
    less: tuple[str, ...] = ()
    unit: str = "%"
    complete: int = 0
    initial: float = 0


class Concept(Struct, frozen=True, forbid_unknown_fields=True):
    """Something that a recipe has, as users name it.

    Parameters
    ----------
    nouns
        Words for it.
    on, off
        Values when it is only named, and when it is negated; without `off` it cannot be negated.
    more, less
        Values for more and less of it, where it has no grade.
    adjectives
        Words that belong to it, synonyms separated by "|", and their values.
    needs_noun
        Whether its adjectives say nothing without its noun.
    weaker, stronger
        Values of adjectives -> values with a word of degree, where they are not numbers.
    colour, path, quoted
        Flat name of the parameter that takes a colour, a picture's path, or text in quotation marks.
    colour_list
        Flat name of the parameter that takes several colours, and the value's form; its adjectives are other forms.
    measures
        Unit ("%", "px", "x", "size", "ratio", "" for a bare number ...) -> flat name and the value's form, such as
        "margin {}%".
    grade
        How it is graded, if it can be.
    implied
        Values that hold with its own unless others are said: the shadow's kind beside its softness.
    only
        Flat name of the parameter that limits it to an area.
    area
        The area that its noun means beside a graded concept.
    removes
        Whether its number says how much is taken away, so that words for no say nothing more: "the lower 20 % off".
    ask, choices
        The question where only its noun is said, and clear words for each answer.
    """

    nouns: tuple[str, ...] = ()
    on: Values = {}
    implied: Values = {}
    off: Values | None = None
    more: Values = {}
    less: Values = {}
    adjectives: dict[str, Values] = {}
    needs_noun: bool = True
    weaker: dict[str, str] = {}
    stronger: dict[str, str] = {}
    colour: str = ""
    quoted: str = ""
    colour_list: str = ""
    path: str = ""
    measures: dict[str, str] = {}
    grade: Grade | None = None
    only: str = ""
    area: str = ""
    removes: bool = False
    ask: str = ""
    choices: tuple[str, ...] = ()


class OpenQuestion(Struct, frozen=True, forbid_unknown_fields=True):
    """Words that can mean several things: the question, and what each answer would be in clear words.

    It is not asked where a request names one of the concepts `answered_by`: "it looks dull, more contrast please".
    With a word of degree it is no question but what `graded` says: a concept, more (1) or less (-1) of it, and an area;
    with a word for more or less what `directed` says, in the same form: "not so dark".
    """

    ask: str
    choices: tuple[str, ...]
    answered_by: tuple[str, ...] = ()
    graded: str = ""
    directed: str = ""
