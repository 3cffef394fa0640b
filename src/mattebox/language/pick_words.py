"""Words of requests for one thing of several in a photograph: "only the horse, not the rider"."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import asdict, replace

from mattebox.language.tokens import fold_word


class PickWords(Struct, frozen=True, forbid_unknown_fields=True):
    """Words beside things of which one is wanted alone.

    Parameters
    ----------
    classes
        Kinds of things that can be told apart, and the words for them.
    exclusions, exclusion_ends
        Words before, and behind, a thing that is not wanted: "not" the man, German den Mann "nicht".
    leaving, beside
        Verbs that may stand before such a thing: "leave" him out; and words for where it is.
    keeping, cuttings
        Words of requests for one of several: "keep", "only"; those that mean that it is cut out.
    together
        Words behind two things that are cut out as one.
    rest
        The word for all around the subject.
    ones, one_ends
        Words for a single thing, and those, or the end of a clause, behind which they say nothing of it: only "one of"
        them.
    one_question, one_choices
        What is asked then.
    """

    classes: dict[str, frozenset[str]] = {}
    exclusions: frozenset[str] = frozenset()
    exclusion_ends: frozenset[str] = frozenset()
    leaving: frozenset[str] = frozenset()
    beside: frozenset[str] = frozenset()
    keeping: frozenset[str] = frozenset()
    cuttings: frozenset[str] = frozenset()
    together: frozenset[str] = frozenset()
    rest: str = ""
    ones: frozenset[str] = frozenset()
    one_ends: frozenset[str] = frozenset()
    one_question: str = ""
    one_choices: tuple[str, ...] = ()

    def fold(self) -> PickWords:
        """The same, with words in the form in which they are compared."""
        sets = {name: value for name, value in asdict(self).items() if isinstance(value, frozenset)}
        folded = {name: frozenset(map(fold_word, words)) for name, words in sets.items()}
        classes = {name: frozenset(map(fold_word, words)) for name, words in self.classes.items()}
        return replace(self, classes=classes, **folded)

    def class_of_word(self) -> dict[str, str]:
        """The class of each word."""
        return {word: name for name, words in self.classes.items() for word in words}
