"""Meanings of words: what a word or phrase of a vocabulary stands for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from mattebox.language.concepts import Concept, OpenQuestion, Values


@dataclass(frozen=True)
class Noun:
    """A concept by name; an `is_optional` one, such as a preposition, says nothing without a modifier."""

    name: str
    concept: Concept
    is_optional: bool = False


@dataclass(frozen=True)
class Adjective:
    """A word that belongs to one or several concepts: the values for each, by the concept's name.

    `alone` has the names of those whose noun it does not need, such as of linear-gradient(...), with spaces between.
    """

    values: Mapping[str, Values]
    alone: str = ""

    @property
    def stands_alone(self) -> bool:
        """Whether it needs no noun."""
        return bool(self.alone)


@dataclass(frozen=True)
class Gradation:
    """A word such as "brighter": one concept, more (1) or less (-1)."""

    name: str
    concept: Concept
    direction: int


@dataclass(frozen=True)
class Direction:
    """More (1) or less (-1) of the concept beside it, or of what was said last; a weak one gives way to others."""

    sign: int
    is_weak: bool = False


@dataclass(frozen=True)
class Rescaling:
    """A multiple of the change that was said last: half of that."""

    factor: float


@dataclass(frozen=True)
class Replaced:
    """The thing behind it is not wanted, but something else in its place: "instead of"."""


@dataclass(frozen=True)
class Contrast:
    """What stands before it, behind a negation, is not wanted, but what follows: "not grey but white"."""


@dataclass(frozen=True)
class Alternative:
    """One of two is wanted: "white or grey"."""


@dataclass(frozen=True)
class Degree:
    """How much of a step."""

    factor: float


@dataclass(frozen=True)
class Complete:
    """As far as it goes: "completely" desaturated. Beside what has no degrees it says nothing more."""


@dataclass(frozen=True)
class Negation:
    """No, without, don't."""


@dataclass(frozen=True)
class ColourName:
    """A colour, as CSS has it."""

    css: str


@dataclass(frozen=True)
class Number:
    """A number, a size or a ratio, with its unit; `is_signed` if it was written with a sign."""

    text: str
    unit: str
    value: float = 0
    is_signed: bool = False


@dataclass(frozen=True)
class Minus:
    """The sign of the number behind it."""


@dataclass(frozen=True)
class NumberWord:
    """A number as a word."""

    value: float


@dataclass(frozen=True)
class Unit:
    """A unit, which belongs to the number before it."""

    name: str


@dataclass(frozen=True)
class Area:
    """Where: subject, background or all."""

    name: str


@dataclass(frozen=True)
class Phrase:
    """A whole phrase, or a setting such as contrast=20, with its values."""

    values: Values = field(default_factory=dict)


@dataclass(frozen=True)
class PathText:
    """A file's path, or text in quotation marks."""

    path: str
    is_quoted: bool = False


@dataclass(frozen=True)
class Ambiguity:
    """Words that must be asked about."""

    question: OpenQuestion


@dataclass(frozen=True)
class Unsupported:
    """Something that cannot be done, and why."""

    reason: str


@dataclass(frozen=True)
class Break:
    """The end of a clause; a `is_hard` one is a comma or full stop, others are words such as "and".

    A full stop, question mark or semicolon `ends_sentence`. Behind an `is_adversative` one, such as "but", nothing goes
    on that was said before it; what stands behind one that `corrects` takes its place.
    """

    is_hard: bool
    ends_sentence: bool = False
    is_adversative: bool = False
    corrects: bool = False


Meaning: TypeAlias = (
    Noun | Adjective | Gradation | Direction | Degree | Negation | ColourName | Number | NumberWord | Unit | Area
    | Alternative | Phrase | PathText | Ambiguity | Unsupported | Break | Rescaling | Replaced | Contrast | Complete
    | Minus
)  # fmt: skip


@dataclass(frozen=True)
class Word:
    """Words of the request and what they may mean, the likelier meaning first; `text` is as the user wrote it."""

    text: str
    meanings: tuple[Meaning, ...]

    def find(self, *kinds: type) -> Meaning | None:
        """The first meaning of one of these kinds."""
        return next((m for m in self.meanings if isinstance(m, kinds)), None)
