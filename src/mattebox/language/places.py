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
    persons
        Pronouns for people, which name the subject beside what is to be changed of it: brighten "me".
    greetings
        Words of the end of a letter, before a name: "regards".
    subordinators
        First words of clauses that say why or when, and ask for nothing: "because", "before".
    facts
        Verbs of statements: "is", "made", "looks".
    commands
        Words, or two of them, of clauses that ask for something.
    pleas
        Those with which a reason asks for something, too: "please".
    agents
        Words for who does something in a reason: "before I post it".
    similes
        Words before what something should be like, which asks for no more than the rest: "like evening light".
    likings
        Words behind which they are none: "would" like.
    limitations
        Words before a number in a statement of what there is: it has "only" 400 pixels.
    openings
        Verbs that begin statements without a subject: "looks dull".
    whereabouts
        Words before where a picture was taken, or what of it: "at the fair".
    origins
        Those behind which no article is needed: "from" Rome, German "beim".
    known_articles
        Articles of what is known: "in the rocks", not "in a rock".
    picture_words
        Words for a picture: "photo".
    contents
        Words between those and what a picture shows: "of", "with".
    movements
        Verbs with which a place is where something shall be: "put".
    courtesies
        Small words that may stand inside any phrase: "please".
    datings
        Words before a year: "from" 1962.
    makings
        Verbs that make one thing of another, and words before what it shall be: "turn", "into".
    needs
        Verbs before a thing that only say that it is wanted: "need".
    behind
        Words behind a thing that lies behind the subject: German "dahinter".
    indefinites
        Articles of what is new: "a".
    rears
        Prepositions for what lies behind the subject.
    removals
        Verbs, or parts of them, for what shall be gone: "rid".
    settings
        Things that lie around what is photographed: "floor", "bedroom".
    surroundings
        Words for all sides of the subject, of a margin: "around".
    tops, bottoms
        Words for the upper and the lower end of a gradient.
    colour_links
        Words between two of its colours: German weiß "zu" grau.
    rests
        Words for all that nothing else was said of: the "rest" stays as it is.
    narrators
        Pronouns that begin statements: "I", "we".
    wants
        Words that say that something is wanted, also behind those: I "need".
    possessors
        Articles that begin sentences about somebody's things: "my daughter ...".
    demands
        Ends of statements about who wants it so: the machine "needs it".
    erasures
        Other verbs for what shall be gone, of single things: "retouch".
    leavings
        Verbs for what stays as it is: "leave".
    references
        Words before a number that measures nothing: "order" 4711.
    remarks
        First words of statements without another verb: "there's".
    introductions
        Words at the end of a clause that says who writes: photographer "here".
    picture_endings
        Ends of words for a picture: German "Pressefoto".
    adverb_endings
        Endings of adverbs, of words that are not known.
    accompaniments
        First words of clauses that say what there should be as well: "with".
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
    persons: frozenset[str] = frozenset()
    greetings: frozenset[str] = frozenset()
    subordinators: frozenset[str] = frozenset()
    facts: frozenset[str] = frozenset()
    commands: frozenset[str] = frozenset()
    pleas: frozenset[str] = frozenset()
    agents: frozenset[str] = frozenset()
    similes: frozenset[str] = frozenset()
    likings: frozenset[str] = frozenset()
    limitations: frozenset[str] = frozenset()
    openings: frozenset[str] = frozenset()
    whereabouts: frozenset[str] = frozenset()
    origins: frozenset[str] = frozenset()
    known_articles: frozenset[str] = frozenset()
    picture_words: frozenset[str] = frozenset()
    contents: frozenset[str] = frozenset()
    movements: frozenset[str] = frozenset()
    courtesies: frozenset[str] = frozenset()
    datings: frozenset[str] = frozenset()
    makings: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()
    behind: frozenset[str] = frozenset()
    indefinites: frozenset[str] = frozenset()
    rears: frozenset[str] = frozenset()
    removals: frozenset[str] = frozenset()
    settings: frozenset[str] = frozenset()
    surroundings: frozenset[str] = frozenset()
    tops: frozenset[str] = frozenset()
    bottoms: frozenset[str] = frozenset()
    colour_links: frozenset[str] = frozenset()
    rests: frozenset[str] = frozenset()
    narrators: frozenset[str] = frozenset()
    wants: frozenset[str] = frozenset()
    possessors: frozenset[str] = frozenset()
    demands: frozenset[str] = frozenset()
    erasures: frozenset[str] = frozenset()
    leavings: frozenset[str] = frozenset()
    references: frozenset[str] = frozenset()
    remarks: frozenset[str] = frozenset()
    introductions: frozenset[str] = frozenset()
    picture_endings: frozenset[str] = frozenset()
    adverb_endings: frozenset[str] = frozenset()
    accompaniments: frozenset[str] = frozenset()


@cache
def fold_places(places: Places) -> Places:
    """The same, with words in the form in which they are compared."""
    return Places(**{name: frozenset(_fold_phrase(word) for word in words) for name, words in asdict(places).items()})


def _fold_phrase(phrase: str) -> str:
    return " ".join(map(fold_word, phrase.split()))
