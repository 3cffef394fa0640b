"""Words that mean something by the word beside them: "jpg 90", "logo.png", "1600 square", "three dogs"."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from mattebox.language.anchors import SUBJECT
from mattebox.language.concepts import Concept
from mattebox.language.meanings import (
    Adjective,
    Ambiguity,
    Break,
    ColourName,
    Negation,
    Noun,
    Number,
    PathText,
    Phrase,
    Word,
)

QUALITY, FORMAT, LOGO, LABEL, SATURATION = "quality", "format", "logo", "label", "saturation"  # concepts
SHADOW_OPACITY = "shadow_opacity"  # concept
SHADOWS = frozenset(("shadow", "drop_shadow", "reflection", "shadow_softness"))
AUTO_LIGHT = {"light": "auto"}
MATCHED = Phrase({"harmonise": 80})
ADAPTING = ("anpass", "angepass", "angleich", "match", "adapt", "adjust")  # in words that mean it beside a picture
SQUARE = {"aspect": "1:1"}
PORTRAIT = {"preset": "portrait"}
NAME_MARKS = ("©", "@")
MIN_PIXELS = 64  # of a number beside "square"
MAX_COUNT = 12  # of things in a photograph


def read_neighbours(words: Sequence[Word], concepts: Mapping[str, Concept]) -> list[Word]:
    """The words, with nouns that are only implied, and without what the word beside them makes meaningless.

    Parameters
    ----------
    words
        Of a request.
    concepts
        Of its language, by name.
    """
    named = _name_label(_name_logo(_name_quality(words, concepts), concepts), concepts)
    named = _part_negations(_name_opacity(_place_labels(_match_light(named), concepts), concepts))
    pairs = zip([None, *named], named, [*named[1:], None], strict=False)
    return [word for before, word, after in pairs for word in _read_word(before, word, after)]


def name_contents(words: Sequence[Word], concepts: Mapping[str, Concept]) -> list[Word]:
    """The words, with the question for a text or logo as its noun where a text or picture follows in the request."""
    paths = [path for word in words if isinstance(path := word.find(PathText), PathText)]
    held = {LABEL: any(path.is_quoted for path in paths), LOGO: any(not path.is_quoted for path in paths)}
    return [_name_content(word, held, concepts) for word in words]


def _name_content(word: Word, held: Mapping[str, bool], concepts: Mapping[str, Concept]) -> Word:
    ambiguity = word.find(Ambiguity)
    answers = ambiguity.question.answered_by if isinstance(ambiguity, Ambiguity) else ()
    name = next((name for name, is_held in held.items() if is_held and name in answers), "")
    return Word(word.text, (Noun(name, concepts[name]),)) if name else word


def _read_word(before: Word | None, word: Word, after: Word | None) -> Iterator[Word]:
    number = word.find(Number)
    ratio = after.find(Number) if after is not None else None
    if isinstance(number, Number) and not number.unit:
        if number.value >= MIN_PIXELS and (_says(before, SQUARE) or _says(after, SQUARE)):
            yield Word(word.text, (Number(number.text, "px", number.value),))
            return
        if number.value <= MAX_COUNT and number.value == int(number.value) and _is_subject(after):
            return  # "three dogs"
    if _names_colour(word) and after is not None and all(isinstance(m, ColourName) for m in after.meanings):
        return  # "colour #333333"
    if _says(word, PORTRAIT) and isinstance(ratio, Number) and ratio.unit == "ratio":
        return  # "portrait 4:5"
    yield word


def _says(word: Word | None, values: Mapping[str, str]) -> bool:
    return word is not None and any(isinstance(m, Phrase) and m.values == values for m in word.meanings[:1])


def _names_colour(word: Word) -> bool:
    noun = word.meanings[0]
    return isinstance(noun, Noun) and noun.name == SATURATION


def _is_subject(word: Word | None) -> bool:
    noun = word.meanings[0] if word is not None else None
    return isinstance(noun, Noun) and noun.concept.area == SUBJECT


def _name_quality(words: Sequence[Word], concepts: Mapping[str, Concept]) -> list[Word]:
    """The words, with the number directly behind a file format as its quality."""
    named: list[Word] = []
    for word, before, after in zip(words, [None, *words], [*words[1:], None], strict=False):
        number = word.find(Number)
        is_bare = isinstance(number, Number) and number.unit in ("", "%") and not (after and after.find(Noun))
        if is_bare and before is not None and _names_format(before):
            named.append(Word(word.text, (Noun(QUALITY, concepts[QUALITY]),)))
        named.append(word)
    return named


def _name_logo(words: Sequence[Word], concepts: Mapping[str, Concept]) -> list[Word]:
    """The words, with the noun before a picture that is called a logo, where none holds it yet."""
    holds = any(isinstance(m, Noun) and m.name == LOGO for word in words for m in word.meanings)
    named: list[Word] = []
    for word in words:
        path = word.find(PathText)
        if isinstance(path, PathText) and not path.is_quoted and not holds and LOGO in path.path.lower():
            named.append(Word(word.text, (Noun(LOGO, concepts[LOGO]),)))
        named.append(word)
    return named


def _name_label(words: Sequence[Word], concepts: Mapping[str, Concept]) -> list[Word]:
    """The words, with the noun before a name with its mark ("© Moira", "@moira"), where none holds it yet."""
    holds = any(isinstance(m, Noun) and m.concept.quoted for word in words for m in word.meanings)
    named: list[Word] = []
    for word in words:
        path = word.find(PathText)
        is_text = isinstance(path, PathText) and path.is_quoted and not set(path.path) & set("./\\")
        if isinstance(path, PathText) and (path.path[:1] in NAME_MARKS or is_text) and not holds:
            named.append(Word(word.text, (Noun(LABEL, concepts[LABEL]),)))
        named.append(word)
    return named


def _match_light(words: Sequence[Word]) -> list[Word]:
    """The words, with "match the light" beside a picture as that of the picture."""
    has_picture = any(isinstance(m, PathText) and not m.is_quoted for word in words for m in word.meanings)
    return [Word(w.text, (MATCHED,)) if has_picture and _adapts_light(w) else w for w in words]


def _adapts_light(word: Word) -> bool:
    return _says(word, AUTO_LIGHT) and any(stem in word.text.lower() for stem in ADAPTING)


def _place_labels(words: Sequence[Word], concepts: Mapping[str, Concept]) -> list[Word]:
    """The words, with a phrase that only sets a label's text as its noun and text, so that its place belongs to it."""
    placed: list[Word] = []
    for word in words:
        phrase = word.find(Phrase)
        if isinstance(phrase, Phrase) and set(phrase.values) == {LABEL}:
            placed.append(Word(word.text, (Noun(LABEL, concepts[LABEL]),)))
            word = Word("", (PathText(str(phrase.values[LABEL]), is_quoted=True),))
        placed.append(word)
    return placed


