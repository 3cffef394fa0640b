"""Places of a request in which an unknown word can stand, by the words around them."""

from __future__ import annotations

from functools import cache

from msgspec import Struct
from msgspec.structs import asdict

from mattebox.language.tokens import fold_word

RELATED_CONCEPTS = frozenset(
    ("background", "shadow", "drop_shadow", "reflection", "outline", "margin", "colour_cast", "noise")
)  # that something photographed has: "the shadow of the kalimba"

CANVAS_CONCEPTS = frozenset(("background", "shadow", "drop_shadow", "reflection", "margin", "outline"))


class Places(Struct, frozen=True, forbid_unknown_fields=True):
    """Words that tell what stands beside them.

    Parameters
    ----------
    determiners
        Articles and possessives.
    attributes
        Words beside colours that can stand between an article and a thing.
    subject_cues
        Words directly before what is photographed: "cut out", "photo of".
    subject_verbs
        Words directly behind it: German "freistellen".
    grounds
        Words between it and a background: "on".
    relations
        Words between a shadow, background or margin and it: "under", "of".
    purposes
        Words before what the picture is for.
    reasons
        Words before why it is wanted.
    statements
        First words of clauses that ask for nothing, unless one of the `wishes` stands in them.
    wishes
        Words that ask for something.
    manners
        Words for a look, which is no thing: "comic look".
    exchanges
        Words of clauses in which "for" says what comes instead.
    insertions
        Words that ask for a thing that is not in the picture.
    preservations
        Words for what stays as it is: "unchanged".
    pronouns
        Words for the subject behind a preposition: around "me".
    prepositions
        Those.
    """

    determiners: frozenset[str] = frozenset()
    attributes: frozenset[str] = frozenset()
    subject_cues: frozenset[str] = frozenset()
    subject_verbs: frozenset[str] = frozenset()
    grounds: frozenset[str] = frozenset()
    relations: frozenset[str] = frozenset()
    purposes: frozenset[str] = frozenset()
    reasons: frozenset[str] = frozenset()
    statements: frozenset[str] = frozenset()
    wishes: frozenset[str] = frozenset()
    manners: frozenset[str] = frozenset()
    exchanges: frozenset[str] = frozenset()
    insertions: frozenset[str] = frozenset()
    preservations: frozenset[str] = frozenset()
    pronouns: frozenset[str] = frozenset()
    prepositions: frozenset[str] = frozenset()


@cache
def fold_places(places: Places) -> Places:
    """The same, with words in the form in which they are compared."""
    return Places(**{name: frozenset(_fold_phrase(word) for word in words) for name, words in asdict(places).items()})


def _fold_phrase(phrase: str) -> str:
    return " ".join(map(fold_word, phrase.split()))
