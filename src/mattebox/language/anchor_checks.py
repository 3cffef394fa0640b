"""What a request must not ask for: what cannot be done, two things at once, another colour of the subject."""

from __future__ import annotations

from collections.abc import Sequence, Set
from itertools import pairwise

from mattebox.language.anchors import SUBJECT, Anchor
from mattebox.language.clauses import Clause
from mattebox.language.concepts import BACKGROUND
from mattebox.language.errors import AmbiguousWords, WordsNotUnderstood
from mattebox.language.interpretation import Reading
from mattebox.language.lexicon import Lexicon
from mattebox.language.meanings import (
    Adjective,
    Alternative,
    Ambiguity,
    Area,
    Break,
    ColourName,
    Gradation,
    Noun,
    PathText,
    Phrase,
    Unit,
    Unsupported,
    Word,
)
from mattebox.language.tokens import Token, fold_word
from mattebox.language.vocabulary import expand_all
from mattebox.recipe.recipe import Recipe

TONE_CONCEPTS = frozenset(("highlights", "shadow_tones"))  # that are about parts of a photograph themselves
LABEL, LABEL_LOGO = "label", "label_logo"  # parameters
MAX_NOUN_DISTANCE = 3  # words from an adjective to its noun


def require_supported(words: Sequence[Word], excess: Set[str]) -> None:
    """WordsNotUnderstood for words that are known, and cannot be done."""
    names_content = any(word.find(PathText) for word in words)  # of a label, or a logo
    for index, word in enumerate(words):
        meaning = word.find(Unsupported)
        beside = (*words[max(index - MAX_NOUN_DISTANCE, 0) : index], *words[index + 1 : index + 1 + MAX_NOUN_DISTANCE])
        describes = _describes_noun(word, beside)
        holds = names_content and _can_hold(word)
        if isinstance(meaning, Unsupported) and not (describes or holds or _is_changed_area(words, index, excess)):
            raise WordsNotUnderstood(
                '"{words}" cannot be done', "{reason}; nothing was done", words=word.text, reason=meaning.reason
            )


def require_whole_background(tokens: Sequence[Token], lexicon: Lexicon) -> None:
    """WordsNotUnderstood for a thing in the background that shall go: "remove the crane in the background"."""
    words = [fold_word(token.text) if token.kind == "word" else "" for token in tokens]
    backgrounds = set(map(fold_word, lexicon.vocabulary.concepts[BACKGROUND].nouns))
    for index, word in enumerate(words):
        start = max((i + 1 for i in range(index) if tokens[i].kind == "separator"), default=0)
        end = next((i for i in range(index, len(words)) if tokens[i].kind == "separator"), len(words))
        first = index
        while first > start and words[first - 1] in lexicon.places.known_articles:
            first -= 1
        lies = first > start + 1 and word in backgrounds and words[first - 1] in lexicon.places.whereabouts
        thing = words[first - 2] if lies else ""
        is_thing = bool(thing) and (thing in lexicon.subjects or not lexicon.is_known(thing))
        if is_thing and not (lexicon.places.removals | lexicon.places.erasures).isdisjoint(words[start:end]):
            text = " ".join(token.text for token in tokens[first - 2 : index + 1])
            raise WordsNotUnderstood(
                '"{words}" cannot be removed alone', "the whole background can be removed or replaced", words=text
            )


def _is_changed_area(words: Sequence[Word], index: int, excess: Set[str]) -> bool:
    """Whether a word names a part of the photograph, and its clause only how that is changed: "darken the sky"."""
    start = max((i + 1 for i in range(index) if words[i].find(Break)), default=0)
    end = next((i for i in range(index, len(words)) if words[i].find(Break)), len(words))
    others = [word for word in words[start:end] if word is not words[index]]
    changes = [m for word in others for m in word.meanings if isinstance(m, Gradation)]
    is_limitable = bool(changes) and all(m.concept.only and m.name not in TONE_CONCEPTS for m in changes)
    complains = any(
        not excess.isdisjoint(map(fold_word, word.text.split())) for word in others
    )  # "the sky is too bright"
    return (
        is_limitable
        and not complains
        and words[index].find(Area) is not None
        and not any(w.find(ColourName) for w in others)
    )


def require_complete_request(words: Sequence[Word], lexicon: Lexicon) -> None:
    """AmbiguousWords for a request that says no more than what leaves open how: "crop it, please"."""
    said = [word for word in words if not word.find(Break) and not _is_empty(word)]
    require_complete_text(" ".join(word.text for word in said), lexicon)


def require_complete_text(text: str, lexicon: Lexicon) -> None:
    """AmbiguousWords for words that leave open how, if there are no others: "for Instagram"."""
    question = lexicon.lone_questions.get(lexicon.leave_out_fillers(text.split()))
    if question is not None:
        raise AmbiguousWords(text, question.ask, question.choices)