def _name_opacity(words: Sequence[Word], concepts: Mapping[str, Concept]) -> list[Word]:
    """The words, with "opacity" as that of the logo or label where no shadow is said."""
    nouns = [m.name for word in words for m in word.meanings[:1] if isinstance(m, Noun)]
    holder = next((name for name in (LOGO, LABEL) if name in nouns), None)
    if holder is None or not SHADOWS.isdisjoint(nouns):
        return list(words)
    noun = Noun(holder, concepts[holder])
    return [Word(w.text, (noun,)) if _is_noun(w, SHADOW_OPACITY) else w for w in words]


def _part_negations(words: Sequence[Word]) -> list[Word]:
    """The words, with a break before a word for no that begins something else: "no background no shadow"."""
    parted: list[Word] = []
    for word, after in zip(words, [*words[1:], None], strict=False):
        follows = bool(parted) and any(isinstance(m, Noun | Phrase) for m in parted[-1].meanings[:1])
        negates = isinstance(word.meanings[0], Negation) and after is not None
        if follows and negates and after.find(Noun):  # type: ignore[union-attr]
            parted.append(Word("", (Break(is_hard=True),)))
        parted.append(word)
    return parted


def _is_noun(word: Word, name: str) -> bool:
    return isinstance(word.meanings[0], Noun) and word.meanings[0].name == name


def _names_format(word: Word) -> bool:
    adjective = word.find(Adjective)
    return isinstance(adjective, Adjective) and FORMAT in adjective.alone.split()