def require_direction(tokens: Sequence[Token], lexicon: Lexicon) -> None:
    """AmbiguousWords for a request that only says what should be changed, not how: "adjust the brightness"."""
    words = [word for t in tokens if t.kind == "word" and (word := fold_word(t.text)) not in lexicon.fillers]
    named = tuple(word for word in words if word not in lexicon.changes)
    is_plain = all(token.kind in ("word", "separator") for token in tokens)
    nouns = [m for m in lexicon.find_phrase(named) if isinstance(m, Noun)] if named and is_plain else []
    whole = tuple(fold_word(token.text) for token in tokens if token.kind == "word")
    if words and (lexicon.find_phrase(tuple(words)) or whole in lexicon.whole_phrases) and tuple(words) != named:
        return
    says_more = {type(m) for m in lexicon.find_phrase(named)} - {Noun, Ambiguity, Unit, Phrase}
    for noun in nouns if not says_more else ():
        text = " ".join(token.text for token in tokens if token.kind == "word")
        grade = noun.concept.grade
        if grade is not None and grade.more and grade.less:
            choices = [expand_all(words)[0] for words in (grade.more, grade.less)]
            raise AmbiguousWords(text, lexicon.vocabulary.direction_question, choices)
        if len(noun.concept.choices) > 1 and len(named) < len(words):
            raise AmbiguousWords(text, noun.concept.ask, noun.concept.choices)


def require_background(words: Sequence[Word], readings: Sequence[Reading]) -> None:
    """AmbiguousWords for a request of which is known only that something shall be on, or behind, something."""
    nouns = [(w, m) for w in words for m in w.meanings[:1] if isinstance(m, Noun) and m.is_optional and m.concept.ask]
    if nouns and not readings:
        word, noun = nouns[0]
        raise AmbiguousWords(word.text, noun.concept.ask, noun.concept.choices)


def _is_empty(word: Word) -> bool:
    """Whether a word says nothing that can be done, such as "thank you"."""
    return isinstance(word.meanings[0], Phrase) and not word.meanings[0].values


def _describes_noun(word: Word, beside: Sequence[Word]) -> bool:
    """Whether a word is an adjective of a noun beside it: of a "fat outline", of faces "with a mosaic"."""
    adjective = word.find(Adjective)
    names = set(adjective.values) if isinstance(adjective, Adjective) else set()
    return any(isinstance(m, Noun) and m.name in names for w in beside for m in w.meanings)


def _can_hold(word: Word) -> bool:
    """Whether a word also names what holds a text or picture."""
    return any(isinstance(m, Noun) and (m.concept.path or m.concept.quoted) for m in word.meanings)


def require_one_choice(words: Sequence[Word], question: str) -> None:
    """AmbiguousWords for a request that leaves open which of two things is wanted: "white or grey"."""
    for before, word, after in zip(words, words[1:], words[2:], strict=False):
        if word.find(Alternative):
            text = f"{before.text} {word.text} {after.text}"
            raise AmbiguousWords(text, question, [before.text, after.text])


def require_one_subject(clause: Clause) -> None:
    """WordsNotUnderstood for a subject on another: "put a cat on the sofa"."""
    nouns = [w for w in clause.words if isinstance(w.meanings[0], Noun) and w.meanings[0].concept.area == SUBJECT]
    areas = [w for w in clause.words if isinstance(w.meanings[0], Area) and w.meanings[0].name == SUBJECT]
    if nouns and areas and len(clause.words) == len(nouns) + len(areas):
        text = " ".join(word.text for word in clause.words)
        raise WordsNotUnderstood('"{words}" cannot be done', "nothing is painted in; nothing was done", words=text)


def require_own_colour(rest: Anchor, anchors: Sequence[Anchor]) -> None:
    """WordsNotUnderstood for a subject that should have another colour: "make the car red"."""
    subjects = [a for a in anchors if isinstance(a.meaning, Noun) and a.meaning.concept.area == SUBJECT]
    if subjects and rest.find(ColourName) and not any(a.modifiers for a in anchors):
        text = f"{subjects[0].text} {rest.text}"
        raise WordsNotUnderstood(
            '"{words}" cannot be done', "things keep their own colour; nothing was done", words=text
        )


def require_plain_order(anchors: Sequence[Anchor]) -> None:
    """WordsNotUnderstood for a phrase beside a bare noun that it could mean: a transparent shadow, a grey outline."""
    for first, second in pairwise(anchors):
        is_adjacent = max(first.positions) + 1 == min(second.positions)
        describes_first = _is_bare_noun(first) and _sets(second, "background") and " " not in second.text
        describes_second = _is_bare_noun(second) and _sets(first, "saturation")
        if is_adjacent and (describes_first or describes_second):
            raise WordsNotUnderstood(
                '"{words}" cannot be done',
                "put a comma between them if they are two things",
                words=f"{first.text} {second.text}",
            )


def _is_bare_noun(anchor: Anchor) -> bool:
    meaning = anchor.meaning
    is_own = isinstance(meaning, Noun) and not meaning.is_optional and meaning.concept.area != "background"
    return is_own and not anchor.modifiers


def _sets(anchor: Anchor, name: str) -> bool:
    return isinstance(anchor.meaning, Phrase) and name in anchor.meaning.values


def require_label_text(readings: Sequence[Reading], base: Recipe | None, lexicon: Lexicon) -> None:
    """AmbiguousWords for a label or logo of which words say only the place or look: "write our name under it"."""
    said = {name: reading for reading in readings for name in reading.values}
    if base is not None or not {LABEL, LABEL_LOGO}.isdisjoint(said):
        return
    asked = next(
        (reading for name, reading in said.items() if name.startswith(LABEL) and "=" not in reading.text), None
    )
    if asked is not None:
        concept = lexicon.vocabulary.concepts[LABEL]
        raise AmbiguousWords(asked.text, concept.ask, concept.choices)
